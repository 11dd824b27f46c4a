import type { Context } from '../context.ts'
import { decode } from '../log/codec.ts'
import type { Slot, ValueCache } from '../log/values.ts'
import type { StoreCacheOptions } from '../types.ts'
import { type CacheOptions, type CacheSettings, cacheSettings, checkBytes } from './cache-options.ts'
import { Entries, FOREVER } from './entries.ts'
import { type EntryTable, NONE } from './entry-table.ts'

/** What an entry costs beside its value: key, slot, and its place in the table. */
const ENTRY_BYTES = 160

/** What the read cache of a store may hold. */
export type ReadCacheOptions = Omit<StoreCacheOptions, 'strategy' | 'consistency'>

/** Where it is counted what the cache does. */
export interface ReadCacheCounts {
  sets: number
  evictions: number
  expirations: number
}

/**
 * Decoded values in front of the engine. What goes when there is no room is decided by a policy, as in any `Cache`; what is
 * not true any more is for the log to say, and to delete.
 */
export class ReadCache implements ValueCache {
  readonly maxEntries: number
  readonly maxBytes: number
  readonly #settings: CacheSettings
  readonly #entries: Entries
  readonly #table: EntryTable
  readonly #counts: ReadCacheCounts
  readonly #tellSoon: (() => void) | undefined
  #telling = false

  constructor(
    options: ReadCacheOptions,
    counts: ReadCacheCounts,
    context: Pick<Context, 'steady' | 'random' | 'warn'>,
  ) {
    const settings = cacheSettings('cache', options as CacheOptions)
    const { onEvict } = settings
    this.#tellSoon = onEvict === undefined ? undefined : () => this.#tellLater(context)
    this.#settings = settings
    this.maxEntries = settings.maxEntries
    this.maxBytes = settings.maxBytes
    this.#counts = counts
    // Slots are measured here, by what the log says of them.
    this.#entries = new Entries(
      {
        ...settings,
        sizeOf: () => 0,
        ...(onEvict && {
          onEvict: (key, it, reason) => {
            const { value, encoded, change } = it as Slot
            // That a key is absent is known here, too.
            if (change > 0) onEvict(key, encoded === undefined ? value : decode(encoded), reason)
          },
        }),
      },
      context,
    )
    this.#table = this.#entries.table
    this.#entries.listener = {
      put() {},
      going: (_, reason) => {
        this.#tellSoon?.()
        if (reason === 'size') counts.evictions++
        else if (reason !== 'delete') counts.expirations++
      },
      cleared: () => this.#tellSoon?.(),
    }
  }

  /** When the work is done during which something went. */
  #tellLater({ warn }: Pick<Context, 'warn'>): void {
    if (this.#telling) return
    this.#telling = true
    queueMicrotask(() => {
      this.#telling = false
      try {
        this.#entries.tell()
      } catch (error) {
        warn('What cache.onEvict was told of made it throw.', error, 'cache')
      }
    })
  }

  get size(): number {
    this.#entries.dropOver(Infinity, this.#entries.clock.now())
    return this.#table.size
  }

  get bytes(): number {
    return this.#entries.bytes
  }

  get(key: string): Slot | undefined {
    const slot = this.#table.find(key)
    return slot !== NONE && this.#entries.mark(slot) ? (this.#table.pairs[2 * slot + 1] as Slot) : undefined
  }

  set(key: string, value: Slot): void {
    const bytes = this.#bytesOf(key, value)
    const ttl = this.#ttlOf(value)
    if (ttl !== FOREVER && ttl <= 0) return this.delete(key)
    // One that would take a quarter of the cache is not worth what it would drive out: it needs room that is free.
    if (bytes > this.maxBytes / 4) {
      this.delete(key)
      if (this.#entries.bytes + bytes > this.maxBytes) return
    }
    this.#counts.sets++
    this.#entries.put(key, value, bytes, ttl)
  }

  delete(key: string): void {
    const slot = this.#table.find(key)
    if (slot !== NONE) this.#entries.remove(slot, 'delete')
  }

  clear(): void {
    this.#entries.clear()
  }

  /** Of keys that are absent nobody but we know the size. */
  #bytesOf(key: string, { value, encoded, change, bytes }: Slot): number {
    const { sizeOf } = this.#settings
    if (sizeOf === undefined || change === 0) return bytes + ENTRY_BYTES
    return measured(sizeOf, encoded === undefined ? value : decode(encoded), key)
  }

  /** The cache's own, or what is left until the value ends in the store: then it may go before anything that lives. */
  #ttlOf({ expires }: Slot): number {
    const { ttl } = this.#settings
    if (expires === 0) return ttl === Infinity ? FOREVER : ttl
    const { clock } = this.#entries
    // Never sooner than the store says, who looks for itself.
    return Math.min(ttl, Math.ceil(expires - clock.base) - clock.now())
  }
}

function measured(sizeOf: NonNullable<CacheOptions['sizeOf']>, value: unknown, key: string): number {
  const bytes = sizeOf(value, key)
  checkBytes('What cache.sizeOf returns', bytes)
  return bytes
}

/** No cache at all: every read asks the engine. */
export class NoCache implements ValueCache {
  readonly size = 0
  readonly bytes = 0
  readonly maxEntries = 0
  readonly maxBytes = 0
  get(): undefined {
    return undefined
  }
  set(): void {}
  delete(): void {}
  clear(): void {}
}
