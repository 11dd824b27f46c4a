import { createRequire } from 'node:module'
import { UnavailableError } from '../../errors.ts'
import { linger } from './lingering.ts'

export type SqlValue = string | number | null | Uint8Array
/** Rows are arrays: a third quicker than objects. */
export type Row = SqlValue[]

export interface Statement {
  run(...params: SqlValue[]): void
  get(...params: SqlValue[]): Row | undefined
  all(...params: SqlValue[]): Row[]
}

export interface Database {
  prepare(sql: string): Statement
  exec(sql: string): void
  close(): void
}

export type DriverName = 'node:sqlite' | 'better-sqlite3' | '@photostructure/sqlite'

export interface Driver {
  readonly name: DriverName
  readonly sqliteVersion: string
  /** A closed connection keeps its files open until its statements are garbage collected. */
  readonly lingers: boolean
  /** Where a thread of its own finds the module. */
  readonly path: string
  /** Takes `file:` URLs, so that a database that nobody writes can be read without a file being made beside it. */
  readonly urls: boolean
  open(path: string, readOnly: boolean): Database
}

/** Older ones can corrupt a WAL database that several connections write and checkpoint. */
const OLDEST_SAFE = [3, 51, 3] as const

/** In the order of preference: what needs nothing, what the application has chosen, what comes with us. */
export const DRIVERS: readonly DriverName[] = ['node:sqlite', 'better-sqlite3', '@photostructure/sqlite']

interface NodeStatement {
  run(...params: SqlValue[]): unknown
  get(...params: SqlValue[]): unknown
  all(...params: SqlValue[]): unknown
  setReturnArrays(on: boolean): void
}
interface NodeModule {
  DatabaseSync: new (
    path: string,
    options: { readOnly: boolean },
  ) => { prepare(sql: string): NodeStatement; exec(sql: string): void; close(): void }
}
type Numbered = Readonly<Record<string, SqlValue>>

interface BetterStatement {
  readonly reader: boolean
  run(...params: (SqlValue | Numbered)[]): unknown
  get(...params: (SqlValue | Numbered)[]): unknown
  all(...params: (SqlValue | Numbered)[]): unknown
  raw(on: boolean): unknown
}
type BetterModule = new (
  path: string,
  options: { readonly: boolean; timeout: number },
) => { prepare(sql: string): BetterStatement; exec(sql: string): void; close(): void }

type Loaded = Omit<Driver, 'sqliteVersion'>

function fromNode(name: DriverName, path: string, module: NodeModule): Loaded {
  const lingers = name === '@photostructure/sqlite'
  return {
    name,
    path,
    lingers,
    urls: true,
    open(path, readOnly) {
      const db = new module.DatabaseSync(path, { readOnly })
      let prepared = false
      return {
        prepare(sql) {
          prepared = true
          const statement = db.prepare(sql)
          statement.setReturnArrays(true)
          return statement as unknown as Statement
        },
        exec: (sql) => db.exec(sql),
        close() {
          db.close()
          if (prepared && lingers) linger(db)
        },
      }
    },
  }
}

/** To this driver ?1 is a name like any other, unless every parameter is used once and in order: then a plain ? will do. */
function takesInOrder(sql: string): boolean {
  const numbers = [...sql.matchAll(/\?(\d+)/g)].map((match) => Number(match[1]))
  return numbers.every((number, i) => number === i + 1)
}

function byNumber(params: readonly SqlValue[]): Numbered {
  const numbered: Record<string, SqlValue> = {}
  for (const [i, param] of params.entries()) numbered[i + 1] = param
  return numbered
}

function fromBetter(path: string, module: BetterModule): Loaded {
  return {
    name: 'better-sqlite3',
    path,
    lingers: false,
    urls: false,
    open(path, readOnly) {
      const db = new module(path, { readonly: readOnly, timeout: 0 })
      return {
        prepare(sql) {
          const inOrder = takesInOrder(sql)
          const statement = db.prepare(inOrder ? sql.replace(/\?\d+/g, '?') : sql)
          if (statement.reader) statement.raw(true)
          if (inOrder) return statement as unknown as Statement
          return {
            run: (...params) => void statement.run(byNumber(params)),
            get: (...params) => statement.get(byNumber(params)) as Row | undefined,
            all: (...params) => statement.all(byNumber(params)) as Row[],
          }
        },
        exec: (sql) => db.exec(sql),
        close: () => db.close(),
      }
    },
  }
}

/** `node:sqlite` announces itself as experimental on Node 22 at every start: our users did not choose it, so keep it quiet. */
function loadBuiltin(): NodeModule | undefined {
  const { emitWarning } = process
  process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
    if (!String(warning).includes('SQLite')) void Reflect.apply(emitWarning, process, [warning, ...rest])
  }
  try {
    const module: unknown = process.getBuiltinModule('node:sqlite')
    return module as NodeModule | undefined
  } finally {
    process.emitWarning = emitWarning
  }
}

function load(name: DriverName, from: string): Loaded | undefined {
  if (name === 'node:sqlite') {
    const module = loadBuiltin()
    return module === undefined ? undefined : fromNode(name, name, module)
  }
  const require = createRequire(from)
  const path = require.resolve(name)
  const module: unknown = require(path)
  return name === 'better-sqlite3'
    ? fromBetter(path, module as BetterModule)
    : fromNode(name, path, module as NodeModule)
}

function isSafe(version: string): boolean {
  const parts = version.split('.').map(Number)
  for (const [i, oldest] of OLDEST_SAFE.entries()) {
    const part = parts[i] ?? 0
    if (part !== oldest) return part > oldest
  }
  return true
}

const found = new Map<string, Driver | string>()

/** The driver of this name, as a module at `from` finds it, or why it cannot be used here. */
export function tryDriver(name: DriverName, from: string = import.meta.url): Driver | string {
  const id = `${name} from ${from}`
  let result = found.get(id)
  if (result !== undefined) return result
  try {
    const loaded = load(name, from)
    if (loaded === undefined) {
      result = 'not part of this Node.js'
    } else {
      const db = loaded.open(':memory:', false)
      const sqliteVersion = String(db.prepare('select sqlite_version()').get()?.[0])
      db.close()
      result = isSafe(sqliteVersion)
        ? { ...loaded, sqliteVersion }
        : `its SQLite ${sqliteVersion} is older than ${OLDEST_SAFE.join('.')}`
    }
  } catch (error) {
    result = error instanceof Error ? (error.message.split('\n')[0] ?? 'failed to load') : 'failed to load'
  }
  found.set(id, result)
  return result
}

/** The first driver that is there and whose SQLite is safe. */
export function findDriver(): Driver {
  const reasons: string[] = []
  for (const name of DRIVERS) {
    const driver = tryDriver(name)
    if (typeof driver !== 'string') return driver
    reasons.push(`${name}: ${driver}`)
  }
  throw new UnavailableError(
    `No SQLite driver can be used (${reasons.join('; ')}); run "npm install @photostructure/sqlite", or use a newer Node.js.`,
  )
}
