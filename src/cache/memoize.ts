import { realContext, type Context } from '../context.ts'
import { InvalidOptionError } from '../errors.ts'
import { describe } from '../options.ts'
import { Cache } from './cache.ts'
import type { CacheStats } from '../reports.ts'
import { CACHE_OPTIONS, type CacheOptions } from './cache-options.ts'
import { Memo } from './memo.ts'
import { TieredMemo } from './memo-tiered.ts'
import { DEFAULT_ENTRIES, memoSettings, type MemoizeOptions, type MemoSettings } from './memo-options.ts'
import { ownResults, sharedResults, unwrapped, type Kept } from './memo-results.ts'
import { PersistentCache } from './persistent.ts'
import { TieredCache } from './tiered.ts'

/**
 * A function that remembers its results.
 *
 * @example
 * ```ts
 * import { memoize } from 'varve'
 * const square = memoize((n) => n * n)
 * console.log(square(4), square(4), square.stats().hits) // 16 16 1
 * console.log(square.forget(4), square.forget(5)) // true false
 * ```
 */
export interface Memoized<A extends unknown[], R> {
  (...args: A): R
  /** Where the results are: its own cache, or the one that was given. */
  readonly cache: unknown
  /** Forgets all its results, and nobody else's; calls under way are not remembered. */
  clear(): void
  /**
   * Forgets the result for these arguments. True if there was one. Of a method: for every object; for one of them,
   * `forget.call(object, …)`.
   */
  forget(...args: A): boolean
  /** The numbers of the cache that holds the results. */
  stats(): CacheStats
}

type AnyFunction = (...args: unknown[]) => unknown
type Doors = Pick<Context, 'steady' | 'random' | 'later'>

/**
 * Remembers a function's results: by all its arguments, told apart by type and content, and by the object whose method it is.
 * Callers that ask for the same at the same time share one call; a promise that fails is not remembered (see `cacheErrors`).
 * Without limits in the options, the 10,000 most valuable results are kept.
 *
 * It is also a decorator of methods: `@memoize` or `@memoize({ ttl: '1m' })`.
 *
 * @example
 * ```ts
 * import { memoize } from 'varve'
 *
 * let calls = 0
 * const user = memoize(async (id) => ({ id, call: ++calls }), { ttl: '1m', staleIfError: '1h' })
 * await Promise.all([user(1), user(1), user('1')])
 * console.log(calls) // 2: for 1 and for '1'
 * user.forget(1)
 * console.log((await user(1)).call) // 3
 * ```
 */
export function memoize<A extends unknown[], R>(
  fn: (...args: A) => R,
  options?: MemoizeOptions<A, NoInfer<Awaited<R>>> | ClassMethodDecoratorContext,
): Memoized<A, R>
export function memoize(
  options: MemoizeOptions<never[], never>,
): <A extends unknown[], R>(fn: (...args: A) => R, context?: ClassMethodDecoratorContext) => Memoized<A, R>
export function memoize(first: unknown, second: unknown = {}): unknown {
  if (typeof first !== 'function') {
    const options = first as MemoizeOptions<never[], never>
    memoSettings(options)
    return (fn: unknown) => memoizeIn(realContext(), fn, options)
  }
  return memoizeIn(realContext(), first, isDecorating(second) ? {} : second)
}

/** `memoize` with the doors held by somebody else. */
export function memoizeIn(context: Doors, fn: unknown, options: unknown = {}): Memoized<unknown[], unknown> {
  if (typeof fn !== 'function')
    throw new InvalidOptionError(`memoize needs a function to remember the results of, not ${describe(fn)}.`)
  const given = options as MemoizeOptions<never[], unknown>
  const settings = memoSettings(given)
  const [cache, memo] = memoOf(context, fn as AnyFunction, settings, given)
  const call = function (this: unknown, ...args: unknown[]): unknown {
    return memo.call(this, args)
  }
  // `arguments`, as nothing is made of them that way: a hit should cost little more than finding its key.
  function memoized(this: unknown, first?: unknown): unknown {
    return arguments.length === 1 && typeof first === 'string' && this === undefined
      ? memo.callWithText(first)
      : call.apply(this, arguments as unknown as unknown[])
  }
  function forget(this: unknown, ...args: unknown[]): boolean {
    return memo.forget(this, this === memoized || this === undefined, args)
  }
  return Object.defineProperties(memoized, {
    name: { value: fn.name, configurable: true },
    length: { value: fn.length, configurable: true },
    cache: { value: cache },
    forget: { value: forget },
    clear: { value: () => memo.clear() },
    stats: { value: () => memo.stats() },
  }) as unknown as Memoized<unknown[], unknown>
}

/** The cache that holds the results, and what is done with it. */
function memoOf(
  context: Doors,
  fn: AnyFunction,
  settings: MemoSettings,
  options: CacheOptions,
): [cache: unknown, memo: Memo | TieredMemo] {
  const { cache } = settings
  if (cache === undefined) {
    const own = new Cache<string | number, Kept>(ownOptions(options), context)
    return [own, new Memo(fn, settings, ownResults(own), context)]
  }
  if (cache instanceof TieredCache)
    return [cache, new TieredMemo(fn, settings, cache as TieredCache<Kept>, context)]
  if (cache instanceof Cache || cache instanceof PersistentCache)
    return [
      cache,
      new Memo(
        fn,
        settings,
        sharedResults(cache as Cache<string, Kept> | PersistentCache<Kept>, fn),
        context,
      ),
    ]
  throw new InvalidOptionError(
    `The cache of memoize is a Cache, a PersistentCache or a TieredCache, not ${describe(cache)}.`,
  )
}

/** Of the options, those of its own cache. Each result brings its own time. */
function ownOptions(options: CacheOptions): CacheOptions {
  const own: Record<string, unknown> = {}
  for (const name of CACHE_OPTIONS)
    if (name !== 'ttl' && options[name] !== undefined) own[name] = options[name]
  if (options.maxEntries === undefined && options.maxBytes === undefined) own['maxEntries'] = DEFAULT_ENTRIES
  return unwrapped(own)
}

/** Whether this is what a decorator is given beside the method. */
function isDecorating(second: unknown): boolean {
  const kind = (second as { readonly kind?: unknown } | null)?.kind
  if (kind === undefined) return false
  if (kind !== 'method')
    throw new InvalidOptionError(`memoize decorates methods, not what is ${describe(kind)}.`)
  return true
}
