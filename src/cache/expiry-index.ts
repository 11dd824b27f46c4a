/** The end of what has none. */
export const NEVER: number = 2 ** 31 - 1
/** An end too far away for 32 bits: `#far` knows it. */
const FAR = NEVER - 1
/** Slots, or nodes, below one node. */
const WIDTH = 16
const SHIFT = 4

/**
 * When each slot ends, and which is next: above the ends lie the least of every 16, the least of every 16 of those, and so on
 * to one. These are lower bounds, put right when they come due, so that a set costs a comparison or two, and a slot that goes
 * or gets more time costs nothing at all. Finding the next one is a walk down from the top: at most six levels of 16.
 */
export class ExpiryIndex {
  /** Ticks; of a slot that never ends, `NEVER`. To be read only. */
  due: Int32Array = new Int32Array(0)
  #levels: Int32Array[] = []
  /** The highest level: one number. */
  #top: Int32Array = new Int32Array([NEVER])
  readonly #far = new Map<number, number>()

  /** Nothing ends before. */
  get earliest(): number {
    return this.#top[0] as number
  }

  grow(capacity: number): void {
    const due = new Int32Array(capacity).fill(NEVER)
    due.set(this.due)
    this.due = due
    this.#build()
  }

  /** The end of a slot in ticks, however far; `Infinity` if there is none. */
  endOf(slot: number): number {
    const end = this.due[slot] as number
    return end === FAR ? (this.#far.get(slot) as number) : end === NEVER ? Infinity : end
  }

  set(slot: number, end: number): void {
    if (this.#far.size > 0) this.#far.delete(slot)
    if (end >= FAR) {
      if (end === Infinity) {
        this.due[slot] = NEVER
        return
      }
      this.#far.set(slot, end)
      this.#lower(slot, FAR)
    } else this.#lower(slot, end)
  }

  /** Takes a slot's end away. */
  delete(slot: number): void {
    this.set(slot, Infinity)
  }

  /** The slot that ends first, if it does so at `limit` or before; else -1. */
  first(limit: number = FAR): number {
    const levels = this.#levels
    for (;;) {
      const top = levels.length - 1
      if (top < 0) return -1
      let level = top
      let node = 0
      const bound = levels[top]?.[0] as number
      if (bound > limit || bound === NEVER) return -1
      // Down along the least, until it is a slot or turns out to be more than was said above.
      for (; level >= 0; level--) {
        const below = level === 0 ? this.due : (levels[level - 1] as Int32Array)
        const child = leastOf(below, node)
        if ((below[child] as number) > bound) break
        node = child
      }
      if (level < 0) return node
      for (; level <= top; level++) {
        const below = level === 0 ? this.due : (levels[level - 1] as Int32Array)
        ;(levels[level] as Int32Array)[node] = below[leastOf(below, node)] as number
        node >>= SHIFT
      }
    }
  }

  /** The clock begins again `ticks` later. */
  rebase(ticks: number): void {
    const { due } = this
    for (let slot = 0; slot < due.length; slot++)
      if ((due[slot] as number) < FAR) due[slot] = Math.max(0, (due[slot] as number) - ticks)
    for (const [slot, end] of this.#far) {
      const sooner = end - ticks
      if (sooner >= FAR) this.#far.set(slot, sooner)
      else {
        this.#far.delete(slot)
        due[slot] = sooner
      }
    }
    this.#build()
  }

  clear(): void {
    this.due.fill(NEVER)
    for (const level of this.#levels) level.fill(NEVER)
    this.#far.clear()
  }

  #lower(slot: number, end: number): void {
    this.due[slot] = end
    let node = slot >> SHIFT
    for (const level of this.#levels) {
      if ((level[node] as number) <= end) return
      level[node] = end
      node >>= SHIFT
    }
  }

  #build(): void {
    this.#levels = []
    if (this.due.length === 0) return
    let below = this.due
    do {
      const level = new Int32Array(Math.ceil(below.length / WIDTH))
      for (let node = 0; node < level.length; node++) level[node] = below[leastOf(below, node)] as number
      this.#levels.push(level)
      below = level
    } while (below.length > 1)
    this.#top = below
  }
}

/** Which of those below a node is the least. */
function leastOf(below: Int32Array, node: number): number {
  const first = node << SHIFT
  const end = Math.min(first + WIDTH, below.length)
  let least = first
  for (let i = first + 1; i < end; i++) if ((below[i] as number) < (below[least] as number)) least = i
  return least
}
