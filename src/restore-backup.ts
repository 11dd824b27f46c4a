import { Telemetry } from './telemetry/telemetry.ts'
import { basename, dirname, join, resolve } from 'node:path'
import { realContext, type Context } from './context.ts'
import { NoCache } from './cache/read-cache.ts'
import { collectClosed } from './engines/sqlite/lingering.ts'
import { findDriver, type Driver } from './engines/sqlite/driver.ts'
import { isOpenHere, recognise, storeFiles } from './engines/sqlite/files.ts'
import { Placement } from './engines/sqlite/placement.ts'
import { checkSeal, hashFile, newestOf, strangeRow, type Sealed } from './engines/sqlite/seal.ts'
import { sqliteEngine } from './engines/sqlite.ts'
import { IntegrityError, InvalidOptionError, UnavailableError, VarveError } from './errors.ts'
import { unavailable } from './files.ts'
import { EMPTY } from './log/commits.ts'
import { Log } from './log/log.ts'
import { verify } from './log/verify.ts'
import { checkCare, nothingSecret } from './options.ts'
import { placeOf } from './places.ts'
import type { CareOptions, RestoreReport } from './reports.ts'
import { applyIncrement, checkLink } from './snapshots/apply.ts'
import { HEADER_START } from './snapshots/archive-format.ts'
import { ArchiveReader } from './snapshots/archive-reader.ts'
import { endOf } from './snapshots/backup.ts'
import { DraftFile, stampOf } from './snapshots/draft-file.ts'

const CHUNK = 2 ** 20

/**
 * Puts a backup back as the store at `url`: the path of a full one, or a list of a full one and the incremental ones that
 * follow it. Everything is checked first: one that is damaged, newer, or in the wrong place of the list is refused and nothing
 * is changed; so is a place that somebody has open. What stood there is kept beside it: `kept` in the report says where.
 *
 * @example
 * ```ts
 * import { open, restoreBackup } from 'varve'
 *
 * const store = await open('./state')
 * await store.set('a', 1)
 * await store.backup('./monday.db')
 * const { revision } = store
 * await store.set('a', 2)
 * await store.backup('./tuesday.varve', { base: revision })
 * await store.close()
 *
 * const report = await restoreBackup(['./monday.db', './tuesday.varve'], './state')
 * console.log(report.revision, report.kept !== undefined) // 2 true
 * ```
 */
export async function restoreBackup(
  path: string | readonly string[],
  url: string | URL,
  options: CareOptions = {},
): Promise<RestoreReport> {
  return await restoreBackupIn(undefined, path, url, options)
}

/** The same with the doors held by somebody else. */
export async function restoreBackupIn(
  doors: { readonly context?: Context; readonly driver?: Driver } | undefined,
  path: string | readonly string[],
  url: string | URL,
  options: CareOptions = {},
): Promise<RestoreReport> {
  checkCare('restoreBackup', options)
  const paths = typeof path === 'string' ? [path] : path
  if (
    !Array.isArray(paths) ||
    paths.length === 0 ||
    !paths.every((one) => typeof one === 'string' && one.trim() !== '' && !one.includes('\0'))
  )
    throw new InvalidOptionError('restoreBackup takes the path of a backup, or a list of such paths.')
  const context = doors?.context ?? realContext()
  const place = placeOf(context, String(url), doors?.driver)
  if (place.engine === 'memory')
    throw new InvalidOptionError(
      'A store in memory is always new: restore to a path, or open the backup itself and read from it.',
    )
  const [full = '', ...increments] = (paths as string[]).map((one) => resolve(one))
  return await new Restoration(context, doors?.driver ?? findDriver(), options).run(full, increments, place)
}

/** One restore of a backup. */
class Restoration {
  readonly #context: Context
  readonly #driver: Driver
  readonly #options: CareOptions
  readonly #readers: ArchiveReader[] = []
  #done = 0
  #total = 0

