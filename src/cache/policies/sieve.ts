import { LOOKS, NO_SAMPLES, type Policy, type Slots } from './policy.ts'
import type { SlotOrder } from './policy-state.ts'
import { emptyList, emptyOut, NONE, SlotLists } from './slot-lists.ts'

const AHEAD = 0
const PASSED = 1

/**
 * SIEVE (Zhang et al., NSDI 2024): a queue in order of insertion, and a hand that goes from the oldest to the newest.
 * What was used since the hand came by stays where it is; the first that was not goes.
 */
export class Sieve implements Policy {
  readonly eager: boolean = false
  readonly sampleBelow: number = NO_SAMPLES
  readonly #slots: Slots
  readonly #lists = new SlotLists()
  readonly #queue = emptyList()
  #hand = NONE

  constructor(slots: Slots) {
    this.#slots = slots
  }

  grow(capacity: number): void {
    this.#lists.grow(capacity)
  }
  add(slot: number): void {
    this.#lists.append(this.#queue, slot)
  }
  use(): void {}
  sample(): void {}
  remove(slot: number): void {
    if (this.#hand === slot) this.#hand = this.#lists.next(slot)
    this.#lists.remove(this.#queue, slot)
  }
  evict(): number {
    const { touches } = this.#slots
    let slot = this.#hand === NONE ? this.#queue.head : this.#hand
    if (slot === NONE) return NONE
    for (let looks = LOOKS; (touches[slot] as number) > 0 && looks > 0; looks--) {
      touches[slot] = 0
      const next = this.#lists.next(slot)
      slot = next === NONE ? this.#queue.head : next
    }
    this.#hand = slot
    this.remove(slot)
    return slot
  }
  clear(): void {
    emptyOut(this.#queue)
    this.#hand = NONE
  }

  /** What the hand has passed is marked: so its place is known even if the entry under it is gone. */
  save(order: SlotOrder): void {
    let mark = this.#hand === NONE ? AHEAD : PASSED
    for (let slot = this.#queue.head; slot !== NONE; slot = this.#lists.next(slot)) {
      if (slot === this.#hand) mark = AHEAD
      order.push(slot, mark)
    }
  }

  restore(order: SlotOrder): void {
    this.#lists.restore(this.#queue, order)
    for (let i = 0; i < order.count && this.#hand === NONE; i++)
      if (order.marks[i] !== PASSED) this.#hand = order.slots[i] as number
  }
}
