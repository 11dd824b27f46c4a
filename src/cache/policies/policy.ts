import type { SlotOrder, StateReader, StateWriter } from './policy-state.ts'

/** What a policy sees of the entries: arrays by slot. They are replaced when the cache grows: read them anew each time. */
export interface Slots {
  /** How often an entry was used since its policy looked last; stops at 255. */
  readonly touches: Uint8Array
  hashOf(slot: number): number
}

/**
 * Decides which entry goes. Entries are numbered by slot; all that is kept of them lies in flat arrays. The cache calls
 * `add` once for each new entry and `remove` for one that goes by itself; `evict` picks one and forgets it.
 */
export interface Policy {
  /** Whether every use is to be told by `use`. The others read `touches` when they look for a victim: a hit costs one byte. */
  readonly eager: boolean
  /** Uses of hashes (as signed numbers) below this are told by `sample`, whether hit or miss. */
  readonly sampleBelow: number
  /** Slots up to `capacity` will be used from now on. */
  grow(capacity: number): void
  add(slot: number): void
  use(slot: number): void
  sample(hash: number): void
  remove(slot: number): void
  /** The slot of the entry that goes, or -1 if there is none. */
  evict(): number
  clear(): void
  /** Tells its slots in order, and writes what it keeps beside them. */
  save(order: SlotOrder, notes: StateWriter): void
  /**
   * Takes back what `save` told of the slots that are still there; only once, while it has none. Without `notes` it makes do
   * with the order. If `notes` turn out to be wrong, as their `ok` tells then, it is of no use any more.
   */
  restore(order: SlotOrder, notes: StateReader | undefined): void
}

/** No hash is below it. */
export const NO_SAMPLES: number = -(2 ** 31)
/**
 * How many entries one eviction looks at, at most, before it takes the next best: a sweep over a cache in which everything
 * was used lately is spread over many operations, and none of them takes longer than about a millisecond.
 */
export const LOOKS = 8_192
