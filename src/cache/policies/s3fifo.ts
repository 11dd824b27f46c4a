import { Ghosts } from './ghosts.ts'
import { LOOKS, NO_SAMPLES, type Policy, type Slots } from './policy.ts'
import type { SlotOrder, StateReader, StateWriter } from './policy-state.ts'
import { emptyList, emptyOut, NONE, SlotLists } from './slot-lists.ts'

const SMALL = 0
const MAIN = 1
/** Uses beyond this number are not told apart. */
const MOST_USES = 3
const SMALL_SHARE = 0.1

/**
 * S3-FIFO (Yang et al., SOSP 2023): newcomers pass a small queue; those that were used more than once there move to the main
 * queue, the others are only remembered, and go to the main queue at once if they come back in time.
 */
export class S3Fifo implements Policy {
  readonly eager: boolean = false
  readonly sampleBelow: number = NO_SAMPLES
  readonly #slots: Slots
  readonly #lists = new SlotLists()
  readonly #small = emptyList()
  readonly #main = emptyList()
  readonly #ghosts = new Ghosts()
  #places = new Uint8Array(0)

  constructor(slots: Slots) {
    this.#slots = slots
  }

  grow(capacity: number): void {
    this.#lists.grow(capacity)
    this.#ghosts.grow(capacity)
    const places = new Uint8Array(capacity)
    places.set(this.#places)
    this.#places = places
  }

  add(slot: number): void {
    const known = this.#ghosts.take(this.#slots.hashOf(slot), this.#main.count + this.#small.count)
    this.#places[slot] = known ? MAIN : SMALL
    this.#lists.append(known ? this.#main : this.#small, slot)
  }

  use(): void {}
  sample(): void {}

  remove(slot: number): void {
    this.#lists.remove(this.#places[slot] === MAIN ? this.#main : this.#small, slot)
  }

  evict(): number {
    const { touches } = this.#slots
    const small = this.#small
    const main = this.#main
    for (let looks = LOOKS; ; looks--) {
      const all = small.count + main.count
      if (all === 0) return NONE
      if (main.count === 0 || small.count >= Math.max(1, Math.floor(all * SMALL_SHARE))) {
        const slot = small.head
        this.#lists.remove(small, slot)
        if ((touches[slot] as number) > 1 && looks > 0) {
          touches[slot] = 0
          this.#places[slot] = MAIN
          this.#lists.append(main, slot)
          continue
        }
        this.#ghosts.add(this.#slots.hashOf(slot))
        return slot
      }
      const slot = main.head
      const uses = touches[slot] as number
      if (uses > 0 && looks > 0) {
        touches[slot] = Math.min(uses, MOST_USES) - 1
        this.#lists.renew(main, slot)
        continue
      }
      this.#lists.remove(main, slot)
      return slot
    }
  }

  clear(): void {
    emptyOut(this.#small)
    emptyOut(this.#main)
    this.#ghosts.clear()
  }

  save(order: SlotOrder, notes: StateWriter): void {
    this.#lists.save(this.#small, SMALL, order)
    this.#lists.save(this.#main, MAIN, order)
    this.#ghosts.save(notes)
  }

  restore(order: SlotOrder, notes: StateReader | undefined): void {
    for (let i = 0; i < order.count; i++) {
      const slot = order.slots[i] as number
      const place = order.marks[i] === MAIN ? MAIN : SMALL
      this.#places[slot] = place
      this.#lists.append(place === MAIN ? this.#main : this.#small, slot)
    }
    if (notes !== undefined) this.#ghosts.restore(notes)
  }
}
