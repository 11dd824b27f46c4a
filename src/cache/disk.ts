import type { Context } from '../context.ts'
import { Shelf, type ShelfPolicy } from '../engines/sqlite/shelf.ts'
import type { Shelved, ShelfEntry } from '../engines/sqlite/shelf-rows.ts'
import { IntegrityError, InvalidOptionError } from '../errors.ts'
import { decode } from '../log/codec.ts'
import type { CacheStats } from '../reports.ts'
import type { CacheOptions, CacheSettings, EvictionReason } from './cache-options.ts'
import { cacheSettings } from './cache-options.ts'

/** Policies whose order can lie on the disk itself. */
const ON_DISK: readonly string[] = ['lru', 'lfu', 'fifo', 'ttl'] satisfies ShelfPolicy[]
/** What every write clears away of what has expired, at most. */
const SWEEP = 64
const VICTIMS = 32
const PAGE = 256
/** Uses are written with the next change, or after so long. */
const USES_AFTER_MS = 1000
const MOST_USES = 4096
/** How often it is looked whether somebody has put a new file in the place of ours. */
const PLACE_MS = 1000

export type DiskSettings = CacheSettings & { readonly policy: ShelfPolicy }

/** The limits and times of a disk tier, checked. What has no limit is `Infinity`. */
export function diskSettings(call: string, options: CacheOptions): DiskSettings {
  const { policy = 'lru' } = options
  const settings = cacheSettings(call, { ...options, policy })
  if (!ON_DISK.includes(policy))
    throw new InvalidOptionError(
      `On disk, policy is one of ${ON_DISK.join(', ')}, not '${policy}': its order would have to be in memory, and grow with the disk.`,
    )
  return settings as DiskSettings
}

/**
 * The lower tier: a shelf with limits, an end for each entry, and numbers. Everything is synchronous; what writes throws
 * UnavailableError while another process is writing.
 */
export class Disk {
  readonly settings: DiskSettings
  readonly shelf: Shelf
  readonly #context: Context
  readonly #changed: (key: string | undefined) => void
  readonly #takeUses: (key: string) => number
  /** Whether a use keeps an entry from making room, and not only from being idle. */
  readonly #ranksUses: boolean
  readonly #marksUses: boolean
  readonly #uses = new Map<string, { used: number; uses: number }>()
  #gone: { readonly entry: Shelved; readonly reason: EvictionReason }[] = []
  #cancel: (() => void) | undefined
  #lookedAt = 0
  /** Nothing of ours ends before this; 0: not known. */
  #nextDue = 0
  hits = 0
  misses = 0
  sets = 0
  evictions = 0
  expirations = 0

  /**
   * `changed` is told of keys whose value others have changed or taken away; undefined: any may be. `takeUses` says how often a
   * key was used that the disk has not heard of: it is asked before the key goes.
   */
  constructor(
    context: Context,
    folder: string,
    settings: DiskSettings,
    changed: (key: string | undefined) => void,
    takeUses: (key: string) => number,
  ) {
    this.settings = settings
    this.#context = context
    this.#changed = changed
    this.#takeUses = takeUses
    const { policy, maxBytes, maxEntries, maxIdle } = settings
    const limited = maxBytes < Infinity || maxEntries < Infinity
    this.#ranksUses = limited && (policy === 'lru' || policy === 'lfu')
    this.#marksUses = maxIdle < Infinity || this.#ranksUses
    this.shelf = new Shelf(context, folder, {
      policy: limited ? policy : undefined,
      maxBytes,
      shared: true,
    })
  }

  open(): void {
    this.shelf.openSafely()
  }

  /** Whether there is more than the limits allow: they may have been others when it was written. */
  get isOver(): boolean {
    const { size, bytes } = this.#guarded(() => this.shelf.totals())
    return size > this.settings.maxEntries || bytes > this.settings.maxBytes
  }

