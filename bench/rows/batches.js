// @ts-check
/** A8: a thousand keys in one revision, and the bytes that it takes. */
import { walk } from '../lib/data.js'
import { openLmdb, openVarve } from '../lib/engines.js'
import { bytesWritten, now } from '../lib/measure.js'
import { bareSides, besideBare, loaded, openBareFixture } from '../lib/sides.js'

/**
 * @typedef {import('../lib/rows.js').Row} Row
 * @typedef {import('../lib/rows.js').Side} Side
 * @typedef {import('../lib/side.js').Context} Context
 */

const BATCH = 1_000

/**
 * Keys in a second; and, from before the first batch until after the close with its last checkpoint, the bytes that all the
 * threads passed to write calls, for each key.
 * @param {Context} context @param {(entries: [string, object][]) => unknown} write @param {() => unknown} close
 * @returns {import('../lib/side.js').Running}
 */
function batching({ params: { keys = 0, batches = 0, size = BATCH } }, write, close) {
  const next = walk(keys)
  let written = 0
  const before = bytesWritten()
  return {
    async slice() {
      const all = Array.from({ length: batches }, () => next.entries(size))
      const start = now()
      for (const entries of all) await write(entries)
      const seconds = (now() - start) / 1e3
      written += batches * size
      return { set: (batches * size) / seconds }
    },
    async close() {
      await close()
      return { bytes: (bytesWritten() - before) / written }
    },
  }
}

/** @param {'disk' | 'process'} durability @returns {Record<string, Side>} */
const sides = (durability) => ({
  varve: {
    fixture: loaded('varve'),
    async run(context) {
      const store = await openVarve(context.fixture, { durability })
      return batching(
        context,
        (entries) => store.setMany(entries),
        () => store.close(),
      )
    },
  },
  ...bareSides(async (context, driver) => {
    const table = await openBareFixture(context, driver, { full: durability === 'disk' })
    return batching(context, table.setMany, table.close)
  }, loaded('bare')),
  lmdb: {
    fixture: loaded('lmdb'),
    async run(context) {
      const db = await openLmdb(context.fixture, { noSync: durability === 'process' })
      const write = async (/** @type {[string, object][]} */ entries) => {
        await db.batch(() => {
          for (const [key, value] of entries) void db.put(key, value)
        })
        if (durability === 'disk') await db.flushed
      }
      return batching(context, write, () => db.close())
    },
  },
})

/** @param {string} size @param {number} keys @param {'disk' | 'process'} durability @returns {Row} */
const batch = (size, keys, durability) => ({
  id: 'A8',
  work: `setMany of 1,000 in one revision, '${durability}', ${size} keys`,
  full: { keys, batches: 20 },
  smoke: { keys: 1_000, batches: 2, size: 100 },
  sides: sides(durability),
  lines: [
    ...besideBare({ measure: 'set', unit: '/s', aim: '>= 0.75' }),
    { measure: 'set', unit: '/s', against: 'lmdb', aim: '>= 0.6' },
    {
      measure: 'bytes',
      unit: 'B',
      against: 'bare',
      aim: '<= 1.25',
      work: '… bytes written for each key, checkpoints included',
    },
    { measure: 'bytes', unit: 'B', against: 'lmdb', work: '… bytes written for each key' },
  ],
})

/** @type {Row[]} */
export const rows = [
  batch('100,000', 100_000, 'disk'),
  batch('1,000,000', 1_000_000, 'disk'),
  batch('100,000', 100_000, 'process'),
]
