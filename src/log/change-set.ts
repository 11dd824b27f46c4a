/** Bits of one page. */
const PAGE = 65_536

/** A set of changes' numbers: one bit each, in pages that are made when they are needed. */
export class ChangeSet {
  readonly #pages = new Map<number, Uint32Array>()

  add(id: number): void {
    const index = Math.floor(id / PAGE)
    let page = this.#pages.get(index)
    if (page === undefined) this.#pages.set(index, (page = new Uint32Array(PAGE / 32)))
    const bit = id % PAGE
    page[bit >>> 5] = (page[bit >>> 5] as number) | (1 << (bit & 31))
  }

  /** Whether there is one behind `low` and up to `high`. */
  hasBetween(low: number, high: number): boolean {
    for (let id = low + 1; id <= high;) {
      const page = this.#pages.get(Math.floor(id / PAGE))
      const word = page?.[(id % PAGE) >>> 5]
      // Nothing in the whole page, or in the whole word: on to the next one.
      if (page === undefined) id += PAGE - (id % PAGE)
      else if (word === 0) id += 32 - (id % 32)
      else if (((word as number) & (1 << (id % 32))) !== 0) return true
      else id++
    }
    return false
  }
}
