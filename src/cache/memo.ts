import type { Context } from '../context.ts'
import type { CacheStats } from '../reports.ts'
import { inTime, isThenable } from './memo-calls.ts'
import { argumentsText, callKey, isObject, keyOfCall } from './memo-key.ts'
import type { MemoSettings } from './memo-options.ts'
import type { Kept, Results } from './memo-results.ts'

/** A call under way. What happens to its key meanwhile takes it out of the list, and its result is not kept. */
interface Flight {
  promise: Promise<unknown> | undefined
}

type Key = string | number

/** One memoized function: which result is served, and when the function runs. */
export class Memo {
  readonly #fn: (...args: unknown[]) => unknown
  readonly #settings: MemoSettings
  readonly #results: Results
  readonly #context: Pick<Context, 'steady' | 'random' | 'later'>
  readonly #flights = new Map<Key, Flight>()
  #hits = 0
  #misses = 0
  /** Whether any call was a method's. */
  #hasSelves = false

  constructor(
    fn: (...args: unknown[]) => unknown,
    settings: MemoSettings,
    results: Results,
    context: Pick<Context, 'steady' | 'random' | 'later'>,
  ) {
    this.#fn = fn
    this.#settings = settings
    this.#results = results
    this.#context = context
  }

  call(self: unknown, args: ArrayLike<unknown>): unknown {
    const key = this.#keyOf(self, args)
    const kept = this.#results.find(key)
    if (kept !== undefined) {
      const { freshUntil } = kept
      const now = freshUntil === Infinity ? 0 : this.#context.steady()
      if (now < freshUntil) {
        this.#hits++
        return serve(kept)
      }
      if (now < freshUntil + this.#settings.staleWhileRevalidate) {
        this.#hits++
        this.#refresh(key, self, args)
        return serve(kept)
      }
    }
    this.#misses++
    return this.#flights.get(key)?.promise ?? this.#run(key, self, args, kept, this.#settings.cacheErrors)
  }

  /** A call as a plain function with one text: the shortest way to a result that is there. */
  callWithText(text: string): unknown {
    if (this.#settings.key === undefined && text.charCodeAt(0) !== 0) {
      const kept = this.#results.find(text)
      if (kept !== undefined && kept.freshUntil === Infinity) {
        this.#hits++
        return kept.promised || kept.failed ? serve(kept) : kept.value
      }
    }
    return this.call(undefined, [text])
  }

  /** Called on the memoized function itself: for every object whose method it is. */
  forget(self: unknown, everywhere: boolean, args: ArrayLike<unknown>): boolean {
    const key = this.#keyOf(everywhere ? undefined : self, args)
    let forgotten = this.#forgetKey(key)
    if (!everywhere || !this.#hasSelves || this.#settings.key !== undefined) return forgotten
    const start = callKey(argumentsText(args), undefined)
    const known = [...this.#results.keys(), ...this.#flights.keys()]
    for (const one of known)
      if (typeof one === 'string' && one.startsWith(start) && !one.includes('\0', start.length))
        if (this.#forgetKey(one)) forgotten = true
    return forgotten
  }

  #forgetKey(key: Key): boolean {
    this.#flights.delete(key)
    return this.#results.forget(key)
  }

  clear(): void {
    this.#flights.clear()
    this.#results.clear()
  }

  stats(): CacheStats {
    const looks = this.#hits + this.#misses
    return {
      ...this.#results.stats(),
      hits: this.#hits,
      misses: this.#misses,
      hitRatio: looks === 0 ? 0 : this.#hits / looks,
    }
  }

  #keyOf(self: unknown, args: ArrayLike<unknown>): Key {
    const { key } = this.#settings
    if (key === undefined && isObject(self)) this.#hasSelves = true
    return keyOfCall(key, self, args, this.#results.outlives)
  }

  /** Runs the function; its failure may be covered by a stale result. */
  #run(
    key: Key,
    self: unknown,
    args: ArrayLike<unknown>,
    stale: Kept | undefined,
    keepsErrors: boolean,
  ): unknown {
    const flight: Flight = { promise: undefined }
    this.#flights.set(key, flight)
    let result: unknown
    try {
      result = this.#fn.apply(self, Array.from(args))
    } catch (error) {
      return serve(this.#failed(key, flight, error, false, stale, keepsErrors))
    }
    if (!isThenable(result)) {
      this.#keep(key, flight, result, false, false)
      return result
    }
    const { timeout } = this.#settings
    // The next caller then starts anew.
    const tooLate = (): void => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key)
    }
    flight.promise = inTime(this.#context, timeout, this.#fn.name, result, tooLate).then(
      (value) => {
        this.#keep(key, flight, value, true, false)
        return value
      },
      (error: unknown) => serve(this.#failed(key, flight, error, true, stale, keepsErrors)),
    )
    return flight.promise
  }

  /** Runs the function once in the background. Whatever goes wrong, the stale result stays until its time is over. */
  #refresh(key: Key, self: unknown, args: ArrayLike<unknown>): void {
    if (this.#flights.has(key)) return
    try {
      const result = this.#run(key, self, args, undefined, false)
      if (isThenable(result)) void Promise.resolve(result).catch(() => {})
    } catch {
      // As above.
    }
  }

  /** What a failed call is answered with: a stale result if one may be used, else the failure. */
  #failed(
    key: Key,
    flight: Flight,
    error: unknown,
    promised: boolean,
    stale: Kept | undefined,
    keepsErrors: boolean,
  ): Kept {
    const { staleIfError } = this.#settings
    const failure: Kept = { value: error, freshUntil: 0, promised, failed: true }
    if (stale !== undefined && this.#context.steady() < stale.freshUntil + staleIfError) {
      if (this.#flights.get(key) === flight) this.#flights.delete(key)
      return stale
    }
    if (keepsErrors) this.#keep(key, flight, error, promised, true)
    else if (this.#flights.get(key) === flight) this.#flights.delete(key)
    return failure
  }

  #keep(key: Key, flight: Flight, value: unknown, promised: boolean, failed: boolean): void {
    if (this.#flights.get(key) !== flight) return
    this.#flights.delete(key)
    const { ttl, jitter, staleWhileRevalidate, staleIfError } = this.#settings
    const fresh = ttl === Infinity || jitter === 0 ? ttl : ttl * (1 - jitter * this.#context.random())
    // A failure is never served after its time.
    const extra = failed ? 0 : Math.max(staleWhileRevalidate, staleIfError)
    const freshUntil = extra === 0 ? Infinity : this.#context.steady() + fresh
    this.#results.keep(key, { value, freshUntil, promised, failed }, Math.max(1, fresh + extra))
  }
}

function serve({ value, promised, failed }: Kept): unknown {
  if (!failed) return promised ? Promise.resolve(value) : value
  if (promised) return Promise.reject(value)
  throw value
}
