import type { TracingChannel } from 'node:diagnostics_channel'
import type { Context } from '../context.ts'
import { IntegrityError, UnavailableError } from '../errors.ts'
import type { Logger, Operation } from '../reports.ts'
import { Bridge, type Fields, type LogLevel } from './bridge.ts'
import { channels, tracePromise, traceSync, tracingOf, type TraceEvent } from './channels.ts'
import { Failures } from './failures.ts'
import { Meter } from './meter.ts'
import { describeError, oneLine } from './one-line.ts'

/** Of a read the time is taken once in so many: to take each would cost more than the read. */
const EVERY = 64
/** What takes so long is told, where it is the store's doing and not that of the caller's functions. */
const SLOW_MS = 1_000
const SLOW: ReadonlySet<string> = new Set<Operation>(['get', 'commit', 'snapshot'])
/** So many keys of a commit are told in a log. */
const KEYS_TOLD = 20

export const OPERATIONS: readonly Operation[] = [
  'get',
  'set',
  'delete',
  'scan',
  'commit',
  'snapshot',
  'restore',
  'diff',
  'publish',
  'deliver',
]

/** A kind of work: one of the operations that are counted, or one that only has to succeed. */
export type Work = Operation | 'verify' | 'compact' | 'flush' | 'export' | 'import' | 'backup'
/** Makes what is published about one piece of work; called only if somebody listens. */
export type About = () => TraceEvent

/** A revision that was made, and which keys it changed. */
export interface Made {
  readonly revision: number
  readonly at: number
  readonly actor: string
  readonly why: '' | 'expiry' | 'restore' | 'import'
  readonly keys: readonly string[]
}
/** What the past values that one commit replaced would take whole, and what they take. */
export type Packed = Telemetry['deltas']
/** A handler at work: what it watches, under which prefix. */
export interface Delivery {
  /** Its subscription. */
  readonly id: string
  readonly pattern: string
  readonly prefix: string
  readonly key: string
  readonly revision: number
}

export interface TelemetryOptions {
  readonly url: string
  readonly logger: Logger | undefined
  readonly isSecret: (key: string) => boolean
}

/** What all handles of an open store know about their work: numbers, what is failing just now, and who is told. */
export class Telemetry {
  /** How the store is called in what is published. */
  readonly store: string
  readonly meters: Readonly<Record<Operation, Meter>>
  /** `past`: reads that did not ask the cache. What is neither that nor a miss was a hit. */
  readonly cache = { past: 0, misses: 0, sets: 0, evictions: 0, expirations: 0 }
  readonly bytes = { read: 0, written: 0 }
  /** Past values that were kept as deltas. */
  readonly deltas = { count: 0, fullBytes: 0, storedBytes: 0 }
  readonly failures: Failures = new Failures()
  readonly openedAt: number
  /** Since when the counters count, by the wall clock. */
  since: number
  /** When what had been written was last known to be as durable as it was asked to be, by the wall clock. */
  persistedAt: number | undefined
  /** The context that it was given, with its warnings told, counted and published here. */
  readonly context: Context
  readonly #context: Context
  readonly #bridge: Bridge | undefined
  readonly #isSecret: (key: string) => boolean

  constructor(context: Context, { url, logger, isSecret }: TelemetryOptions) {
    // A name may stay, a password may not.
    this.store = url.replace(/(\/\/[^/@:]*):[^/@]*@/, '$1@')
    this.#context = context
    this.#isSecret = isSecret
    this.#bridge =
      logger && new Bridge(logger, (error) => context.warn('The logger of a store has thrown.', error))
    this.meters = Object.fromEntries(OPERATIONS.map((name) => [name, new Meter()])) as Record<
      Operation,
      Meter
    >
    this.context = {
      ...context,
      warn: (message, cause, work) => this.warn(message, cause, work),
      worked: (work) => this.worked(work),
    }
    this.openedAt = context.ticks()
    this.since = context.wall()
  }

  /** Adds the reads that were not counted yet: set by the log, which counts them by what it counts anyway. */
  countReads: (next?: number) => void = () => undefined
  #nextTimed = 0

  reset(): void {
    // So that the first one is timed.
    this.countReads(1)
    this.#nextTimed = 0
    for (const meter of Object.values(this.meters)) meter.reset()
    Object.assign(this.cache, { past: 0, misses: 0, sets: 0, evictions: 0, expirations: 0 })
    Object.assign(this.bytes, { read: 0, written: 0 })
    Object.assign(this.deltas, { count: 0, fullBytes: 0, storedBytes: 0 })
    this.since = this.#context.wall()
  }

