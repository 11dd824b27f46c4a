import { InvalidOptionError } from '../errors.ts'
import type { Log } from '../log/log.ts'
import type { News } from '../log/news.ts'
import { breathe } from '../log/past.ts'
import { compilePattern } from '../log/pattern.ts'
import { checkOptions, checkSignal } from '../options.ts'
import { watchWork } from '../telemetry/telemetry.ts'
import type { Change, Subscription, WatchOptions } from '../types.ts'
import { Cursor } from './cursor.ts'

/** What all watchers of an open store share. */
export class Watches {
  readonly log: Log
  readonly news: News
  closed = false
  readonly #open = new Set<Watch | ChangeStream>()

  constructor(log: Log, news: News) {
    this.log = log
    this.news = news
  }

  add(one: Watch | ChangeStream): void {
    this.#open.add(one)
  }

  remove(one: Watch | ChangeStream): void {
    this.#open.delete(one)
  }

  /** How many revisions the slowest handler is behind. */
  get lag(): number {
    let least = this.log.head.revision
    for (const one of this.#open) if (one instanceof Watch) least = Math.min(least, one.revision)
    return this.log.head.revision - least
  }

  close(): void {
    this.closed = true
    for (const one of this.#open) one.end()
  }
}

/** What is watched: keys under a prefix that match, from some point on. */
export interface Watching {
  readonly prefix: string
  readonly pattern: string
  readonly options: WatchOptions
}

export function checkWatching(pattern: unknown, options: WatchOptions): (key: string) => boolean {
  checkOptions('watch', options, ['from', 'signal'])
  checkSignal('watch', options.signal)
  const { from } = options
  if (from !== undefined && typeof from !== 'string' && typeof from !== 'number' && !(from instanceof Date))
    throw new InvalidOptionError(
      `The from of watch is 'now', 'start', a revision, a Date, or a snapshot's version or tag.`,
    )
  return compilePattern(pattern as string)
}

/** Hands each change to a handler, one after the other, for as long as it is wanted. */
export class Watch implements Subscription {
  readonly id: string
  readonly pattern: string
  readonly done: Promise<void>
  readonly #shared: Watches
  readonly #prefix: string
  readonly #handler: (change: Change) => void | Promise<void>
  /** One of the same pattern had ended by a failure when this one began. */
  readonly #replaces: boolean
  #cursor: Cursor | undefined
  /** The revision of the change that the handler has in hand. */
  #inHand: number | undefined
  #ended = false
  #wake: (() => void) | undefined

  constructor(
    shared: Watches,
    { prefix, pattern, options }: Watching,
    handler: (change: Change) => void | Promise<void>,
  ) {
    this.#shared = shared
    this.pattern = pattern
    this.#prefix = prefix
    this.id = shared.log.context.unique()
    this.#handler = handler
    const matches = checkWatching(pattern, options)
    const { signal } = options
    this.#replaces = shared.log.telemetry.failures.has(watchWork(prefix, pattern))
    this.done = this.#run(() => new Cursor(shared.log, options.from, prefix, matches), signal)
    // Whoever does not look at `done` hears of it by the log.
    this.done.catch((error: unknown) =>
      shared.log.context.warn(
        `The watch of ${JSON.stringify(pattern)} has ended.`,
        error,
        watchWork(prefix, pattern),
      ),
    )
  }

  /** The revision up to which changes were handed out. */
  get revision(): number {
    if (this.#inHand !== undefined) return this.#inHand - 1
    return this.#cursor?.revision ?? this.#shared.log.head.revision
  }

  async unsubscribe(): Promise<void> {
    this.end()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.unsubscribe()
  }

  end(): void {
    this.#ended = true
    this.#wake?.()
  }

  async #run(begin: () => Cursor, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted === true) return this.end()
    const end = (): void => this.end()
    signal?.addEventListener('abort', end, { once: true })
    const { news } = this.#shared
    let rung = true
    const stop = news.subscribe(() => {
      rung = true
      this.#wake?.()
    })
    this.#shared.add(this)
    try {
      // The place is fixed here, in the same turn as the call: what is written from now on is seen.
      this.#cursor = begin()
      while (!this.#ended) {
        rung = false
        if (await this.#deliverAll(this.#cursor)) continue
        if (rung || this.#ended) continue
        await new Promise<void>((resolve) => (this.#wake = resolve))
        this.#wake = undefined
      }
    } finally {
      stop()
      signal?.removeEventListener('abort', end)
      this.#shared.remove(this)
      // What nobody wants any more does not fail any more.
      const { failures } = this.#shared.log.telemetry
      failures.worked(this.id)
      if (this.#replaces) failures.worked(watchWork(this.#prefix, this.pattern))
    }
  }

  /** True: there may be more. */
  async #deliverAll(cursor: Cursor): Promise<boolean> {
    const { log } = this.#shared
    const { ticks } = log.context
    const { pattern } = this
    const prefix = this.#prefix
    const changes = cursor.take()
    if (changes === undefined) return false
    let at = ticks()
    for (const change of changes) {
      if (this.#ended) return false
      const start = ticks()
      const { key, revision } = change
      this.#inHand = revision
      let failure: unknown
      try {
        const answer: unknown = this.#handler(change)
        if (answer instanceof Promise) await answer
      } catch (error) {
        failure = error ?? new Error('thrown without a reason')
      }
      log.telemetry.delivered(ticks() - start, failure, { id: this.id, pattern, prefix, key, revision })
      if (failure === undefined && this.#replaces) log.telemetry.worked(watchWork(prefix, pattern))
      at = await breathe(log, at)
    }
    this.#inHand = undefined
    return true
  }
}

/** Changes as a stream that its reader pulls. Costs nothing while nobody waits for the next one. */
export class ChangeStream implements AsyncIterableIterator<Change> {
  readonly #shared: Watches
  readonly #signal: AbortSignal | undefined
  #cursor: Cursor | undefined
  #failure: { readonly error: unknown } | undefined
  #changes: readonly Change[] = []
  #next = 0
  #ended = false
  #wake: (() => void) | undefined
  /** Calls of `next` are answered in turn. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(shared: Watches, { prefix, pattern, options }: Watching) {
    this.#shared = shared
    this.#signal = options.signal
    const matches = checkWatching(pattern, options)
    try {
      this.#cursor = new Cursor(shared.log, options.from, prefix, matches)
    } catch (error) {
      this.#failure = { error }
    }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<Change, undefined>> {
    const result = this.#turn.then(() => this.#advance())
    this.#turn = result.catch(() => undefined)
    return result
  }

  async return(): Promise<IteratorResult<Change, undefined>> {
    this.end()
    return { done: true, value: undefined }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end()
  }

  end(): void {
    this.#ended = true
    this.#wake?.()
  }

  async #advance(): Promise<IteratorResult<Change, undefined>> {
    if (this.#failure !== undefined) {
      const { error } = this.#failure
      this.#failure = undefined
      this.end()
      throw error
    }
    const { log } = this.#shared
    for (let at = log.context.ticks(); !this.#over();) {
      const ready = this.#changes[this.#next]
      if (ready !== undefined) {
        this.#next++
        return { done: false, value: ready }
      }
      this.#next = 0
      const changes = this.#take()
      this.#changes = changes ?? []
      if (changes === undefined) await this.#news()
      else if (changes.length === 0) at = await breathe(log, at)
    }
    this.end()
    return { done: true, value: undefined }
  }

  #over(): boolean {
    return this.#ended || this.#signal?.aborted === true || this.#shared.closed
  }

  #take(): readonly Change[] | undefined {
    try {
      return this.#cursor?.take()
    } catch (error) {
      this.end()
      throw error
    }
  }

  async #news(): Promise<void> {
    let stop: (() => void) | undefined
    const wake = (): void => this.#wake?.()
    this.#shared.add(this)
    try {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        this.#signal?.addEventListener('abort', wake, { once: true })
        stop = this.#shared.news.subscribe(wake)
      })
    } finally {
      this.#wake = undefined
      this.#shared.remove(this)
      stop?.()
      this.#signal?.removeEventListener('abort', wake)
    }
  }
}
