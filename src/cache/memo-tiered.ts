import type { Context } from '../context.ts'
import type { CacheStats } from '../reports.ts'
import { inTime, isThenable } from './memo-calls.ts'
import { keyOfCall } from './memo-key.ts'
import type { MemoSettings } from './memo-options.ts'
import { ownerOf, placeOf, type Kept } from './memo-results.ts'
import { insideOf, type TieredCache } from './tiered.ts'

/** A memoized function whose results are in a cache that processes share: of all of them, one at a time runs it for a key. */
export class TieredMemo {
  readonly #fn: (...args: unknown[]) => unknown
  readonly #settings: MemoSettings
  readonly #cache: TieredCache<Kept>
  readonly #owner: string
  readonly #context: Pick<Context, 'steady' | 'random' | 'later'>
  #hits = 0
  #misses = 0

  constructor(
    fn: (...args: unknown[]) => unknown,
    settings: MemoSettings,
    cache: TieredCache<Kept>,
    context: Pick<Context, 'steady' | 'random' | 'later'>,
  ) {
    this.#fn = fn
    this.#settings = settings
    this.#cache = cache
    this.#owner = ownerOf(cache, fn)
    this.#context = context
  }

  async call(self: unknown, args: ArrayLike<unknown>): Promise<unknown> {
    const place = this.#placeOf(self, args)
    const kept = insideOf(this.#cache).find(place)
    const now = this.#context.steady()
    if (kept !== undefined) {
      if (now < kept.freshUntil) {
        this.#hits++
        return serve(kept)
      }
      if (!kept.failed && now < kept.freshUntil + this.#settings.staleWhileRevalidate) {
        this.#hits++
        // Whatever goes wrong, the stale result stays until its time is over.
        void this.#bring(place, self, args, false).catch(() => undefined)
        return serve(kept)
      }
    }
    this.#misses++
    try {
      return serve(await this.#bring(place, self, args, this.#settings.cacheErrors))
    } catch (error) {
      const until = kept === undefined || kept.failed ? 0 : kept.freshUntil + this.#settings.staleIfError
      if (kept !== undefined && this.#context.steady() < until) return serve(kept)
      throw error
    }
  }

  callWithText(text: string): Promise<unknown> {
    return this.call(undefined, [text])
  }

  #placeOf(self: unknown, args: ArrayLike<unknown>): string {
    return placeOf(this.#owner, keyOfCall(this.#settings.key, self, args, true), true)
  }

  /** Runs the function, unless somebody else has just done so. */
  #bring(place: string, self: unknown, args: ArrayLike<unknown>, keepsErrors: boolean): Promise<Kept> {
    const { ttl, jitter, staleWhileRevalidate, staleIfError } = this.#settings
    const fresh = ttl === Infinity || jitter === 0 ? ttl : ttl * (1 - jitter * this.#context.random())
    const extra = Math.max(staleWhileRevalidate, staleIfError)
    const load = async (): Promise<Kept> => {
      const kept = { freshUntil: Infinity, promised: true, failed: false }
      try {
        const result = this.#fn.apply(self, Array.from(args))
        const value = isThenable(result)
          ? await inTime(this.#context, this.#settings.timeout, this.#fn.name, result)
          : result
        return { ...kept, value, freshUntil: this.#context.steady() + fresh }
      } catch (error) {
        if (!keepsErrors) throw error
        return { ...kept, value: error, failed: true, freshUntil: this.#context.steady() + fresh }
      }
    }
    const isGood = ({ freshUntil }: Kept): boolean => this.#context.steady() < freshUntil
    return insideOf(this.#cache).bring(place, load, { ttl: Math.max(1, fresh + extra) }, isGood)
  }

  /** Only for plain functions and with keys of the user's own: `self` and `everywhere` make no difference. */
  forget(self: unknown, everywhere: boolean, args: ArrayLike<unknown>): boolean {
    return insideOf(this.#cache).drop(this.#placeOf(everywhere ? undefined : self, args))
  }

  clear(): void {
    const inside = insideOf(this.#cache)
    for (const key of inside.keysFrom(this.#owner)) inside.drop(key)
  }

  stats(): CacheStats {
    const { memory, disk } = this.#cache.stats()
    const inside = insideOf(this.#cache)
    let size = 0
    let bytes = 0
    for (const key of inside.keysFrom(this.#owner)) {
      const taken = inside.bytesOf(key)
      bytes += taken
      if (taken > 0) size++
    }
    const looks = this.#hits + this.#misses
    return {
      ...disk,
      size,
      bytes,
      hits: this.#hits,
      misses: this.#misses,
      hitRatio: looks === 0 ? 0 : this.#hits / looks,
      evictions: memory.evictions + disk.evictions,
      expirations: memory.expirations + disk.expirations,
    }
  }
}

function serve({ value, failed }: Kept): unknown {
  if (failed) throw value
  return value
}