  // ── work ──

  /** Counts, times and, if anybody listens, traces what `run` does. */
  run<R>(work: Work, about: About, run: () => Promise<R>): Promise<R> {
    const { ticks } = this.#context
    const tracing = tracingOf(work)
    const start = ticks()
    return (tracing.hasSubscribers ? tracePromise(tracing, about(), run) : run()).then(
      (result) => {
        this.#did(work, ticks() - start)
        return result
      },
      (error: unknown) => {
        this.#failed(work, ticks() - start, error)
        throw error
      },
    )
  }

  /** What is to be done about the read that was just counted. */
  nextRead(): 'plain' | 'timed' | 'traced' {
    if (reading.hasSubscribers) return 'traced'
    const { count } = this.meters.get
    if (count < this.#nextTimed) return 'plain'
    this.#nextTimed = count + EVERY
    return 'timed'
  }

  /** The same of a read that has been counted, and is done when it returns. What it throws its caller counts. */
  read<R>(about: About, run: () => R): R {
    const { ticks } = this.#context
    const start = ticks()
    const result = reading.hasSubscribers ? traceSync(reading, about(), run) : run()
    this.timedRead(ticks() - start)
    return result
  }

  timedRead(ms: number): void {
    this.meters.get.time(ms)
    if (ms >= SLOW_MS) this.#slow('get', ms)
  }

  /** A read that has been counted has failed. */
  readFailed(error: unknown): void {
    this.countReads()
    this.cache.past++
    this.meters.get.errors++
    this.#remember('get', error)
  }

  /** The same of items that are read one by one: the time that their reader takes does not count. */
  async *stream<T>(work: Operation, about: About, open: () => AsyncIterable<T>): AsyncGenerator<T> {
    const { ticks } = this.#context
    const tracing = tracingOf(work)
    const event = tracing.hasSubscribers ? about() : undefined
    if (event !== undefined) {
      tracing.start.publish(event)
      tracing.end.publish(event)
    }
    let iterator: AsyncIterator<T> | undefined
    let ms = 0
    let over = false
    let failure: { readonly error: unknown } | undefined
    try {
      while (!over) {
        const start = ticks()
        let step: IteratorResult<T>
        try {
          iterator ??= open()[Symbol.asyncIterator]()
          step = await iterator.next()
        } catch (error) {
          failure = { error }
          throw error
        } finally {
          ms += ticks() - start
        }
        if (step.done === true) over = true
        else yield step.value
      }
    } finally {
      if (failure === undefined) this.#did(work, ms)
      else this.#failed(work, ms, failure.error)
      if (event !== undefined) endTrace(tracing, event, failure)
      if (!over && failure === undefined) await iterator?.return?.()
    }
  }

  #did(work: Work, ms: number): void {
    const meter = this.#meter(work)
    if (meter === undefined) return this.worked(work)
    meter.count++
    meter.time(ms)
    this.#slow(work, ms)
  }

