import { hashApart, hashValue, HIGH, placeAt } from './fingerprint.ts'
import type { Side } from './fingerprint.ts'
import { lanes } from './hash.ts'
import { isSame } from './same.ts'
import type { ListSums } from './sums.ts'

/** So many items with the same hash are looked at to find the one that goes on best. */
const MOST_CANDIDATES = 8

/** Hashes of the items of a list from some item on. */
class Hashes {
  readonly #low: Int32Array
  readonly #high: Int32Array
  readonly #start: number

  constructor(start: number, end: number) {
    this.#start = start
    this.#low = new Int32Array(end - start)
    this.#high = new Int32Array(end - start)
  }

  take(i: number): void {
    this.#low[i - this.#start] = lanes[0] as number
    this.#high[i - this.#start] = lanes[1] as number
  }

  low(i: number): number {
    return this.#low[i - this.#start] as number
  }

  high(i: number): number {
    return this.#high[i - this.#start] as number
  }

  equal(i: number, other: Hashes, j: number): boolean {
    return this.low(i) === other.low(j) && this.high(i) === other.high(j)
  }
}

/**
 * Finds out which item of the old list stands at each place of the new one (-1: a new item). The first `front` items are
 * known to be the same. What is common at the end comes next, then the rest by the items' hashes, each match verified:
 * linear in the items, whatever their order. Adds all hashes from `front` on to `sums`.
 */
export function alignItems(
  before: readonly unknown[],
  after: readonly unknown[],
  front: number,
  depth: number,
  sums: ListSums,
  a: Side,
  b: Side,
): Int32Array {
  const sources = new Int32Array(after.length).fill(-1)
  for (let i = 0; i < front; i++) sources[i] = i
  const most = Math.min(before.length, after.length)
  const shift = before.length - after.length
  let back = 0
  while (
    back < most - front &&
    isSame(before[before.length - 1 - back], after[after.length - 1 - back], depth)
  ) {
    back++
    sources[after.length - back] = before.length - back
  }
  const limit = before.length - back
  const end = after.length - back
  const visits = a.visits
  for (let i = limit; i < before.length && !a.paused; i++) {
    hashValue(before[i], depth, a)
    addBefore(sums, i)
    addAfter(sums, i - shift)
  }
  if (!b.paused) b.visits += a.visits - visits
  if (front === end && a.paused) return sources
  const from = new Hashes(front, limit)
  const to = new Hashes(front, end)
  for (let i = front; i < limit; i++) {
    hashApart(before[i], depth, a)
    from.take(i)
    addBefore(sums, i)
  }
  for (let i = front; i < end; i++) {
    hashValue(after[i], depth, b)
    to.take(i)
    addAfter(sums, i)
  }
  if (front < end && front < limit) {
    const verify = (i: number, j: number): boolean => isSame(before[i], after[j], depth)
    const middle = { front, end, limit }
    matchByHash(from, to, middle, sources, verify)
  }
  return sources
}

export function addBefore(sums: ListSums, i: number): void {
  sums.lowBefore = (sums.lowBefore + placeAt(i, lanes[0] as number)) | 0
  sums.highBefore = (sums.highBefore + placeAt(i ^ HIGH, lanes[1] as number)) | 0
}

export function addAfter(sums: ListSums, i: number): void {
  sums.lowAfter = (sums.lowAfter + placeAt(i, lanes[0] as number)) | 0
  sums.highAfter = (sums.highAfter + placeAt(i ^ HIGH, lanes[1] as number)) | 0
}

interface Middle {
  readonly front: number
  /** Of the new list. */
  readonly end: number
  /** Of the old one. */
  readonly limit: number
}

type Verify = (i: number, j: number) => boolean

function matchByHash(
  from: Hashes,
  to: Hashes,
  { front, end, limit }: Middle,
  sources: Int32Array,
  verify: Verify,
): void {
  const size = 1 << Math.max(4, Math.ceil(Math.log2(limit - front)) + 1)
  const heads = new Int32Array(size)
  const chain = new Int32Array(limit - front)
  // From the back, so that each chain begins with the first item.
  for (let i = limit - 1; i >= front; i--) {
    const slot = from.low(i) & (size - 1)
    chain[i - front] = heads[slot] as number
    heads[slot] = i + 1
  }
  let expected = front
  for (let j = front; j < end; j++) {
    let found = -1
    if (expected < limit && from.equal(expected, to, j) && verify(expected, j)) found = expected
    else {
      let i = (heads[to.low(j) & (size - 1)] as number) - 1
      for (let tries = 0; i >= 0 && tries < MOST_CANDIDATES; tries++) {
        if (from.equal(i, to, j)) {
          // The one after which the next item stands, too; else the first behind the place where we are.
          const goesOn = i + 1 < limit && j + 1 < end && from.equal(i + 1, to, j + 1)
          if (found < 0 || goesOn || (found < expected && i >= expected)) found = i
          if (goesOn && i >= expected) break
        }
        i = (chain[i - front] as number) - 1
      }
      if (found >= 0 && !verify(found, j)) found = -1
    }
    if (found < 0) continue
    sources[j] = found
    expected = found + 1
  }
}

/** Of lists in which only the items at some places differ: whether these have changed places among themselves. */
export function findMoves(
  before: readonly unknown[],
  after: readonly unknown[],
  places: readonly number[],
  depth: number,
  a: Side,
  b: Side,
): Int32Array {
  const sources = new Int32Array(after.length)
  for (let i = 0; i < sources.length; i++) sources[i] = i
  for (const i of places) sources[i] = -1
  if (places.length < 2) return sources
  const { paused, weight } = a
  a.paused = b.paused = true
  const known = new Map<number, number>()
  for (const i of places) {
    hashValue(before[i], depth, a)
    known.set((lanes[0] as number) ^ Math.imul(lanes[1] as number, 31), i)
  }
  const taken = new Set<number>()
  for (const j of places) {
    hashValue(after[j], depth, b)
    const i = known.get((lanes[0] as number) ^ Math.imul(lanes[1] as number, 31))
    if (i === undefined || taken.has(i) || !isSame(before[i], after[j], depth)) continue
    sources[j] = i
    taken.add(i)
  }
  a.paused = b.paused = paused
  a.weight = weight
  return sources
}
