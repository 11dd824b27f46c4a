import type { StateReader, StateWriter } from './policy-state.ts'

/** How many fingerprints share a place. */
const WAYS = 4
const LAST_TIME = 0xffff_fffe

/**
 * Remembers the hashes of the last so many entries that went, in a table of fixed size: a hash has four places, and a new
 * one takes the oldest of them.
 */
export class Ghosts {
  #hashes = new Int32Array(0)
  #times = new Uint32Array(0)
  #time = 1
  #mask = 0

  grow(capacity: number): void {
    let sets = 4
    while (sets * WAYS < capacity * 1.25) sets *= 2
    if (sets * WAYS <= this.#hashes.length) return
    const hashes = this.#hashes
    const times = this.#times
    this.#hashes = new Int32Array(sets * WAYS)
    this.#times = new Uint32Array(sets * WAYS)
    this.#mask = sets - 1
    for (let i = 0; i < hashes.length; i++)
      if ((times[i] as number) > 0) this.#put(hashes[i] as number, times[i] as number)
  }

  add(hash: number): void {
    if (this.#time === LAST_TIME) this.clear()
    this.#put(hash, this.#time++)
  }

  #put(hash: number, time: number): void {
    const first = (hash & this.#mask) * WAYS
    let oldest = first
    for (let i = first; i < first + WAYS; i++) {
      if ((this.#times[i] as number) < (this.#times[oldest] as number)) oldest = i
    }
    this.#hashes[oldest] = hash
    this.#times[oldest] = time
  }

  /** Whether it is among the last `count` that went; it is forgotten then. */
  take(hash: number, count: number): boolean {
    const first = (hash & this.#mask) * WAYS
    for (let i = first; i < first + WAYS; i++) {
      const time = this.#times[i] as number
      if (time > 0 && this.#hashes[i] === hash) {
        this.#times[i] = 0
        return this.#time - time <= count
      }
    }
    return false
  }

  save(notes: StateWriter): void {
    notes.number(this.#time)
    notes.array(this.#hashes)
    notes.array(this.#times)
  }

  restore(notes: StateReader): void {
    const now = notes.whole(1, LAST_TIME)
    this.#time = now
    this.#hashes = notes.int32s(this.#hashes.length)
    this.#times = notes.uint32s(this.#times.length)
    notes.check(this.#times.every((time) => time < now))
  }

  clear(): void {
    this.#times.fill(0)
    this.#time = 1
  }
}
