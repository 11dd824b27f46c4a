import type { Log } from '../log/log.ts'
import type { Writer } from '../log/writer.ts'

/** Other processes may set deadlines that this one has not heard of. */
const LOOK_EVERY_MS = 5_000
/** Several that end at about the same time go together. */
const SLACK_MS = 20

/** Writes the expiries that are due, so that history and other readers see them. A read never waits for this. */
export class Sweeper {
  readonly #log: Log
  readonly #writer: Writer
  #cancel: (() => void) | undefined
  #at = Infinity
  #running: Promise<void> | undefined
  #closed = false

  constructor(log: Log, writer: Writer) {
    this.#log = log
    this.#writer = writer
    this.#arm(this.#log.deadline())
  }

  /** Called when an entry was written that ends at this time. */
  expects(deadline: number): void {
    if (deadline < this.#at && this.#running === undefined) this.#arm(deadline)
  }

  #arm(deadline: number): void {
    if (this.#closed) return
    this.#cancel?.()
    this.#at = deadline
    const wait = Math.min(Math.max(deadline - this.#log.context.steady(), 0) + SLACK_MS, LOOK_EVERY_MS)
    this.#cancel = this.#log.context.later(wait, () => {
      this.#running = this.#sweep().finally(() => {
        this.#running = undefined
        if (!this.#closed) this.#arm(this.#nextDeadline())
      })
    })
  }

  #nextDeadline(): number {
    try {
      return this.#log.deadline()
    } catch {
      return Infinity
    }
  }

  async #sweep(): Promise<void> {
    try {
      this.#log.fresh()
      while (!this.#closed && this.#log.deadline() <= this.#log.context.steady()) {
        // The writer puts what is due before whatever is asked for; here that is nothing else.
        await this.#writer.submit({ build: () => undefined })
        this.#log.forgetDeadline()
      }
      this.#log.context.worked('expiry')
    } catch (error) {
      if (!this.#closed) this.#log.context.warn('Expired entries could not be removed.', error, 'expiry')
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancel?.()
    await this.#running
  }
}
