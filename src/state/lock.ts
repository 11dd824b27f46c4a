import { ClosedError, InvalidOptionError, ReadOnlyError, UnavailableError } from '../errors.ts'
import { parseDuration } from '../duration.ts'
import type { Log } from '../log/log.ts'
import type { News } from '../log/news.ts'
import { checkOptions, checkSignal } from '../options.ts'
import type { Lease, LockOptions } from '../types.ts'

const DEFAULT_TTL_MS = 10_000
/** A lease is renewed so many times within its ttl. */
const RENEWALS = 3
/** Who waits looks so often when nothing rings, spread a little so that not all look at once. */
const LOOK_EVERY_MS = 100

/** What stands in the store about a lease. */
interface LeaseNote {
  readonly token: number
  readonly owner: string
  readonly actor: string
  readonly ttl: number
  /** By the clock that all processes of the machine share. */
  readonly until: number
}

/** How a wait can end. */
type Patience = Pick<LockOptions, 'signal'> & { readonly deadline: number; readonly timeout: number }

/**
 * Leases in the store: whoever holds one renews it, and one that is not renewed lapses, because its holder was killed or
 * stopped. Every change of a lease is a comparison and a swap, so that no two can have it; who had lost it without knowing is
 * told by the signal, and by the token where it was handed on.
 */
export class Locks {
  readonly #log: Log
  readonly #news: News
  readonly #queues = new Map<string, Promise<void>>()
  readonly #taking = new Set<Promise<Held>>()
  readonly #held = new Set<Held>()
  readonly #closing = new AbortController()

  constructor(log: Log, news: News) {
    this.#log = log
    this.#news = news
  }

