import type { Log } from '../log/log.ts'
import type { LogSnapshots } from './snapshots.ts'

/** Takes a snapshot every so often, if anything changed since the newest one. */
export class AutoSnapshots {
  readonly #log: Log
  readonly #snapshots: LogSnapshots
  readonly #every: number
  readonly #tag: string
  #cancel: (() => void) | undefined
  #running: Promise<void> | undefined
  #closed = false

  constructor(log: Log, snapshots: LogSnapshots, every: number, tag: string) {
    this.#log = log
    this.#snapshots = snapshots
    this.#every = every
    this.#tag = tag
    this.#arm()
  }

  #arm(): void {
    if (this.#closed) return
    this.#cancel = this.#log.context.later(this.#every, () => {
      this.#running = this.#take().finally(() => {
        this.#running = undefined
        this.#arm()
      })
    })
  }

  async #take(): Promise<void> {
    try {
      this.#log.fresh()
      const newest = (await this.#snapshots.latest())?.revision ?? 0
      if (this.#log.head.revision > newest) await this.#snapshots.take({ tags: [this.#tag] }, true)
      this.#log.context.worked('autoSnapshot')
    } catch (error) {
      if (!this.#closed)
        this.#log.context.warn('An automatic snapshot could not be taken.', error, 'autoSnapshot')
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancel?.()
    await this.#running
  }
}
