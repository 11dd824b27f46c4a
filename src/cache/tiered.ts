/** Caches in two tiers. It is over 400 lines because every method has an example: each is short, and hands the work on. */
import { realContext, type Context } from '../context.ts'
import type { Shelved, ShelfEntry } from '../engines/sqlite/shelf-rows.ts'
import { shelfBytes } from '../engines/sqlite/shelf-rows.ts'
import { Shelf } from '../engines/sqlite/shelf.ts'
import { patiently } from '../engines/sqlite/failures.ts'
import { CacheFullError, ClosedError, InvalidOptionError, InvalidValueError } from '../errors.ts'
import { encode } from '../log/codec.ts'
import { checkKey } from '../log/keys.ts'
import { checkNames, checkOptions, describe } from '../options.ts'
import type { Value } from '../types.ts'
import { checkBytes, lifetimeOf } from './cache-options.ts'
import { Disk } from './disk.ts'
import { Held } from './held.ts'
import { Loads } from './tiered-loads.ts'
import { MemoryTier } from './tiered-memory.ts'
import {
  tieredSettings,
  type TieredInside,
  type TieredCacheOptions,
  type TieredSetOptions,
  type TieredSettings,
  type TieredStats,
} from './tiered-options.ts'
import { WriteBehind } from './tiered-write.ts'
import { OncePerTurn } from './turns.ts'

const PAGE = 256

/** As it lies on the disk, or as it is on its way there. */
type Found = Shelved | (Omit<ShelfEntry, 'due'> & { readonly seq?: undefined })

let inside: <V>(cache: TieredCache<V>) => TieredInside<V>

/**
 * Memory first, disk second: what is set is in memory at once and on disk with the next write, what memory gives up is still
 * on disk, and what is read there comes up again with what is left of its time. Any number of processes may have it open:
 * none ever reads an older value than the newest one written. It survives the end of the program, and a crash.
 *
 * Values are copied: plain data that is read is frozen and shared.
 *
 * @example
 * ```ts
 * import { TieredCache } from 'varve'
 *
 * const cache = await TieredCache.open('./cache', { memory: { maxEntries: 1_000 }, disk: { maxBytes: 100e6 }, ttl: '1d' })
 * await cache.set('page:/home', '<h1>Home</h1>', { tags: ['pages'] })
 * console.log(await cache.get('page:/home')) // <h1>Home</h1>
 * const user = await cache.getOrSet('user:1', async () => ({ name: 'Ann' }))
 * console.log(user.name, await cache.deleteByTag('pages')) // Ann 1
 * await cache.close()
 * ```
 */
export class TieredCache<V = Value> implements AsyncDisposable {
  readonly #context: Context
  readonly #memory: MemoryTier
  readonly #disk: Disk
  readonly #writes: WriteBehind
  readonly #loads: Loads<V>
  readonly #turns: OncePerTurn
  readonly #settings: TieredSettings
  #promotions = 0
  #demotions = 0
  #closing: Promise<void> | undefined

