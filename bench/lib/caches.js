// @ts-check
/** The caches that are compared, each behind the same few calls, and what they are asked to do. */
import { NotInstalled, varve } from './engines.js'
import { random, shuffled } from './data.js'
import { perOperation } from './measure.js'

/**
 * @typedef {object} AnyCache
 * @property {(key: any) => any} get
 * @property {(key: any, value: any) => unknown} set
 *
 * @typedef {(most: number, ttl: boolean) => Promise<AnyCache>} Opening
 */

const TTL = 600_000

/** @param {string} name @returns {Promise<any>} */
export async function peer(name) {
  try {
    return await import(name)
  } catch (cause) {
    throw new NotInstalled(`${name}: ${/** @type {Error} */ (cause).message.split('\n')[0]}`, { cause })
  }
}

/** @param {object} [more] @returns {Opening} */
const ours = (more) => async (maxEntries, ttl) => {
  const { Cache } = await varve()
  if (Cache === undefined) throw new NotInstalled('varve: Cache is not in this build')
  return new Cache({ maxEntries, ...(ttl && { ttl: TTL }), ...more })
}

/** @type {Record<string, Opening>} */
export const CACHES = {
  varve: ours(),
  'varve lru': ours({ policy: 'lru' }),
  'varve sieve': ours({ policy: 'sieve' }),
  'varve s3fifo': ours({ policy: 's3fifo' }),
  'lru-cache': async (max, ttl) => {
    const { LRUCache } = await peer('lru-cache')
    return new LRUCache({ max, ...(ttl && { ttl: TTL }) })
  },
  'quick-lru': async (maxSize, ttl) => {
    const { default: QuickLRU } = await peer('quick-lru')
    return new QuickLRU({ maxSize, ...(ttl && { maxAge: TTL }) })
  },
  mnemonist: async (most, ttl) => {
    if (ttl) throw new NotInstalled('mnemonist: no ttl')
    const { LRUMap } = await peer('mnemonist')
    return new LRUMap(most)
  },
  Map: async (_, ttl) => {
    if (ttl) throw new NotInstalled('Map: no ttl')
    return new Map()
  },
}

/** 13 characters. @param {number} i */
const keyAt = (i) => `user:${String(10_000_000 + i)}`
/** @param {number} i */
const valueAt = (i) => ({ id: i, name: `name ${i % 1_000}` })

/**
 * What is done in a slice: the function that does it so many times, on a cache that is full.
 * Each is made anew for each side, so that no side's types slow another's loop.
 * @type {Record<string, (cache: AnyCache, entries: number) => (count: number) => void>}
 */
export const WORK = {
  hit(cache, entries) {
    const keys = Array.from(shuffled(entries, 7), keyAt)
    for (const [i, key] of keys.entries()) cache.set(key, valueAt(i))
    let at = 0
    return (count) => {
      let found = 0
      for (let i = 0; i < count; i += 1) {
        if (cache.get(/** @type {string} */ (keys[at])) !== undefined) found += 1
        at = at + 1 === entries ? 0 : at + 1
      }
      if (found !== count) throw new Error(`${found} of ${count} were there`)
    }
  },
  fresh(cache, entries) {
    const order = shuffled(entries, 7)
    for (const i of order) cache.set(keyAt(i), valueAt(i))
    let at = 0
    return (count) => {
      let found = 0
      for (let i = 0; i < count; i += 1) {
        if (cache.get(keyAt(/** @type {number} */ (order[at]))) !== undefined) found += 1
        at = at + 1 === entries ? 0 : at + 1
      }
      if (found !== count) throw new Error(`${found} of ${count} were there`)
    }
  },
  miss(cache, entries) {
    const keys = Array.from(shuffled(entries, 7), (i) => keyAt(i + 5_000_000))
    for (let i = 0; i < entries; i += 1) cache.set(keyAt(i), valueAt(i))
    let at = 0
    return (count) => {
      let found = 0
      for (let i = 0; i < count; i += 1) {
        if (cache.get(/** @type {string} */ (keys[at])) !== undefined) found += 1
        at = at + 1 === entries ? 0 : at + 1
      }
      if (found !== 0) throw new Error(`${found} were there`)
    }
  },
  overwrite(cache, entries) {
    const keys = Array.from(shuffled(entries, 7), keyAt)
    const values = Array.from({ length: 1_000 }, (_, i) => valueAt(i))
    for (const [i, key] of keys.entries()) cache.set(key, valueAt(i))
    let at = 0
    return (count) => {
      for (let i = 0; i < count; i += 1) {
        cache.set(/** @type {string} */ (keys[at]), values[i % 1_000])
        at = at + 1 === entries ? 0 : at + 1
      }
    }
  },
  insert(cache, entries) {
    const many = Math.max(400_000, 4 * entries)
    const keys = Array.from({ length: many }, (_, i) => keyAt(i))
    const values = Array.from({ length: 1_000 }, (_, i) => valueAt(i))
    for (let i = 0; i < entries; i += 1) cache.set(/** @type {string} */ (keys[i]), valueAt(i))
    let at = entries
    return (count) => {
      for (let i = 0; i < count; i += 1) {
        cache.set(/** @type {string} */ (keys[at]), values[i % 1_000])
        at = at + 1 === many ? 0 : at + 1
      }
    }
  },
  zipf(cache, entries) {
    const many = 4 * entries
    const keys = Array.from(shuffled(many, 3), keyAt)
    const values = Array.from({ length: 1_000 }, (_, i) => valueAt(i))
    const order = zipf(2 ** 20, many, 0.99)
    let at = 0
    const work = (/** @type {number} */ count) => {
      for (let i = 0; i < count; i += 1) {
        const key = /** @type {string} */ (keys[/** @type {number} */ (order[at])])
        // One in ten is a write, the others are reads that fill in what they miss.
        if (at % 10 === 0 || cache.get(key) === undefined) cache.set(key, values[at % 1_000])
        at = (at + 1) & (order.length - 1)
      }
    }
    work(4 * many)
    return work
  },
}

/** So many draws of 0 to range - 1, the n-th as often as 1 / n^skew says. @param {number} draws @param {number} range @param {number} skew */
export function zipf(draws, range, skew) {
  const sums = new Float64Array(range)
  let sum = 0
  for (let i = 0; i < range; i += 1) sums[i] = sum += 1 / (i + 1) ** skew
  const next = random(11)
  const order = new Uint32Array(draws)
  for (let i = 0; i < draws; i += 1) {
    const want = next() * sum
    let low = 0
    let high = range - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (/** @type {number} */ (sums[middle]) < want) low = middle + 1
      else high = middle
    }
    order[i] = low
  }
  return order
}

/**
 * A side of a row.
 * @param {string} name @param {string} work @param {boolean} ttl
 * @returns {import('./rows.js').Side}
 */
export const cacheSide = (name, work, ttl) => ({
  optional: !name.startsWith('varve') && name !== 'lru-cache',
  async run({ params: { entries = 0, ms = 0 } }) {
    const cache = await /** @type {Opening} */ (CACHES[name])(entries, ttl)
    const run = /** @type {NonNullable<(typeof WORK)[string]>} */ (WORK[work])(cache, entries)
    perOperation(ms, 1_000, run)
    return { slice: () => ({ operation: perOperation(ms, 1_000, run) }), close() {} }
  },
})
