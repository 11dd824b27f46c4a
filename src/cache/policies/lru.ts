import { NO_SAMPLES, type Policy } from './policy.ts'
import type { SlotOrder } from './policy-state.ts'
import { emptyList, emptyOut, NONE, SlotLists } from './slot-lists.ts'

/** The entry goes whose last use is longest ago, by the order of uses: no clock has a say in it. */
export class Lru implements Policy {
  readonly eager: boolean = true
  readonly sampleBelow: number = NO_SAMPLES
  readonly #lists = new SlotLists()
  readonly #order = emptyList()

  grow(capacity: number): void {
    this.#lists.grow(capacity)
  }
  add(slot: number): void {
    this.#lists.append(this.#order, slot)
  }
  use(slot: number): void {
    this.#lists.renew(this.#order, slot)
  }
  sample(): void {}
  remove(slot: number): void {
    this.#lists.remove(this.#order, slot)
  }
  evict(): number {
    const slot = this.#order.head
    if (slot !== NONE) this.remove(slot)
    return slot
  }
  clear(): void {
    emptyOut(this.#order)
  }
  save(order: SlotOrder): void {
    this.#lists.save(this.#order, 0, order)
  }
  restore(order: SlotOrder): void {
    this.#lists.restore(this.#order, order)
  }
}
