// @ts-check
/** A11: a name for a point in time, however much there is. */
import fs from 'node:fs'
import path from 'node:path'
import { walk } from '../lib/data.js'
import { openVarve } from '../lib/engines.js'
import { bytesOnDisk, now, quantile } from '../lib/measure.js'
import { bareFile, bareSides, loaded, openBareFixture } from '../lib/sides.js'

/**
 * @typedef {import('../lib/rows.js').Row} Row
 * @typedef {import('../lib/rows.js').Side} Side
 */

/** @param {{ durability: 'disk' | 'process', change: boolean }} how `change`: a key is written before each, untimed @returns {Side} */
const creating = ({ durability, change }) => ({
  fixture: loaded('varve'),
  async run({ fixture, params: { keys = 0, snapshots = 0 } }) {
    const store = await openVarve(fixture, { durability, maxSnapshots: 0 })
    const next = walk(keys)
    // The store was closed before it was copied: nothing but its own files, no log waiting to be written back.
    const before = bytesOnDisk(fixture)
    let made = 0
    return {
      async slice() {
        const times = []
        for (let i = 0; i < snapshots; i += 1) {
          if (change) {
            const place = next.step()
            await store.set(next.key(place), next.value(place))
          }
          made += 1
          const start = now()
          await store.snapshots.create({ version: `release ${made}` })
          times.push((now() - start) * 1e3)
        }
        return { create: quantile(times, 0.5), slow: quantile(times, 0.99) }
      },
      async close() {
        const found = (await store.snapshots.list()).length
        if (found < made) throw new Error(`${found} of ${made} snapshots`)
        await store.close()
        return { bytes: (bytesOnDisk(fixture) - before) / made }
      },
    }
  },
})

/** @type {Row} */
const snapshot = {
  id: 'A11',
  work: "snapshot of 1,000,000 keys, 'process', p50",
  full: { keys: 1_000_000, snapshots: 400 },
  smoke: { keys: 1_000, snapshots: 20 },
  sides: {
    varve: creating({ durability: 'process', change: false }),
    'varve, one set before each': creating({ durability: 'process', change: true }),
    "varve, 'disk'": creating({ durability: 'disk', change: false }),
    ...bareSides(async (context, driver) => {
      const copy = path.join(context.dir, 'copy.db')
      const table = await openBareFixture(context, driver)
      return {
        slice() {
          fs.rmSync(copy, { force: true })
          const start = now()
          table.db.exec(`vacuum into '${copy.replaceAll("'", "''")}'`)
          return { create: (now() - start) * 1e3 }
        },
        close() {
          table.close()
          return { bytes: bytesOnDisk(copy), store: bytesOnDisk(bareFile(context)) }
        },
      }
    }, loaded('bare')),
  },
  lines: [
    {
      measure: 'create',
      unit: 'us',
      against: 'bare',
      ratio: 'speed',
      aim: '<= 100',
      absolute: true,
      work: "snapshot of 1,000,000 keys, 'process', p50, beside a copy",
    },
    { measure: 'create', unit: 'us', of: 'varve, one set before each', aim: '<= 100', absolute: true },
    { measure: 'create', unit: 'us', of: "varve, 'disk'", work: "snapshot of 1,000,000 keys, 'disk', p50" },
    { measure: 'slow', unit: 'us', work: '… p99' },
    {
      measure: 'bytes',
      unit: 'B',
      aim: '< 300',
      absolute: true,
      against: 'bare',
      ratio: 'none',
      work: '… bytes for each',
    },
  ],
}

/** @type {Row[]} */
export const rows = [snapshot]
