import { pathToFileURL } from 'node:url'
import type { Context } from '../../context.ts'
import { ClosedError, IntegrityError } from '../../errors.ts'
import type { Database, Driver, Row, SqlValue, Statement } from './driver.ts'
import { translate } from './failures.ts'
import { collectMany } from './lingering.ts'
import { SQL, type SqlName } from './schema.ts'

/** One connection to a database: our statements, each prepared once, and the driver's failures in our own words. */
export class Connection {
  readonly #driver: Driver
  readonly path: string
  readonly #statements = new Map<SqlName, Statement>()
  #db: Database | undefined
  /** Reads inside a transaction of ours belong to it. */
  inTransaction = false

  constructor(driver: Driver, path: string) {
    this.#driver = driver
    this.path = path
  }

  /**
   * Throws what the driver throws: the caller knows whether to be patient. `'frozen'`: nobody writes it, so that it can be
   * read without locks, and without the files beside it that a reader would make otherwise.
   */
  open(mode: 'write' | 'read' | 'frozen'): void {
    this.#statements.clear()
    this.#db?.close()
    const place = mode === 'frozen' ? this.frozenPlace : this.path
    this.#db = this.#driver.open(place, mode !== 'write')
    // secure_delete: a page that was given up is wiped, so that an old copy that finds its way back cannot pass for true.
    this.#db.exec(`pragma busy_timeout = 0; pragma synchronous = normal; pragma wal_autocheckpoint = 0;
      pragma cache_size = -24000; pragma cell_size_check = on; pragma trusted_schema = off; pragma secure_delete = on`)
  }

  /** Where a database that nobody writes is read without locks, and without a file being made beside it. */
  get frozenPlace(): string {
    if (!this.#driver.urls) return this.path
    const url = pathToFileURL(this.path)
    url.search = '?immutable=1'
    return url.href
  }

  exec(sql: string): void {
    if (this.#db === undefined) throw new ClosedError()
    try {
      this.#db.exec(sql)
    } catch (error) {
      throw translate(error, this.path)
    }
  }

  /** The statement itself, which throws what the driver throws. */
  statement(name: SqlName): Statement {
    const statement = this.#statements.get(name)
    if (statement !== undefined) return statement
    if (this.#db === undefined) throw new ClosedError()
    const prepared = this.#db.prepare(SQL[name])
    this.#statements.set(name, prepared)
    return prepared
  }

  get(name: SqlName, ...params: SqlValue[]): Row | undefined {
    try {
      return this.statement(name).get(...params)
    } catch (error) {
      throw translate(error, this.path)
    }
  }

  all(name: SqlName, ...params: SqlValue[]): Row[] {
    try {
      return this.statement(name).all(...params)
    } catch (error) {
      throw translate(error, this.path)
    }
  }

  run(name: SqlName, ...params: SqlValue[]): void {
    try {
      this.statement(name).run(...params)
    } catch (error) {
      throw translate(error, this.path)
    }
  }

  /** Rows made into records. What is wrong with one is said with the place. */
  records<T>(convert: (row: Row) => T, name: SqlName, ...params: SqlValue[]): T[] {
    const rows = this.all(name, ...params)
    return this.#placed(() => rows.map(convert))
  }

  record<T>(convert: (row: Row) => T, name: SqlName, ...params: SqlValue[]): T | undefined {
    const row = this.get(name, ...params)
    return row === undefined ? undefined : this.#placed(() => convert(row))
  }

  #placed<T>(make: () => T): T {
    try {
      return make()
    } catch (error) {
      if (!(error instanceof IntegrityError)) throw error
      throw new IntegrityError(`${this.path}: ${error.message}`, { cause: error })
    }
  }

  async close(context: Context): Promise<void> {
    const db = this.#db
    if (db === undefined) return
    this.#db = undefined
    this.#statements.clear()
    db.close()
    await collectMany(context)
  }
}
