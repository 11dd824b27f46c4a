// @ts-check
/** C10, C13, C16 and C17: loads, memoized functions, and what telling costs. */
import { peer, WORK } from '../lib/caches.js'
import { random } from '../lib/data.js'
import { varve } from '../lib/engines.js'
import { perOperation, perOperationAsync } from '../lib/measure.js'

/**
 * @typedef {import('../lib/rows.js').Row} Row
 * @typedef {import('../lib/rows.js').Side} Side
 * @typedef {(key: string, load: (key: string) => Promise<any>) => Promise<any>} GetOrSet
 */

const KEYS = Array.from({ length: 1_000 }, (_, i) => `user:${10_000_000 + i}`)

/** @param {() => Promise<GetOrSet>} make @param {boolean} [optional] @returns {Side} */
const loading = (make, optional = true) => ({
  optional,
  async run({ params: { ms = 0 } }) {
    const getOrSet = await make()
    const load = async (/** @type {string} */ key) => ({ key })
    for (const key of KEYS) await getOrSet(key, load)
    let at = 0
    const work = async (/** @type {number} */ count) => {
      for (let i = 0; i < count; i += 1) {
        const key = /** @type {string} */ (KEYS[at])
        if ((await getOrSet(key, load)).key !== key) throw new Error(key)
        at = at + 1 === KEYS.length ? 0 : at + 1
      }
    }
    await perOperationAsync(ms, 1_000, work)
    return { slice: async () => ({ operation: await perOperationAsync(ms, 1_000, work) }), close() {} }
  },
})

/** @type {Record<string, [() => Promise<GetOrSet>, boolean]>} */
const GET_OR_SET = {
  varve: [
    async () => {
      const { Cache } = await varve()
      const cache = new Cache({ maxEntries: 10_000 })
      return (key, load) => cache.getOrSet(key, load)
    },
    false,
  ],
  'lru-cache fetch': [
    async () => {
      const { LRUCache } = await peer('lru-cache')
      /** @type {{ load?: (key: string) => Promise<any> }} */
      const door = {}
      const cache = new LRUCache({
        max: 10_000,
        fetchMethod: (/** @type {string} */ key) => door.load?.(key),
      })
      return (key, load) => ((door.load = load), cache.fetch(key))
    },
    true,
  ],
  cacheable: [
    async () => {
      const { Cacheable } = await peer('cacheable')
      const cache = new Cacheable()
      return (key, load) => cache.getOrSet(key, () => load(key))
    },
    true,
  ],
  'cache-manager': [
    async () => {
      const { createCache } = await peer('cache-manager')
      const cache = createCache()
      return (key, load) => cache.wrap(key, () => load(key))
    },
    true,
  ],
  keyv: [
    async () => {
      const { default: Keyv } = await peer('keyv')
      const cache = new Keyv()
      return async (key, load) => {
        const known = await cache.get(key)
        if (known !== undefined) return known
        const value = await load(key)
        await cache.set(key, value)
        return value
      }
    },
    true,
  ],
}

/** @type {Row} */
const getOrSet = {
  id: 'C10',
  work: 'awaited getOrSet of what is there',
  full: { ms: 150 },
  smoke: { ms: 2 },
  slices: 9,
  sides: Object.fromEntries(
    Object.entries(GET_OR_SET).map(([name, [make, optional]]) => [name, loading(make, optional)]),
  ),
  lines: [
    { measure: 'operation', unit: 'ns', aim: '<= 333', absolute: true },
    ...Object.keys(GET_OR_SET)
      .slice(1)
      .map((against) => ({
        measure: 'operation',
        unit: 'ns',
        ratio: /** @type {const} */ ('speed'),
        against,
        ...(against === 'cacheable' && { aim: '>= 20' }),
      })),
  ],
}

/** @param {() => Promise<{ getOrSet: GetOrSet, delete: (key: string) => unknown, get: (key: string) => any }>} make @param {boolean} [optional] @returns {Side} */
const invalidating = (make, optional = true) => ({
  optional,
  async run({ params: { rounds = 0 } }) {
    const cache = await make()
    return {
      async slice() {
        const next = random(5)
        let stale = 0
        for (let round = 0; round < rounds; round += 1) {
          const key = `key ${round}`
          let truth = 'old'
          let began = () => {}
          const begun = new Promise((resolve) => (began = () => resolve(undefined)))
          let told = () => {}
          const wait = new Promise((resolve) => (told = () => resolve(undefined)))
          const read = cache.getOrSet(key, async () => {
            const value = truth
            began()
            await wait
            return value
          })
          await begun
          for (let i = next() * 4; i > 0; i -= 1) await Promise.resolve()
          truth = 'new'
          await cache.delete(key)
          told()
          await read.catch(() => {})
          for (let i = 0; i < 5; i += 1) await Promise.resolve()
          if ((await cache.get(key)) === 'old') stale += 1
        }
        return { stale }
      },
      close() {},
    }
  },
})

