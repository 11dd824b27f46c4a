import { NO_SAMPLES, type Policy } from './policy.ts'
import type { SlotOrder } from './policy-state.ts'
import { emptyList, emptyOut, NONE, SlotLists } from './slot-lists.ts'

/** First in, first out: neither a use nor an overwrite changes an entry's turn. */
export class Fifo implements Policy {
  readonly eager: boolean = false
  readonly sampleBelow: number = NO_SAMPLES
  readonly #lists = new SlotLists()
  readonly #queue = emptyList()

  grow(capacity: number): void {
    this.#lists.grow(capacity)
  }
  add(slot: number): void {
    this.#lists.append(this.#queue, slot)
  }
  use(): void {}
  sample(): void {}
  remove(slot: number): void {
    this.#lists.remove(this.#queue, slot)
  }
  evict(): number {
    const slot = this.#queue.head
    if (slot !== NONE) this.remove(slot)
    return slot
  }
  clear(): void {
    emptyOut(this.#queue)
  }
  save(order: SlotOrder): void {
    this.#lists.save(this.#queue, 0, order)
  }
  restore(order: SlotOrder): void {
    this.#lists.restore(this.#queue, order)
  }
}
