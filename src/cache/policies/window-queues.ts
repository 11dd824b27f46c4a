import type { FrequencySketch } from './frequency-sketch.ts'
import { LOOKS, type Slots } from './policy.ts'
import type { SlotOrder } from './policy-state.ts'
import { emptyList, emptyOut, NONE, SlotLists, type SlotList } from './slot-lists.ts'

const WINDOW = 0
const PROBATION = 1
const PROTECTED = 2
/** Of the main part, so much is for entries that were used again there. */
const PROTECTED_SHARE = 0.8
/** When the window is to shrink, so many entries at most leave it with one eviction. */
const STEP = 32
/** Among this many entries that are refused although they are used often, one is let in: nobody can keep them out on purpose. */
const LUCK = 128
const OFTEN = 6

/**
 * W-TinyLFU's queues (Einziger et al. 2017), read lazily: newcomers enter a window; what leaves the window is let into the
 * main part only if it is used more often than what would have to go for it. Every queue is a clock: uses only raise a byte,
 * and are counted when a hand comes by.
 */
export class WindowQueues {
  /** The window's part of the whole, 0 to 1. */
  share: number
  readonly #slots: Slots
  readonly #sketch: FrequencySketch
  /** Whether uses are counted in the sketch here; if not, somebody else does. */
  readonly #counts: boolean
  readonly #random: () => number
  readonly #lists = new SlotLists()
  readonly #window = emptyList()
  readonly #probation = emptyList()
  readonly #protected = emptyList()
  #places = new Uint8Array(0)
  #looks = 0

  constructor(slots: Slots, sketch: FrequencySketch, counts: boolean, share: number, random: () => number) {
    this.#slots = slots
    this.#sketch = sketch
    this.#counts = counts
    this.share = share
    this.#random = random
  }

  get count(): number {
    return this.#window.count + this.#probation.count + this.#protected.count
  }

  grow(capacity: number): void {
    this.#lists.grow(capacity)
    const places = new Uint8Array(capacity)
    places.set(this.#places)
    this.#places = places
  }

  add(slot: number): void {
    this.#places[slot] = WINDOW
    this.#lists.append(this.#window, slot)
    if (this.#counts) this.#sketch.add(this.#slots.hashOf(slot), 1)
  }

  remove(slot: number): void {
    const place = this.#places[slot] as number
    this.#lists.remove(
      place === WINDOW ? this.#window : place === PROBATION ? this.#probation : this.#protected,
      slot,
    )
  }

  evict(): number {
    this.#looks = LOOKS
    const all = this.count
    const target = Math.max(1, Math.round(this.share * all))
    const candidate = this.#leaveWindow(target)
    const victim = this.#lookForVictim(Math.floor((all - target) * PROTECTED_SHARE))
    if (victim === NONE) {
      // The window is everything there is.
      const slot = candidate === NONE ? this.#window.head : candidate
      if (slot !== NONE) this.#lists.remove(this.#window, slot)
      return slot
    }
    if (candidate !== NONE) {
      if (!this.#letIn(candidate, victim)) {
        this.#lists.remove(this.#window, candidate)
        return candidate
      }
      this.#move(candidate, this.#window, this.#probation, PROBATION)
    }
    this.#lists.remove(this.#probation, victim)
    return victim
  }

  clear(): void {
    emptyOut(this.#window)
    emptyOut(this.#probation)
    emptyOut(this.#protected)
  }

  save(order: SlotOrder): void {
    this.#lists.save(this.#probation, PROBATION, order)
    this.#lists.save(this.#window, WINDOW, order)
    this.#lists.save(this.#protected, PROTECTED, order)
  }

  restore(order: SlotOrder): void {
    for (let i = 0; i < order.count; i++) {
      const slot = order.slots[i] as number
      const mark = order.marks[i] as number
      const place = mark === PROBATION || mark === PROTECTED ? mark : WINDOW
      this.#places[slot] = place
      this.#lists.append(
        place === WINDOW ? this.#window : place === PROBATION ? this.#probation : this.#protected,
        slot,
      )
    }
  }

  /** The window's entry that has to leave so that another one fits in; what is too much goes on probation before. */
  #leaveWindow(target: number): number {
    const window = this.#window
    for (let step = STEP; window.count >= target;) {
      const slot = window.head
      if (this.#wasUsed(slot)) this.#lists.renew(window, slot)
      else if (window.count === target || --step === 0) return slot
      else this.#move(slot, window, this.#probation, PROBATION)
    }
    return NONE
  }

  /** The main part's least wanted entry: the head of those on probation, then. */
  #lookForVictim(room: number): number {
    const probation = this.#probation
    const kept = this.#protected
    for (;;) {
      const slot = probation.head
      if (slot === NONE) {
        if (kept.count === 0) return NONE
        this.#demote()
        return probation.head
      }
      if (!this.#wasUsed(slot)) return slot
      this.#move(slot, probation, kept, PROTECTED)
      while (kept.count > room && kept.count > 1) this.#demote()
    }
  }

  /** The protected entry whose turn it is and that was not used goes back on probation. */
  #demote(): void {
    const kept = this.#protected
    while (this.#wasUsed(kept.head)) this.#lists.renew(kept, kept.head)
    this.#move(kept.head, kept, this.#probation, PROBATION)
  }

  #letIn(candidate: number, victim: number): boolean {
    const wanted = this.#sketch.count(this.#slots.hashOf(candidate))
    if (wanted > this.#sketch.count(this.#slots.hashOf(victim))) return true
    return wanted >= OFTEN && this.#random() * LUCK < 1
  }

  /** Whether it was used since the last look. When too much was looked at already, nothing was. */
  #wasUsed(slot: number): boolean {
    const { touches } = this.#slots
    const uses = touches[slot] as number
    if (uses === 0) return false
    touches[slot] = 0
    if (this.#counts) this.#sketch.add(this.#slots.hashOf(slot), uses > 15 ? 15 : uses)
    return this.#looks-- > 0
  }

  #move(slot: number, from: SlotList, to: SlotList, place: number): void {
    this.#lists.remove(from, slot)
    this.#lists.append(to, slot)
    this.#places[slot] = place
  }
}
