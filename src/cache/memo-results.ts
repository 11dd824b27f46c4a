import { createHash } from 'node:crypto'
import { CacheFullError } from '../errors.ts'
import { Cache } from './cache.ts'
import type { CacheStats } from '../reports.ts'
import type { CacheOptions } from './cache-options.ts'
import { callKey } from './memo-key.ts'
import type { PersistentCache } from './persistent.ts'

/** What one call brought, as it is kept: plain data, wherever the result is. */
export interface Kept {
  readonly value: unknown
  /** By the steady clock; what is older may be served only where stale results are allowed. */
  readonly freshUntil: number
  /** The function answered with a promise. */
  readonly promised: boolean
  /** `value` is what it failed with. */
  readonly failed: boolean
}

/**
 * The results of one function, in a cache of its own or in one that it shares. This is all that memoizing asks of a cache that
 * answers at once; for one in tiers see memo-tiered.ts.
 */
export interface Results {
  /** They are there after the program has ended: keys that mean something to this process only will not do. */
  readonly outlives: boolean
  find(key: string | number): Kept | undefined
  keep(key: string | number, kept: Kept, ttl: number): void
  forget(key: string | number): boolean
  keys(): Iterable<string | number>
  /** Forgets the results of this function and nobody else's. */
  clear(): void
  stats(): CacheStats
}

/** A cache of its own: keys need no owner. */
export function ownResults(cache: Cache<string | number, Kept>): Results {
  return {
    outlives: false,
    find: (key) => cache.get(key),
    keep: (key, kept, ttl) => keepIn(cache, key, kept, ttl),
    forget: (key) => cache.delete(key),
    keys: () => cache.keys(),
    clear: () => cache.clear(),
    stats: () => cache.stats(),
  }
}

/** The functions of each shared cache, so that two that look the same get different places there. */
const owners = new WeakMap<object, Map<string, number>>()
/** Keys on disk have 1,024 bytes. */
const LONGEST_KEY = 200

/**
 * What stands before the keys of one function in a cache that it shares: its name and its text, which another process that
 * runs the same program finds the same; what two functions of the same text close over, only their order tells.
 */
export function ownerOf(cache: object, fn: (...args: never[]) => unknown): string {
  const text = hash(String(fn)).slice(0, 12)
  const base = `${fn.name.slice(0, 40).toWellFormed()}#${text}`
  const known = owners.get(cache) ?? new Map<string, number>()
  owners.set(cache, known)
  const count = (known.get(base) ?? 0) + 1
  known.set(base, count)
  return count === 1 ? `${base}:` : `${base}-${count}:`
}

/** Where a result is kept: numbers stay apart from texts, and on disk what is long is hashed. */
export function placeOf(owner: string, key: string | number, onDisk: boolean): string {
  const text = typeof key === 'number' ? callKey(String(key), undefined) : key
  return owner + (onDisk && (text.length > LONGEST_KEY || !text.isWellFormed()) ? `\0\0${hash(text)}` : text)
}

function hash(text: string): string {
  // Not as UTF-8, which would make halves of surrogate pairs all the same.
  return createHash('sha256').update(Buffer.from(text, 'utf16le')).digest('base64url')
}

/** Part of somebody's cache, under a prefix that no other function has, whatever its name. */
export function sharedResults(
  cache: Cache<string, Kept> | PersistentCache<Kept>,
  fn: (...args: never[]) => unknown,
): Results {
  const owner = ownerOf(cache, fn)
  const outlives = !(cache instanceof Cache)
  const own = function* (): Iterable<string> {
    for (const key of cache.keys()) if (typeof key === 'string' && key.startsWith(owner)) yield key
  }
  return {
    outlives,
    find: (key) => cache.get(placeOf(owner, key, outlives)),
    keep: (key, kept, ttl) => keepIn(cache, placeOf(owner, key, outlives), kept, ttl),
    forget: (key) => cache.delete(placeOf(owner, key, outlives)),
    *keys() {
      for (const key of own()) yield key.slice(owner.length)
    },
    clear() {
      for (const key of own()) cache.delete(key)
    },
    stats() {
      let size = 0
      let bytes = 0
      for (const key of own()) {
        size++
        bytes += cache.metadata(key).bytes
      }
      return { ...cache.stats(), size, bytes }
    },
  }
}

/** What keeping a result asks of a cache. */
interface Keeping<K> {
  set(key: K, kept: Kept, options: { readonly ttl: number }): unknown
}

function keepIn<K>(cache: Keeping<K>, key: K, kept: Kept, ttl: number): void {
  try {
    cache.set(key, kept, { ttl })
  } catch (error) {
    // Too large to be remembered is no failure of the call.
    if (!(error instanceof CacheFullError)) throw error
  }
}

/** The user's functions see results, not how they are kept. */
export function unwrapped({ sizeOf, onEvict, ...options }: CacheOptions): CacheOptions {
  return {
    ...options,
    ...(sizeOf && { sizeOf: (kept, key) => sizeOf((kept as Kept).value, key) }),
    ...(onEvict && { onEvict: (key, kept, reason) => onEvict(key, (kept as Kept).value, reason) }),
  }
}
