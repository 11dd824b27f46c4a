import { basename, dirname, join, resolve, sep } from 'node:path'
import type { Context } from '../context.ts'
import { InvalidOptionError, VarveError } from '../errors.ts'
import { syncPath, systemCode, unavailable } from '../files.ts'

/** A draft that nobody has written to for so long was left behind by a process that was killed. */
const ABANDONED_MS = 60 * 60_000
const DRAFT = /\.new-[0-9a-f]{16}(?:-journal|-wal|-shm|-queue|-bell)?$/

/** Where a file is to go. */
export interface Destination {
  readonly folder: string
  /** undefined: nobody has said, so that it gets one that is free. */
  readonly name: string | undefined
  /** What is there already. Somebody's database is not ours to replace. */
  readonly taken: 'nothing' | 'file' | 'database'
}

/** What a path means: a file; or a folder, where it exists as one or ends as one. The folder is made if need be. */
export function destinationOf(context: Context, call: string, path: unknown): Destination {
  if (typeof path !== 'string' || path.trim() === '' || path.includes('\0'))
    throw new InvalidOptionError(
      `${call} needs the path of a file, or of a folder, not ${JSON.stringify(path) ?? typeof path}.`,
    )
  const { fs } = context
  const whole = resolve(path)
  const isFolder = path.endsWith('/') || path.endsWith(sep) || statOf(context, whole)?.isDirectory() === true
  const folder = isFolder ? whole : dirname(whole)
  try {
    fs.mkdirSync(folder, { recursive: true })
  } catch (error) {
    throw unavailable(error, `The folder ${folder} cannot be made`)
  }
  if (isFolder) return { folder, name: undefined, taken: 'nothing' }
  return { folder, name: basename(whole), taken: takenBy(context, whole) }
}

/** What is there; undefined: nothing. A path through a file, or a name too long for the disk, can hold nothing. */
function statOf({ fs }: Context, path: string): ReturnType<Context['fs']['statSync']> {
  try {
    return fs.statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    throw unavailable(error, `${path} cannot be looked at`)
  }
}

const DATABASE = 'SQLite format 3\0'

/** An open database has a log beside it, and must not be looked into: that would drop its locks. */
function takenBy(context: Context, path: string): Destination['taken'] {
  const { fs } = context
  if (fs.existsSync(`${path}-wal`)) return 'database'
  if (statOf(context, path)?.isFile() !== true) return 'nothing'
  try {
    const start = Buffer.alloc(DATABASE.length)
    const fd = fs.openSync(path, 'r')
    try {
      fs.readSync(fd, start, 0, start.length, 0)
    } finally {
      fs.closeSync(fd)
    }
    return start.toString('latin1') === DATABASE ? 'database' : 'file'
  } catch (error) {
    throw unavailable(error, `${path} cannot be read`)
  }
}

export function isDatabase({ folder, name = '' }: Destination): InvalidOptionError {
  return new InvalidOptionError(
    `${join(folder, name)} is a database; it was not touched. Choose another path.`,
  )
}

/** The time as a part of a file's name. */
export function stampOf(context: Context): string {
  return new Date(context.wall()).toISOString().replace(/[-:]/g, '').replace('.', '-')
}

/**
 * A file under a name of its own until it is whole and on the disk: then it gets its real name in one step. So it appears
 * whole or not at all, and what stood there before stands there until then.
 */
export class DraftFile {
  readonly path: string
  readonly #context: Context
  readonly #destination: Destination
  #fd: number | undefined

  constructor(context: Context, destination: Destination) {
    this.#context = context
    this.#destination = destination
    const { folder, name = 'varve' } = destination
    this.path = join(folder, `${name}.new-${context.unique()}`)
    removeAbandoned(context, folder)
  }

  /** Adds to its end. */
  write(bytes: Uint8Array): void {
    const { fs } = this.#context
    this.#in(() => {
      this.#fd ??= fs.openSync(this.path, 'wx', 0o644)
      for (let done = 0; done < bytes.length;)
        done += fs.writeSync(this.#fd, bytes, done, bytes.length - done)
    })
  }

  /** Brings it to the disk and gives it its name; `freely` makes names to try where nobody has said one. */
  async finish(freely: (n: number) => string): Promise<string> {
    const { fs } = this.#context
    await this.flush()
    return this.#in(() => {
      const { folder, name } = this.#destination
      let path = join(folder, name ?? '')
      if (name === undefined) path = this.#linkFreely(freely)
      else fs.renameSync(this.path, path)
      syncPath(this.#context, folder)
      return path
    })
  }

  #linkFreely(freely: (n: number) => string): string {
    const { fs } = this.#context
    for (let n = 1; ; n++) {
      const path = join(this.#destination.folder, freely(n))
      try {
        fs.linkSync(this.path, path)
      } catch (error) {
        if (systemCode(error) === 'EEXIST') continue
        // A file system without links: to look first is the next best.
        if (fs.existsSync(path)) continue
        fs.renameSync(this.path, path)
        return path
      }
      fs.rmSync(this.path, { force: true })
      return path
    }
  }

  /** What was written is on the disk, and the file is closed. */
  async flush(): Promise<void> {
    const { fs } = this.#context
    await new Promise<void>((done, fail) => {
      this.#in(() => {
        this.#fd ??= fs.openSync(this.path, 'r+')
        fs.fsync(this.#fd, (error) => {
          if (error) fail(unavailable(error, `${this.path} cannot be brought to the disk`))
          else done()
        })
      })
    })
    this.#in(() => this.#close())
  }

  /** Nothing is left of it. Never fails: what cannot be removed now is removed when it is old. */
  abandon(): void {
    try {
      this.#close()
      for (const ending of ['', '-journal', '-wal', '-shm', '-queue', '-bell'])
        this.#context.fs.rmSync(this.path + ending, { force: true })
    } catch {
      // The reason why it is abandoned is the better one to tell.
    }
  }

  #close(): void {
    const fd = this.#fd
    this.#fd = undefined
    if (fd !== undefined) this.#context.fs.closeSync(fd)
  }

  #in<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      if (error instanceof VarveError) throw error
      const { folder, name } = this.#destination
      throw unavailable(error, `${join(folder, name ?? '')} cannot be written`)
    }
  }
}

/** Drafts that a process left behind which was killed. */
function removeAbandoned(context: Context, folder: string): void {
  const { fs } = context
  try {
    for (const name of fs.readdirSync(folder)) {
      if (!DRAFT.test(name)) continue
      const path = join(folder, name)
      const stat = fs.statSync(path, { throwIfNoEntry: false })
      if (stat?.isFile() === true && context.wall() - stat.mtimeMs > ABANDONED_MS)
        fs.rmSync(path, { force: true })
    }
  } catch {
    // It can be done another time.
  }
}
