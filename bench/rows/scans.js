// @ts-check
/** A10: the state in key order, whole and by prefix. */
import { keyAt, prefixAt, random } from '../lib/data.js'
import { openLevel, openVarve } from '../lib/engines.js'
import { now } from '../lib/measure.js'
import { bareSides, besideBare, loaded, openBareFixture } from '../lib/sides.js'

/** @typedef {import('../lib/rows.js').Row} Row */

/**
 * A whole scan, then `prefixes` scans of a hundred keys each; both must bring all.
 * @param {import('../lib/side.js').Context} context
 * @param {() => Promise<number> | number} scan how many rows it brought
 * @param {(prefix: string, after: string) => Promise<unknown[]> | unknown[]} prefixScan
 * @param {() => unknown} close
 * @returns {import('../lib/side.js').Running}
 */
function scanning({ params: { keys = 0, prefixes = 0 } }, scan, prefixScan, close) {
  const dice = random(3)
  return {
    async slice() {
      const start = now()
      const rows = await scan()
      const seconds = (now() - start) / 1e3
      if (rows !== keys) throw new Error(`${rows} of ${keys} keys`)
      const wanted = Array.from({ length: prefixes }, () => Math.floor((dice() * keys) / 100))
      const from = now()
      for (const group of wanted) {
        // The character after the colon ends the range.
        const found = await prefixScan(prefixAt(group), prefixAt(group).replace(':', ';'))
        if (found.length !== 100) throw new Error(`${found.length} of 100 keys from ${keyAt(group * 100)}`)
      }
      return { scan: rows / seconds, prefix: (prefixes / (now() - from)) * 1e3 }
    },
    async close() {
      await close()
    },
  }
}

/** @param {string} size @param {number} keys @param {'sorted' | 'shuffled'} order @returns {Row} */
const scans = (size, keys, order) => ({
  id: 'A10',
  work: `ordered scan, ${size} keys, written in ${order === 'sorted' ? 'key' : 'random'} order`,
  full: { keys, prefixes: 2_000 },
  smoke: { keys: 1_000, prefixes: 10 },
  sides: {
    varve: {
      fixture: loaded('varve', order),
      async run(context) {
        const store = await openVarve(context.fixture)
        const scan = async () => {
          let rows = 0
          for await (const [, value] of store.entries()) if (value.seq > 0) rows += 1
          return rows
        }
        const prefixScan = async (/** @type {string} */ prefix) => {
          const found = []
          for await (const [, value] of store.entries({ prefix })) found.push(value)
          return found
        }
        return scanning(context, scan, prefixScan, () => store.close())
      },
    },
    ...bareSides(
      async (context, driver) => {
        const table = await openBareFixture(context, driver)
        const scan = () => {
          let rows = 0
          for (const { value } of table.rows()) if (JSON.parse(value).seq > 0) rows += 1
          return rows
        }
        const prefixScan = (/** @type {string} */ prefix, /** @type {string} */ after) => {
          const found = []
          for (const { value } of table.range(prefix, after)) found.push(JSON.parse(value))
          return found
        }
        return scanning(context, scan, prefixScan, table.close)
      },
      loaded('bare', order),
    ),
    'classic-level': {
      fixture: loaded('level', order),
      async run(context) {
        const db = await openLevel(context.fixture)
        const scan = async () => {
          let rows = 0
          for await (const [, value] of db.iterator()) if (value.seq > 0) rows += 1
          return rows
        }
        const prefixScan = (/** @type {string} */ gte, /** @type {string} */ lt) =>
          db.iterator({ gte, lt }).all()
        return scanning(context, scan, prefixScan, () => db.close())
      },
    },
  },
  lines: [
    ...besideBare({ measure: 'scan', unit: '/s', aim: '>= 0.8' }),
    { measure: 'scan', unit: '/s', against: 'classic-level', aim: '>= 0.8' },
    ...besideBare({ measure: 'prefix', unit: '/s', aim: '>= 0.8', work: '… prefix scans of 100' }),
    { measure: 'prefix', unit: '/s', against: 'classic-level', aim: '>= 0.8', work: '… prefix scans of 100' },
  ],
})

/** @type {Row[]} */
export const rows = [
  scans('100,000', 100_000, 'sorted'),
  scans('1,000,000', 1_000_000, 'sorted'),
  scans('100,000', 100_000, 'shuffled'),
]
