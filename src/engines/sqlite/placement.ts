import { basename, dirname, join } from 'node:path'
import type { Context } from '../../context.ts'
import { IntegrityError, UnavailableError } from '../../errors.ts'
import { syncPath, systemCode, unavailable } from '../../files.ts'
import { collectClosed } from './lingering.ts'
import type { Database, Driver } from './driver.ts'
import { isBusy, resultCode, translate } from './failures.ts'
import { isOpenHere, recognise, type StoreFiles } from './files.ts'

const CHUNK = 2 ** 20
/** SQLite's word for: this is no database. */
const NO_DATABASE = 26
const CORRUPT = 11
/** In the name of a folder that is not whole yet. */
const HALF_KEPT = '.half-kept-'

/**
 * Puts a finished database in the place of a store. What stands there is kept: it gets a second name first, and then the new
 * one takes the old name in one step, so that a kill at any moment leaves the one or the other. Nobody else gets in between:
 * the old one is locked as only somebody can who is alone with it.
 */
export class Placement {
  readonly #context: Context
  readonly #driver: Driver
  readonly #files: StoreFiles
  readonly #folder: boolean

  /** `folder`: the store has a folder of its own. */
  constructor(context: Context, driver: Driver, files: StoreFiles, folder: boolean) {
    this.#context = context
    this.#driver = driver
    this.#files = files
    this.#folder = folder
  }

  /** Refuses a place that is in use, before anything is done. */
  async check(): Promise<void> {
    const lock = await this.#lock()
    lock?.close()
  }

