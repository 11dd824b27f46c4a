import { NO_SAMPLES, type Policy } from './policy.ts'
import type { SlotOrder, StateReader, StateWriter } from './policy-state.ts'
import { emptyList, NONE, SlotLists, type SlotList } from './slot-lists.ts'

/** Beyond any that can be reached. */
const MOST_AGE = 2 ** 31

/** All entries of one rank, in order of their last use; the ranks are linked from low to high. */
interface Rank {
  readonly level: number
  readonly slots: SlotList
  lower: Rank | undefined
  higher: Rank | undefined
}

/**
 * The entry goes that was used least often; of equals, the one whose last use is longest ago. Counts age: an entry begins
 * one above the count with which the last one went, so that what was popular long ago has to go in the end, and newcomers
 * do not only drive out one another (LFU with dynamic ageing, Arlitt et al. 2000).
 */
export class Lfu implements Policy {
  readonly eager: boolean = true
  readonly sampleBelow: number = NO_SAMPLES
  readonly #lists = new SlotLists()
  #ranks: (Rank | undefined)[] = []
  #lowest: Rank | undefined
  /** The rank with which the last entry went. */
  #age = 0

  grow(capacity: number): void {
    this.#lists.grow(capacity)
  }

  add(slot: number): void {
    const level = this.#age + 1
    // No rank is below the age: the place is at the bottom or just above it.
    let below: Rank | undefined
    for (let rank = this.#lowest; rank !== undefined && rank.level < level; rank = rank.higher) below = rank
    this.#put(slot, level, below)
  }

  use(slot: number): void {
    const rank = this.#ranks[slot] as Rank
    this.#lists.remove(rank.slots, slot)
    this.#put(slot, rank.level + 1, rank)
    this.#tidy(rank)
  }

  sample(): void {}

  remove(slot: number): void {
    const rank = this.#ranks[slot] as Rank
    this.#lists.remove(rank.slots, slot)
    this.#ranks[slot] = undefined
    this.#tidy(rank)
  }

  evict(): number {
    const rank = this.#lowest
    if (rank === undefined) return NONE
    const slot = rank.slots.head
    this.#age = rank.level
    this.remove(slot)
    return slot
  }

  save(order: SlotOrder, notes: StateWriter): void {
    for (let rank = this.#lowest; rank !== undefined; rank = rank.higher)
      this.#lists.save(rank.slots, rank.level, order)
    notes.number(this.#age)
  }

  restore(order: SlotOrder, notes: StateReader | undefined): void {
    let highest: Rank | undefined
    for (let i = 0; i < order.count; i++) {
      // Upwards, whatever the marks say.
      const level = Math.max(order.marks[i] as number, highest?.level ?? 1)
      const slot = order.slots[i] as number
      if (level === highest?.level) {
        this.#lists.append(highest.slots, slot)
        this.#ranks[slot] = highest
      } else {
        this.#put(slot, level, highest)
        highest = this.#ranks[slot]
      }
    }
    const most = this.#lowest === undefined ? MOST_AGE : this.#lowest.level
    this.#age = notes === undefined ? (this.#lowest?.level ?? 1) - 1 : notes.whole(0, most)
  }

  clear(): void {
    this.#ranks = []
    this.#lowest = undefined
    this.#age = 0
  }

  /** Puts a slot into the rank of that level, which comes after `below`. */
  #put(slot: number, level: number, below: Rank | undefined): void {
    const above = below === undefined ? this.#lowest : below.higher
    let rank = above
    if (rank === undefined || rank.level !== level) {
      rank = { level, slots: emptyList(), lower: below, higher: above }
      if (below === undefined) this.#lowest = rank
      else below.higher = rank
      if (above !== undefined) above.lower = rank
    }
    this.#lists.append(rank.slots, slot)
    this.#ranks[slot] = rank
  }

  #tidy(rank: Rank): void {
    if (rank.slots.count > 0) return
    if (rank.lower === undefined) this.#lowest = rank.higher
    else rank.lower.higher = rank.higher
    if (rank.higher !== undefined) rank.higher.lower = rank.lower
  }
}
