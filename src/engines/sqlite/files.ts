import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Context } from '../../context.ts'
import { IntegrityError, InvalidOptionError, UnavailableError } from '../../errors.ts'
import { syncPath, systemCode, unavailable } from '../../files.ts'
import { findDriver, type Driver, type Row } from './driver.ts'
import { isBusy, translate } from './failures.ts'
import { APPLICATION_ID, FORMAT, NEW_DATABASE, TRIGGERS } from './schema.ts'

const HEADER_BYTES = 100
const MAGIC = 'SQLite format 3\0'
/** Files of a creation that never finished are removed when they are older than this. */
const ABANDONED_MS = 60_000

/** Where the files of a store are. */
export interface StoreFiles {
  /** The database. */
  readonly db: string
  readonly wal: string
  /** Who waits to write, and what is known to be on the disk: queue.ts. */
  readonly queue: string
  /** Gets one byte after every commit, so that other processes wake up on it: bell.ts. */
  readonly bell: string
}

/** `folder`: the files lie in a folder of their own; else `path` is the database and the others lie beside it. */
export function storeFiles(path: string, folder: boolean): StoreFiles {
  const db = resolve(folder ? join(path, 'store.db') : path)
  const beside = (name: string): string => (folder ? join(resolve(path), name) : `${db}-${name}`)
  return { db, wal: `${db}-wal`, queue: beside('queue'), bell: beside('bell') }
}

/** How often each database is open in this process: a plain look at an open one would drop SQLite's locks. */
const openHere = new Map<string, number>()

/** Whether this process has it open. */
export function isOpenHere(db: string): boolean {
  return openHere.has(db)
}

/** The counterpart of `prepareFiles`. */
export function releaseFiles(files: StoreFiles): void {
  const left = (openHere.get(files.db) ?? 1) - 1
  if (left > 0) openHere.set(files.db, left)
  else openHere.delete(files.db)
}

/**
 * Makes sure that a store of ours is at `files.db`, creating it if nothing is there. Looks at the header with plain reads:
 * even to open another program's database can change it. What this process has open already is ours.
 */
export function prepareFiles(context: Context, driver: Driver, files: StoreFiles, readOnly: boolean): void {
  if (!openHere.has(files.db)) lookOrMake(context, driver, files, readOnly)
  openHere.set(files.db, (openHere.get(files.db) ?? 0) + 1)
}

function lookOrMake(context: Context, driver: Driver, files: StoreFiles, readOnly: boolean): void {
  const { fs } = context
  const folder = dirname(files.db)
  if (!fs.existsSync(files.db)) {
    if (readOnly)
      throw new UnavailableError(`There is no store at ${files.db}; open it without readOnly to make one.`)
    try {
      fs.mkdirSync(folder, { recursive: true })
    } catch (error) {
      if (['EEXIST', 'ENOTDIR'].includes(systemCode(error)))
        throw new InvalidOptionError(
          `${folder} is a file, not a folder; choose another path, or say sqlite:<file> for a store in one file.`,
        )
      throw unavailable(error, `The folder ${folder} cannot be made`)
    }
    create(context, driver, files.db)
  }
  recognise(context, driver, files)
  recogniseLog(context, driver, files)
}

/**
 * A newer program may have upgraded the file, and the news may still be in its write-ahead log. Closing a connection that can
 * write would bring that log into the file, so the look is taken with one that cannot.
 */
function recogniseLog(context: Context, driver: Driver, files: StoreFiles): void {
  if ((context.fs.statSync(files.wal, { throwIfNoEntry: false })?.size ?? 0) === 0) return
  let row: Row | undefined
  try {
    const connection = driver.open(files.db, true)
    try {
      row = connection.prepare('pragma user_version').get()
    } finally {
      connection.close()
    }
  } catch (error) {
    // Busy, or damaged: the real open is patient, and says what is wrong.
    if (isBusy(error)) return
    throw translate(error, files.db)
  }
  checkFormat(Number(row?.[0]), files)
}

function checkFormat(format: number, files: Pick<StoreFiles, 'db'>): void {
  if (format > FORMAT)
    throw new UnavailableError(
      `${files.db} has format ${format}, this version knows formats up to ${FORMAT}; it was not touched. Use a newer version.`,
    )
  if (format < 1)
    throw new IntegrityError(`${files.db} says that it has format ${format}: its header is damaged.`)
}

/** Whether a plain path is a store in one file, such as a backup, and not the folder of one. */
export function isStoreFile(context: Context, driver: Driver | undefined, path: string): boolean {
  const db = resolve(path)
  if (openHere.has(db)) return true
  try {
    if (context.fs.statSync(db, { throwIfNoEntry: false })?.isFile() !== true) return false
    recognise(context, driver ?? findDriver(), storeFiles(db, false))
    return true
  } catch (error) {
    // What is ours and cannot be opened says so itself; anything else is a file where a folder should be.
    return error instanceof UnavailableError
  }
}