  /** Takes note of what others have done. */
  look(): void {
    this.#guarded(() => {
      const { steady } = this.#context
      if (steady() - this.#lookedAt > PLACE_MS) {
        this.#lookedAt = steady()
        if (this.shelf.wasReplaced()) {
          this.shelf.reopen()
          this.#changed(undefined)
        }
      }
      this.#spread(this.shelf.look())
    })
  }

  #spread(news: ReturnType<Shelf['look']>): void {
    if (news === 'everything') this.#changed(undefined)
    else for (const key of news ?? []) this.#changed(key)
  }

  /** The entry, if its time is not over. */
  read(key: string): Shelved | undefined {
    return this.#guarded(() => {
      const entry = this.shelf.get(key)
      return entry === undefined || entry.ends <= this.#context.steady() || this.#isIdle(entry)
        ? undefined
        : entry
    })
  }

  #isIdle({ key, used }: Shelved): boolean {
    const last = this.#uses.get(key)?.used ?? used
    return last + this.settings.maxIdle <= this.#context.steady()
  }

  /** Marks uses, some time. */
  use(key: string, uses = 1): void {
    if (!this.#marksUses) return
    const used = this.#context.steady()
    const known = this.#uses.get(key)
    if (known === undefined) this.#uses.set(key, { used, uses })
    else {
      known.used = used
      known.uses += uses
    }
    this.#cancel ??= this.#context.later(this.#uses.size > MOST_USES ? 0 : USES_AFTER_MS, () => {
      try {
        this.writeUses()
      } catch {
        // Another process is writing: with the next change, or the next use.
      }
    })
  }

  /** `keys`: of which it is asked how often they were used. */
  writeUses(keys: readonly string[] = []): void {
    for (const key of this.#marksUses ? keys : []) {
      if (this.#uses.size >= MOST_USES) break
      const uses = this.#takeUses(key)
      if (uses > 0) this.use(key, uses)
    }
    this.#cancel?.()
    this.#cancel = undefined
    if (this.#uses.size > 0 && this.shelf.isOpen) this.transact(() => undefined)
  }

  /** All or nothing, with what is to be done beside it: uses, expiry, limits. */
  transact<R>(work: () => R): R {
    return this.#guarded(() => {
      this.#gone = []
      const counts = [this.evictions, this.expirations] as const
      try {
        const result = this.shelf.transact(() => {
          const before = this.shelf.last
          for (const [key, { used, uses }] of this.#uses)
            this.shelf.use(key, used, uses, used + this.settings.maxIdle)
          const done = work()
          this.#sweep()
          this.#evict(before)
          return done
        })
        this.#uses.clear()
        this.#spread(this.shelf.takeNews())
        this.#tell()
        return result
      } catch (error) {
        ;[this.evictions, this.expirations] = counts
        throw error
      }
    })
  }

  put(entry: Omit<ShelfEntry, 'due'>): number {
    this.sets++
    this.#note(entry.key, 'replace')
    this.#uses.delete(entry.key)
    const due = Math.min(entry.ends, entry.used + this.settings.maxIdle)
    this.#nextDue = Math.min(this.#nextDue, due)
    return this.shelf.put({ ...entry, due })
  }

  /** Deletes a key for everybody. True if it was there and not over. */
  bury(key: string, now: number): boolean {
    this.#note(key, 'delete')
    return this.shelf.bury(key, now)
  }

  clear(): void {
    if (this.settings.onEvict !== undefined)
      for (let after: number | undefined = 0; after !== undefined;) {
        const page: ReturnType<Shelf['page']> = this.shelf.page(after, PAGE)
        for (const entry of page.entries) this.#gone.push({ entry, reason: 'delete' })
        after = page.last
      }
    this.shelf.clear()
  }

  /** Somebody wants to know what goes from under this key, if there is anything. */
  #note(key: string, reason: EvictionReason): void {
    if (this.settings.onEvict === undefined) return
    const entry = this.shelf.get(key)
    if (entry === undefined) return
    const isOver = entry.ends <= this.#context.steady()
    this.#gone.push({ entry, reason: isOver ? 'ttl' : this.#isIdle(entry) ? 'idle' : reason })
  }

  /** Marks a use that only memory knows of. */
  #wasUsed(key: string, now: number): boolean {
    const uses = this.#marksUses ? this.#takeUses(key) : 0
    if (uses > 0) this.shelf.use(key, now, uses, now + this.settings.maxIdle)
    return uses > 0
  }

  #sweep(): void {
    const now = this.#context.steady()
    if (this.#nextDue > now) return
    for (const entry of this.shelf.over(now, SWEEP)) {
      if (entry.ends > now && this.#wasUsed(entry.key, now)) continue
      this.expirations++
      this.shelf.drop(entry.key)
      this.#gone.push({ entry, reason: entry.ends <= now ? 'ttl' : 'idle' })
    }
    this.#nextDue = this.shelf.nextDue()
  }

  /** `before`: what was set after this change is new. It goes last, or it would never get the chance to be used. */
  #evict(before: number): void {
    const { maxBytes, maxEntries } = this.settings
    if (maxBytes === Infinity && maxEntries === Infinity) return
    for (;;) {
      let { size, bytes } = this.shelf.counts()
      if (size <= maxEntries && bytes <= maxBytes) return
      let victims = this.shelf.victims(VICTIMS, before)
      if (victims.length === 0) victims = this.shelf.victims(VICTIMS, this.shelf.last)
      if (victims.length === 0)
        throw new IntegrityError(`${this.shelf.path} counts ${size} entries that are not there: damaged.`)
      for (const { key, tagged, entry, rank, ...victim } of victims) {
        if (size <= maxEntries && bytes <= maxBytes) return
        if (this.#ranksUses && this.#wasUsed(key, this.#context.steady())) continue
        this.evictions++
        size--
        bytes -= victim.bytes
        this.shelf.agesTo(rank)
        // Tags are on the disk only: what goes from there must not live on where a tag cannot reach it.
        if (tagged) {
          this.shelf.bury(key, 0)
          this.#changed(key)
        } else this.shelf.drop(key)
        if (entry !== undefined) this.#gone.push({ entry, reason: 'size' })
      }
    }
  }

  /** Tells `onEvict` of what went. */
  #tell(): void {
    const { onEvict } = this.settings
    const gone = this.#gone
    this.#gone = []
    if (onEvict !== undefined)
      for (const { entry, reason } of gone) onEvict(entry.key, decode(entry.value), reason)
  }

  stats(): CacheStats {
    const { maxEntries, maxBytes } = this.settings
    const { size, bytes } = this.#guarded(() => this.shelf.totals())
    const looks = this.hits + this.misses
    return {
      size,
      bytes,
      ...(maxEntries < Infinity && { maxEntries }),
      ...(maxBytes < Infinity && { maxBytes }),
      hits: this.hits,
      misses: this.misses,
      hitRatio: looks === 0 ? 0 : this.hits / looks,
      sets: this.sets,
      evictions: this.evictions,
      expirations: this.expirations,
    }
  }

  /** Damage found on the way makes the cache begin anew, and the work is done once more with what there is then: nothing. */
  #guarded<R>(work: () => R): R {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof IntegrityError)) throw error
      this.#uses.clear()
      this.shelf.openAnew(error)
      this.#changed(undefined)
      return work()
    }
  }

  async close(): Promise<void> {
    this.#cancel?.()
    await this.shelf.close()
  }
}
