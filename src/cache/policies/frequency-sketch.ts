import type { StateReader, StateWriter } from './policy-state.ts'

/** A small cache gets four words for each entry, up to so many words. */
const SMALL = 4_096
/** Words of 8 counters in one block: 64 bytes, so that one look touches one line of the processor's cache. */
const BLOCK = 16
/** Counters are halved after so many counts for each entry of the cache, so that old popularity fades. */
const FADE = 20
const MOST = 15

/** About how often each hash was seen lately: 4-bit counters, four for each hash, of which the smallest counts. */
export class FrequencySketch {
  #words = new Int32Array(BLOCK)
  #blocks = 0
  #counted = 0
  #fadeAt = FADE

  /** Room for so many entries. */
  grow(capacity: number): void {
    const wanted = Math.max(capacity, Math.min(4 * capacity, SMALL))
    let words = BLOCK
    while (words < wanted) words *= 2
    this.#fadeAt = FADE * Math.max(capacity, BLOCK)
    if (words === this.#words.length) return
    const old = this.#words
    this.#words = new Int32Array(words)
    this.#blocks = words / BLOCK - 1
    // A block is chosen by the low bits of the hash: what was in one block is now in any of those that end alike.
    for (let from = 0; from < words; from += old.length) this.#words.set(old, from)
  }

  /** 0 to 15. */
  count(hash: number): number {
    const words = this.#words
    const block = (hash & this.#blocks) * BLOCK
    const mixed = mix(hash)
    // Row by row written out: this and `add` are what an eviction costs most.
    const a = (words[block + (mixed & 3)] as number) >>> (mixed & 28)
    const b = (words[block + 4 + ((mixed >>> 8) & 3)] as number) >>> ((mixed >>> 8) & 28)
    const c = (words[block + 8 + ((mixed >>> 16) & 3)] as number) >>> ((mixed >>> 16) & 28)
    const d = (words[block + 12 + ((mixed >>> 24) & 3)] as number) >>> ((mixed >>> 24) & 28)
    return Math.min(a & MOST, b & MOST, c & MOST, d & MOST)
  }

  /** Counts a hash so many times. */
  add(hash: number, times: number): void {
    const block = (hash & this.#blocks) * BLOCK
    const mixed = mix(hash)
    this.#raise(block + (mixed & 3), mixed & 28, times)
    this.#raise(block + 4 + ((mixed >>> 8) & 3), (mixed >>> 8) & 28, times)
    this.#raise(block + 8 + ((mixed >>> 16) & 3), (mixed >>> 16) & 28, times)
    this.#raise(block + 12 + ((mixed >>> 24) & 3), (mixed >>> 24) & 28, times)
    this.#counted += times
    if (this.#counted >= this.#fadeAt) this.#fade()
  }

  /** Four bits of a word, up to the most that they hold. */
  #raise(place: number, shift: number, times: number): void {
    const word = this.#words[place] as number
    const counter = (word >>> shift) & MOST
    this.#words[place] = word + (Math.min(times, MOST - counter) << shift)
  }

  #fade(): void {
    const words = this.#words
    for (let i = 0; i < words.length; i++) words[i] = ((words[i] as number) >>> 1) & 0x77777777
    this.#counted >>>= 1
  }

  save(notes: StateWriter): void {
    notes.number(this.#counted)
    notes.array(this.#words)
  }

  restore(notes: StateReader): void {
    this.#counted = notes.whole(0, this.#fadeAt - 1)
    this.#words = notes.int32s(this.#words.length)
  }

  clear(): void {
    this.#words.fill(0)
    this.#counted = 0
  }
}

/** Other bits than those that choose the block. */
function mix(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b)
  return Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d) ^ (mixed >>> 13)
}
