import { InvalidOptionError } from '../errors.ts'
import { checkBoolean, checkOptions, describe } from '../options.ts'
import type { CacheStats } from '../reports.ts'
import type { Duration } from '../types.ts'
import { cacheSettings, lifetimeOf, type CacheOptions, type CacheSettings } from './cache-options.ts'
import { diskSettings, type DiskSettings } from './disk.ts'

/** What memory holds at most, if its options set no limit. */
const MEMORY_BYTES = 64 * 2 ** 20

/** How a cache in two tiers is opened. */
export interface TieredCacheOptions {
  /** The upper tier: default 64 MiB, policy `'tinylfu'`. */
  readonly memory?: CacheOptions
  /** The lower tier: default no limits, policy `'lru'`; also `'lfu'`, `'fifo'`, `'ttl'`. */
  readonly disk?: CacheOptions
  /** What is read on disk comes up into memory. Default true. */
  readonly promote?: boolean
  /** How long an entry lives, if its own `set` says nothing else. Default: for ever. */
  readonly ttl?: Duration
}

/** Of one entry in two tiers. */
export interface TieredSetOptions {
  /** Instead of the cache's own; `Infinity`: never ends. */
  readonly ttl?: Duration
  /** What `deleteByTag` finds it by. */
  readonly tags?: readonly string[]
}

/** Numbers of both tiers. A look is one hit or one miss: in memory, or else on disk. */
export interface TieredStats {
  /** The upper tier: its misses are looks that went on to the disk. */
  readonly memory: CacheStats
  /** The lower tier: its misses are looks that found nothing at all. */
  readonly disk: CacheStats
  /** Looks that found something, in whichever tier. */
  readonly hitRatio: number
  /** How often something came up from the disk, */
  readonly promotions: number
  /** and how often memory gave something up that the disk has. */
  readonly demotions: number
}

/** What memoized functions need of a cache beside its public side: at once, and without promises. */
export interface TieredInside<V> {
  /** Counts as a look. */
  find(key: string): V | undefined
  /** As `getOrSet`, where what is found may not do: results get stale before they end. */
  bring(
    key: string,
    load: (key: string) => V | Promise<V>,
    options: TieredSetOptions,
    isGood: (value: V) => boolean,
  ): Promise<V>
  /** Deletes a key, and calls off who brings it; written soon. True if it was there. */
  drop(key: string): boolean
  /** The keys that begin so, those that are being brought included. */
  keysFrom(prefix: string): Iterable<string>
  /** 0: it is not there. */
  bytesOf(key: string): number
}

/** `TieredCacheOptions`, checked and with every default in its place. */
export interface TieredSettings {
  readonly memory: CacheSettings
  /** For the cache in memory, without what it would do with values. */
  readonly memoryOptions: CacheOptions
  readonly disk: DiskSettings
  readonly promote: boolean
  readonly ttl: number
}

export function tieredSettings(path: string, options: TieredCacheOptions): TieredSettings {
  checkOptions('TieredCache.open', options, ['memory', 'disk', 'promote', 'ttl'])
  checkFolder(path)
  const { memory = {}, disk = {}, promote = true, ttl } = options
  checkBoolean('promote', promote)
  const bounded = memory.maxEntries !== undefined || memory.maxBytes !== undefined
  const {
    sizeOf: _sizeOf,
    onEvict: _onEvict,
    ...upper
  } = bounded ? memory : { ...memory, maxBytes: MEMORY_BYTES }
  return {
    memory: cacheSettings('the memory of TieredCache.open', memory),
    memoryOptions: upper,
    disk: diskSettings('the disk of TieredCache.open', disk),
    promote,
    ttl: ttl === undefined ? Infinity : lifetimeOf(ttl, 'ttl'),
  }
}

export function checkFolder(path: unknown): void {
  if (typeof path !== 'string' || path.trim() === '' || path.includes('\0'))
    throw new InvalidOptionError(`${describe(path)} is no path of a folder for a cache.`)
}
