import { hashNumber, hashOdd, hashText } from './key-hash.ts'
import type { Slots } from './policies/policy.ts'

/** No slot. */
export const NONE = -1
/** Of what `meta` holds for each slot: how many numbers, and which is where. */
export const STRIDE = 4
export const USED_AT = 1
export const MADE_AT = 2
export const USES = 3
/** A bucket has 24 bits for its slot. */
export const MOST_ENTRIES: number = 2 ** 24 - 2
const SLOT_BITS = 0xff_ffff
/** How far an entry may be from its home: four bits. */
const FARTHEST = 15
const FULLNESS = 0.7
/** Hashing reads each character; a Map remembers what it has hashed. Longer texts are better off there. */
const LONGEST_TEXT = 24
/** Up to so many entries everything is in a Map: faster for keys that it has seen, as long as it fits the processor's caches. */
const MOST_IN_MAP = 16_384
const LEAST = 32
/** With so many entries, a limit up to the other is made room for at once: memory that is not used costs nothing yet. */
const MANY = 65_536
const MOST_AT_ONCE = 2 ** 22
/** Stands where a key was. */
const FREE = Symbol('free')

/**
 * The entries in numbered slots, and the way from a key to its slot: a Map, and in a large cache an open-addressing table (Robin
 * Hood) of 32-bit buckets for short texts and small integers, which takes a quarter of a Map's memory. A slot is an entry's
 * for as long as it lives.
 *
 * A bucket holds, from the low bits on: the slot plus 1, the distance from home, four bits of the hash. 0 is empty.
 */
export class EntryTable implements Slots {
  /** Key and value of each slot, side by side. */
  pairs: unknown[] = []
  /** Hash, time of the last use, time of the last set, number of uses of each slot. Of a free one: the next free one. */
  meta: Int32Array = new Int32Array(0)
  touches: Uint8Array = new Uint8Array(0)
  capacity = 0
  size = 0
  /** Slots from here on were never used. */
  end = 0
  readonly #most: number
  readonly #hashes: boolean
  #seed: number
  readonly #side = new Map<unknown, number>()
  readonly #ids = new WeakMap<object, number>()
  #buckets = new Int32Array(0)
  /** The number of buckets is `#groups` times a power of two. */
  #groups = 0
  #bits = 0
  #free = NONE
  /** Keys of the table's kind that found no place in it. */
  #spilled = 0

  /** `hashes`: whether somebody wants to know the keys' hashes. */
  constructor(most: number, hashes: boolean, random: () => number) {
    this.#most = Math.min(most, MOST_ENTRIES)
    this.#hashes = hashes
    this.#seed = Math.floor(random() * 2 ** 32) | 0
  }

  /** What keys are hashed with. */
  get seed(): number {
    return this.#seed
  }

  /** Only while nothing is there. */
  reseed(seed: number): void {
    if (this.size > 0) throw new Error('A table of entries gets another seed only while it is empty.')
    this.clear()
    this.#seed = seed | 0
  }

  /** The slot of a key, or `NONE`. */
  find(key: unknown): number {
    // Short, so that it is made part of those who call it.
    return this.#groups === 0 ? (this.#side.get(key) ?? NONE) : this.#look(key)
  }