/** @type {Row} */
const invalidation = {
  id: 'C13',
  work: 'a key deleted while it is loaded: old values that stay, of 10,000',
  full: { rounds: 10_000 },
  smoke: { rounds: 100 },
  slices: 1,
  repeats: 1,
  sides: {
    varve: invalidating(async () => {
      const { Cache } = await varve()
      const cache = new Cache({ maxEntries: 10_000 })
      return cache
    }, false),
    cacheable: invalidating(async () => {
      const { Cacheable } = await peer('cacheable')
      const cache = new Cacheable()
      return {
        getOrSet: (key, load) => cache.getOrSet(key, () => load(key)),
        delete: (key) => cache.delete(key),
        get: (key) => cache.get(key),
      }
    }),
    'cache-manager': invalidating(async () => {
      const { createCache } = await peer('cache-manager')
      const cache = createCache()
      return {
        getOrSet: (key, load) => cache.wrap(key, () => load(key)),
        delete: (key) => cache.del(key),
        get: (key) => cache.get(key),
      }
    }),
  },
  lines: [
    { measure: 'stale', unit: '', aim: '= 0', absolute: true },
    { measure: 'stale', unit: '', ratio: 'none', against: 'cacheable' },
    { measure: 'stale', unit: '', ratio: 'none', against: 'cache-manager' },
  ],
}

/** @param {() => Promise<(key: string) => any>} make @param {boolean} [optional] @returns {Side} */
const remembering = (make, optional = true) => ({
  optional,
  async run({ params: { ms = 0 } }) {
    const fn = await make()
    for (const key of KEYS) fn(key)
    let at = 0
    const work = (/** @type {number} */ count) => {
      let sum = 0
      for (let i = 0; i < count; i += 1) {
        sum += fn(/** @type {string} */ (KEYS[at])).length
        at = at + 1 === KEYS.length ? 0 : at + 1
      }
      if (sum === 0) throw new Error('nothing was told')
    }
    perOperation(ms, 1_000, work)
    return { slice: () => ({ operation: perOperation(ms, 1_000, work) }), close() {} }
  },
})
const told = (/** @type {string} */ key) => [key]

/** @type {Row} */
const memoized = {
  id: 'C16',
  work: 'a memoized function with one text, 1,000 results',
  full: { ms: 100 },
  smoke: { ms: 2 },
  slices: 15,
  sides: {
    varve: remembering(async () => (await varve()).memoize(told), false),
    'lru-cache memo': remembering(async () => {
      const { LRUCache } = await peer('lru-cache')
      const cache = new LRUCache({ max: 10_000, memoMethod: told })
      return (key) => cache.memo(key)
    }),
    memoize: remembering(async () => (await peer('memoize')).default(told)),
    'memoizee, bounded': remembering(async () =>
      (await peer('memoizee')).default(told, { max: 10_000, primitive: true }),
    ),
    'micro-memoize': remembering(async () =>
      (await peer('micro-memoize')).memoize(told, { maxSize: 10_000 }),
    ),
  },
  lines: ['lru-cache memo', 'memoize', 'memoizee, bounded', 'micro-memoize'].map((against) => ({
    measure: 'operation',
    unit: 'ns',
    ratio: /** @type {const} */ ('speed'),
    against,
    ...(against === 'lru-cache memo' && { aim: '>= 1' }),
  })),
}

/** @param {boolean} counts @returns {Side} */
const telling = (counts) => ({
  async run({ params: { entries = 0, ms = 0 } }) {
    const { Cache } = await varve()
    const reasons = { size: 0, ttl: 0, idle: 0, delete: 0, replace: 0 }
    const cache = new Cache({
      maxEntries: entries,
      ...(counts && {
        onEvict: (/** @type {any} */ _, /** @type {any} */ __, /** @type {keyof typeof reasons} */ reason) =>
          (reasons[reason] += 1),
      }),
    })
    const run = /** @type {NonNullable<(typeof WORK)[string]>} */ (WORK['zipf'])(cache, entries)
    perOperation(ms, 1_000, run)
    return { slice: () => ({ operation: perOperation(ms, 1_000, run) }), close() {} }
  },
})

/** @type {Row} */
const statistics = {
  id: 'C17',
  work: 'zipf 0.99, every reason counted through onEvict, 10,000 entries',
  full: { entries: 10_000, ms: 100 },
  smoke: { entries: 500, ms: 2 },
  slices: 15,
  sides: { varve: telling(true), 'varve without onEvict': telling(false) },
  lines: [
    { measure: 'operation', unit: 'ns', ratio: 'cost', against: 'varve without onEvict', aim: '<= 1.03' },
  ],
}

/** @type {Row[]} */
export const rows = [getOrSet, invalidation, memoized, statistics]
