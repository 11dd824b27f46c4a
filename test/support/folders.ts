import { createHash } from 'node:crypto'
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A new empty folder, gone when the test is over. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'varve-test-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** A path in a new folder where nothing is yet. */
export function freshPath(name = 'store'): string {
  return join(temporaryFolder(), name)
}

/** Every file below a folder with the hash of its bytes and when it was last written: equal if nobody touched anything. */
export function fingerprint(folder: string): Record<string, string> {
  const files: Record<string, string> = {}
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(folder, name)
    const stats = lstatSync(path)
    const content = stats.isDirectory()
      ? 'folder'
      : createHash('sha256').update(readFileSync(path)).digest('hex')
    files[name] = `${content} ${stats.mtimeMs}`
  }
  return files
}

/**
 * The same without looking into the files, for a store that this process has open: reading its database and closing the
 * file again would drop the locks that SQLite holds on it.
 */
export function inventory(folder: string): Record<string, string> {
  const files: Record<string, string> = {}
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const { size, mtimeMs } = lstatSync(join(folder, name))
    files[name] = `${size} ${mtimeMs}`
  }
  return files
}

/** Bytes of all files below a folder. */
export function folderSize(folder: string): number {
  let bytes = 0
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const stats = lstatSync(join(folder, name))
    if (stats.isFile()) bytes += stats.size
  }
  return bytes
}
