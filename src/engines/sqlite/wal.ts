import type { Context } from '../../context.ts'
import { UnavailableError } from '../../errors.ts'

/** A flush on the spot costs a lone writer less than the trip to the thread pool, unless the disk is slow. */
const ON_THE_SPOT_MS = 4
/** How many flushes stay on the thread pool after one that took too long. */
const DETOUR = 32

/** Makes what is committed survive the loss of power: one flush of the write-ahead log for all who wait. */
export class WalFlusher {
  readonly #context: Context
  readonly #fd: number
  readonly #path: string
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined
  #detour = 0
  #failure: UnavailableError | undefined

  constructor(context: Context, path: string) {
    this.#context = context
    this.#path = path
    this.#fd = context.fs.openSync(path, 'r+')
  }

  /** After a failed flush nobody knows what is on the disk: the pages count as written and may be gone. So never go on. */
  get failure(): UnavailableError | undefined {
    return this.#failure
  }

  flush(): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure)
    if (this.#running === undefined) return this.#start()
    // What was committed after the running flush began needs another one; all who come meanwhile share it.
    this.#next ??= this.#running.then(
      () => this.#start(),
      () => this.#start(),
    )
    return this.#next
  }

  flushNow(): boolean {
    if (this.#failure) throw this.#failure
    if (this.#running !== undefined) return false
    if (this.#detour > 0) {
      this.#detour--
      return false
    }
    const start = this.#context.ticks()
    try {
      this.#context.fs.fdatasyncSync(this.#fd)
    } catch (error) {
      throw this.#fail(error)
    }
    if (this.#context.ticks() - start > ON_THE_SPOT_MS) this.#detour = DETOUR
    return true
  }

  async close(): Promise<void> {
    await (this.#next ?? this.#running)?.catch(() => undefined)
    this.#context.fs.closeSync(this.#fd)
  }

  #start(): Promise<void> {
    this.#next = undefined
    if (this.#failure) return Promise.reject(this.#failure)
    this.#running = new Promise<void>((resolve, reject) => {
      this.#context.fs.fdatasync(this.#fd, (error) => {
        this.#running = undefined
        if (error) reject(this.#fail(error))
        else resolve()
      })
    })
    return this.#running
  }

  #fail(error: unknown): UnavailableError {
    this.#failure = new UnavailableError(
      `Flushing ${this.#path} to the disk failed, so the last writes may be lost; this handle is stopped. Close it, check the disk, open again and run verify.`,
      { cause: error },
    )
    return this.#failure
  }
}
