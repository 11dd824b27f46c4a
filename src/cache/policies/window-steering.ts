import { FrequencySketch } from './frequency-sketch.ts'
import { HashIndex } from './hash-index.ts'
import type { Slots } from './policy.ts'
import { SlotOrder, type StateReader, type StateWriter } from './policy-state.ts'
import { WindowQueues } from './window-queues.ts'

/** The windows that are tried, as parts of the whole. */
const SHARES = [0.01, 0.05, 0.15, 0.3, 0.5, 0.8, 0.98]
const FIRST = 2
/** Entries of a miniature: a 64th of the cache's, within these bounds. */
const LEAST = 128
const MOST = 1_024
/** Samples in a period, for each entry of a miniature. */
const PERIOD = 4
/** What the past counts beside the newest period. */
const DECAY = 0.8
/** After so many periods in a row that changed nothing, */
const CALM = 8
/** steering rests for so many insertions, for each entry of a miniature: at first, and at most. */
const SHORTEST_REST = 4
const LONGEST_REST = 16
/** Another window has to be better by this part of all samples. */
const MARGIN = 0.002
/** and by so many standard deviations of a count of them: the luck of one sample moves nothing. */
const CHANCE = 0.5

/**
 * Finds the window that suits the work: miniatures of the cache, one for each window, see the same small sample of keys (by
 * hash, so that a key is always in it or never) and nothing but keys. The one with the most hits says which window to use.
 */
export class WindowSteering {
  /** The window to use now. */
  share: number = SHARES[FIRST] as number
  /** Entries of each miniature. */
  readonly size: number
  readonly #miniatures: Miniature[]
  readonly #sketch = new FrequencySketch()
  readonly #scores = new Float64Array(SHARES.length)
  /** Insertions that nothing need be sampled for, in the measure of the miniatures. */
  rest = 0
  #samples = 0
  #calm = 0
  /** After a rest the miniatures have to see what is going on before they count. */
  #warming = false
  #weight = 0
  #current = FIRST

  constructor(size: number, random: () => number) {
    this.size = size
    this.#sketch.grow(size)
    this.#miniatures = SHARES.map((share) => new Miniature(size, share, this.#sketch, random))
  }

  /** How many entries the miniatures of a cache of so many have. */
  static sizeFor(count: number): number {
    return Math.min(count, Math.max(LEAST, Math.min(MOST, count >>> 6)))
  }

  sample(hash: number): void {
    this.#sketch.add(hash, 1)
    for (const miniature of this.#miniatures) miniature.use(hash)
    if (++this.#samples >= PERIOD * this.size) this.#decide()
  }

  save(notes: StateWriter): void {
    for (const number of [
      this.#current,
      this.#samples,
      this.#calm,
      this.#warming ? 1 : 0,
      this.#weight,
      this.rest,
    ])
      notes.number(number)
    notes.array(this.#scores)
    this.#sketch.save(notes)
    for (const miniature of this.#miniatures) miniature.save(notes)
  }

  restore(notes: StateReader): void {
    this.#current = notes.whole(0, SHARES.length - 1)
    this.share = SHARES[this.#current] as number
    this.#samples = notes.whole(0, PERIOD * this.size - 1)
    this.#calm = notes.whole(0, 2 ** 31)
    this.#warming = notes.whole(0, 1) === 1
    this.#weight = notes.number(0, 2 ** 40)
    this.rest = notes.whole(0, LONGEST_REST * MOST)
    const scores = notes.float64s(SHARES.length)
    notes.check(scores.every((score) => score >= 0 && score < 2 ** 40))
    this.#scores.set(scores)
    this.#sketch.restore(notes)
    for (const miniature of this.#miniatures) miniature.restore(notes)
  }

  #decide(): void {
    const scores = this.#scores
    if (this.#warming) {
      this.#warming = false
      this.#samples = 0
      for (const miniature of this.#miniatures) miniature.hits = 0
      return
    }
    this.#weight = this.#weight * DECAY + this.#samples
    this.#samples = 0
    let best = this.#current
    for (let i = 0; i < scores.length; i++) {
      const miniature = this.#miniatures[i] as Miniature
      scores[i] = (scores[i] as number) * DECAY + miniature.hits
      miniature.hits = 0
      if ((scores[i] as number) > (scores[best] as number)) best = i
    }
    const gain = (scores[best] as number) - (scores[this.#current] as number)
    if (gain <= MARGIN * this.#weight + CHANCE * Math.sqrt(this.#weight)) {
      if (++this.#calm < CALM) return
      this.rest = this.size * Math.min(LONGEST_REST, SHORTEST_REST * 2 ** (this.#calm - CALM))
      this.#warming = true
      return
    }
    this.#calm = 0
    this.#current = best
    this.share = SHARES[best] as number
  }
}

/** A cache of hashes without values. */
class Miniature implements Slots {
  hits = 0
  readonly touches: Uint8Array
  readonly #hashes: Int32Array
  readonly #index: HashIndex
  #count = 0
  readonly #queues: WindowQueues

  constructor(size: number, share: number, sketch: FrequencySketch, random: () => number) {
    this.touches = new Uint8Array(size)
    this.#hashes = new Int32Array(size)
    this.#index = new HashIndex(this.#hashes)
    this.#queues = new WindowQueues(this, sketch, false, share, random)
    this.#queues.grow(size)
  }

  hashOf(slot: number): number {
    return this.#hashes[slot] as number
  }

  save(notes: StateWriter): void {
    const size = this.#count
    const order = new SlotOrder(size)
    this.#queues.save(order)
    notes.number(this.hits)
    notes.number(size)
    for (const array of [this.#hashes.subarray(0, size), this.touches, order.slots, order.marks])
      notes.array(array)
  }

  restore(notes: StateReader): void {
    this.hits = notes.whole(0, 2 ** 31)
    const size = notes.whole(0, this.#hashes.length)
    const hashes = notes.int32s(size)
    this.touches.set(notes.uint8s(this.touches.length))
    const order = new SlotOrder(size)
    order.slots.set(notes.int32s(size))
    order.marks.set(notes.int32s(size))
    order.count = size
    // Each slot once, and each hash.
    notes.check(new Set(order.slots).size === size && new Set(hashes).size === size)
    notes.check(order.slots.every((slot) => slot >= 0 && slot < size))
    if (!notes.ok) return
    this.#hashes.set(hashes)
    this.#count = size
    for (let slot = 0; slot < size; slot++) this.#index.add(slot)
    this.#queues.restore(order)
  }

  use(hash: number): void {
    const known = this.#index.find(hash)
    if (known >= 0) {
      this.hits++
      if ((this.touches[known] as number) < 255) (this.touches[known] as number)++
      return
    }
    let slot: number
    if (this.#count < this.#hashes.length) slot = this.#count++
    else {
      slot = this.#queues.evict()
      this.#index.remove(slot)
    }
    this.#hashes[slot] = hash
    this.touches[slot] = 0
    this.#index.add(slot)
    this.#queues.add(slot)
  }
}