  #look(key: unknown): number {
    if (typeof key === 'string') {
      if (key.length <= LONGEST_TEXT) return this.#probe(key, hashText(key, this.#seed))
    } else if (typeof key === 'number' && (key | 0) === key) {
      return this.#probe(key, hashNumber(key, this.#seed))
    }
    return this.#side.get(key) ?? NONE
  }

  hashOf(slot: number): number {
    return this.meta[slot * STRIDE] as number
  }

  isFree(slot: number): boolean {
    return this.pairs[2 * slot] === FREE
  }

  /** Whether `add` has to ask for more room first. */
  get isFull(): boolean {
    return this.#free === NONE && this.end === this.capacity
  }

  /** Makes room: for `most` entries in the end, or for more if they are there already. */
  grow(): void {
    // The arrays of numbers only: those are empty pages until they are written.
    const atOnce = this.capacity >= MANY && this.#most <= MOST_AT_ONCE
    const most = this.capacity < this.#most ? this.#most : MOST_ENTRIES
    const capacity =
      atOnce && this.capacity < this.#most ? this.#most : Math.min(Math.max(LEAST, 2 * this.capacity), most)
    const meta = new Int32Array(capacity * STRIDE)
    meta.set(this.meta)
    const touches = new Uint8Array(capacity)
    touches.set(this.touches)
    this.meta = meta
    this.touches = touches
    this.capacity = capacity
    if (capacity > MOST_IN_MAP) this.#spread(Math.ceil(capacity / FULLNESS))
  }

  /** Adds a key that is not there. */
  add(key: unknown, value: unknown): number {
    let slot = this.#free
    if (slot === NONE) {
      slot = this.end++
      if (2 * slot >= this.pairs.length)
        this.pairs.length = 2 * Math.min(this.capacity, Math.max(LEAST, 2 * slot))
    } else this.#free = this.meta[slot * STRIDE] as number
    this.size++
    this.#link(slot, key, value)
    return slot
  }

  #link(slot: number, key: unknown, value: unknown): void {
    this.pairs[2 * slot] = key === 0 ? 0 : key
    this.pairs[2 * slot + 1] = value
    this.touches[slot] = 0
    if (this.#hashes || this.#groups > 0) this.meta[slot * STRIDE] = this.#hash(key)
    if (this.#groups > 0 && isTabled(key)) this.#settle(slot, this.hashOf(slot))
    else this.#side.set(key, slot)
  }

  /** Gives a slot to another key, as `remove` and `add` do, with less to write. */
  replace(slot: number, key: unknown, value: unknown): void {
    this.#unlink(slot)
    this.#link(slot, key, value)
  }

  #hash(key: unknown): number {
    if (typeof key === 'string' && key.length <= LONGEST_TEXT) return hashText(key, this.#seed)
    if (typeof key === 'number' && (key | 0) === key) return hashNumber(key, this.#seed)
    return hashOdd(key, this.#seed, this.#ids)
  }

  remove(slot: number): void {
    this.#unlink(slot)
    this.pairs[2 * slot] = FREE
    this.pairs[2 * slot + 1] = undefined
    this.meta[slot * STRIDE] = this.#free
    this.#free = slot
    this.size--
  }

  #unlink(slot: number): void {
    const key = this.pairs[2 * slot]
    if (this.#groups > 0 && isTabled(key)) {
      if (!this.#unsettle(slot)) {
        this.#side.delete(key)
        this.#spilled--
      }
    } else this.#side.delete(key)
  }

  clear(): void {
    this.pairs.fill(undefined, 0, 2 * this.end)
    this.#buckets.fill(0)
    this.#side.clear()
    this.#spilled = 0
    this.#free = NONE
    this.end = 0
    this.size = 0
  }

  #home(hash: number): number {
    return ((((hash >>> 18) * this.#groups) >>> 14) << this.#bits) | (hash & ((1 << this.#bits) - 1))
  }

  #probe(key: string | number, hash: number): number {
    const buckets = this.#buckets
    let place = this.#home(hash)
    let mark = ((hash >>> 14) & 15) << 4
    for (let distance = 0; distance <= FARTHEST && place < buckets.length; distance++) {
      const bucket = buckets[place] as number
      const found = bucket >>> 24
      if (found === mark) {
        const slot = (bucket & SLOT_BITS) - 1
        if (slot >= 0 && this.meta[slot * STRIDE] === hash && this.pairs[2 * slot] === key) return slot
      }
      // Whoever is nearer to home than we would be shows that we are not further on.
      if ((found & 15) < distance || bucket === 0) break
      mark++
      if (++place === buckets.length) place = 0
    }
    return this.#spilled === 0 ? NONE : (this.#side.get(key) ?? NONE)
  }

  /** Gives a slot its bucket. Who is nearer to home makes room for who is farther away. */
  #settle(slot: number, hash: number): void {
    const buckets = this.#buckets
    let place = this.#home(hash)
    let bucket = (((hash >>> 14) & 15) << 28) | (slot + 1)
    for (;;) {
      const other = buckets[place] as number
      if (other === 0) {
        buckets[place] = bucket
        return
      }
      if (((other >>> 24) & 15) < ((bucket >>> 24) & 15)) {
        buckets[place] = bucket
        bucket = other
      }
      if (((bucket >>> 24) & 15) === FARTHEST) break
      bucket += 1 << 24
      if (++place === buckets.length) place = 0
    }
    // Too many keys want to live here.
    const homeless = (bucket & SLOT_BITS) - 1
    this.#side.set(this.pairs[2 * homeless], homeless)
    this.#spilled++
  }

  #unsettle(slot: number): boolean {
    const buckets = this.#buckets
    let place = this.#home(this.hashOf(slot))
    for (let distance = 0; ((buckets[place] as number) & SLOT_BITS) !== slot + 1; distance++) {
      if (distance === FARTHEST) return false
      if (++place === buckets.length) place = 0
    }
    for (;;) {
      const next = place + 1 === buckets.length ? 0 : place + 1
      const bucket = buckets[next] as number
      if (((bucket >>> 24) & 15) === 0) break
      buckets[place] = bucket - (1 << 24)
      place = next
    }
    buckets[place] = 0
    return true
  }

  /** Puts everything into a new table of at least so many buckets. */
  #spread(wanted: number): void {
    const wasMap = this.#groups === 0
    this.#bits = Math.max(0, Math.floor(Math.log2(wanted / 64)))
    this.#groups = Math.ceil(wanted / 2 ** this.#bits)
    this.#buckets = new Int32Array(this.#groups * 2 ** this.#bits)
    if (this.#spilled > 0 || wasMap)
      for (const key of this.#side.keys()) if (isTabled(key)) this.#side.delete(key)
    this.#spilled = 0
    for (let slot = 0; slot < this.end; slot++) {
      const key = this.pairs[2 * slot]
      if (wasMap && !this.#hashes && key !== FREE) this.meta[slot * STRIDE] = this.#hash(key)
      if (isTabled(key)) this.#settle(slot, this.hashOf(slot))
    }
  }
}

function isTabled(key: unknown): boolean {
  return typeof key === 'string' ? key.length <= LONGEST_TEXT : typeof key === 'number' && (key | 0) === key
}
