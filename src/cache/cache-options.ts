import { parseDuration } from '../duration.ts'
import { InvalidOptionError } from '../errors.ts'
import { checkCount, checkOptions, describe } from '../options.ts'
import type { Duration, Value } from '../types.ts'
import { MOST_ENTRIES } from './entry-table.ts'

/** Which entry goes when there is no room: see docs/caches.md for which suits what. */
export type EvictionPolicy = (typeof POLICIES)[number]
export const POLICIES = ['lru', 'lfu', 'fifo', 'ttl', 'sieve', 's3fifo', 'tinylfu'] as const

/** Why an entry went: no room, its time was over, not used for too long, deleted or cleared, or another value came. */
export type EvictionReason = 'size' | 'ttl' | 'idle' | 'delete' | 'replace'

/** What a cache may hold, for how long, and who is told of what goes. */
export interface CacheOptions {
  /** Default `'tinylfu'`: of all seven the one with the best hit ratio on real traces. */
  readonly policy?: EvictionPolicy
  /** At most this many entries. 0 (default): no limit of this kind. */
  readonly maxEntries?: number
  /** At most about this many bytes of keys and values, whatever they hold. 0 (default): no limit of this kind. */
  readonly maxBytes?: number
  /** How long an entry lives, if its own `set` says nothing else. Default: for ever. */
  readonly ttl?: Duration
  /** An entry goes when it was not used for so long. Default: never. */
  readonly maxIdle?: Duration
  /** The bytes of an entry, key included, instead of our own measure. */
  readonly sizeOf?: (value: Value, key: unknown) => number
  /** Told of every entry that goes, once the operation is done; it may use the cache. */
  readonly onEvict?: (key: unknown, value: Value, reason: EvictionReason) => void
}

/** Of one entry. */
export interface CacheSetOptions {
  /** Instead of the cache's own; `Infinity`: never ends. */
  readonly ttl?: Duration
  /** Its bytes, key included, instead of a measure. */
  readonly size?: number
}

/** What a cache knows of one entry. */
export interface CacheEntryMetadata {
  /** When its value was set. */
  readonly createdAt: Date
  /** When it was last read or set. */
  readonly accessedAt: Date
  /** When it ends if nobody uses it until then. */
  readonly expiresAt?: Date
  /** Milliseconds since its value was set. */
  readonly ageMs: number
  /** Milliseconds since it was last read or set. */
  readonly idleMs: number
  /** What is left of its time. */
  readonly ttlMs?: number
  /** How often it was read or overwritten. */
  readonly accesses: number
  /** Of its key and value. */
  readonly bytes: number
}

/** `CacheOptions`, checked and with every default in its place; what has no limit is `Infinity`. */
export interface CacheSettings {
  readonly policy: EvictionPolicy
  readonly maxEntries: number
  readonly maxBytes: number
  readonly ttl: number
  readonly maxIdle: number
  readonly sizeOf: CacheOptions['sizeOf']
  readonly onEvict: CacheOptions['onEvict']
}

/** The names of all options of a cache. */
export const CACHE_OPTIONS = [
  'policy',
  'maxEntries',
  'maxBytes',
  'ttl',
  'maxIdle',
  'sizeOf',
  'onEvict',
] as const

/** `call` has these options and knows `more`. */
export function cacheSettings(
  call: string,
  options: CacheOptions,
  more: readonly string[] = [],
): CacheSettings {
  checkOptions(call, options, [...CACHE_OPTIONS, ...more])
  const { policy = 'tinylfu', maxEntries = 0, maxBytes = 0, ttl, maxIdle, sizeOf, onEvict } = options
  if (!POLICIES.includes(policy))
    throw new InvalidOptionError(`policy is one of ${POLICIES.join(', ')}, not ${describe(policy)}.`)
  checkCount('maxEntries', maxEntries, 0)
  checkCount('maxBytes', maxBytes, 0)
  if (maxEntries > MOST_ENTRIES)
    throw new InvalidOptionError(
      `maxEntries is at most ${MOST_ENTRIES}, not ${maxEntries}; use several caches for more.`,
    )
  for (const [name, value] of Object.entries({ sizeOf, onEvict }))
    if (value !== undefined && typeof value !== 'function')
      throw new InvalidOptionError(`${name} is a function, not ${describe(value)}.`)
  return {
    policy,
    maxEntries: maxEntries === 0 ? Infinity : maxEntries,
    maxBytes: maxBytes === 0 ? Infinity : maxBytes,
    ttl: ttl === undefined ? Infinity : lifetimeOf(ttl, 'ttl'),
    maxIdle: maxIdle === undefined ? Infinity : lifetimeOf(maxIdle, 'maxIdle'),
    sizeOf,
    onEvict,
  }
}

/** Milliseconds, `Infinity` for ever. */
export function lifetimeOf(ttl: unknown, name: string): number {
  return ttl === Infinity ? Infinity : parseDuration(ttl, name)
}

export function checkSetOptions(call: string, options: CacheSetOptions): void {
  checkOptions(call, options, ['ttl', 'size'])
  if (options.size !== undefined) checkBytes('size', options.size)
}

export function checkBytes(name: string, bytes: unknown): asserts bytes is number {
  if (typeof bytes !== 'number' || !(bytes >= 0 && bytes < Infinity))
    throw new InvalidOptionError(`${name} is a number of bytes from 0 on, not ${describe(bytes)}.`)
}