  #failed(work: Work, ms: number, error: unknown): void {
    const meter = this.#meter(work)
    if (meter !== undefined) {
      meter.count++
      meter.errors++
      meter.time(ms)
      if (work === 'get') this.cache.past++
    }
    this.#remember(work, error)
  }

  #meter(work: Work): Meter | undefined {
    return (this.meters as Partial<Record<Work, Meter>>)[work]
  }

  /** What the caller did wrong, and what others got in between of, is no illness of the store. */
  #remember(work: Work, error: unknown): void {
    if (!(error instanceof UnavailableError) && !(error instanceof IntegrityError)) return
    const meter = this.#meter(work)
    const successes = meter?.successes ?? 0
    const message = describeError(error)
    const isNew = this.failures.failed(
      work,
      message,
      this.#context.wall(),
      () => meter !== undefined && meter.successes > successes,
    )
    if (isNew) this.log('error', () => [`A ${work} failed: ${message}`, { operation: work }, error])
  }

  #slow(work: Work, ms: number): void {
    if (ms >= SLOW_MS && SLOW.has(work))
      this.log('warn', () => [
        `A ${work} took ${(ms / 1_000).toFixed(1)} s.`,
        { operation: work, ms: Math.round(ms) },
      ])
  }

  // ── the log and its readers ──

  /** Called when a transaction of the engine is as durable as it was asked to be. */
  committed(ms: number, bytes: number, packed: Packed, made: () => readonly Made[]): void {
    this.deltas.count += packed.count
    this.deltas.fullBytes += packed.fullBytes
    this.deltas.storedBytes += packed.storedBytes
    this.bytes.written += bytes
    this.persisted()
    this.#did('commit', ms)
    const { commit, expire } = channels
    const told = commit.hasSubscribers || expire.hasSubscribers
    if (told || this.#bridge?.isOn('debug') === true) for (const one of made()) this.#tellCommit(one)
  }

  #tellCommit({ revision, at, actor, why, keys }: Made): void {
    const { store } = this
    const event = { store, revision, at: new Date(at), actor, keys }
    if (channels.commit.hasSubscribers) channels.commit.publish({ ...event, why })
    if (why === 'expiry' && channels.expire.hasSubscribers) channels.expire.publish(event)
    this.log('debug', () => {
      const open = keys.filter((key) => !this.#isSecret(key))
      return [
        `Revision ${revision} by ${actor}: ${keys.length} ${keys.length === 1 ? 'key' : 'keys'}.`,
        { operation: 'commit', revision, actor, changed: keys.length, keys: open.slice(0, KEYS_TOLD) },
      ]
    })
  }

  /** All that was written is as durable as it was asked to be, or more. */
  persisted(): void {
    this.persistedAt = this.#context.wall()
  }

  /** A transaction of the engine has failed, or did not reach the disk. */
  commitFailed(ms: number, error: unknown): void {
    this.#failed('commit', ms, error)
  }

  /** Called after each call of a handler. `failure`: what it threw. */
  delivered(ms: number, failure: unknown, { id, pattern, prefix, key, revision }: Delivery): void {
    const meter = this.meters.deliver
    meter.count++
    meter.time(ms)
    const work = watchWork(prefix, pattern)
    if (failure === undefined) {
      if (this.failures.any) this.worked(work, id)
    } else {
      meter.errors++
      this.warn(
        `A handler that watches failed at revision ${revision}, key ${JSON.stringify(key)}.`,
        failure,
        work,
        id,
      )
    }
    if (channels.deliver.hasSubscribers)
      channels.deliver.publish({
        store: this.store,
        pattern: prefix + pattern,
        key: prefix + key,
        revision,
        ms,
        ...(failure === undefined ? {} : { error: failure }),
      })
  }

  // ── telling ──

  opened(place: string, revision: number, readOnly: boolean): void {
    this.log('info', () => [
      `Opened ${place} at revision ${revision}${readOnly ? ', to be read only' : ''}.`,
      { operation: 'open', store: this.store, revision, readOnly },
    ])
  }

  closed(revision: number): void {
    this.log('info', () => [
      `Closed ${this.store} at revision ${revision}.`,
      { operation: 'close', store: this.store, revision },
    ])
  }

  /** Something in the background went wrong; `work`: health is degraded until the same kind (by the same `who`) works again. */
  warn(message: string, cause?: unknown, work?: string, who?: string): void {
    if (work !== undefined) {
      const text = cause === undefined ? oneLine(message) : `${oneLine(message)} ${describeError(cause)}`
      this.failures.failed(work, text, this.#context.wall(), undefined, who)
    }
    if (channels.warn.hasSubscribers)
      channels.warn.publish({
        store: this.store,
        message,
        ...(cause === undefined ? {} : { cause }),
        ...(work === undefined ? {} : { work }),
      })
    if (this.#bridge === undefined) this.#context.warn(message, cause)
    else this.log('warn', () => [message, work === undefined ? {} : { operation: work }, cause])
  }

  /** Something is wrong until this kind of work says otherwise. */
  fails(work: Work, message: string): void {
    this.failures.failed(work, oneLine(message), this.#context.wall())
  }

  /** The same kind of work works again. */
  worked(work: string, who: string = work): void {
    if (this.failures.worked(who)) this.log('info', () => [`${work} works again.`, { operation: work }])
  }

  /** `make` runs only if somebody would see what it makes. */
  log(level: LogLevel, make: () => readonly [message: string, fields: Fields, cause?: unknown]): void {
    this.#bridge?.log(level, make)
  }
}

/** What a watch is called. One that has ended by a failure cannot work again: a new one of the same pattern heals it. */
export function watchWork(prefix: string, pattern: string): string {
  return `watch ${JSON.stringify(prefix + pattern)}`
}

const reading: TracingChannel = tracingOf('get')

function endTrace(
  tracing: TracingChannel,
  event: TraceEvent,
  failure: { readonly error: unknown } | undefined,
): void {
  if (failure !== undefined) {
    event.error = failure.error
    tracing.error.publish(event)
  }
  tracing.asyncStart.publish(event)
  tracing.asyncEnd.publish(event)
}
