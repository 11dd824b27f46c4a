// @ts-check
/** A1 to A3: reading the current state. */
import { keyAt, shuffled, valueAt } from '../lib/data.js'
import { openKeyv, openLmdb, openVarve } from '../lib/engines.js'
import { perOperation, perOperationAsync } from '../lib/measure.js'
import { bareSides, besideBare, loaded, openBareFixture } from '../lib/sides.js'

/**
 * @typedef {import('../lib/rows.js').Row} Row
 * @typedef {import('../lib/side.js').Context} Context
 * @typedef {import('../lib/side.js').Running} Running
 */

/** All the keys in a random order, made before. @param {Context} context */
const probes = ({ params }) => Array.from(shuffled(params.keys ?? 0, 7), keyAt)

/**
 * Times `read`, which goes on through the probes; the first pass over all of them only warms.
 * `loop` is made for each side anew, so that no side's types slow another's loop.
 * @param {Context} context @param {string[]} keys @param {(from: number, to: number) => number} loop @param {() => void} close
 * @returns {Running}
 */
function reading({ params: { ms = 0, chunk = 1 } }, keys, loop, close) {
  let at = 0
  let seen = loop(0, keys.length)
  const work = (/** @type {number} */ count) => {
    if (at + count > keys.length) at = 0
    seen += loop(at, at + count)
    at += count
  }
  return {
    slice: () => ({ get: perOperation(ms, chunk, work) }),
    close() {
      if (!(seen > 0)) throw new Error('nothing was read')
      close()
    },
  }
}

/** The same, awaited. @param {Context} context @param {string[]} keys
 * @param {(from: number, to: number) => Promise<number>} loop @param {() => unknown} close @returns {Promise<Running>} */
async function awaiting({ params: { ms = 0, chunk = 1 } }, keys, loop, close) {
  let at = 0
  let seen = await loop(0, keys.length)
  const work = async (/** @type {number} */ count) => {
    if (at + count > keys.length) at = 0
    seen += await loop(at, at + count)
    at += count
  }
  return {
    slice: async () => ({ get: await perOperationAsync(ms, chunk, work) }),
    async close() {
      if (!(seen > 0)) throw new Error('nothing was read')
      await close()
    },
  }
}

/** @param {Context} context @param {object} [options] */
async function lmdbReads(context, options) {
  const db = await openLmdb(context.fixture, options)
  const keys = probes(context)
  const loop = (/** @type {number} */ from, /** @type {number} */ to) => {
    let sum = 0
    for (let i = from; i < to; i += 1) sum += db.get(keys[i]).seq
    return sum
  }
  return reading(context, keys, loop, () => db.close())
}

/** @param {Context} context */
async function mapOf(context) {
  const keys = probes(context)
  return { keys, map: new Map(keys.map((key, i) => [key, /** @type {any} */ (valueAt(i))])) }
}

/** @type {(context: Context, driver: import('../lib/engines.js').Driver) => Promise<Running>} */
async function bareReads(context, driver) {
  const table = await openBareFixture(context, driver)
  const keys = probes(context)
  const loop = (/** @type {number} */ from, /** @type {number} */ to) => {
    let sum = 0
    for (let i = from; i < to; i += 1) sum += table.get(/** @type {string} */ (keys[i])).seq
    return sum
  }
  return reading(context, keys, loop, table.close)
}

/** @param {Context} context @param {object} [options] */
async function varveReads(context, options) {
  const store = await openVarve(context.fixture, options)
  const keys = probes(context)
  const loop = (/** @type {number} */ from, /** @type {number} */ to) => {
    let sum = 0
    for (let i = from; i < to; i += 1) sum += store.getSync(keys[i]).seq
    return sum
  }
  const running = reading(context, keys, loop, () => {})
  return { ...running, close: () => (running.close(), store.close()) }
}

/** @param {Context} context @param {object} [options] */
async function varveAwaits(context, options) {
  const store = await openVarve(context.fixture, options)
  const keys = probes(context)
  const loop = async (/** @type {number} */ from, /** @type {number} */ to) => {
    let sum = 0
    for (let i = from; i < to; i += 1) sum += (await store.get(keys[i])).seq
    return sum
  }
  return awaiting(context, keys, loop, () => store.close())
}

