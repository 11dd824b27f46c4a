// @ts-check
/** A15 and A16: opening what is large, and how large it is. */
import fs from 'node:fs'
import path from 'node:path'
import { keyAt, shuffled, valueAt } from '../lib/data.js'
import { openBare, openVarve } from '../lib/engines.js'
import { batches } from '../lib/fixtures.js'
import { bytesOnDisk, now } from '../lib/measure.js'
import { bareFile, bareSides, besideBare } from '../lib/sides.js'

/**
 * @typedef {import('../lib/rows.js').Row} Row
 * @typedef {import('../lib/rows.js').Side} Side
 * @typedef {import('../lib/side.js').Context} Context
 */

/**
 * Opens and reads one key. The first time in the process loads the driver, too: it is told apart.
 * @param {(key: string) => Promise<{ value: any, close: () => unknown }>} openAndGet @param {number} keys
 * @returns {import('../lib/side.js').Running}
 */
function opening(openAndGet, keys) {
  return {
    async slice(slice) {
      const start = now()
      const { value, close } = await openAndGet(keyAt(slice % keys))
      const ms = now() - start
      if (!(value.seq > 0)) throw new Error('nothing was read')
      await close()
      /** @type {Record<string, number>} */
      const measures = slice === 0 ? { first: ms } : { open: ms }
      return measures
    },
    close() {},
  }
}

/** @type {Row} */
const open = {
  id: 'A15',
  work: 'open of 1,000,000 keys with 1,000 snapshots, and one get',
  full: { keys: 1_000_000, snapshots: 1_000 },
  smoke: { keys: 1_000, snapshots: 20 },
  slices: 6,
  repeats: 5,
  sides: {
    varve: {
      fixture: ({ keys = 0, snapshots = 0 }) => ({ engine: 'varve-snapshots', keys, snapshots }),
      async run({ fixture, params: { keys = 0 } }) {
        const openAndGet = async (/** @type {string} */ key) => {
          const store = await openVarve(fixture)
          return { value: store.getSync(key), close: () => store.close() }
        }
        return opening(openAndGet, keys)
      },
    },
    ...bareSides(
      async (context, driver) => {
        const openAndGet = async (/** @type {string} */ key) => {
          const table = await openBare(driver, bareFile(context), { full: true })
          return { value: table.get(key), close: table.close }
        }
        return opening(openAndGet, context.params.keys ?? 0)
      },
      ({ keys = 0 }) => ({ engine: 'bare', keys }),
    ),
  },
  lines: [
    { measure: 'open', unit: 'ms', against: 'bare', ratio: 'cost', aim: '<= 30', absolute: true },
    { measure: 'open', unit: 'ms', against: 'bare, same driver as ours on Node 20', ratio: 'cost' },
    {
      measure: 'first',
      unit: 'ms',
      against: 'bare',
      ratio: 'cost',
      work: '… the first in its process: loads the driver, too',
    },
  ],
}

/** Every key once more, in a random order, a thousand at a time. @param {number} keys */
function* changes(keys) {
  const order = shuffled(keys, 21)
  for (let from = 0; from < keys; from += 1_000) {
    yield [...order.subarray(from, from + 1_000)].map(
      (place) => /** @type {[string, object]} */ ([keyAt(place), valueAt(place)]),
    )
  }
}

/** @param {'sorted' | 'shuffled'} order @returns {Side} */
const ourFiles = (order) => ({
  async run({ dir, params: { keys = 0 } }) {
    const place = path.join(dir, 'store')
    /** @param {object} options @param {(store: any) => Promise<unknown>} work */
    const sizeAfter = async (options, work) => {
      const store = await openVarve(place, { durability: 'process', ...options })
      await work(store)
      await store.close()
      return bytesOnDisk(place) / 1e6
    }
    return {
      async slice() {
        const fresh = await sizeAfter({}, async (store) => {
          for (const batch of batches({ engine: 'varve', keys, order })) await store.setMany(batch)
        })
        const changed = await sizeAfter({}, async (store) => {
          for (const batch of changes(keys)) await store.setMany(batch)
        })
        const compacted = await sizeAfter({ history: 'snapshots' }, (store) => store.compact())
        return { fresh, changed, compacted }
      },
      close() {},
    }
  },
})

/** @param {'sorted' | 'shuffled'} order */
const bareFiles = (order) =>
  bareSides(async ({ dir, params: { keys = 0 } }, driver) => {
    const place = path.join(dir, 'kv')
    fs.mkdirSync(place)
    /** @param {Iterable<[string, object][]>} entries */
    const sizeAfter = async (entries) => {
      const table = await openBare(driver, path.join(place, 'kv.db'))
      for (const batch of entries) table.setMany(batch)
      table.close()
      return bytesOnDisk(place) / 1e6
    }
    return {
      async slice() {
        const fresh = await sizeAfter(batches({ engine: 'bare', keys, order }))
        const changed = await sizeAfter(changes(keys))
        return { fresh, changed }
      },
      close() {},
    }
  })

/** @param {string} size @param {number} keys @param {'sorted' | 'shuffled'} order @returns {Row} */
const bytes = (size, keys, order) => ({
  id: 'A16',
  work: `bytes on disk, ${size} keys written in ${order === 'sorted' ? 'key' : 'random'} order, no history yet`,
  full: { keys },
  smoke: { keys: 1_000 },
  slices: 1,
  ...(keys > 100_000 ? { repeats: 1 } : {}),
  sides: { varve: ourFiles(order), ...bareFiles(order) },
  lines: [
    ...besideBare({ measure: 'fresh', unit: 'MB', ratio: 'cost', aim: '<= 1.3' }).slice(0, 2),
    ...besideBare({
      measure: 'changed',
      unit: 'MB',
      ratio: 'cost',
      aim: '<= 2.2',
      work: '… every key changed once',
    }).slice(0, 2),
    {
      measure: 'compacted',
      unit: 'MB',
      against: 'varve',
      againstMeasure: 'fresh',
      ratio: 'cost',
      aim: '<= 1.1',
      work: '… given back by compaction without history',
    },
  ],
})

/** @type {Row[]} */
export const rows = [
  open,
  bytes('100,000', 100_000, 'sorted'),
  bytes('100,000', 100_000, 'shuffled'),
  bytes('1,000,000', 1_000_000, 'sorted'),
]