  private constructor(path: string, options: TieredCacheOptions, context: Context) {
    this.#settings = tieredSettings(path, options)
    this.#context = context
    this.#memory = new MemoryTier(context, this.#settings, (key, held) => this.#demoted(key, held))
    this.#disk = new Disk(
      context,
      path,
      this.#settings.disk,
      (key) => this.#changedElsewhere(key),
      (key) => this.#memory.takeUses(key),
    )
    this.#writes = new WriteBehind(context, this.#disk)
    this.#loads = new Loads<V>(context, this.#disk, {
      find: (key) => {
        this.#turns.forget()
        return this.#find(key, false)?.value as V | undefined
      },
      settled: (key) => this.#writes.settled(key)?.catch(() => undefined),
      keep: (key, value, options, owner) => this.#keepBrought(key, value, options, owner),
    })
    this.#turns = new OncePerTurn(
      context,
      () => this.#disk.look(),
      () => Shelf.writes,
    )
  }

  /**
   * Opens the cache in this folder, and makes it if it is not there. One that is damaged begins empty, with a warning.
   *
   * @example
   * ```ts
   * import { TieredCache } from 'varve'
   *
   * const cache = await TieredCache.open('./cache')
   * await cache.close()
   * ```
   */
  static async open<V = Value>(
    path: string,
    options: TieredCacheOptions = {},
    /** The doors to the world, for tests. */
    context: Context = realContext(),
  ): Promise<TieredCache<V>> {
    const cache = new TieredCache<V>(path, options, context)
    await patiently(context, () => cache.#disk.open())
    try {
      // The limits may have been others when it was written.
      if (cache.#disk.isOver) await patiently(context, () => cache.#disk.transact(() => undefined))
    } catch (error) {
      await cache.close()
      throw error
    }
    return cache
  }

  static {
    inside = <V>(cache: TieredCache<V>): TieredInside<V> => ({
      find: (key) => cache.#find(key, true)?.value as V | undefined,
      bring: (...args) => cache.#loads.bring(...args),
      drop: (key) => cache.#drop(key),
      keysFrom: (prefix) => cache.#keysFrom(prefix),
      bytesOf: (key) => cache.#onDisk(key)?.bytes ?? 0,
    })
  }

  // ── reading ──

  /** The value; undefined if it is in neither tier. */
  get(key: string): Promise<V | undefined> {
    try {
      return Promise.resolve(this.#find(key, true)?.value as V | undefined)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Those of these keys that are there. */
  async getMany(keys: Iterable<string>): Promise<Map<string, V>> {
    const found = new Map<string, V>()
    for (const key of keys) {
      const held = this.#find(key, true)
      if (held !== undefined) found.set(key, held.value as V)
    }
    return found
  }

  /** Whether it is in either tier, without a trace in statistics and order. */
  async has(key: string): Promise<boolean> {
    return this.#find(key, false) !== undefined
  }

  #find(key: string, counts: boolean): Held | undefined {
    if (this.#closing !== undefined) throw new ClosedError('The cache is closed.')
    this.#turns.fresh()
    const held = counts ? this.#memory.get(key) : this.#memory.peek(key)
    if (held !== undefined) return held
    checkKey(key)
    const entry = this.#onDisk(key)
    if (!counts) return entry && this.#hold(entry, false)
    if (entry === undefined) {
      this.#disk.misses++
      return undefined
    }
    this.#disk.hits++
    this.#disk.use(key)
    return this.#hold(entry, this.#settings.promote)
  }

  #onDisk(key: string): Found | undefined {
    const written = this.#writes.find(key)
    if (written === 'nothing') return undefined
    if (written === undefined) return this.#disk.read(key)
    return written.ends <= this.#context.steady() ? undefined : written
  }

  #hold(entry: Found, promotes: boolean): Held {
    const { key, value, made, ends, seq } = entry
    const tagged = 'tagged' in entry ? entry.tagged : (entry.tags?.length ?? 0) > 0
    const held = new Held(value, { made, ends, seq, tagged })
    if (promotes && this.#memory.keep(key, held, entry.bytes)) this.#promotions++
    return held
  }

  // ── writing ──

  /**
   * Puts a value in the place of any before it, in memory at once; resolved when the disk has it.
   *
   * @throws InvalidValueError, before anything changes, for what is not data; CacheFullError if it is larger than the disk tier.
   */
  async set(key: string, value: V, options: TieredSetOptions = {}): Promise<void> {
    this.#checkOpen()
    const entry = this.#entryOf('set', key, value, options)
    const held = this.#hold(entry, false)
    try {
      this.#memory.keep(key, held, entry.bytes)
      this.#loads.callOff(key)
      const done = (seq: number | undefined): void => void (held.seq = seq)
      await this.#writes.write(key, { entry, owner: undefined, done })
    } catch (error) {
      // What was not written is not served either: others would see something else.
      this.#memory.delete(key, held)
      throw error
    }
  }

  #entryOf(call: string, key: string, value: unknown, options: TieredSetOptions): Omit<ShelfEntry, 'due'> {
    checkOptions(call, options, ['ttl', 'tags'])
    checkKey(key)
    if (value === undefined)
      throw new InvalidValueError(`The value of ${describe(key)} is undefined; use delete, or null.`)
    const ttl = options.ttl === undefined ? this.#settings.ttl : lifetimeOf(options.ttl, 'ttl')
    const tags = options.tags === undefined ? [] : [...new Set(checkNames('tag', options.tags))]
    const encoded = encode(value, { compression: true }, key)
    const { sizeOf, maxBytes, ttl: diskTtl } = this.#settings.disk
    const bytes = sizeOf === undefined ? shelfBytes(key, encoded) : sizeOf(value, key)
    checkBytes('What sizeOf of the disk returns', bytes)
    if (bytes > maxBytes)
      throw new CacheFullError(
        `The entry ${describe(key)} takes ${bytes} bytes, but the whole disk tier has ${maxBytes}; cache less of it, or raise maxBytes.`,
      )
    const now = this.#context.steady()
    const ends = now + Math.min(ttl, diskTtl)
    return { key, value: encoded, made: now, ends, used: now, uses: 0, bytes, tags }
  }

  /** True if it was there. */
  async delete(key: string): Promise<boolean> {
    const was = this.#find(key, false) !== undefined
    await this.#remove(key)
    return was
  }

  #remove(key: string): Promise<void> {
    this.#loads.callOff(key)
    this.#memory.delete(key)
    return this.#writes.write(key, { entry: undefined, owner: undefined })
  }

  #drop(key: string): boolean {
    const was = this.#find(key, false) !== undefined
    void this.#remove(key).catch((error: unknown) =>
      this.#context.warn(`The entry ${JSON.stringify(key)} was not deleted on the disk.`, error, 'cache'),
    )
    return was
  }

  *#keysFrom(prefix: string): Iterable<string> {
    const { shelf } = this.#disk
    const keys = new Set([...this.#memory.keys(), ...this.#writes.keys(), ...this.#loads.keys()])
    for (const { key } of shelf.leases()) keys.add(key)
    for (let after: string | undefined = prefix; after?.startsWith(prefix) === true;) {
      const page: ReturnType<typeof shelf.keys> = shelf.keys(after, PAGE, this.#context.steady())
      for (const key of page.keys) keys.add(key)
      after = page.last
    }
    for (const key of keys) if (key.startsWith(prefix)) yield key
  }

  /**
   * Deletes what bears any of these tags. The number of entries deleted is returned.
   *
   * @example
   * ```ts
   * import { TieredCache } from 'varve'
   *
   * const cache = await TieredCache.open('./cache')
   * await cache.set('user:1', 'Ann', { tags: ['users', 'team:7'] })
   * console.log(await cache.deleteByTag('team:7', 'team:8')) // 1
   * await cache.close()
   * ```
   */
  async deleteByTag(...tags: string[]): Promise<number> {
    this.#checkOpen()
    checkNames('tag', tags)
    this.#loads.callOffTagged(tags)
    await this.#writes.flush()
    const now = this.#context.steady()
    const { shelf } = this.#disk
    return patiently(this.#context, () => {
      const [count, keys] = this.#disk.transact(() => {
        for (const lease of shelf.leases())
          if (lease.tags.some((tag) => tags.includes(tag))) shelf.release(lease.key)
        const tagged = new Set(tags.flatMap((tag) => shelf.tagged(tag)))
        return [[...tagged].filter((key) => this.#disk.bury(key, now)).length, tagged] as const
      })
      for (const key of keys) this.#memory.delete(key)
      return count
    })
  }

  /** Empties both tiers, for all processes. */
  async clear(): Promise<void> {
    this.#checkOpen()
    this.#loads.callOffAll()
    this.#memory.clear()
    await this.#writes.clear()
    await patiently(this.#context, () => this.#disk.shelf.shrink())
  }

  // ── loading ──

  /**
   * The cached value, or what `load` brings: one load for each key at a time, among all processes that have this cache open. A
   * `set`, `delete` or `clear` anywhere while it loads wins: those who wait get what was loaded, and it is not kept. A load
   * that fails is not remembered; when its process is killed, another one begins anew within seconds.
   *
   * @example
   * ```ts
   * import { TieredCache } from 'varve'
   *
   * const cache = await TieredCache.open('./cache')
   * const page = await cache.getOrSet('/home', async (path) => `<h1>${path}</h1>`, { ttl: '1h' })
   * console.log(page) // <h1>/home</h1>
   * await cache.close()
   * ```
   */
  getOrSet(key: string, load: (key: string) => V | Promise<V>, options: TieredSetOptions = {}): Promise<V> {
    try {
      const held = this.#find(key, true)
      if (held !== undefined) return Promise.resolve(held.value as V)
      if (typeof load !== 'function')
        throw new InvalidOptionError(`getOrSet needs a function that loads the value, not ${describe(load)}.`)
      this.#entryOf('getOrSet', key, null, options)
      return this.#loads.bring(key, load, options, () => true)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Keeps what was brought, unless something has happened to its key. What cannot be kept is handed over all the same. */
  async #keepBrought(key: string, value: V, options: TieredSetOptions, owner: string): Promise<void> {
    if (value === undefined || this.#closing !== undefined) return
    let entry: Omit<ShelfEntry, 'due'>
    try {
      entry = this.#entryOf('getOrSet', key, value, options)
    } catch (error) {
      if (!(error instanceof CacheFullError)) throw error
      return
    }
    const done = (seq: number | undefined): void => {
      if (seq === undefined || this.#writes.find(key) !== undefined) return
      const held = this.#hold(entry, false)
      held.seq = seq
      this.#memory.keep(key, held, entry.bytes)
    }
    await this.#writes.write(key, { entry, owner, done })
  }

  // ── the rest ──

  /** Every key of either tier, once, in no order that could be relied on. */
  async *keys(): AsyncIterableIterator<string> {
    this.#checkOpen()
    await this.#writes.flush()
    const { shelf } = this.#disk
    this.#turns.fresh()
    // The disk may have given up what memory still has.
    const above = this.#memory.keys()
    for (let after: string | undefined = ''; after !== undefined;) {
      this.#checkOpen()
      const page: ReturnType<typeof shelf.keys> = shelf.keys(after, PAGE, this.#context.steady())
      yield* page.keys
      after = page.last
    }
    for (const key of above) {
      const seq = this.#memory.peek(key)?.seq
      if (seq !== undefined && shelf.gaveUp(key, seq)) yield key
    }
  }

  /** Numbers of both tiers since it was opened. */
  stats(): TieredStats {
    this.#checkOpen()
    const memory = this.#memory.stats()
    const disk = this.#disk.stats()
    const looks = memory.hits + disk.hits + disk.misses
    return {
      memory,
      disk,
      hitRatio: looks === 0 ? 0 : (memory.hits + disk.hits) / looks,
      promotions: this.#promotions,
      demotions: this.#demotions,
    }
  }

  #demoted(key: string, held: Held): void {
    this.#demotions++
    const { uses } = held
    held.uses = 0
    if (uses > 0) this.#disk.use(key, uses)
    const { maxBytes, maxEntries } = this.#disk.settings
    if ((maxBytes === Infinity && maxEntries === Infinity) || held.tagged || held.seq === undefined) return
    try {
      if (this.#disk.read(key) !== undefined) return
      const { made, ends, seq } = held
      const value = encode(held.value, { compression: true }, key)
      const bytes = shelfBytes(key, value)
      const used = this.#context.steady()
      this.#writes.demote({ key, value, made, ends, used, uses, bytes, tags: [] }, seq)
    } catch (error) {
      // What made it go is not to fail for that.
      this.#context.warn('What memory gave up was not written to the disk.', error, 'cache')
    }
  }

  #changedElsewhere(key: string | undefined): void {
    if (key === undefined) this.#memory.clear()
    else this.#memory.delete(key)
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new ClosedError('The cache is closed.')
  }

  /** Writes what is left, and lets go. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  async #close(): Promise<void> {
    this.#loads.callOffAll()
    try {
      await this.#writes.flush()
      await this.#loads.close()
      await patiently(this.#context, () => this.#disk.writeUses(this.#memory.keys()))
    } finally {
      await this.#disk.close()
    }
  }

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** The inner side of a cache, for memoized functions. */
export function insideOf<V>(cache: TieredCache<V>): TieredInside<V> {
  return inside(cache)
}
