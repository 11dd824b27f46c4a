import { createRequire } from 'node:module'
import { UnavailableError } from '../../errors.ts'

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
interface BetterStatement {
  readonly reader: boolean
  run(...params: SqlValue[]): unknown
  get(...params: SqlValue[]): unknown
  all(...params: SqlValue[]): unknown
  raw(on: boolean): unknown
}
type BetterModule = new (
  path: string,
  options: { readonly: boolean; timeout: number },
) => { prepare(sql: string): BetterStatement; exec(sql: string): void; close(): void }

const require = createRequire(import.meta.url)

/** Where a driver's module is found by a worker thread. */
export function driverPath(name: DriverName): string {
  return name === 'node:sqlite' ? name : require.resolve(name)
}

function fromNode(name: DriverName, module: NodeModule): Omit<Driver, 'sqliteVersion'> {
  return {
    name,
    lingers: name === '@photostructure/sqlite',
    urls: true,
    open(path, readOnly) {
      const db = new module.DatabaseSync(path, { readOnly })
      return {
        prepare(sql) {
          const statement = db.prepare(sql)
          statement.setReturnArrays(true)
          return statement as unknown as Statement
        },
        exec: (sql) => db.exec(sql),
        close: () => db.close(),
      }
    },
  }
}

function fromBetter(module: BetterModule): Omit<Driver, 'sqliteVersion'> {
  return {
    name: 'better-sqlite3',
    lingers: false,
    urls: false,
    open(path, readOnly) {
      const db = new module(path, { readonly: readOnly, timeout: 0 })
      return {
        prepare(sql) {
          const statement = db.prepare(sql)
          if (statement.reader) statement.raw(true)
          return statement as unknown as Statement
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
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (!String(warning).includes('SQLite')) Reflect.apply(emitWarning, process, [warning, ...rest])
  }) as typeof process.emitWarning
  try {
    const module: unknown = process.getBuiltinModule('node:sqlite')
    return module as NodeModule | undefined
  } finally {
    process.emitWarning = emitWarning
  }
}

function load(name: DriverName): Omit<Driver, 'sqliteVersion'> | undefined {
  if (name === 'node:sqlite') {
    const module = loadBuiltin()
    return module === undefined ? undefined : fromNode(name, module)
  }
  const module: unknown = require(name)
  return name === 'better-sqlite3' ? fromBetter(module as BetterModule) : fromNode(name, module as NodeModule)
}

function isSafe(version: string): boolean {
  const parts = version.split('.').map(Number)
  for (const [i, oldest] of OLDEST_SAFE.entries()) {
    const part = parts[i] ?? 0
    if (part !== oldest) return part > oldest
  }
  return true
}

const found = new Map<DriverName, Driver | string>()

/** The driver of this name, or why it cannot be used here. */
export function tryDriver(name: DriverName): Driver | string {
  let result = found.get(name)
  if (result !== undefined) return result
  try {
    const loaded = load(name)
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
  found.set(name, result)
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
