import type { Plan } from '../engine.ts'
import { ClosedError, ReadOnlyError, UnavailableError } from '../errors.ts'
import { Batch, type Waiting } from './batch.ts'
import type { Intent } from './intent.ts'
import type { Log } from './log.ts'

/** More in one transaction would hold up the event loop. */
const GROUP = 1_000
/** Writes that follow each other without a pause let the event loop run at least this often. */
const BREATH_MS = 4

/**
 * The one place where revisions are born. Everything that is asked for in one go becomes one engine transaction (and one
 * flush to the disk), in the order in which it was asked for.
 */
export class Writer {
  readonly #log: Log
  #pending: Waiting[] = []
  #scheduled = false
  #running: Promise<void> | undefined
  /** Flushes that promises wait for. */
  readonly #flushing = new Set<Promise<void>>()
  /** When the first write of this turn of the event loop was asked for. */
  #busySince: number | undefined
  #closed = false

  constructor(log: Log) {
    this.#log = log
  }

  /** How many writes wait for their turn. */
  get waiting(): number {
    return this.#pending.length
  }

  submit(intent: Intent): Promise<number> {
    if (this.#closed) return Promise.reject(new ClosedError())
    if (this.#log.options.readOnly) return Promise.reject(this.#readOnly())
    return new Promise((resolve, reject) => {
      this.#pending.push({ intent, resolve, reject })
      this.#schedule()
    })
  }

  /** Settles when everything that was submitted is stored. */
  async drain(): Promise<void> {
    if (this.#log.options.readOnly) throw this.#readOnly()
    while (this.#pending.length > 0 || this.#running !== undefined) {
      this.#start()
      await this.#running
    }
    await Promise.allSettled(this.#flushing)
  }

  /** The same, and it is on the disk. */
  async flush(): Promise<void> {
    if (this.#log.options.readOnly) return
    await this.drain()
    if (this.#log.engine.supports.durable) await this.#log.engine.sync()
    this.#log.telemetry.persisted()
  }

  async close(): Promise<void> {
    this.#closed = true
    if (!this.#log.options.readOnly) await this.drain()
  }

  #readOnly(): ReadOnlyError {
    return new ReadOnlyError(`${this.#log.engine.place} was opened with readOnly; open it without to write.`)
  }

  #schedule(): void {
    if (this.#scheduled || this.#running !== undefined) return
    this.#scheduled = true
    const { ticks, turn } = this.#log.context
    if (this.#busySince === undefined) {
      this.#busySince = ticks()
      turn(() => (this.#busySince = undefined))
    }
    // Awaited writes in a loop never leave the microtasks by themselves: timers and sockets would starve.
    if (ticks() - this.#busySince < BREATH_MS) queueMicrotask(() => this.#start())
    else turn(() => this.#start())
  }

  #start(): void {
    this.#scheduled = false
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
      if (this.#pending.length > 0) this.#schedule()
    })
  }

  async #run(): Promise<void> {
    while (this.#pending.length > 0) {
      const group = this.#pending.length > GROUP ? this.#pending.splice(0, GROUP) : this.#pending
      if (group === this.#pending) this.#pending = []
      const start = this.#log.context.ticks()
      const batch = await this.#commit(group, start)
      if (batch !== undefined) this.#settle(batch, start)
      if (this.#pending.length > 0) await new Promise<void>((resolve) => this.#log.context.turn(resolve))
    }
  }

  /** undefined: it failed, and all are told. */
  async #commit(group: readonly Waiting[], start: number): Promise<Batch | undefined> {
    const { engine } = this.#log
    const userCode = group.some(({ intent }) => intent.userCode)
    try {
      for (;;) {
        let batch = userCode ? this.#refreshedBatch(group) : undefined
        let stored = false
        const prepare = (moved: boolean): Plan | undefined => {
          if (moved) this.#log.refresh()
          // The user's code has run on a state that is no longer the newest, and must not run while the lock is held.
          if (batch !== undefined && batch.base !== this.#log.head) return undefined
          batch ??= new Batch(this.#log, group)
          stored = true
          return batch.plan
        }
        if (!engine.tryCommit(prepare)) await engine.commit(prepare)
        if (!stored || batch === undefined) continue
        if (batch.commits.length > 0) this.#log.advance(batch.head, batch.touched(), batch.deadline)
        this.#log.advanceMarks(batch.putMarks, batch.dropMarks)
        if (batch.expired) this.#log.forgetDeadline()
        return batch
      }
    } catch (error) {
      return this.#retryOneByOne(group, error, start)
    }
  }

  #refreshedBatch(group: readonly Waiting[]): Batch {
    if (this.#log.engine.poll()) this.#log.refresh()
    return new Batch(this.#log, group)
  }

  /** One that the engine refuses must not take the others with it; when the engine itself is in trouble, all fail. */
  async #retryOneByOne(group: readonly Waiting[], error: unknown, start: number): Promise<undefined> {
    const { ticks } = this.#log.context
    const [only] = group
    if (group.length === 1 && only !== undefined) {
      this.#log.telemetry.commitFailed(ticks() - start, error)
      only.reject(error)
      return undefined
    }
    let down = false
    for (const one of group) {
      if (down) one.reject(error)
      else {
        const again = ticks()
        const batch = await this.#commit([one], again)
        if (batch !== undefined) this.#settle(batch, again)
        else if (error instanceof UnavailableError) down = true
      }
    }
    return undefined
  }

  #settle(batch: Batch, start: number): void {
    const { outcomes, commits } = batch
    const { engine, options, telemetry, context } = this.#log
    const tell = (): void => {
      if (batch.plan !== undefined)
        telemetry.committed(context.ticks() - start, batch.bytes, batch.packed, () => batch.made())
      for (const { waiting, revision, error } of outcomes) {
        if (error === undefined) waiting.resolve(revision)
        else waiting.reject(error)
      }
      if (commits.length > 0) this.#log.announce()
    }
    if (options.durability === 'process' || !engine.supports.durable) return tell()
    const fail = (error: unknown): void => {
      telemetry.commitFailed(context.ticks() - start, error)
      for (const { waiting } of outcomes) waiting.reject(error)
    }
    try {
      // Nobody else waits: a flush on the spot is quicker than the trip to the thread pool.
      if (
        outcomes.length === 1 &&
        this.#pending.length === 0 &&
        this.#flushing.size === 0 &&
        engine.trySync()
      )
        return tell()
    } catch (error) {
      return fail(error)
    }
    const flushing = engine.sync().then(tell, fail)
    this.#flushing.add(flushing)
    void flushing.finally(() => this.#flushing.delete(flushing))
  }
}
