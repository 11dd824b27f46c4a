import { resolve } from 'node:path'
import type { Records } from '../../change.ts'
import type { Context } from '../../context.ts'
import type { CareOptions } from '../../reports.ts'
import { Connection } from './connection.ts'
import { collectClosed } from './lingering.ts'
import { databaseOf } from './copy.ts'
import { findDriver, type Driver } from './driver.ts'
import { isOpenHere, recognise } from './files.ts'
import { newestOf, sealDatabase, type Sealed } from './seal.ts'
import { SEAL } from './schema.ts'

/** What backups need to know about database files, for every engine. */
export class DatabaseBackups {
  readonly #context: Context
  readonly #driver: Driver | undefined

  constructor(context: Context, driver?: Driver) {
    this.#context = context
    this.#driver = driver
  }

  make(path: string, records: Records): Promise<void> {
    return databaseOf(this.#context, this.#driver ?? findDriver(), path, records)
  }

  async seal(path: string, options: CareOptions): Promise<Sealed & { readonly revision: number }> {
    const driver = this.#driver ?? findDriver()
    const newest = await newestOf(this.#context, driver, path)
    const sealed = await sealDatabase(this.#context, driver, path, options)
    return { revision: newest?.revision ?? 0, ...sealed }
  }

  async isBackup(path: string): Promise<boolean> {
    const db = resolve(path)
    if (isOpenHere(db)) return false
    await collectClosed(this.#context)
    if (this.#context.fs.existsSync(`${db}-wal`)) return false
    const driver = this.#driver ?? findDriver()
    const connection = new Connection(driver, db)
    try {
      recognise(this.#context, driver, { db })
      connection.open('frozen')
      return connection.get('meta', SEAL) !== undefined
    } catch {
      // Whatever it is, it is not ours to replace.
      return false
    } finally {
      await connection.close(this.#context)
    }
  }
}
