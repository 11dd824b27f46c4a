import { createHash, type Hash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { CommitRecord } from '../../change.ts'
import type { Context } from '../../context.ts'
import { IntegrityError } from '../../errors.ts'
import { unavailable } from '../../files.ts'
import type { CareOptions } from '../../reports.ts'
import { Connection } from './connection.ts'
import type { Driver } from './driver.ts'
import { translate } from './failures.ts'
import { toCommit } from './rows.ts'
import { SEAL } from './schema.ts'

/**
 * A backup is a database whose row `seal` in the table `meta` holds:
 *
 *   "varve-seal"   10 bytes, to find it by
 *   a nonce        16 bytes, so that nothing else in the file can be taken for it while it is made
 *   its place      8 bytes, big-endian: where in the file it begins
 *   a digest       32 bytes: SHA-256 over the whole file with these 32 bytes as zeros
 *
 * The first write of whoever opens the file as a store removes the row.
 */
const MAGIC = Buffer.from('varve-seal')
const NONCE_BYTES = 16
const PLACE = MAGIC.length + NONCE_BYTES
const DIGEST = PLACE + 8
const DIGEST_BYTES = 32
const SEAL_BYTES = DIGEST + DIGEST_BYTES
const CHUNK = 2 ** 20

export interface Sealed {
  readonly bytes: number
  /** SHA-256 of the file, in hex. */
  readonly checksum: string
}

/** Seals a finished database that nobody else knows of. */
export async function sealDatabase(
  context: Context,
  driver: Driver,
  path: string,
  options: CareOptions = {},
): Promise<Sealed> {
  const { fs } = context
  const start = Buffer.concat([
    MAGIC,
    Buffer.from(context.unique().padEnd(NONCE_BYTES).slice(0, NONCE_BYTES)),
  ])
  const blank = Buffer.concat([start, Buffer.alloc(SEAL_BYTES - start.length)])
  try {
    const connection = driver.open(path, false)
    try {
      connection.exec(
        `insert into meta (name, value) values ('${SEAL}', x'${blank.toString('hex')}'); pragma wal_checkpoint(truncate)`,
      )
    } finally {
      connection.close()
    }
  } catch (error) {
    throw translate(error, path)
  }
  const fd = fs.openSync(path, 'r+')
  try {
    const bytes = fs.fstatSync(fd).size
    const steps = { ...options, total: 2 * bytes }
    const place = await placeOf(context, fd, start, () => true)
    if (place === undefined)
      throw new IntegrityError(`${path} was not written as it should be: its seal is missing.`)
    const at = Buffer.alloc(8)
    at.writeBigUInt64BE(BigInt(place))
    writeFully(context, fd, at, place + PLACE)
    const digest = await hashOf(context, fd, place + DIGEST, steps, 0)
    writeFully(context, fd, digest, place + DIGEST)
    const checksum = await hashOf(context, fd, undefined, steps, bytes)
    return { bytes, checksum: checksum.toString('hex') }
  } catch (error) {
    throw error instanceof Error && 'syscall' in error
      ? unavailable(error, `${path} cannot be written`)
      : error
  } finally {
    fs.closeSync(fd)
  }
}

/** Checks a backup against its seal. undefined: it has none, since it was opened as a store and written. */
export async function checkSeal(
  context: Context,
  path: string,
  options: CareOptions = {},
): Promise<Sealed | undefined> {
  const { fs } = context
  const fd = fs.openSync(path, 'r')
  try {
    const bytes = fs.fstatSync(fd).size
    const steps = { ...options, total: 2 * bytes }
    const place = await placeOf(context, fd, MAGIC, (seal, place) => {
      return seal.length === SEAL_BYTES && seal.readBigUInt64BE(PLACE) === BigInt(place)
    })
    if (place === undefined) return undefined
    const digest = Buffer.alloc(DIGEST_BYTES)
    fs.readSync(fd, digest, 0, DIGEST_BYTES, place + DIGEST)
    const found = await hashOf(context, fd, place + DIGEST, steps, 0)
    if (!isDeepStrictEqual(found, digest))
      throw new IntegrityError(
        `The backup ${path} does not match its seal: it is damaged, or was changed. Take another backup.`,
      )
    const checksum = await hashOf(context, fd, undefined, steps, bytes)
    return { bytes, checksum: checksum.toString('hex') }
  } finally {
    fs.closeSync(fd)
  }
}

/** SHA-256 of a file as it is. */
export async function hashFile(context: Context, path: string, options: CareOptions): Promise<Sealed> {
  const fd = context.fs.openSync(path, 'r')
  try {
    const bytes = context.fs.fstatSync(fd).size
    const checksum = await hashOf(context, fd, undefined, { ...options, total: bytes }, 0)
    return { bytes, checksum: checksum.toString('hex') }
  } finally {
    context.fs.closeSync(fd)
  }
}

/** What a database without a seal must not have: the rest of one, or a row that nobody puts there. */
export async function strangeRow(
  context: Context,
  driver: Driver,
  path: string,
): Promise<string | undefined> {
  return await look(context, driver, path, (db) => {
    const names = db.all('metaNames').map(([name]) => String(name))
    return names.find((name) => name !== 'horizon' && !name.startsWith('note:'))
  })
}

/** The newest revision of a database that nobody writes. */
export async function newestOf(
  context: Context,
  driver: Driver,
  path: string,
): Promise<CommitRecord | undefined> {
  return await look(context, driver, path, (db) => db.record(toCommit, 'head'))
}

async function look<T>(
  context: Context,
  driver: Driver,
  path: string,
  read: (db: Connection) => T,
): Promise<T> {
  const db = new Connection(driver, path)
  try {
    db.open('frozen')
    return read(db)
  } catch (error) {
    throw translate(error, path)
  } finally {
    await db.close(context)
  }
}

/** Where the first seal that fits begins. */
async function placeOf(
  context: Context,
  fd: number,
  start: Buffer,
  fits: (seal: Buffer, place: number) => boolean,
): Promise<number | undefined> {
  const window = Buffer.alloc(CHUNK + SEAL_BYTES)
  for (let from = 0; ; from += CHUNK) {
    const got = readFully(context, fd, window, from)
    const seen = window.subarray(0, got)
    for (let at = seen.indexOf(start); at >= 0 && at < CHUNK; at = seen.indexOf(start, at + 1))
      if (fits(seen.subarray(at, at + SEAL_BYTES), from + at)) return from + at
    if (got < window.length) return undefined
    await new Promise<void>((resolve) => context.turn(resolve))
  }
}

/** SHA-256 of a file, with the 32 bytes at `blank` as zeros. */
async function hashOf(
  context: Context,
  fd: number,
  blank: number | undefined,
  { signal, onProgress, total }: CareOptions & { readonly total: number },
  done: number,
): Promise<Buffer> {
  const hash: Hash = createHash('sha256')
  const chunk = Buffer.alloc(CHUNK)
  for (let from = 0; ;) {
    const got = readFully(context, fd, chunk, from)
    const seen = chunk.subarray(0, got)
    if (blank !== undefined) {
      const start = Math.max(0, blank - from)
      const end = Math.min(got, blank + DIGEST_BYTES - from)
      if (start < end) seen.fill(0, start, end)
    }
    hash.update(seen)
    from += got
    onProgress?.(done + from, total)
    signal?.throwIfAborted()
    if (got < CHUNK) return hash.digest()
    await new Promise<void>((resolve) => context.turn(resolve))
  }
}

function writeFully({ fs }: Context, fd: number, bytes: Buffer, place: number): void {
  for (let done = 0; done < bytes.length;)
    done += fs.writeSync(fd, bytes, done, bytes.length - done, place + done)
}

function readFully({ fs }: Context, fd: number, into: Buffer, place: number): number {
  let got = 0
  while (got < into.length) {
    const read = fs.readSync(fd, into, got, into.length - got, place + got)
    if (read === 0) break
    got += read
  }
  return got
}
