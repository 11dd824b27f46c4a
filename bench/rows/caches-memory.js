// @ts-check
/** C6 and C7: what an entry costs beside its key and value, and how long a full cache can stop the program. */
import { CACHES } from '../lib/caches.js'

/**
 * @typedef {import('../lib/rows.js').Row} Row
 * @typedef {import('../lib/rows.js').Side} Side
 */

const keyAt = (/** @type {number} */ i) => `user:${String(10_000_000 + i)}`

/** Everything that V8 holds, buffers included, after all that nobody needs is gone. */
function held() {
  for (let i = 0; i < 4; i += 1) globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** @param {string} name @param {boolean} ttl @returns {Side} */
const weighing = (name, ttl) => ({
  optional: !name.startsWith('varve') && name !== 'lru-cache',
  async run({ params: { entries = 0 } }) {
    const cache = await /** @type {import('../lib/caches.js').Opening} */ (CACHES[name])(entries, ttl)
    const keys = Array.from({ length: entries }, (_, i) => keyAt(i))
    const value = { id: 1 }
    // Hashing makes some of these texts flat: that is their owner's, not the cache's.
    for (const key of keys) if (key.charCodeAt(3) === 0) throw new Error(key)
    // Everything is compiled before.
    for (let i = 0; i < 1_000; i += 1) cache.set(keys[i], value)
    return {
      async slice() {
        const before = held()
        const fresh = await /** @type {import('../lib/caches.js').Opening} */ (CACHES[name])(entries, ttl)
        // One after another beyond the limit, so that every policy has to work.
        for (const key of keys) fresh.set(key, value)
        const bytes = (held() - before) / entries
        if (fresh.get(keys[entries - 1]) === undefined) throw new Error('the last entry is not there')
        return { bytes, withoutMetadata: bytes - 12 }
      },
      close() {},
    }
  },
})

/** @param {boolean} ttl @returns {Row} */
const weight = (ttl) => ({
  id: 'C6',
  work: `bytes of an entry beside key and value, metadata included, 1,000,000 entries${ttl ? ', ttl' : ''}`,
  full: { entries: 1_000_000 },
  smoke: { entries: 2_000 },
  slices: 3,
  sides: Object.fromEntries(
    ['varve', 'varve lru', 'lru-cache', 'quick-lru', ...(ttl ? [] : ['Map'])].map((name) => [
      name,
      weighing(name, ttl),
    ]),
  ),
  lines: [
    { measure: 'bytes', unit: 'B', against: 'lru-cache', ratio: 'cost' },
    // Two times and a count, four bytes each.
    {
      measure: 'withoutMetadata',
      unit: 'B',
      against: 'lru-cache',
      againstMeasure: 'bytes',
      ratio: 'cost',
      aim: '<= 44',
      absolute: true,
      work: '… without what metadata() tells',
    },
    { measure: 'bytes', unit: 'B', of: 'varve lru', against: 'lru-cache', ratio: 'cost' },
    { measure: 'bytes', unit: 'B', against: 'quick-lru', ratio: 'cost' },
    ...(ttl ? [] : [{ measure: 'bytes', unit: 'B', against: 'Map', ratio: /** @type {const} */ ('cost') }]),
  ],
})

/** @param {string} name @returns {Side} */
const churning = (name) => ({
  async run({ params: { entries = 0, ms = 0 } }) {
    const cache = await /** @type {import('../lib/caches.js').Opening} */ (CACHES[name])(entries, false)
    let next = 0
    const insert = () => {
      cache.set(keyAt(next), { id: next, name: `name ${next}` })
      next += 1
    }
    while (next < entries) insert()
    return {
      slice() {
        const end = performance.now() + ms
        let worst = 0
        let inserted = 0
        for (let now = performance.now(); now < end;) {
          for (let i = 0; i < 20; i += 1) insert()
          // Some are read again, so that the policies have something to keep.
          for (let i = 0; i < 10; i += 1)
            cache.get(keyAt(Math.max(0, next - 1 - ((i * 7_919 * next) % entries))))
          const then = performance.now()
          worst = Math.max(worst, then - now)
          now = then
          inserted += 20
        }
        return { worst, rate: (inserted / ms) * 1e3 }
      },
      close() {},
    }
  },
})

/** @type {Row} */
const stalls = {
  id: 'C7',
  work: 'the longest stop of 20 inserts and 10 reads at 1,000,000 live entries',
  full: { entries: 1_000_000, ms: 3_000 },
  smoke: { entries: 2_000, ms: 20 },
  slices: 5,
  sides: { varve: churning('varve'), 'lru-cache': churning('lru-cache') },
  lines: [
    { measure: 'worst', unit: 'ms', against: 'lru-cache', ratio: 'cost', aim: '<= 30', absolute: true },
    { measure: 'rate', unit: '/s', against: 'lru-cache', work: '… at so many inserts' },
  ],
}

/** @type {Row[]} */
export const rows = [weight(false), weight(true), stalls]
