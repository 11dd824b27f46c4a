import { dirname, join, resolve } from 'node:path'
import type { Context } from '../../context.ts'
import { IntegrityError, InvalidOptionError, UnavailableError } from '../../errors.ts'
import type { Driver, Row } from './driver.ts'
import { isBusy, translate } from './failures.ts'
import { APPLICATION_ID, FORMAT, SCHEMA } from './schema.ts'

/** Smaller pages write less per change; reads are as quick. */
const PAGE_SIZE = 2048
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
}

/** `folder`: the files lie in a folder of their own; else `path` is the database and the others lie beside it. */
export function storeFiles(path: string, folder: boolean): StoreFiles {
  const db = resolve(folder ? join(path, 'store.db') : path)
  return { db, wal: `${db}-wal`, queue: folder ? join(resolve(path), 'queue') : `${db}-queue` }
}

function systemCode(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code ?? error)
}

/** A failed file operation in our own words. */
export function unavailable(error: unknown, what: string): UnavailableError {
  const code = systemCode(error)
  const advice =
    code === 'ENOSPC' || code === 'EDQUOT'
      ? 'free some space and try again'
      : code === 'EROFS' || code === 'EACCES' || code === 'EPERM'
        ? 'check the permissions, or open with readOnly'
        : 'check the path and the disk'
  return new UnavailableError(`${what} (${code}); ${advice}.`, { cause: error })
}

/** How often each database is open in this process: a plain look at an open one would drop SQLite's locks. */
const openHere = new Map<string, number>()

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
  recognise(context, files)
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

function checkFormat(format: number, files: StoreFiles): void {
  if (format > FORMAT)
    throw new UnavailableError(
      `${files.db} has format ${format}, this version knows formats up to ${FORMAT}; it was not touched. Use a newer version.`,
    )
  if (format < 1)
    throw new IntegrityError(`${files.db} says that it has format ${format}: its header is damaged.`)
}

function recognise(context: Context, files: StoreFiles): void {
  const { fs } = context
  const header = Buffer.alloc(HEADER_BYTES)
  let got: number
  try {
    const fd = fs.openSync(files.db, 'r')
    try {
      got = fs.readSync(fd, header, 0, HEADER_BYTES, 0)
    } finally {
      fs.closeSync(fd)
    }
  } catch (error) {
    if (systemCode(error) === 'EISDIR')
      throw new InvalidOptionError(
        `${files.db} is a folder; give the path of a file after sqlite:, or the folder alone.`,
      )
    throw unavailable(error, `${files.db} cannot be read`)
  }
  if (got < HEADER_BYTES)
    throw new IntegrityError(
      got === 0
        ? `${files.db} is empty: it was cut off, or is no store; restore it from a backup, or remove it to start anew.`
        : `${files.db} ends after ${got} bytes: it was cut off, or is no store; restore it from a backup.`,
    )
  if (header.toString('latin1', 0, 16) !== MAGIC)
    throw new IntegrityError(
      `${files.db} is not a store, or its first bytes are damaged; it was not touched. Choose another path, or restore it from a backup.`,
    )
  if (header.readUInt32BE(68) !== APPLICATION_ID)
    throw new IntegrityError(
      `${files.db} is another program's SQLite database, or its header is damaged; it was not touched. Choose another path.`,
    )
  checkFormat(header.readUInt32BE(60), files)
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
      connection.exec(`pragma page_size = ${PAGE_SIZE}; pragma auto_vacuum = incremental; pragma journal_mode = wal;
        begin; ${SCHEMA} pragma application_id = ${APPLICATION_ID}; pragma user_version = ${FORMAT}; commit;
        pragma wal_checkpoint(truncate);`)
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

/** Makes a file's content, or a folder's list of names, survive the loss of power. */
export function syncPath(context: Context, path: string): void {
  const { fs } = context
  let fd: number
  try {
    fd = fs.openSync(path, 'r')
  } catch (error) {
    // Windows opens no folders; its file systems keep names by themselves.
    if (process.platform === 'win32') return
    throw error
  }
  try {
    fs.fsyncSync(fd)
  } catch (error) {
    if (process.platform !== 'win32') throw error
  } finally {
    fs.closeSync(fd)
  }
}
