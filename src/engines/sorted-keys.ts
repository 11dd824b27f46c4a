import { compareKeys } from '../log/keys.ts'

/** Small enough that an insert moves little, large enough that the list of blocks stays short. */
const BLOCK = 512

/**
 * A sorted set, kept as a list of sorted blocks. Finding is two binary searches; adding and deleting move at most one
 * block; walking is a walk through arrays.
 */
export class SortedKeys<K = string> {
  readonly #compare: (a: K, b: K) => number
  readonly #blocks: K[][] = []
  #size = 0

  constructor(compare: (a: K, b: K) => number) {
    this.#compare = compare
  }

  get size(): number {
    return this.#size
  }

  /** False if it was there already. */
  add(key: K): boolean {
    const index = this.#blockOf(key)
    const block = this.#blocks[index]
    if (!block) {
      this.#append(key)
      return true
    }
    const at = this.#placeIn(block, key)
    if (this.#compare(block[at] as K, key) === 0) return false
    block.splice(at, 0, key)
    if (block.length > BLOCK) this.#blocks.splice(index + 1, 0, block.splice(BLOCK / 2))
    this.#size++
    return true
  }

  /** False if it was not there. */
  delete(key: K): boolean {
    const index = this.#blockOf(key)
    const block = this.#blocks[index]
    if (!block) return false
    const at = this.#placeIn(block, key)
    if (this.#compare(block[at] as K, key) !== 0) return false
    block.splice(at, 1)
    this.#size--
    this.#join(index)
    return true
  }

  /** Keys with `from` <= key < `to`; downwards if `reverse`. The set must not change meanwhile. */
  *range(from: K | undefined, to: K | undefined, reverse = false): Generator<K, void, undefined> {
    const [firstBlock, first] = from === undefined ? [0, 0] : this.#seek(from)
    const [lastBlock, end] = to === undefined ? [this.#blocks.length, 0] : this.#seek(to)
    if (reverse) {
      for (let index = lastBlock; index >= firstBlock; index--) {
        const block = this.#blocks[index] ?? []
        const low = index === firstBlock ? first : 0
        for (let at = (index === lastBlock ? end : block.length) - 1; at >= low; at--) yield block[at] as K
      }
    } else {
      for (let index = firstBlock; index <= lastBlock; index++) {
        const block = this.#blocks[index] ?? []
        const high = index === lastBlock ? end : block.length
        for (let at = index === firstBlock ? first : 0; at < high; at++) yield block[at] as K
      }
    }
  }

  /** A key after all others opens a new block once the last is full, so that keys added in order fill whole blocks. */
  #append(key: K): void {
    const last = this.#blocks.at(-1)
    if (last && last.length < BLOCK) last.push(key)
    else this.#blocks.push([key])
    this.#size++
  }

  /** Joins a block that has become small with its neighbour, so that many deletions do not leave many tiny blocks. */
  #join(index: number): void {
    if (this.#blocks[index]?.length === 0) {
      this.#blocks.splice(index, 1)
      return
    }
    const left = this.#blocks[index + 1] ? index : index - 1
    const block = this.#blocks[left]
    const next = this.#blocks[left + 1]
    if (!block || !next || block.length + next.length > BLOCK / 2) return
    for (const key of next) block.push(key)
    this.#blocks.splice(left + 1, 1)
  }

  /** The place of the first key that is not before `key`: block and index in it. */
  #seek(key: K): [number, number] {
    const index = this.#blockOf(key)
    const block = this.#blocks[index]
    return [index, block ? this.#placeIn(block, key) : 0]
  }

  /** The first block that ends at or after `key`; one past the last if there is none. */
  #blockOf(key: K): number {
    let low = 0
    let high = this.#blocks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const block = this.#blocks[middle] as K[]
      if (this.#compare(block[block.length - 1] as K, key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  #placeIn(block: K[], key: K): number {
    let low = 0
    let high = block.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#compare(block[middle] as K, key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Two sorted runs without a common key as one. */
export function* merge(
  left: Iterator<string, void>,
  right: Iterator<string, void>,
  reverse: boolean,
): Generator<string, void, undefined> {
  let [a, b] = [left.next(), right.next()]
  while (!a.done || !b.done) {
    const takeLeft = b.done || (!a.done && compareKeys(a.value, b.value) < 0 !== reverse)
    if (takeLeft) {
      yield a.value as string
      a = left.next()
    } else {
      yield b.value as string
      b = right.next()
    }
  }
}
