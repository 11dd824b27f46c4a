import type { CacheStats } from '../reports.ts'
import { realContext, type Context } from '../context.ts'
import { CacheEntryNotFoundError, CacheFullError } from '../errors.ts'
import { checkCount, describe } from '../options.ts'
import type { Value } from '../types.ts'
import {
  cacheSettings,
  checkSetOptions,
  lifetimeOf,
  type CacheEntryMetadata,
  type CacheOptions,
  type CacheSetOptions,
  type CacheSettings,
} from './cache-options.ts'
import { Entries, FOREVER } from './entries.ts'
import { type EntryTable, NONE } from './entry-table.ts'
import { Flights } from './flights.ts'

let inside: (cache: Cache) => Entries

/**
 * A bounded map in memory: what has to go goes by policy, by time, or both. Keys are of any type and are told apart as a `Map`
 * does; every operation takes constant time. Without limits nothing ever goes.
 *
 * Time is that of a clock that only runs on, whatever happens to the wall clock. There are no timers: what has expired is
 * never shown, and is cleared away by and by with what else is done. Values are kept as they are, not copied.
 *
 * @example
 * ```ts
 * import { Cache } from 'varve'
 *
 * const cache = new Cache({ maxEntries: 10_000, ttl: '5m' })
 * cache.set('a', 1).set('b', 2, { ttl: '10s' })
 * console.log(cache.get('a'), cache.has('c')) // 1 false
 * const page = await cache.getOrSet('/home', async (path) => `<h1>${path}</h1>`)
 * console.log(page, cache.stats().hitRatio) // <h1>/home</h1> 0.5
 * ```
 */
export class Cache<K = unknown, V = Value> implements Iterable<[K, V]> {
  readonly #settings: CacheSettings
  readonly #entries: Entries
  readonly #table: EntryTable
  readonly #ttl: number
  readonly #flights = new Flights<K, V>()
  #hits = 0
  #misses = 0
  #sets = 0

  static {
    inside = (cache) => cache.#entries
  }

  /** `context`: the doors to the world, for tests. */
  constructor(options: CacheOptions = {}, context: Pick<Context, 'steady' | 'random'> = realContext()) {
    this.#settings = cacheSettings('new Cache', options)
    this.#ttl = ticksOf(this.#settings.ttl)
    this.#entries = new Entries(this.#settings, context)
    this.#table = this.#entries.table
  }

  /** How many entries there are; some may have ended and not gone yet. */
  get size(): number {
    this.purge()
    return this.#entries.table.size
  }

  /**
   * About how many bytes keys, values and their places take. Without `maxBytes` and `sizeOf` nothing is measured until
   * somebody asks: then all that is there, and from then on each entry as it comes.
   */
  get bytes(): number {
    this.purge()
    return this.#entries.bytes
  }

  /** The value; undefined if it is not there. Counts as a use. */
  get(key: K): V | undefined {
    const table = this.#table
    const slot = table.find(key)
    if (slot !== NONE) {
      if (this.#entries.use(slot)) {
        this.#hits++
        return table.pairs[2 * slot + 1] as V
      }
      // It has gone with this look.
      this.#entries.tell()
    } else if (typeof key === 'string') this.#entries.missed = key
    this.#misses++
    return undefined
  }

