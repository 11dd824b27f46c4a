import { realContext, type Context } from '../context.ts'
import { patiently } from '../engines/sqlite/failures.ts'
import { Shelf } from '../engines/sqlite/shelf.ts'
import { ClosedError, IntegrityError } from '../errors.ts'
import { checkKey } from '../log/keys.ts'
import { checkBoolean } from '../options.ts'
import type { CacheStats } from '../reports.ts'
import type { Duration, Value } from '../types.ts'
import {
  cacheSettings,
  lifetimeOf,
  type CacheEntryMetadata,
  type CacheOptions,
  type CacheSetOptions,
} from './cache-options.ts'
import { Cache, entriesOf } from './cache.ts'
import { entryBytes } from './byte-size.ts'
import { Persister } from './persister.ts'
import { Sleeping } from './sleeping.ts'
import { checkFolder } from './tiered-options.ts'
import { Warming } from './warming.ts'

const PERSIST_EVERY_MS = 1000

/** How a persistent cache is opened. */
export interface PersistentCacheOptions extends CacheOptions {
  /** Changes are on the disk after so long. Default 1 s; `Infinity`: only when asked to, and on close. */
  readonly persistEvery?: Duration
  /** What is not on the disk yet is written when the cache is closed or the program ends. Default true. */
  readonly persistOnClose?: boolean
}

/**
 * A `Cache` that is warm again after a restart: its entries lie in a folder, with their counts, what is left of their time, and
 * what the policy has learned. They are written in the background; after a crash, what was set within the last second may be
 * missing, and nothing else. One process at a time; for several see `TieredCache`.
 *
 * Opening takes a few milliseconds, however many entries there are: they come in the background, and what is asked for before
 * is read from the disk. One that is damaged begins empty, with a warning.
 *
 * @example
 * ```ts
 * import { PersistentCache } from 'varve'
 *
 * const cache = await PersistentCache.open('./cache', { maxEntries: 100_000, ttl: '1d' })
 * cache.set('a', { n: 1 })
 * await cache.close()
 * const again = await PersistentCache.open('./cache', { maxEntries: 100_000, ttl: '1d' })
 * console.log(again.get('a')) // { n: 1 }
 * await again.close()
 * ```
 */
export class PersistentCache<V = Value> implements AsyncDisposable {
  readonly #cache: Cache<string, unknown>
  readonly #shelf: Shelf
  readonly #persister: Persister
  readonly #persistOnClose: boolean
  readonly #leaveExit: () => void
  #warming: Warming | undefined
  /** Looks that were answered from the disk while the entries were still coming. */
  #early = 0
  #open = true
  #closing: Promise<void> | undefined

