import { expect, it } from 'vitest'
import { HashIndex } from './hash-index.ts'

it.each([1, 5, 64, 1_000])('agrees with a Map at every turn: %i slots', (size) => {
  let state = 7
  const random = (below: number): number => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0
    return ((state ^ (state >>> 14)) >>> 0) % below
  }
  // Few different ends, so that many want to live in the same place; 0 and negative ones among them.
  const hashOf = (n: number): number => (n % 8) - 4 + (((n >> 3) << 20) | 0)
  const hashes = new Int32Array(size)
  const index = new HashIndex(hashes)
  const known = new Map<number, number>()
  const free = Array.from({ length: size }, (_, slot) => slot)
  for (let i = 0; i < 20_000; i++) {
    const hash = hashOf(random(3 * size))
    const slot = index.find(hash)
    expect(slot).toBe(known.get(hash) ?? -1)
    if (slot >= 0 && random(2) === 0) {
      index.remove(slot)
      known.delete(hash)
      free.push(slot)
    } else if (slot < 0 && free.length > 0) {
      const taken = free.splice(random(free.length), 1)[0] as number
      hashes[taken] = hash
      index.add(taken)
      known.set(hash, taken)
    }
  }
  for (const [hash, slot] of known) expect(index.find(hash)).toBe(slot)
})