/** @type {Row} */
const hot = {
  id: 'A1',
  work: 'strict cached getSync, 100,000 hot keys in random order',
  full: { keys: 100_000, ms: 150, chunk: 10_000 },
  smoke: { keys: 1_000, ms: 5, chunk: 500 },
  slices: 15,
  sides: {
    varve: { fixture: loaded('varve'), run: (context) => varveReads(context) },
    Map: {
      async run(context) {
        const { keys, map } = await mapOf(context)
        const loop = (/** @type {number} */ from, /** @type {number} */ to) => {
          let sum = 0
          for (let i = from; i < to; i += 1) sum += map.get(/** @type {string} */ (keys[i])).seq
          return sum
        }
        return reading(context, keys, loop, () => map.clear())
      },
    },
    lmdb: { fixture: loaded('lmdb'), run: (context) => lmdbReads(context) },
    'lmdb, validated cache (stale at times)': {
      fixture: loaded('lmdb'),
      run: (context) => lmdbReads(context, { cache: { validated: true, cacheSize: 262_144 } }),
    },
    'lmdb, cache (never looks)': {
      fixture: loaded('lmdb'),
      run: (context) => lmdbReads(context, { cache: { cacheSize: 262_144 } }),
    },
    ...bareSides(bareReads, loaded('bare')),
  },
  lines: [
    { measure: 'get', unit: 'ns', against: 'Map', ratio: 'cost', aim: '<= 2' },
    { measure: 'get', unit: 'ns', against: 'lmdb', ratio: 'speed', aim: '>= 10' },
    { measure: 'get', unit: 'ns', against: 'lmdb, validated cache (stale at times)', ratio: 'speed' },
    { measure: 'get', unit: 'ns', against: 'lmdb, cache (never looks)', ratio: 'speed' },
    ...besideBare({ measure: 'get', unit: 'ns', ratio: 'speed', aim: '>= 50' }),
  ],
}

/** @type {Row} */
const awaited = {
  id: 'A2',
  work: 'strict cached await get, 100,000 hot keys in random order',
  full: { keys: 100_000, ms: 400, chunk: 10_000 },
  smoke: { keys: 1_000, ms: 5, chunk: 500 },
  sides: {
    varve: { fixture: loaded('varve'), run: (context) => varveAwaits(context) },
    'Map in an async function': {
      async run(context) {
        const { keys, map } = await mapOf(context)
        const get = async (/** @type {string} */ key) => map.get(key)
        const loop = async (/** @type {number} */ from, /** @type {number} */ to) => {
          let sum = 0
          for (let i = from; i < to; i += 1) sum += (await get(/** @type {string} */ (keys[i]))).seq
          return sum
        }
        return awaiting(context, keys, loop, () => map.clear())
      },
    },
    'lmdb in an async function': {
      fixture: loaded('lmdb'),
      async run(context) {
        const db = await openLmdb(context.fixture)
        const keys = probes(context)
        const get = async (/** @type {string} */ key) => db.get(key)
        const loop = async (/** @type {number} */ from, /** @type {number} */ to) => {
          let sum = 0
          for (let i = from; i < to; i += 1) sum += (await get(/** @type {string} */ (keys[i]))).seq
          return sum
        }
        return awaiting(context, keys, loop, () => db.close())
      },
    },
    'keyv in memory': {
      async run(context) {
        const keyv = await openKeyv()
        const keys = probes(context)
        for (const [i, key] of keys.entries()) await keyv.set(key, valueAt(i))
        const loop = async (/** @type {number} */ from, /** @type {number} */ to) => {
          let sum = 0
          for (let i = from; i < to; i += 1) sum += (await keyv.get(keys[i])).seq
          return sum
        }
        return awaiting(context, keys, loop, () => {})
      },
    },
  },
  lines: [
    { measure: 'get', unit: 'ns', against: 'lmdb in an async function', ratio: 'speed', aim: '>= 2' },
    { measure: 'get', unit: 'ns', against: 'keyv in memory', ratio: 'speed', aim: '>= 4' },
    { measure: 'get', unit: 'ns', against: 'Map in an async function', ratio: 'cost' },
  ],
}

/** @param {string} size @param {number} keys @returns {Row} */
const cold = (size, keys) => ({
  id: 'A3',
  work: `getSync of a cold key, checksum verified, ${size} keys`,
  full: { keys, ms: 600, chunk: 1_000 },
  smoke: { keys: 1_000, ms: 5, chunk: 100 },
  sides: {
    varve: { fixture: loaded('varve'), run: (context) => varveReads(context, { cache: 'none' }) },
    'varve, await get': {
      fixture: loaded('varve'),
      run: (context) => varveAwaits(context, { cache: 'none' }),
    },
    ...bareSides(bareReads, loaded('bare')),
    lmdb: { fixture: loaded('lmdb'), run: (context) => lmdbReads(context) },
  },
  lines: [
    ...besideBare({ measure: 'get', unit: 'ns', ratio: 'speed', aim: '>= 0.9' }),
    { measure: 'get', unit: 'ns', of: 'varve, await get', against: 'bare', ratio: 'speed' },
    { measure: 'get', unit: 'ns', against: 'lmdb', ratio: 'speed' },
  ],
})

/** @type {Row[]} */
export const rows = [hot, awaited, cold('100,000', 100_000), cold('1,000,000', 1_000_000)]
