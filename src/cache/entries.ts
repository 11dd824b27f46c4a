import type { Context } from '../context.ts'
import { Departures } from './departures.ts'
import { entryBytes } from './byte-size.ts'
import { checkBytes, type CacheSettings, type EvictionReason } from './cache-options.ts'
import { EntryTable, MADE_AT, MOST_ENTRIES, NONE, STRIDE, USED_AT, USES } from './entry-table.ts'
import type { EntriesListener, EntriesState, KeptEntry } from './entries-state.ts'
import { policyOf, saveState } from './entries-state.ts'
import { Lifetimes } from './lifetimes.ts'
import { NO_SAMPLES, type Policy } from './policies/policy.ts'
import { policyNamed, remembersKeys } from './policies/policy-named.ts'
import { OLDEST, TickClock, tickOf } from './tick-clock.ts'

export type { EntriesListener, KeptEntry } from './entries-state.ts'

/** What every `put` clears away of what has expired, at most. */
const SWEEP = 4
/** Instead of a lifetime in ticks. No `Infinity`: that would be a number with a fraction, and slower to hand on. */
export const FOREVER = -1

/**
 * The entries of one cache, by slot: the table, the policy, the lifetimes and the sizes, kept in agreement. What goes is
 * noted for `onEvict` and told by `tell`, when everything is in order again.
 */
export class Entries {
  readonly table: EntryTable
  readonly clock: TickClock
  evictions = 0
  expirations = 0
  listener: EntriesListener | undefined
  /** A key that was just looked for and is not there; nothing was added since. */
  missed: string | undefined
  readonly #settings: CacheSettings
  readonly #context: Pick<Context, 'steady' | 'random'>
  readonly #most: number
  #policy: Policy
  /** From the first entry on that has an end. */
  #lifetimes: Lifetimes | undefined
  /** From the first time on that somebody wants to know. */
  #sizes: Float64Array | undefined
  #bytes = 0
  readonly #departures: Departures

