import { STRIDE, USED_AT, type EntryTable } from './entry-table.ts'
import { ExpiryIndex } from './expiry-index.ts'

/**
 * When entries end: by their time, by not being used for too long, or both. A use moves only the time of the last use; what
 * the index knows of idle entries is the earliest moment at which they could be over, and looked at again then.
 */
export class Lifetimes extends ExpiryIndex {
  readonly #table: EntryTable
  readonly #maxIdle: number
  /** With `maxIdle`: when each slot ends however often it is used. */
  #ends = new Float64Array(0)

  constructor(table: EntryTable, maxIdle: number) {
    super()
    this.#table = table
    this.#maxIdle = maxIdle
    this.grow(table.capacity)
  }

  override grow(capacity: number): void {
    super.grow(capacity)
    if (this.#maxIdle === Infinity) return
    const ends = new Float64Array(capacity).fill(Infinity)
    ends.set(this.#ends)
    this.#ends = ends
  }

  /** The time of a slot that is used now (or was, then) runs until `end`. */
  begin(slot: number, end: number, now: number): void {
    if (this.#maxIdle === Infinity) return this.set(slot, end)
    this.#ends[slot] = end
    this.set(slot, Math.min(end, now + this.#maxIdle))
  }

  isOver(slot: number, now: number): boolean {
    return (this.due[slot] as number) <= now && this.#isReallyOver(slot, now)
  }

  #isReallyOver(slot: number, now: number): boolean {
    const end = this.lastMoment(slot)
    if (end <= now) return true
    this.set(slot, end)
    return false
  }

  /** When it ends however often it is used; `Infinity`: never. */
  ownEnd(slot: number): number {
    return this.#maxIdle === Infinity ? this.endOf(slot) : (this.#ends[slot] as number)
  }

  /** The slot that ends first if nobody uses it until then, or -1. */
  soonest(): number {
    for (;;) {
      const slot = this.first()
      if (slot < 0) return slot
      const end = this.lastMoment(slot)
      // Uses move the end of an idle time without a word.
      if (end <= this.endOf(slot)) return slot
      this.set(slot, end)
    }
  }

  /** When it ends if nobody uses it until then; `Infinity`: never. */
  lastMoment(slot: number): number {
    if (this.#maxIdle === Infinity) return this.endOf(slot)
    const used = this.#table.meta[slot * STRIDE + USED_AT] as number
    return Math.min(this.#ends[slot] as number, used + this.#maxIdle)
  }

  /** Why it is over. */
  reasonOf(slot: number, now: number): 'ttl' | 'idle' {
    return this.#maxIdle < Infinity && (this.#ends[slot] as number) > now ? 'idle' : 'ttl'
  }

  /** A slot that is over, or -1. */
  nextOver(now: number): number {
    for (;;) {
      const slot = this.first(now)
      if (slot < 0 || this.#isReallyOver(slot, now)) return slot
    }
  }

  override rebase(ticks: number): void {
    for (let slot = 0; slot < this.#ends.length; slot++) (this.#ends[slot] as number) -= ticks
    super.rebase(ticks)
  }
}