  /** Returns where the old store is now; undefined: there was none. */
  async put(draft: string, stamp: string): Promise<string | undefined> {
    const { fs } = this.#context
    const { db, queue } = this.#files
    const lock = await this.#lock()
    try {
      this.#forgetHalfKept()
      // Nobody has it open any more: its log is in it, and the log's file must not be taken for the new one's.
      lock?.exec('pragma journal_mode = delete')
      const kept = fs.existsSync(db) ? this.#keep(stamp) : undefined
      if (lock === undefined) this.#removeLog()
      // What it says of the old one's newest revision would be wrong of the new one.
      fs.rmSync(queue, { force: true })
      fs.renameSync(draft, db)
      syncPath(this.#context, dirname(db))
      lock?.close()
      if (kept !== undefined) await this.#reviveKept(kept)
      return kept && (this.#folder ? dirname(kept) : kept)
    } catch (error) {
      lock?.close()
      throw error instanceof Error && 'syscall' in error
        ? unavailable(error, `${db} cannot be replaced`)
        : translate(error, db)
    }
  }

  /** undefined: nothing is there, or nothing that could be locked. */
  async #lock(): Promise<Database | undefined> {
    const { fs } = this.#context
    const { db } = this.#files
    if (isOpenHere(db)) throw inUse(db)
    if (!fs.existsSync(db)) return undefined
    await collectClosed(this.#context)
    if (!this.#isOurs()) return undefined
    let lock: Database | undefined
    try {
      lock = this.#driver.open(db, false)
      lock.exec('pragma busy_timeout = 0; pragma locking_mode = exclusive; begin exclusive; commit')
      return lock
    } catch (error) {
      lock?.close()
      if (isBusy(error)) throw inUse(db, error)
      const code = (resultCode(error) ?? 0) & 255
      // Damaged beyond locking: it is kept as it is.
      if (code === NO_DATABASE || code === CORRUPT) return undefined
      throw translate(error, db)
    }
  }

  /** What is damaged may be replaced, since it is kept; another program's database may not. */
  #isOurs(): boolean {
    try {
      recognise(this.#context, this.#driver, this.#files)
      return true
    } catch (error) {
      if (!(error instanceof IntegrityError)) throw error
      if (/another program's/.test(error.message)) throw error
      return false
    }
  }

  /** A second name for the old one, in one step and with everything that belongs to it. */
  #keep(stamp: string): string {
    const { fs } = this.#context
    const { db, wal } = this.#files
    const place = this.#folder ? dirname(db) : db
    // A folder gets its name when it is whole: an empty one would look like a store that lost everything.
    const half = this.#folder ? `${place}${HALF_KEPT}${this.#context.unique()}` : undefined
    if (half !== undefined) {
      fs.mkdirSync(half)
      this.#linkAll([db, wal], join(half, basename(db)))
      syncPath(this.#context, half)
    }
    for (let n = 1; ; n++) {
      const base = `${place}.before-restore-${stamp}${n === 1 ? '' : `-${n}`}`
      try {
        if (half === undefined) this.#linkAll([db, wal], base)
        else if (fs.existsSync(base)) continue
        else fs.renameSync(half, base)
      } catch (error) {
        if (['EEXIST', 'ENOTEMPTY'].includes(systemCode(error))) continue
        throw error
      }
      syncPath(this.#context, dirname(base))
      return this.#folder ? join(base, basename(db)) : base
    }
  }

  #linkAll([db, wal]: readonly [string, string], kept: string): void {
    this.#link(db, kept)
    if (this.#context.fs.existsSync(wal)) this.#link(wal, `${kept}-wal`)
  }

  #link(from: string, to: string): void {
    const { fs } = this.#context
    try {
      fs.linkSync(from, to)
    } catch (error) {
      if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(systemCode(error))) throw error
      // A file system without second names.
      this.#copy(from, to)
    }
  }

  #copy(from: string, to: string): void {
    const { fs } = this.#context
    const chunk = Buffer.alloc(CHUNK)
    const source = fs.openSync(from, 'r')
    try {
      const target = fs.openSync(to, 'wx', 0o644)
      try {
        for (let place = 0; ;) {
          const got = fs.readSync(source, chunk, 0, CHUNK, place)
          if (got === 0) break
          for (let done = 0; done < got;) done += fs.writeSync(target, chunk, done, got - done)
          place += got
        }
        fs.fsyncSync(target)
      } finally {
        fs.closeSync(target)
      }
    } finally {
      fs.closeSync(source)
    }
  }

  /** Of a damaged one that could not be locked: its log has its second name by now. */
  #removeLog(): void {
    const { db, wal } = this.#files
    for (const path of [wal, `${db}-shm`]) this.#context.fs.rmSync(path, { force: true })
  }

  /** Others open stores that have a write-ahead log. */
  async #reviveKept(kept: string): Promise<void> {
    try {
      const connection = this.#driver.open(kept, false)
      try {
        connection.exec('pragma journal_mode = wal')
      } finally {
        connection.close()
      }
    } catch {
      // Damaged: it is kept as it is. Whoever opens it does the same.
    }
    await collectClosed(this.#context)
  }

  /** A restore that was killed after it gave the old one its second name, and before the new one came, did not happen. */
  #forgetHalfKept(): void {
    const { fs } = this.#context
    const { db } = this.#files
    const current = fs.statSync(db, { throwIfNoEntry: false })
    const place = this.#folder ? dirname(db) : db
    for (const name of fs.readdirSync(dirname(place))) {
      const base = join(dirname(place), name)
      if (this.#folder && name.startsWith(`${basename(place)}${HALF_KEPT}`))
        fs.rmSync(base, { recursive: true })
      if (current === undefined || current.nlink < 2) continue
      if (!name.startsWith(`${basename(place)}.before-restore-`)) continue
      const path = this.#folder ? join(base, basename(db)) : base
      if (fs.statSync(path, { throwIfNoEntry: false })?.ino !== current.ino) continue
      fs.rmSync(path)
      if (this.#folder) fs.rmSync(base, { recursive: true })
    }
  }
}

function inUse(db: string, cause?: unknown): UnavailableError {
  return new UnavailableError(`${db} is in use; close it everywhere, then restore. Nothing was changed.`, {
    cause,
  })
}