  constructor(settings: CacheSettings, context: Pick<Context, 'steady' | 'random'>) {
    this.#settings = settings
    this.#context = context
    this.#departures = new Departures(settings.onEvict)
    this.#most = Math.min(settings.maxEntries, MOST_ENTRIES)
    this.table = new EntryTable(this.#most, remembersKeys(settings.policy), () => context.random())
    this.clock = new TickClock(
      () => context.steady(),
      (ticks) => this.#rebase(ticks),
    )
    this.#policy = this.#newPolicy()
    if (settings.ttl < Infinity || settings.maxIdle < Infinity)
      this.#lifetimes = new Lifetimes(this.table, settings.maxIdle)
    if (settings.maxBytes < Infinity || settings.sizeOf !== undefined) this.#sizes = new Float64Array(0)
  }

  /** Of all entries. */
  get bytes(): number {
    this.measureAll()
    return this.#bytes
  }

  /** Measures what came before anybody wanted to know; from then on each entry is measured as it comes. */
  measureAll(): void {
    if (this.#sizes !== undefined) return
    const { table } = this
    this.#sizes = new Float64Array(table.capacity)
    for (let slot = 0; slot < table.end; slot++) {
      if (table.isFree(slot)) continue
      this.#bytes += this.#sizes[slot] = this.measure(table.pairs[2 * slot], table.pairs[2 * slot + 1])
    }
  }

  bytesOf(slot: number): number {
    const { pairs } = this.table
    return this.#sizes?.[slot] ?? this.measure(pairs[2 * slot], pairs[2 * slot + 1])
  }

  /** Whether entries have to be measured before they are put. */
  get measured(): boolean {
    return this.#sizes !== undefined
  }

  /** The bytes of an entry. Beyond `maxBytes`, it stops counting. */
  measure(key: unknown, value: unknown): number {
    const { sizeOf, maxBytes } = this.#settings
    if (sizeOf === undefined) return entryBytes(key, value, maxBytes)
    const bytes = sizeOf(value, key)
    checkBytes('What sizeOf returns', bytes)
    return bytes
  }

  /** When the slot ends if nobody uses it until then, in ticks. */
  endOf(slot: number): number {
    return this.#lifetimes?.lastMoment(slot) ?? Infinity
  }

  /** When the slot ends however often it is used, in milliseconds since 1970; `Infinity`: never. */
  endsAt(slot: number): number {
    return this.clock.base + (this.#lifetimes?.ownEnd(slot) ?? Infinity)
  }

  /** When its value was set, in milliseconds since 1970. */
  createdAt(slot: number): number {
    return this.clock.base + (this.table.meta[slot * STRIDE + MADE_AT] as number)
  }

  /** When it was last read or set, in milliseconds since 1970. */
  accessedAt(slot: number): number {
    return this.clock.base + (this.table.meta[slot * STRIDE + USED_AT] as number)
  }

  /** How often it was read or overwritten. */
  accesses(slot: number): number {
    return this.table.meta[slot * STRIDE + USES] as number
  }

  isOver(slot: number, now: number): boolean {
    const lifetimes = this.#lifetimes
    return lifetimes !== undefined && (lifetimes.due[slot] as number) <= now && lifetimes.isOver(slot, now)
  }

  /** Marks a use, if the slot's time is not over; else drops it. In one piece: it is what a hit costs. */
  use(slot: number): boolean {
    const { clock, table } = this
    const now = --clock.left >= 0 ? clock.tick : clock.look()
    const lifetimes = this.#lifetimes
    if (lifetimes !== undefined && (lifetimes.due[slot] as number) <= now && lifetimes.isOver(slot, now)) {
      this.expire(slot, now)
      return false
    }
    const { meta, touches } = table
    const at = slot * STRIDE
    meta[at + USED_AT] = now
    meta[at + USES] = (meta[at + USES] as number) + 1
    const policy = this.#policy
    if (policy.eager) {
      policy.use(slot)
      return true
    }
    const uses = touches[slot] as number
    if (uses < 255) touches[slot] = uses + 1
    if ((meta[at] as number) < policy.sampleBelow) policy.sample(meta[at] as number)
    return true
  }

  /** The same where nobody asks when a use was, and how many there were: without lifetimes, it is next to nothing. */
  mark(slot: number): boolean {
    if (this.#lifetimes !== undefined) return this.use(slot)
    this.#raise(slot)
    return true
  }

  /** `ttl` in ticks, or `FOREVER`. */
  put(key: unknown, value: unknown, bytes: number, ttl: number): void {
    const { clock } = this
    const now = --clock.left >= 0 ? clock.tick : clock.look()
    // What was looked for in vain is what is set next, as a rule.
    let slot = key === this.missed && key !== undefined ? NONE : this.table.find(key)
    this.missed = undefined
    if (slot !== NONE && this.isOver(slot, now)) {
      this.expire(slot, now)
      slot = NONE
    }
    if (slot === NONE) slot = this.#insert(key, value, bytes, now)
    else this.#overwrite(slot, value, bytes, now)
    if (ttl !== FOREVER) this.#lifetimes ??= new Lifetimes(this.table, this.#settings.maxIdle)
    const lifetimes = this.#lifetimes
    if (lifetimes !== undefined) {
      lifetimes.begin(slot, ttl === FOREVER ? Infinity : now + ttl, now)
      if (lifetimes.earliest <= now) this.dropOver(SWEEP, now)
    }
    if (this.listener !== undefined) this.listener.put(slot)
  }

  /** What the policy knows, for `lay` of another cache with these entries. */
  save(): EntriesState {
    return saveState(this.#settings, this.table, this.#policy)
  }

  /** Hashes keys as another cache does, so that its state can be taken over. Only while nothing is there. */
  reseed(seed: number): void {
    this.table.reseed(seed)
  }

  /**
   * Brings back an entry with its past. Nobody is told, nothing is evicted for it: `lay` has to follow. Its slot is returned;
   * -1 if its time is over, if it is larger than the whole cache, or if its key is there already: that is newer.
   */
  bring(key: unknown, value: unknown, kept: KeptEntry): number {
    const now = this.clock.now()
    const { base } = this.clock
    const used = tickOf(kept.accessedAt - base, now)
    const end = Math.floor(kept.endsAt - base)
    if (!(end > now && used + this.#settings.maxIdle > now)) return NONE
    if (this.table.find(key) !== NONE || this.table.size === MOST_ENTRIES) return NONE
    const bytes = this.#sizes === undefined ? 0 : (kept.bytes ?? this.measure(key, value))
    if (bytes > this.#settings.maxBytes) return NONE
    this.missed = undefined
    const slot = this.#add(key, value, bytes)
    const at = slot * STRIDE
    this.table.meta[at + USED_AT] = used
    this.table.meta[at + MADE_AT] = tickOf(kept.createdAt - base, now)
    this.table.meta[at + USES] = kept.accesses
    if (end < Infinity) this.#lifetimes ??= new Lifetimes(this.table, this.#settings.maxIdle)
    this.#lifetimes?.begin(slot, end, used)
    return slot
  }

  /**
   * Lays a state over the entries, and evicts until the limits hold. Entries that it does not know are newer, in the order in
   * which they came and were used; `used` are slots that were used besides. What is wrong with the state is left out; without
   * any, nothing is laid over anything.
   */
  lay(state: EntriesState | undefined, used: readonly number[] = []): void {
    if (state !== undefined)
      this.#policy = policyOf(state, this.#settings, this.table, this.#policy, (capacity) => {
        while (this.table.capacity < Math.min(capacity, this.#most)) this.#grow()
        return this.#newPolicy()
      })
    for (const slot of used) this.use(slot)
    const now = this.clock.now()
    while (this.table.size > this.#most || this.#bytes > this.#settings.maxBytes)
      if (this.dropOver(1, now) === 0) this.evict()
    this.tell()
  }

  remove(slot: number, reason: EvictionReason): void {
    this.#policy.remove(slot)
    this.#forget(slot, reason)
  }

  expire(slot: number, now: number): void {
    this.expirations++
    this.remove(slot, (this.#lifetimes as Lifetimes).reasonOf(slot, now))
  }

  /** Drops up to `most` entries whose time is over. The number of entries dropped is returned. */
  dropOver(most: number, now: number): number {
    if (this.#lifetimes === undefined) return 0
    let dropped = 0
    for (; dropped < most; dropped++) {
      const slot = this.#lifetimes.nextOver(now)
      if (slot === NONE) break
      this.expire(slot, now)
    }
    return dropped
  }

  /** Drops the entry that the policy wants least. */
  evict(): void {
    this.evictions++
    this.#forget(this.#policy.evict(), 'size')
  }

  clear(): void {
    const { table } = this
    if (this.#departures.wanted)
      for (let slot = 0; slot < table.end; slot++) if (!table.isFree(slot)) this.#note(slot, 'delete')
    table.clear()
    this.#policy.clear()
    this.#lifetimes?.clear()
    this.#bytes = 0
    this.listener?.cleared()
  }

  /** Tells `onEvict` of what went. */
  tell(): void {
    this.#departures.tell()
  }

  /** Lets the policy know of a use. */
  #raise(slot: number): void {
    const { table } = this
    const policy = this.#policy
    const uses = table.touches[slot] as number
    if (policy.eager) policy.use(slot)
    else if (uses < 255) table.touches[slot] = uses + 1
    const below = policy.sampleBelow
    if (below > NO_SAMPLES && table.hashOf(slot) < below) policy.sample(table.hashOf(slot))
  }

  #insert(key: unknown, value: unknown, bytes: number, now: number): number {
    const { table } = this
    let slot = NONE
    if (this.#sizes === undefined) {
      if (table.size >= this.#most && this.dropOver(1, now) === 0) {
        // One goes and one comes: the most frequent case by far.
        this.evictions++
        slot = this.#policy.evict()
        this.#release(slot, 'size')
        table.replace(slot, key, value)
        this.#policy.add(slot)
      }
    } else
      while (table.size >= this.#most || this.#bytes + bytes > this.#settings.maxBytes)
        if (this.dropOver(1, now) === 0) this.evict()
    if (slot === NONE) slot = this.#add(key, value, bytes)
    const at = slot * STRIDE
    table.meta[at + USED_AT] = now
    table.meta[at + MADE_AT] = now
    table.meta[at + USES] = 0
    return slot
  }

  #add(key: unknown, value: unknown, bytes: number): number {
    if (this.table.isFull) this.#grow()
    const slot = this.table.add(key, value)
    this.#policy.add(slot)
    if (this.#sizes !== undefined) {
      this.#sizes[slot] = bytes
      this.#bytes += bytes
    }
    return slot
  }

  #overwrite(slot: number, value: unknown, bytes: number, now: number): void {
    const { pairs, meta } = this.table
    this.#note(slot, 'replace')
    pairs[2 * slot + 1] = value
    const at = slot * STRIDE
    meta[at + MADE_AT] = now
    meta[at + USED_AT] = now
    meta[at + USES] = (meta[at + USES] as number) + 1
    this.#raise(slot)
    if (this.#sizes === undefined) return
    this.#bytes += bytes - (this.#sizes[slot] as number)
    this.#sizes[slot] = bytes
    // It is about to get a new end, and is not to be chosen for its old one.
    this.#lifetimes?.delete(slot)
    let chosen = false
    while (this.#bytes > this.#settings.maxBytes) {
      if (this.dropOver(1, now) > 0) continue
      const victim = this.#policy.evict()
      // What was just set stays, whatever the policy says; it alone fits.
      if (victim === slot) chosen = true
      else {
        this.evictions++
        this.#forget(victim, 'size')
      }
    }
    if (chosen) this.#policy.add(slot)
  }

  /** Removes an entry that the policy knows nothing of any more. */
  #forget(slot: number, reason: EvictionReason): void {
    this.#release(slot, reason)
    this.table.remove(slot)
  }

  #release(slot: number, reason: EvictionReason): void {
    if (this.listener !== undefined) this.listener.going(slot, reason)
    this.#note(slot, reason)
    if (this.#sizes !== undefined) this.#bytes -= this.#sizes[slot] as number
    if (this.#lifetimes !== undefined) this.#lifetimes.delete(slot)
  }

  #note(slot: number, reason: EvictionReason): void {
    if (!this.#departures.wanted) return
    const { pairs } = this.table
    this.#departures.note(pairs[2 * slot], pairs[2 * slot + 1], reason)
  }

  #grow(): void {
    const { table } = this
    table.grow()
    this.#policy.grow(table.capacity)
    this.#lifetimes?.grow(table.capacity)
    if (this.#sizes === undefined) return
    const sizes = new Float64Array(table.capacity)
    sizes.set(this.#sizes)
    this.#sizes = sizes
  }

  #newPolicy(): Policy {
    const policy = policyNamed(this.#settings.policy, this.table, {
      random: () => this.#context.random(),
      soonest: () => this.#lifetimes?.soonest() ?? NONE,
    })
    if (this.table.capacity > 0) policy.grow(this.table.capacity)
    return policy
  }

  #rebase(ticks: number): void {
    const { meta, end } = this.table
    for (let at = 0; at < end * STRIDE; at += STRIDE) {
      meta[at + USED_AT] = Math.max(OLDEST, (meta[at + USED_AT] as number) - ticks)
      meta[at + MADE_AT] = Math.max(OLDEST, (meta[at + MADE_AT] as number) - ticks)
    }
    this.#lifetimes?.rebase(ticks)
  }
}
