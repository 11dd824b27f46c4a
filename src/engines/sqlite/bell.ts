import { constants, type FSWatcher } from 'node:fs'
import type { Context } from '../../context.ts'

const BYTE = Buffer.from([1])
/** Where the operating system gives no notice of files (or no more of it), the listeners look so often. */
const WITHOUT_NOTICE_MS = 20

/**
 * Wakes other processes: a small file beside the database that gets a byte after each commit. The database's own files would
 * not do, because the system tells of a write before readers can see what was committed.
 */
export class Bell {
  readonly #context: Context
  readonly #path: string
  readonly #listeners = new Set<() => void>()
  #fd: number | undefined
  #watcher: FSWatcher | undefined
  #cancel: (() => void) | undefined

  constructor(context: Context, path: string) {
    this.#context = context
    this.#path = path
  }

  /** Makes the file if need be. Only who writes opens it: a reader leaves no trace. */
  open(): void {
    this.#fd ??= this.#context.fs.openSync(this.#path, constants.O_WRONLY | constants.O_CREAT, 0o644)
  }

  ring(): void {
    if (this.#fd === undefined) return
    try {
      this.#context.fs.writeSync(this.#fd, BYTE, 0, 1, 0)
    } catch {
      // The others look from time to time by themselves.
    }
  }

  listen(heard: () => void): () => void {
    const listener = (): void => heard()
    this.#listeners.add(listener)
    if (this.#listeners.size === 1) this.#start()
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.#stop()
    }
  }

  #start(): void {
    try {
      this.#watcher = this.#context.fs.watch(this.#path, { persistent: false }, () => this.#tell())
      this.#watcher.on('error', () => this.#lookInstead())
    } catch {
      // No such file (nobody has written since it was made), or no more watches to be had.
      this.#lookInstead()
    }
  }

  #lookInstead(): void {
    this.#stop()
    this.#cancel = this.#context.later(WITHOUT_NOTICE_MS, () => {
      this.#tell()
      if (this.#listeners.size > 0) this.#lookInstead()
    })
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }

  #stop(): void {
    this.#watcher?.close()
    this.#watcher = undefined
    this.#cancel?.()
    this.#cancel = undefined
  }

  close(): void {
    this.#listeners.clear()
    this.#stop()
    if (this.#fd !== undefined) this.#context.fs.closeSync(this.#fd)
    this.#fd = undefined
  }
}