  constructor(context: Context, driver: Driver, options: CareOptions) {
    this.#context = context
    this.#driver = driver
    this.#options = options
  }

  async run(
    path: string,
    increments: readonly string[],
    place: { readonly path: string; readonly folder: boolean },
  ): Promise<RestoreReport> {
    const files = storeFiles(place.path, place.folder)
    try {
      const full = this.#databaseIn(path)
      if (full === files.db)
        throw new InvalidOptionError(`${full} stands there already: to open it is all that it needs.`)
      for (const one of increments) this.#readers.push(new ArchiveReader(this.#context, one, 'backup'))
      this.#total = this.#readers.reduce(
        (sum, { bytes }) => sum + 2 * bytes,
        4 * this.#context.fs.statSync(full).size,
      )
      for (const reader of this.#readers) await reader.check(this.#step())
      const sealed = await this.#checkFull(full)
      const { revision } = await this.#checkChain(full)
      const placement = new Placement(this.#context, this.#driver, files, place.folder)
      await placement.check()
      const draft = this.#draftIn(files.db)
      try {
        await this.#copy(full, sealed, draft)
        await this.#apply(draft.path, revision)
        await draft.flush()
        const made = await hashFile(this.#context, draft.path, this.#step())
        this.#options.signal?.throwIfAborted()
        const kept = await placement.put(draft.path, stampOf(this.#context))
        this.#options.onProgress?.(this.#total, this.#total)
        return { path: files.db, revision, ...made, ...(kept === undefined ? {} : { kept }) }
      } catch (error) {
        draft.abandon()
        throw error
      }
    } catch (error) {
      if (!(error instanceof Error && 'syscall' in error) || error instanceof VarveError) throw error
      throw unavailable(error, `${path} cannot be restored`)
    } finally {
      for (const reader of this.#readers) reader.close()
      await collectClosed(this.#context)
    }
  }

  /** A store that was kept may be the folder of one. */
  #databaseIn(path: string): string {
    const { fs } = this.#context
    const stat = fs.statSync(path, { throwIfNoEntry: false })
    if (stat === undefined) throw new UnavailableError(`There is no backup at ${path}.`)
    return stat.isDirectory() ? join(path, 'store.db') : path
  }

  #draftIn(db: string): DraftFile {
    const folder = dirname(db)
    this.#context.fs.mkdirSync(folder, { recursive: true })
    return new DraftFile(this.#context, { folder, name: basename(db), taken: 'database' })
  }

  /** What is done next: progress goes on where the step before has ended. */
  #step(): CareOptions {
    const { signal, onProgress } = this.#options
    const before = this.#done
    return {
      ...(signal === undefined ? {} : { signal }),
      onProgress: (done) => {
        this.#done = before + done
        onProgress?.(Math.min(this.#done, this.#total), this.#total)
      },
    }
  }

  /** By its seal; or, if it was a store since and has none, by reading everything in it. */
  async #checkFull(full: string): Promise<Sealed> {
    const { fs } = this.#context
    if (isOpenHere(full)) throw new UnavailableError(`${full} is open as a store; close it first.`)
    await collectClosed(this.#context)
    this.#recognise(full)
    const log = fs.statSync(`${full}-wal`, { throwIfNoEntry: false })
    if (log !== undefined && log.size > 0)
      throw new UnavailableError(
        `${full} is open as a store, or was not closed: open it, close it everywhere, then restore.`,
      )
    const sealed = await checkSeal(this.#context, full, this.#step())
    if (sealed !== undefined) return sealed
    const strange = await strangeRow(this.#context, this.#driver, full)
    if (strange !== undefined)
      throw new IntegrityError(
        `The backup ${full} is damaged: its seal cannot be read (${JSON.stringify(strange)} in the table meta).`,
      )
    await this.#verify(full)
    return await hashFile(this.#context, full, this.#step())
  }

  #recognise(full: string): void {
    const { fs } = this.#context
    const fd = fs.openSync(full, 'r')
    const start = Buffer.alloc(100)
    try {
      fs.readSync(fd, start, 0, start.length, 0)
    } finally {
      fs.closeSync(fd)
    }
    if (start.toString('latin1', 0, HEADER_START.length) === HEADER_START)
      throw new IntegrityError(
        `${full} is no full backup; name the full one first, then each incremental one in the order in which they were made.`,
      )
    recognise(this.#context, this.#driver, { db: full })
    // The header counts the pages: what is missing at the end is missed.
    const size = start.readUInt16BE(16) * start.readUInt32BE(28)
    const actual = fs.statSync(full).size
    if (actual !== size)
      throw new IntegrityError(
        `${full} has ${actual} bytes where its header says ${size}: it was cut off, or is damaged.`,
      )
  }

  async #verify(full: string): Promise<void> {
    const engine = sqliteEngine(this.#context, full, { folder: false, readOnly: true, driver: this.#driver })
    const telemetry = new Telemetry(this.#context, {
      url: full,
      logger: undefined,
      isSecret: nothingSecret,
    })
    const log = new Log(engine, telemetry, new NoCache(), {
      compression: true,
      delta: 'none',
      durability: 'process',
      readOnly: true,
      maxStaleness: 0,
      isSecret: nothingSecret,
    })
    try {
      await log.open()
      const { signal } = this.#options
      const { damaged } = await verify(log, signal === undefined ? {} : { signal })
      const [first] = damaged
      if (first !== undefined)
        throw new IntegrityError(`The backup ${full} is damaged: ${first.where}: ${first.why}.`)
    } finally {
      await engine.close()
      await collectClosed(this.#context)
    }
  }

  /** Whether each stands on the one before. Where the last one ends. */
  async #checkChain(full: string): Promise<{ readonly revision: number }> {
    let before = { path: full, end: endOf((await newestOf(this.#context, this.#driver, full)) ?? EMPTY) }
    for (const reader of this.#readers) {
      before = { path: reader.path, end: checkLink(before, reader) }
    }
    return before.end
  }

  async #copy(full: string, { bytes, checksum }: Sealed, draft: DraftFile): Promise<void> {
    const { fs, turn } = this.#context
    const { signal, onProgress } = this.#step()
    const chunk = Buffer.alloc(CHUNK)
    const fd = fs.openSync(full, 'r')
    try {
      for (let place = 0; place < bytes;) {
        signal?.throwIfAborted()
        const got = fs.readSync(fd, chunk, 0, CHUNK, place)
        if (got === 0) break
        draft.write(chunk.subarray(0, got))
        place += got
        onProgress?.(place, bytes)
        await new Promise<void>((next) => turn(next))
      }
    } finally {
      fs.closeSync(fd)
    }
    await draft.flush()
    const { signal: _, ...rest } = this.#step()
    const copied = await hashFile(this.#context, draft.path, rest)
    if (copied.checksum !== checksum)
      throw new IntegrityError(
        `${full} has changed while it was copied; nothing was changed at the other place.`,
      )
  }

  async #apply(draft: string, revision: number): Promise<void> {
    if (this.#readers.length === 0) return
    const engine = sqliteEngine(this.#context, draft, {
      folder: false,
      readOnly: false,
      driver: this.#driver,
    })
    await engine.open()
    try {
      for (const reader of this.#readers) await applyIncrement(this.#context, engine, reader, this.#step())
      const head = await engine.head()
      if (head?.revision !== revision) throw new IntegrityError(`${draft} does not end where it should.`)
    } finally {
      await engine.close()
      await collectClosed(this.#context)
    }
    const { fs } = this.#context
    if ((fs.statSync(`${draft}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0)
      throw new UnavailableError(`What was put back could not be brought into one file; try again.`)
    for (const ending of ['-wal', '-shm', '-queue', '-bell']) fs.rmSync(draft + ending, { force: true })
  }
}