  async run<R>(
    name: string,
    actor: string,
    fn: (lease: Lease) => R | Promise<R>,
    options: LockOptions,
  ): Promise<R> {
    checkOptions('lock', options, ['ttl', 'timeout', 'signal'])
    checkSignal('lock', options.signal)
    if (this.#log.options.readOnly)
      throw new ReadOnlyError(
        `${this.#log.engine.place} was opened with readOnly; open it without to take a lock.`,
      )
    if (typeof fn !== 'function')
      throw new InvalidOptionError('lock(name, fn) needs a function to run while the lock is held.')
    const { context } = this.#log
    const ttl = options.ttl === undefined ? DEFAULT_TTL_MS : parseDuration(options.ttl, 'ttl')
    const timeout =
      options.timeout === undefined || options.timeout === 0
        ? (options.timeout ?? Infinity)
        : parseDuration(options.timeout, 'timeout')
    const signal = AbortSignal.any([this.#closing.signal, ...(options.signal ? [options.signal] : [])])
    const patience = { signal, timeout, deadline: context.uptime() + timeout }
    const leave = await this.#enter(name, patience)
    try {
      const taking = this.#take(name, actor, ttl, patience)
      this.#taking.add(taking)
      const held = await taking.finally(() => this.#taking.delete(taking))
      try {
        return await fn(held)
      } finally {
        this.#held.delete(held)
        await held.release()
      }
    } finally {
      leave()
    }
  }

  /** Tasks of this process take turns before they compete with others. */
  async #enter(name: string, patience: Patience): Promise<() => void> {
    const before = this.#queues.get(name) ?? Promise.resolve()
    let leave = (): void => undefined
    const mine = new Promise<void>((resolve) => (leave = resolve))
    const all = before.then(() => mine)
    this.#queues.set(name, all)
    void all.then(() => {
      if (this.#queues.get(name) === all) this.#queues.delete(name)
    })
    try {
      await this.#until(name, patience, (stop) => void before.then(stop), Infinity)
      return leave
    } catch (error) {
      leave()
      throw error
    }
  }

  async #take(name: string, actor: string, ttl: number, patience: Patience): Promise<Held> {
    const { engine, context, options } = this.#log
    const { uptime } = context
    const owner = context.unique()
    const note = `lock:${name}`
    let seen: { readonly text: string; readonly since: number } | undefined
    for (;;) {
      patience.signal?.throwIfAborted()
      const now = uptime()
      const text = await engine.note(note)
      const lease = text === undefined ? undefined : parseNote(text)
      if (text !== undefined && text !== seen?.text) seen = { text, since: now }
      // A lease of before the machine was started anew ends by a clock that means nothing now: so it lapses as well when it
      // was not renewed for its ttl before our own eyes.
      const lapses =
        lease === undefined ? now : Math.min(lease.until, (seen?.since ?? now) + Math.max(lease.ttl, 1))
      if (lapses <= now) {
        const last = await engine.note(TOKEN)
        const token = Number(last ?? 0) + 1
        const mine = JSON.stringify({ token, owner, actor, ttl, until: now + ttl } satisfies LeaseNote)
        const taken = await engine.exchange([
          { name: TOKEN, expected: last, next: String(token) },
          { name: note, expected: text, next: mine },
        ])
        if (taken) {
          // A token that could be given out once more after a loss of power would protect nothing.
          if (options.durability === 'disk' && engine.supports.durable) await engine.sync()
          const held = new Held(this.#log, name, mine)
          if (this.#closing.signal.aborted) {
            await held.release()
            throw this.#closing.signal.reason
          }
          this.#held.add(held)
          return held
        }
        continue
      }
      const wait = Math.min(lapses - now, LOOK_EVERY_MS * (0.75 + context.random() / 2))
      await this.#until(name, patience, (stop) => this.#news.subscribe(stop), wait)
    }
  }

  /** Waits until `begin` says so, for so long at most, or until patience ends, which rejects. */
  #until(
    name: string,
    { signal, deadline, timeout }: Patience,
    begin: (stop: () => void) => void | (() => void),
    wait: number,
  ): Promise<void> {
    const { context } = this.#log
    const left = deadline - context.uptime()
    return new Promise<void>((resolve, reject) => {
      const ends: (() => void)[] = []
      const finish = (settle: () => void): void => {
        for (const end of ends.splice(0)) end()
        settle()
      }
      const tooLate = (): void =>
        finish(() =>
          reject(
            new UnavailableError(
              `The lock ${JSON.stringify(name)} was not free within ${timeout} ms; try again later, or wait longer.`,
            ),
          ),
        )
      if (signal !== undefined) {
        const abort = (): void => finish(() => reject(signal.reason as Error))
        if (signal.aborted) return abort()
        signal.addEventListener('abort', abort, { once: true })
        ends.push(() => signal.removeEventListener('abort', abort))
      }
      if (left <= 0 && wait !== Infinity) return tooLate()
      ends.push(context.stay())
      if (left !== Infinity) ends.push(context.later(Math.max(left, 0), tooLate))
      if (wait < left) ends.push(context.later(wait, () => finish(resolve)))
      const end = begin(() => finish(resolve))
      if (end !== undefined) ends.push(end)
    })
  }

  /** Those who wait are refused; what is held is told and given back. */
  async close(): Promise<void> {
    const reason = new ClosedError()
    this.#closing.abort(reason)
    await Promise.allSettled(this.#taking)
    await Promise.all([...this.#held].map((held) => held.release(reason)))
  }
}

/** Counts the holders of all locks of the store. */
const TOKEN = 'token'

/** A lease that this process holds. */
class Held implements Lease {
  readonly token: number
  readonly signal: AbortSignal
  readonly #log: Log
  readonly #name: string
  readonly #lost = new AbortController()
  #text: string
  #note: LeaseNote
  #cancel: (() => void) | undefined
  #working: Promise<void> | undefined
  #over = false

  constructor(log: Log, name: string, text: string) {
    this.#log = log
    this.#name = name
    this.#text = text
    this.#note = JSON.parse(text) as LeaseNote
    this.token = this.#note.token
    this.signal = this.#lost.signal
    this.#arm()
  }

  #arm(): void {
    const { context } = this.#log
    this.#cancel = context.later(Math.max(1, this.#note.ttl / RENEWALS), () => {
      this.#working = this.#renew().finally(() => (this.#working = undefined))
    })
  }

  async #renew(): Promise<void> {
    const { engine, context } = this.#log
    const note = { ...this.#note, until: context.uptime() + this.#note.ttl }
    const text = JSON.stringify(note)
    try {
      const renewed = await engine.exchange([
        { name: `lock:${this.#name}`, expected: this.#text, next: text },
      ])
      if (!renewed) return this.#lose('somebody else has it now')
      this.#note = note
      this.#text = text
    } catch (error) {
      // The store cannot be asked just now. The lease still runs, for a while.
      if (context.uptime() >= this.#note.until) return this.#lose('it could not be renewed', error)
    }
    if (!this.#over) this.#arm()
  }

  #lose(why: string, cause?: unknown): void {
    if (this.#over) return
    this.#over = true
    this.#lost.abort(
      new UnavailableError(
        `The lock ${JSON.stringify(this.#name)} is lost: ${why}. Stop what it protects.`,
        cause === undefined ? undefined : { cause },
      ),
    )
  }

  /** Gives it back, if it is still ours. `reason`: the work under it is not over yet, and is told to stop. */
  async release(reason?: Error): Promise<void> {
    this.#cancel?.()
    await this.#working
    this.#cancel?.()
    if (this.#over) return
    this.#over = true
    if (reason !== undefined) this.#lost.abort(reason)
    const { engine, context } = this.#log
    try {
      await engine.exchange([{ name: `lock:${this.#name}`, expected: this.#text, next: undefined }])
      engine.ring()
      context.worked('lock')
    } catch (error) {
      context.warn(
        `The lock ${JSON.stringify(this.#name)} could not be given back; it lapses by itself.`,
        error,
        'lock',
      )
    }
  }
}

/** A note that cannot be read is nobody's lease. */
function parseNote(text: string): LeaseNote | undefined {
  try {
    const note = JSON.parse(text) as LeaseNote
    return typeof note.token === 'number' && typeof note.until === 'number' && typeof note.ttl === 'number'
      ? note
      : undefined
  } catch {
    return undefined
  }
}
