/**
 * Which slot has a hash: a small open-addressing table, for hashes that are all different. The hashes themselves lie with
 * the slots.
 */
export class HashIndex {
  readonly #hashes: Int32Array
  /** Slot plus 1 of each place; 0: empty. At most half of them are taken. */
  readonly #places: Uint16Array
  readonly #mask: number

  /** `hashes`: of each slot. They may change while their slot is not in the index. At most 65,535 slots. */
  constructor(hashes: Int32Array) {
    this.#hashes = hashes
    let places = 2
    while (places < 2 * hashes.length) places *= 2
    this.#places = new Uint16Array(places)
    this.#mask = places - 1
  }

  /** The slot of this hash, or -1. */
  find(hash: number): number {
    const places = this.#places
    const hashes = this.#hashes
    for (let place = hash & this.#mask; ; place = (place + 1) & this.#mask) {
      const slot = (places[place] as number) - 1
      if (slot < 0 || hashes[slot] === hash) return slot
    }
  }

  /** Adds a slot whose hash is not there. */
  add(slot: number): void {
    const places = this.#places
    let place = (this.#hashes[slot] as number) & this.#mask
    while (places[place] !== 0) place = (place + 1) & this.#mask
    places[place] = slot + 1
  }

  /** Takes away a slot that is there, and closes the gap. */
  remove(slot: number): void {
    const places = this.#places
    const hashes = this.#hashes
    const mask = this.#mask
    let gap = (hashes[slot] as number) & mask
    while (places[gap] !== slot + 1) gap = (gap + 1) & mask
    for (let place = (gap + 1) & mask; places[place] !== 0; place = (place + 1) & mask) {
      const home = (hashes[(places[place] as number) - 1] as number) & mask
      // Who would be farther from home at its place than at the gap moves there.
      if (((place - home) & mask) < ((place - gap) & mask)) continue
      places[gap] = places[place] as number
      gap = place
    }
    places[gap] = 0
  }
}
