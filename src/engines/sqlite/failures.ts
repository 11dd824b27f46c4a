import type { Context } from '../../context.ts'
import { IntegrityError, UnavailableError, VarveError } from '../../errors.ts'

/** SQLite's primary result codes, as far as they mean different things to us. */
const CODES: Readonly<Record<string, number>> = {
  SQLITE_ERROR: 1,
  SQLITE_BUSY: 5,
  SQLITE_LOCKED: 6,
  SQLITE_NOMEM: 7,
  SQLITE_READONLY: 8,
  SQLITE_IOERR: 10,
  SQLITE_CORRUPT: 11,
  SQLITE_FULL: 13,
  SQLITE_CANTOPEN: 14,
  SQLITE_PROTOCOL: 15,
  SQLITE_TOOBIG: 18,
  SQLITE_NOTADB: 26,
}
const BUSY = 5
const LOCKED = 6
/** The file ended before the page that was wanted. */
const IOERR_SHORT_READ = 522
const IOERR_CORRUPTFS = 8458
/** Cannot map or open the -shm file: what a read-only folder answers. */
const IOERR_SHM_RANGE = new Set([4618, 4874, 5130, 5386])

/** How long to wait for another process that is just opening, closing or recovering the database. */
const PATIENCE_MS = 20_000

interface SqliteFailure extends Error {
  readonly code?: unknown
  readonly errcode?: unknown
}

/** The result code of a failed call, extended where the driver tells it; undefined: not SQLite's. */
export function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined
  const { code, errcode } = error as SqliteFailure
  if (typeof errcode === 'number') return errcode
  if (typeof code !== 'string' || !code.startsWith('SQLITE_')) return undefined
  const primary = Object.keys(CODES).find((name) => code === name || code.startsWith(`${name}_`))
  if (code === 'SQLITE_IOERR_SHORT_READ') return IOERR_SHORT_READ
  return primary === undefined ? 1 : CODES[primary]
}

/** Whether another connection holds what this call needed. */
export function isBusy(error: unknown): boolean {
  const code = resultCode(error)
  return code !== undefined && ((code & 255) === BUSY || (code & 255) === LOCKED)
}

/** Does it again for as long as others are in the way, without holding up the event loop. */
export async function patiently<R>(context: Context, work: () => R): Promise<R> {
  for (const start = context.ticks(); ;) {
    try {
      return work()
    } catch (error) {
      const cause = error instanceof UnavailableError ? error.cause : error
      if (!isBusy(cause) || context.ticks() - start > PATIENCE_MS) throw error
      await context.sleep(1 + context.random() * 5)
    }
  }
}

/** What a driver threw, in our own words. Our SQL is fixed, so what SQLite finds wrong with it is damage. */
export function translate(error: unknown, place: string): VarveError {
  if (error instanceof VarveError) return error
  const code = resultCode(error)
  const why = error instanceof Error ? error.message : String(error)
  switch (code === undefined ? -1 : code & 255) {
    case BUSY:
    case LOCKED:
      return new UnavailableError(`${place} is locked by another process (${why}); try again.`, {
        cause: error,
      })
    case CODES['SQLITE_NOMEM']:
      return new UnavailableError(`Out of memory while working on ${place}.`, { cause: error })
    case CODES['SQLITE_READONLY']:
      return new UnavailableError(
        `${place} cannot be written (${why}); check the permissions of the file and its folder, or open with readOnly.`,
        { cause: error },
      )
    case CODES['SQLITE_IOERR']:
      if (code === IOERR_SHORT_READ || code === IOERR_CORRUPTFS) break
      return new UnavailableError(
        code !== undefined && IOERR_SHM_RANGE.has(code)
          ? `${place} cannot be opened: the file beside it that processes share is not writable (${why}).`
          : `Reading or writing ${place} failed (${why}); check the disk, then open the store again.`,
        { cause: error },
      )
    case CODES['SQLITE_FULL']:
      return new UnavailableError(
        `No space is left for ${place}; nothing was changed. Free some and try again.`,
        {
          cause: error,
        },
      )
    case CODES['SQLITE_CANTOPEN']:
      return new UnavailableError(`${place} cannot be opened (${why}); check the path and its permissions.`, {
        cause: error,
      })
    case CODES['SQLITE_TOOBIG']:
      return new UnavailableError(
        `A value is too large for ${place}: SQLite keeps at most 1,000,000,000 bytes.`,
        {
          cause: error,
        },
      )
  }
  return new IntegrityError(
    `${place} is damaged (${why}); keep a copy of it, run verify, and restore what it names from a backup.`,
    { cause: error },
  )
}