  /** The value, without a trace in statistics and order. */
  peek(key: K): V | undefined {
    return this.has(key) ? (this.#entries.table.pairs[2 * this.#entries.table.find(key) + 1] as V) : undefined
  }

  /** Whether it is there, without a trace in statistics and order. */
  has(key: K): boolean {
    const slot = this.#entries.table.find(key)
    return slot !== NONE && !this.#entries.isOver(slot, this.#entries.clock.now())
  }

  /**
   * Puts a value in the place of any before it. Its time begins anew: that of `options.ttl`, else the cache's, else none; its
   * count of uses goes on.
   *
   * @throws CacheFullError, before anything changes, if it is larger than the whole cache.
   */
  set(key: K, value: V, options?: CacheSetOptions): this {
    const entries = this.#entries
    // What needs no care is kept short: it is most of what is set.
    if (options !== undefined || entries.measured) return this.#setWithCare(key, value, options)
    this.#flights.callOff(key)
    entries.put(key, value, 0, this.#ttl)
    this.#sets++
    entries.tell()
    return this
  }

  #setWithCare(key: K, value: V, options: CacheSetOptions | undefined): this {
    let ttl = this.#ttl
    let size: number | undefined
    if (options !== undefined) {
      checkSetOptions('set', options)
      if (options.ttl !== undefined) ttl = ticksOf(lifetimeOf(options.ttl, 'ttl'))
      size = options.size
    }
    const entries = this.#entries
    // What is said is kept only where all sizes are.
    if (size !== undefined) entries.measureAll()
    const bytes = entries.measured ? (size ?? entries.measure(key, value)) : 0
    if (bytes > this.#settings.maxBytes)
      throw new CacheFullError(
        `The entry takes ${bytes} bytes or more, but the whole cache has ${this.#settings.maxBytes}; cache less of it, or raise maxBytes.`,
      )
    this.#flights.callOff(key)
    entries.put(key, value, bytes, ttl)
    this.#sets++
    entries.tell()
    return this
  }

  /**
   * The cached value, or what `load` brings: one load for each key at a time. A `delete`, `set` or `clear` while it loads
   * wins: those who wait get what was loaded, and it is not kept. A load that fails is not remembered; a value that is too
   * large for the cache is handed over and not kept.
   *
   * @example
   * ```ts
   * import { Cache } from 'varve'
   *
   * const cache = new Cache()
   * const load = async (id) => ({ id, name: 'Ann' })
   * const [a, b] = await Promise.all([cache.getOrSet(1, load), cache.getOrSet(1, load)])
   * console.log(a === b) // true: loaded once
   * ```
   */
  getOrSet(key: K, load: (key: K) => V | Promise<V>, options?: CacheSetOptions): Promise<V> {
    const { table } = this.#entries
    const slot = table.find(key)
    if (slot !== NONE && this.#entries.use(slot)) {
      this.#hits++
      return Promise.resolve(table.pairs[2 * slot + 1] as V)
    }
    this.#misses++
    return this.#load(key, load, options)
  }

  /** True if it was there. */
  delete(key: K): boolean {
    this.#flights.callOff(key)
    const entries = this.#entries
    const slot = entries.table.find(key)
    if (slot === NONE) return false
    const now = entries.clock.now()
    const over = entries.isOver(slot, now)
    if (over) entries.expire(slot, now)
    else entries.remove(slot, 'delete')
    entries.tell()
    return !over
  }

  /** Drops everything. Statistics go on; see `resetStats`. */
  clear(): void {
    this.#flights.callOffAll()
    this.#entries.clear()
    this.#entries.tell()
  }

  /** In no order that could be relied on; each entry that is there all the time is told once. */
  *entries(): IterableIterator<[K, V]> {
    const { table, clock } = this.#entries
    for (let slot = 0; slot < table.end; slot++)
      if (!table.isFree(slot) && !this.#entries.isOver(slot, clock.now()))
        yield [table.pairs[2 * slot] as K, table.pairs[2 * slot + 1] as V]
  }

  /** In no order that could be relied on. */
  *keys(): IterableIterator<K> {
    for (const [key] of this.entries()) yield key
  }

  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.entries()
  }

  /**
   * Age, idle time, uses, end and size of one entry, without a trace in statistics and order. Ages are told up to 24 days.
   *
   * @throws CacheEntryNotFoundError if it is not there.
   */
  metadata(key: K): CacheEntryMetadata {
    const { table, clock } = this.#entries
    const slot = table.find(key)
    const now = clock.now()
    if (slot === NONE || this.#entries.isOver(slot, now))
      throw new CacheEntryNotFoundError(
        `The cache has no entry ${describe(key)}: it was never set, or it has gone.`,
      )
    const createdAt = this.#entries.createdAt(slot)
    const accessedAt = this.#entries.accessedAt(slot)
    const end = this.#entries.endOf(slot)
    return {
      createdAt: new Date(createdAt),
      accessedAt: new Date(accessedAt),
      ...(end < Infinity && { expiresAt: new Date(clock.base + end), ttlMs: end - now }),
      ageMs: clock.base + now - createdAt,
      idleMs: clock.base + now - accessedAt,
      accesses: this.#entries.accesses(slot),
      bytes: this.#entries.bytesOf(slot),
    }
  }

  /** Drops what has expired. The number of entries dropped is returned. */
  purge(): number {
    const dropped = this.#entries.dropOver(Infinity, this.#entries.clock.now())
    if (dropped > 0) this.#entries.tell()
    return dropped
  }

  /** Drops so many entries, those first that the policy wants least. The number of entries dropped is returned. */
  evict(count: number): number {
    checkCount('count', count, 0)
    this.purge()
    const most = Math.min(count, this.#entries.table.size)
    for (let dropped = 0; dropped < most; dropped++) this.#entries.evict()
    this.#entries.tell()
    return most
  }

  /** Its numbers since it was made. */
  stats(): CacheStats {
    const { maxEntries, maxBytes } = this.#settings
    const looks = this.#hits + this.#misses
    return {
      size: this.size,
      bytes: this.bytes,
      ...(maxEntries < Infinity && { maxEntries }),
      ...(maxBytes < Infinity && { maxBytes }),
      hits: this.#hits,
      misses: this.#misses,
      hitRatio: looks === 0 ? 0 : this.#hits / looks,
      sets: this.#sets,
      evictions: this.#entries.evictions,
      expirations: this.#entries.expirations,
    }
  }

  /** Begins to count anew. */
  resetStats(): void {
    this.#hits = this.#misses = this.#sets = 0
    this.#entries.evictions = this.#entries.expirations = 0
  }

  async #load(key: K, load: (key: K) => V | Promise<V>, options?: CacheSetOptions): Promise<V> {
    // The entry may have gone with this look.
    this.#entries.tell()
    if (typeof load !== 'function')
      throw new TypeError(`getOrSet needs a function that loads the value, not ${describe(load)}.`)
    if (options !== undefined) {
      checkSetOptions('getOrSet', options)
      if (options.ttl !== undefined) lifetimeOf(options.ttl, 'ttl')
    }
    return this.#flights.fly(key, load, (value) => {
      try {
        this.set(key, value, options)
      } catch (error) {
        if (!(error instanceof CacheFullError)) throw error
      }
    })
  }
}

function ticksOf(lifetime: number): number {
  return lifetime === Infinity ? FOREVER : lifetime
}

/** What is inside a cache, for the caches that are built around one. Whoever changes anything there calls `tell` then. */
export function entriesOf<K, V>(cache: Cache<K, V>): Entries {
  return inside(cache)
}
