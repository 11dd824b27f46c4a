import { channel, tracingChannel, type TracingChannel } from 'node:diagnostics_channel'

/** What is told on `varve:commit`, once for each revision that this process made, when it is as durable as it was asked to be. */
export interface CommitEvent {
  /** The store's url. */
  readonly store: string
  /** The revision that was made. */
  readonly revision: number
  /** When it was committed. */
  readonly at: Date
  /** Who made it. */
  readonly actor: string
  /** What made it; empty: a write. */
  readonly why: '' | 'expiry' | 'restore' | 'import'
  /** The keys that it changed. Values are never told. */
  readonly keys: readonly string[]
}
/** What is told on `varve:expire`, for each revision that removed entries whose time was over. */
export interface ExpireEvent {
  /** The store's url. */
  readonly store: string
  /** The revision that removed them. */
  readonly revision: number
  /** When it was committed. */
  readonly at: Date
  /** The keys whose time was over. */
  readonly keys: readonly string[]
}
/** What is told on `varve:deliver`, after each call of a handler that watches. */
export interface DeliverEvent {
  /** The store's url. */
  readonly store: string
  /** The pattern that is watched. */
  readonly pattern: string
  /** The key that changed. */
  readonly key: string
  /** The revision that changed it. */
  readonly revision: number
  /** How long the handler took. */
  readonly ms: number
  /** What the handler threw. */
  readonly error?: unknown
}
/** What is told on `varve:warn`: something in the background went wrong. */
export interface WarnEvent {
  /** The store's url. */
  readonly store: string
  /** What went wrong. */
  readonly message: string
  /** The error behind it. */
  readonly cause?: unknown
  /** The kind of work that failed; health is degraded until the same kind works again. */
  readonly work?: string
}
/** What is told on the tracing channels `varve:<operation>`. Neither values nor results are. */
export interface TraceEvent {
  /** The store's url. */
  readonly store: string
  /** The method that was called. */
  readonly method: string
  /** Who called it. */
  readonly actor: string
  /** Of a method that is about one key: the whole key, with the prefix of its scope. */
  readonly key?: string
  /** Set before `error` is published. */
  error?: unknown
}

/** A channel of which we know what is told on it. */
export interface Told<T> {
  readonly hasSubscribers: boolean
  publish(event: T): void
}
/** Ask `hasSubscribers` before a payload is made. */
export const channels: {
  readonly commit: Told<CommitEvent>
  readonly expire: Told<ExpireEvent>
  readonly deliver: Told<DeliverEvent>
  readonly warn: Told<WarnEvent>
} = {
  commit: channel('varve:commit'),
  expire: channel('varve:expire'),
  deliver: channel('varve:deliver'),
  warn: channel('varve:warn'),
}

const tracings = new Map<string, TracingChannel>()

/** The tracing channel of one kind of work: `varve:<work>`. */
export function tracingOf(work: string): TracingChannel {
  let tracing = tracings.get(work)
  if (tracing === undefined) tracings.set(work, (tracing = tracingChannel(`varve:${work}`)))
  return tracing
}

/**
 * `TracingChannel.tracePromise`, but for two things: the result is not published, for it may be a value that is marked
 * secret, and nobody's rejection is taken for handled.
 */
export function tracePromise<R>(
  tracing: TracingChannel,
  event: TraceEvent,
  run: () => Promise<R>,
): Promise<R> {
  const { start, end, asyncStart, asyncEnd, error } = tracing
  const settled = (): void => {
    asyncStart.publish(event)
    asyncEnd.publish(event)
  }
  return start.runStores(event, () => {
    const work = run()
    end.publish(event)
    return work.then(
      (result) => {
        settled()
        return result
      },
      (failure: unknown) => {
        event.error = failure
        error.publish(event)
        settled()
        throw failure
      },
    )
  })
}

/** The same of work that is done when it returns. */
export function traceSync<R>(tracing: TracingChannel, event: TraceEvent, run: () => R): R {
  const { start, end, error } = tracing
  return start.runStores(event, () => {
    try {
      return run()
    } catch (failure) {
      event.error = failure
      error.publish(event)
      throw failure
    } finally {
      end.publish(event)
    }
  })
}
