import { InvalidOptionError } from '../errors.ts'
import { checkBoolean, describe } from '../options.ts'
import type { Duration } from '../types.ts'
import type { Cache } from './cache.ts'
import type { PersistentCache } from './persistent.ts'
import type { TieredCache } from './tiered.ts'
import { CACHE_OPTIONS, cacheSettings, lifetimeOf, type CacheOptions } from './cache-options.ts'

type SharedCache<R> = Cache<string, R> | PersistentCache<R> | TieredCache<R>

/** How results are remembered, for how long, and what is done when a call fails or takes long. */
export interface MemoizeOptions<A extends unknown[], R> extends CacheOptions {
  /** The key of a call, instead of all its arguments and the object whose method it is. */
  readonly key?: (...args: A) => string
  /**
   * A cache that several functions share; each sees its own results only. Default: one of its own. With a `TieredCache` every
   * call is answered with a promise, and of all processes that have it open one at a time runs the function for a key; what a
   * function closes over is not seen there: put it into `key`.
   */
  readonly cache?: SharedCache<R> | SharedCache<unknown>
  /** For so long past its `ttl` a result is still served, while one call in the background fetches a fresh one. */
  readonly staleWhileRevalidate?: Duration
  /** For so long past its `ttl` a result stands in for a call that fails. */
  readonly staleIfError?: Duration
  /** A promise that takes longer is given up with `UnavailableError`. */
  readonly timeout?: Duration
  /** Failures are remembered like results. Default false. */
  readonly cacheErrors?: boolean
  /** Shortens each `ttl` by chance, by up to this part of it (0 to 1), so that not all results end together. Default 0. */
  readonly jitter?: number
}

/** A function of its own cache has room for so many results, if its options set no limit. */
export const DEFAULT_ENTRIES = 10_000

const MEMO_OPTIONS = [
  'key',
  'cache',
  'staleWhileRevalidate',
  'staleIfError',
  'timeout',
  'cacheErrors',
  'jitter',
] as const

/** The options, checked; what is not limited is `Infinity`. */
export interface MemoSettings {
  readonly key: ((...args: unknown[]) => string) | undefined
  readonly cache: unknown
  readonly ttl: number
  readonly staleWhileRevalidate: number
  readonly staleIfError: number
  readonly timeout: number
  readonly cacheErrors: boolean
  readonly jitter: number
}

export function memoSettings(options: MemoizeOptions<never[], unknown>): MemoSettings {
  const { ttl } = cacheSettings('memoize', options, MEMO_OPTIONS)
  const { key, cache, staleWhileRevalidate, staleIfError, timeout, cacheErrors, jitter = 0 } = options
  if (key !== undefined && typeof key !== 'function')
    throw new InvalidOptionError(`key is a function, not ${describe(key)}.`)
  checkBoolean('cacheErrors', cacheErrors)
  if (typeof jitter !== 'number' || !(jitter >= 0 && jitter <= 1))
    throw new InvalidOptionError(`jitter is a number from 0 to 1, not ${String(jitter)}.`)
  if (ttl === Infinity)
    for (const [name, value] of Object.entries({
      staleWhileRevalidate,
      staleIfError,
      jitter: jitter || undefined,
    }))
      if (value !== undefined)
        throw new InvalidOptionError(`${name} needs a ttl: without one no result gets stale.`)
  if (cache !== undefined)
    for (const name of CACHE_OPTIONS)
      if (name !== 'ttl' && options[name] !== undefined)
        throw new InvalidOptionError(`${name} belongs to the cache that is given; set it there.`)
  const optional = (value: unknown, name: string, none: number): number =>
    value === undefined ? none : lifetimeOf(value, name)
  return {
    key: key as MemoSettings['key'],
    cache,
    ttl,
    staleWhileRevalidate: optional(staleWhileRevalidate, 'staleWhileRevalidate', 0),
    staleIfError: optional(staleIfError, 'staleIfError', 0),
    timeout: optional(timeout, 'timeout', Infinity),
    cacheErrors: cacheErrors ?? false,
    jitter,
  }
}
