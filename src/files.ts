/** What everything that works with files shares: failures in our own words, and what has reached the disk. */
import type { Context } from './context.ts'
import { UnavailableError } from './errors.ts'

/** The code of a failed system call, such as ENOENT. */
export function systemCode(error: unknown): string {
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