  private constructor(path: string, options: PersistentCacheOptions, context: Context) {
    const { maxBytes } = cacheSettings('PersistentCache.open', options, ['persistEvery', 'persistOnClose'])
    const { persistEvery, persistOnClose = true, ...own } = options
    checkBoolean('persistOnClose', persistOnClose)
    checkFolder(path)
    const every = persistEvery === undefined ? PERSIST_EVERY_MS : lifetimeOf(persistEvery, 'persistEvery')
    const { sizeOf, onEvict } = own
    this.#cache = new Cache<string, unknown>(
      {
        ...own,
        sizeOf: (value: unknown, key) =>
          value instanceof Sleeping
            ? value.bytes
            : sizeOf === undefined
              ? entryBytes(key, value, maxBytes)
              : sizeOf(value, key),
        ...(onEvict && {
          onEvict: (key, value, reason) => onEvict(key, this.#woken(key as string, value), reason),
        }),
      },
      context,
    )
    this.#shelf = new Shelf(context, path, { policy: undefined, maxBytes: Infinity, shared: false })
    this.#persister = new Persister(context, this.#shelf, entriesOf(this.#cache), every)
    this.#persistOnClose = persistOnClose
    this.#leaveExit = context.atExit(() => {
      if (persistOnClose) this.#persister.persistNow(() => this.#warming?.finish())
    })
  }

  /**
   * Opens the cache in this folder, and makes it if it is not there.
   *
   * @example
   * ```ts
   * import { PersistentCache } from 'varve'
   *
   * const cache = await PersistentCache.open('./cache')
   * await cache.close()
   * ```
   */
  static async open<V = Value>(
    path: string,
    options: PersistentCacheOptions = {},
    /** The doors to the world, for tests. */
    context: Context = realContext(),
  ): Promise<PersistentCache<V>> {
    const cache = new PersistentCache<V>(path, options, context)
    try {
      await patiently(context, () => cache.#shelf.openSafely())
    } catch (error) {
      cache.#leaveExit()
      throw error
    }
    cache.#warming = new Warming(context, cache.#shelf, entriesOf(cache.#cache), cache.#persister, () => {
      cache.#warming = undefined
    })
    // When an entry was last used is known only when all are here.
    if (options.maxIdle !== undefined) cache.#warming.finish()
    return cache
  }

  /** The value; undefined if it is not there. Counts as a use. */
  get(key: string): V | undefined {
    if (!this.#open) throw closed()
    const value = this.#cache.get(key)
    this.#persister.uses++
    if (value instanceof Sleeping) return this.#woken(key, value) as V | undefined
    if (value !== undefined || this.#warming === undefined) return value as V | undefined
    const early = this.#warming.find(key, true)
    if (early === undefined) return undefined
    this.#early++
    return this.#woken(key, early) as V | undefined
  }

  #woken(key: string, value: unknown): unknown {
    if (!(value instanceof Sleeping)) return value
    const { table } = entriesOf(this.#cache)
    const slot = table.find(key)
    const isHere = slot >= 0 && table.pairs[2 * slot + 1] === value
    try {
      const woken = value.wake(key)
      if (woken !== undefined) {
        if (isHere) table.pairs[2 * slot + 1] = woken.value
        return woken.value
      }
    } catch (error) {
      if (!(error instanceof IntegrityError)) throw error
    }
    this.#shelf.tellDamaged(key)
    if (isHere) this.#cache.delete(key)
    return undefined
  }

  /**
   * Puts a value in the place of any before it; it is on the disk within `persistEvery`. What is not data stays in memory, and
   * is warned of.
   *
   * @throws CacheFullError, before anything changes, if it is larger than the whole cache.
   */
  set(key: string, value: V, options?: CacheSetOptions): this {
    if (!this.#open) throw closed()
    checkKey(key)
    this.#cache.set(key, value, options)
    this.#warming?.forget(key)
    return this
  }

  /** Whether it is there, without a trace in statistics and order. */
  has(key: string): boolean {
    if (!this.#open) throw closed()
    return this.#cache.has(key) || this.#warming?.find(key, false) !== undefined
  }

  /** True if it was there. */
  delete(key: string): boolean {
    const was = this.has(key)
    this.#cache.delete(key)
    if (this.#warming !== undefined) {
      this.#warming.forget(key)
      this.#persister.gone(key)
    }
    return was
  }

  /** Drops everything, in memory at once and then on the disk. */
  async clear(): Promise<void> {
    if (!this.#open) throw closed()
    this.#warming?.stop()
    this.#cache.clear()
    await this.#persister.clear()
  }

  /** In no order that could be relied on. */
  keys(): IterableIterator<string> {
    this.#whole()
    return this.#cache.keys()
  }

  /**
   * Age, idle time, uses, end and size of one entry, without a trace in statistics and order.
   *
   * @throws CacheEntryNotFoundError if it is not there.
   */
  metadata(key: string): CacheEntryMetadata {
    this.#whole()
    return this.#cache.metadata(key)
  }

  /** Its numbers since it was opened. */
  stats(): CacheStats {
    this.#whole()
    const stats = this.#cache.stats()
    const hits = stats.hits + this.#early
    const misses = stats.misses - this.#early
    return { ...stats, hits, misses, hitRatio: hits + misses === 0 ? 0 : hits / (hits + misses) }
  }

  /** How many entries there are. */
  get size(): number {
    this.#whole()
    return this.#cache.size
  }

  /** What is asked of all entries waits for all of them. */
  #whole(): void {
    if (!this.#open) throw closed()
    this.#warming?.finish()
  }

  /** Resolved when everything that was set until now is on the disk, with what the policy knows. */
  async persist(): Promise<void> {
    if (!this.#open) throw closed()
    this.#warming?.finish()
    await this.#persister.persist()
  }

  /** Writes what is left, if `persistOnClose` says so, and lets go. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  async #close(): Promise<void> {
    this.#open = false
    this.#leaveExit()
    try {
      if (this.#persistOnClose) {
        this.#warming?.finish()
        await this.#persister.persist()
      } else this.#warming?.stop()
    } finally {
      this.#persister.stop()
      await this.#shelf.close()
    }
  }

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

function closed(): ClosedError {
  return new ClosedError('The cache is closed.')
}