/** Whether this file is a store of ours, as far as its header tells. */
export function recognise(context: Context, driver: Driver, files: Pick<StoreFiles, 'db'>): void {
  const { db } = files
  let size: number
  try {
    const stat = context.fs.statSync(db)
    if (stat.isDirectory())
      throw new InvalidOptionError(
        `${db} is a folder; give the path of a file after sqlite:, or the folder alone.`,
      )
    size = stat.size
  } catch (error) {
    throw error instanceof InvalidOptionError ? error : unavailable(error, `${db} cannot be read`)
  }
  if (size < HEADER_BYTES)
    throw new IntegrityError(
      size === 0
        ? `${db} is empty: it was cut off, or is no store; restore it from a backup, or remove it to start anew.`
        : `${db} ends after ${size} bytes: it was cut off, or is no store; restore it from a backup.`,
    )
  const header = driver.urls ? headerBySqlite(driver, db) : headerByHand(context, db)
  if (header === undefined)
    throw new IntegrityError(
      `${db} is not a store, or its first bytes are damaged; it was not touched. Choose another path, or restore it from a backup.`,
    )
  if (header.application !== APPLICATION_ID)
    throw new IntegrityError(
      `${db} is another program's SQLite database, or its header is damaged; it was not touched. Choose another path.`,
    )
  checkFormat(header.format, files)
}

interface Header {
  readonly application: number
  readonly format: number
}

/**
 * Through SQLite, as an immutable file, which leaves no trace: if this process has the file open (in another thread, or by
 * another path), closing a descriptor that SQLite does not know of would drop its locks.
 */
function headerBySqlite(driver: Driver, db: string): Header | undefined {
  const url = pathToFileURL(db)
  url.search = '?immutable=1'
  try {
    const connection = driver.open(url.href, true)
    try {
      const number = (name: string): number => Number(connection.prepare(`pragma ${name}`).get()?.[0]) >>> 0
      return { application: number('application_id'), format: number('user_version') }
    } finally {
      connection.close()
    }
  } catch (error) {
    const translated = translate(error, db)
    if (translated instanceof IntegrityError) return undefined
    throw translated
  }
}

/** With a driver that takes no URLs: what else this process has open of the file is known by its path only. */
function headerByHand(context: Context, db: string): Header | undefined {
  const { fs } = context
  const header = Buffer.alloc(HEADER_BYTES)
  try {
    const fd = fs.openSync(db, 'r')
    try {
      fs.readSync(fd, header, 0, HEADER_BYTES, 0)
    } finally {
      fs.closeSync(fd)
    }
  } catch (error) {
    throw unavailable(error, `${db} cannot be read`)
  }
  if (header.toString('latin1', 0, 16) !== MAGIC) return undefined
  return { application: header.readUInt32BE(68), format: header.readUInt32BE(60) }
}

/**
 * Makes the database under a name of its own and gives it its real name only when it is whole and on the disk: several
 * processes may do so at once (one wins), and a crash leaves no half one.
 */
function create(context: Context, driver: Driver, db: string): void {
  const { fs } = context
  const draft = `${db}.new-${context.unique()}`
  try {
    const connection = driver.open(draft, false)
    try {
      // Half of it is worth nothing: it goes to the disk once, as a whole.
      connection.exec(
        `pragma synchronous = off; pragma journal_mode = off; ${NEW_DATABASE} ${TRIGGERS}
         pragma journal_mode = wal; pragma wal_checkpoint(truncate);`,
      )
    } finally {
      connection.close()
    }
    syncPath(context, draft)
    try {
      fs.linkSync(draft, db)
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error
    }
    fs.rmSync(draft, { force: true })
    syncPath(context, dirname(db))
  } catch (error) {
    for (const ending of ['', '-wal', '-shm', '-journal']) fs.rmSync(draft + ending, { force: true })
    if (fs.existsSync(db)) return
    throw error instanceof Error && 'syscall' in error
      ? unavailable(error, `The store ${db} cannot be made`)
      : translate(error, db)
  }
  removeAbandoned(context, db)
}

function removeAbandoned(context: Context, db: string): void {
  const { fs } = context
  const folder = dirname(db)
  for (const name of fs.readdirSync(folder)) {
    const path = join(folder, name)
    if (!path.startsWith(`${db}.new-`)) continue
    const stat = fs.statSync(path, { throwIfNoEntry: false })
    if (stat && context.wall() - stat.mtimeMs > ABANDONED_MS) fs.rmSync(path, { force: true })
  }
}
