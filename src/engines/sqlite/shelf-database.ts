import { dirname } from 'node:path'
import type { Context } from '../../context.ts'
import { ClosedError, InvalidOptionError, UnavailableError } from '../../errors.ts'
import { systemCode, unavailable } from '../../files.ts'
import { CHECKPOINT, runApart } from './checkpoints.ts'
import type { Database, Driver, Statement } from './driver.ts'
import { translate } from './failures.ts'
import { collectClosed } from './lingering.ts'
import {
  NEW_SHELF,
  RANKING,
  SHELF_FORMAT,
  SHELF_ID,
  type ShelfSql,
  type ShelfStatement,
} from './shelf-schema.ts'

/** How long a statement waits for another process on the spot; beyond that, the caller is patient. */
const BUSY_MS = 5
const OPEN_BUSY_MS = 5000
const PAGE = 4096
/** The log is moved into the database when it has so many pages: */
const LOG_PAGES = 4000
/** beside the others on a thread of its own, because that waits for the disk; below so many, on the spot. */
const PAGES_APART = 1000
/** The log is looked at after so many writes. */
const LOOK_EVERY = 16

/** The database of a shelf: its file, its connection and its statements. Throws what the driver throws. */
export class ShelfDatabase {
  readonly #context: Context
  readonly #driver: Driver
  readonly #path: string
  readonly #sql: ShelfSql
  readonly #ranked: boolean
  readonly #pages: number
  readonly #statements = new Map<ShelfStatement, Statement>()
  #db: Database | undefined
  #inode: number | undefined
  #writes = 0
  #moving: Promise<void> | undefined

  /** `ranked`: whether entries have to go in an order. `maxBytes`: the log beside it stays small against that. */
  constructor(
    context: Context,
    driver: Driver,
    path: string,
    sql: ShelfSql,
    { ranked, maxBytes }: { readonly ranked: boolean; readonly maxBytes: number },
  ) {
    this.#context = context
    this.#driver = driver
    this.#path = path
    this.#sql = sql
    this.#ranked = ranked
    const pages = Math.floor(maxBytes / 8 / PAGE)
    this.#pages = pages < PAGES_APART ? Math.max(16, pages) : Math.min(pages, LOG_PAGES)
  }

  get isOpen(): boolean {
    return this.#db !== undefined
  }

  open(): void {
    const { fs } = this.#context
    const folder = dirname(this.#path)
    try {
      fs.mkdirSync(folder, { recursive: true })
    } catch (error) {
      if (['EEXIST', 'ENOTDIR'].includes(systemCode(error)))
        throw new InvalidOptionError(`${folder} is a file, not a folder; choose another path for the cache.`)
      throw unavailable(error, `The folder ${folder} cannot be made`)
    }
    const db = (this.#db = this.#driver.open(this.#path, false))
    db.exec(`pragma busy_timeout = ${OPEN_BUSY_MS}; pragma auto_vacuum = incremental`)
    db.exec(`pragma journal_mode = wal; pragma synchronous = normal; pragma cache_size = -24000;
      pragma wal_autocheckpoint = ${this.#pages < PAGES_APART ? this.#pages : 0}; pragma journal_size_limit = ${this.#pages * PAGE};
      pragma cell_size_check = on; pragma trusted_schema = off; pragma recursive_triggers = on`)
    this.#prepare(db)
    db.exec(`pragma busy_timeout = ${BUSY_MS}`)
    this.#inode = this.#inodeNow()
  }

  /** What is there is a shelf of ours afterwards, whoever makes it. */
  #prepare(db: Database): void {
    const number = (name: string): number => Number(db.prepare(`pragma ${name}`).get()?.[0]) >>> 0
    db.exec('begin immediate')
    try {
      const isNew = db.prepare('select count(*) from sqlite_schema').get()?.[0] === 0
      if (isNew) db.exec(NEW_SHELF)
      else if (number('application_id') !== SHELF_ID)
        throw new UnavailableError(
          `${this.#path} is another program's database; it was not touched. Choose another path.`,
        )
      else if (number('user_version') > SHELF_FORMAT)
        throw new UnavailableError(
          `${this.#path} was written by a newer version; it was not touched. Use that version.`,
        )
      if (this.#ranked) db.exec(RANKING)
      db.exec('commit')
    } catch (error) {
      db.exec('rollback')
      throw error
    }
  }

  /** Whether somebody has put another file in the place of ours. */
  wasReplaced(): boolean {
    return this.#db !== undefined && this.#inodeNow() !== this.#inode
  }

  #inodeNow(): number | undefined {
    return this.#context.fs.statSync(this.#path, { throwIfNoEntry: false })?.ino
  }

  /** Nothing is there afterwards. */
  remove(): void {
    this.discard()
    for (const ending of ['', '-wal', '-shm', '-journal'])
      this.#context.fs.rmSync(this.#path + ending, { force: true })
  }

  run(name: ShelfStatement): Statement {
    let statement = this.#statements.get(name)
    if (statement === undefined) {
      if (this.#db === undefined) throw new ClosedError('The cache is closed.')
      statement = this.#db.prepare(this.#sql[name])
      this.#statements.set(name, statement)
    }
    return statement
  }

  exec(sql: string): void {
    if (this.#db === undefined) throw new ClosedError('The cache is closed.')
    this.#db.exec(sql)
  }

  /** The tables are about to be made anew. */
  forgetStatements(): void {
    this.#statements.clear()
  }

  /** Something was written: the log beside the database may have become long. */
  written(): void {
    if (this.#pages < PAGES_APART || ++this.#writes % LOOK_EVERY > 0 || this.#moving !== undefined) return
    const [, pages, moved] = this.run('logPages').get() ?? []
    if (Number(pages ?? 0) - Number(moved ?? 0) >= this.#pages) this.#moving = this.#moveLog()
  }

  async #moveLog(): Promise<void> {
    try {
      await runApart(this.#driver, this.#path, CHECKPOINT)
    } catch (error) {
      this.#context.warn(
        `${this.#path}: bringing the write-ahead log into the database failed.`,
        error,
        'cache',
      )
    } finally {
      this.#moving = undefined
    }
  }

  discard(): void {
    const db = this.#db
    this.#db = undefined
    this.#statements.clear()
    try {
      db?.close()
    } catch {
      // It is damaged, and nothing of it is needed.
    }
  }

  async close(): Promise<void> {
    await this.#moving
    this.discard()
    // Caches are damaged, removed and copied like any file: nothing of it may stay open.
    await collectClosed(this.#context)
  }

  translated<R>(work: () => R): R {
    try {
      return work()
    } catch (error) {
      throw error instanceof TypeError ? error : translate(error, this.#path)
    }
  }
}
