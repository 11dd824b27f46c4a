import { Lru } from './lru.ts'
import { NO_SAMPLES, type Policy } from './policy.ts'
import type { SlotOrder } from './policy-state.ts'

/** The entry goes that would end soonest by itself; among those that never end, the least recently used. */
export class Soonest implements Policy {
  readonly eager: boolean = true
  readonly sampleBelow: number = NO_SAMPLES
  readonly #lru = new Lru()
  readonly #soonest: () => number

  /** `soonest` is the slot that ends first, or -1 if none has an end. */
  constructor(soonest: () => number) {
    this.#soonest = soonest
  }

  grow(capacity: number): void {
    this.#lru.grow(capacity)
  }
  add(slot: number): void {
    this.#lru.add(slot)
  }
  use(slot: number): void {
    this.#lru.use(slot)
  }
  sample(): void {}
  remove(slot: number): void {
    this.#lru.remove(slot)
  }
  evict(): number {
    const slot = this.#soonest()
    if (slot < 0) return this.#lru.evict()
    this.remove(slot)
    return slot
  }
  clear(): void {
    this.#lru.clear()
  }
  save(order: SlotOrder): void {
    this.#lru.save(order)
  }
  restore(order: SlotOrder): void {
    this.#lru.restore(order)
  }
}
