// @ts-check
/** A17: what a walk over everything keeps in memory. */
import path from 'node:path'
import { keyAt } from '../lib/data.js'
import { needs, openVarve } from '../lib/engines.js'
import { now, watchMemory } from '../lib/measure.js'
import { bareSides, loaded, openBareFixture } from '../lib/sides.js'

/**
 * @typedef {import('../lib/rows.js').Row} Row
 * @typedef {import('../lib/rows.js').Side} Side
 */

/** A store that has been read and written a little, as before any such walk. @param {string} place @param {number} keys */
async function usedStore(place, keys) {
  const store = await openVarve(place, { durability: 'process' })
  for (let i = 0; i < 1_000; i += 1) store.getSync(keyAt(i % keys))
  await store.set('a', 1)
  return store
}

/** @param {(store: any, context: import('../lib/side.js').Context) => Promise<unknown>} work @returns {Side} */
const walking = (work) => ({
  fixture: loaded('varve'),
  async run(context) {
    const store = await usedStore(context.fixture, context.params.keys ?? 0)
    return {
      async slice() {
        const growth = watchMemory()
        const start = now()
        await work(store, context)
        return { memory: growth(), seconds: (now() - start) / 1e3 }
      },
      close: () => store.close(),
    }
  },
})

/** @type {Side} */
const importing = {
  fixture: loaded('varve-export'),
  async run({ fixture, dir, params: { keys = 0 } }) {
    const store = await usedStore(path.join(dir, 'empty'), keys)
    needs(store.snapshots, 'import')
    return {
      async slice() {
        const growth = watchMemory()
        const start = now()
        const { keys: brought } = await store.snapshots.import(path.join(fixture, 'export.varve'))
        if (brought !== keys) throw new Error(`${brought} of ${keys} keys`)
        return { memory: growth(), seconds: (now() - start) / 1e3 }
      },
      close: () => store.close(),
    }
  },
}

/** @type {Row} */
const memory = {
  id: 'A17',
  work: 'resident memory while scanning 1,000,000 keys',
  full: { keys: 1_000_000 },
  smoke: { keys: 1_000 },
  slices: 1,
  sides: {
    varve: walking(async (store, { params: { keys } }) => {
      let rows = 0
      for await (const [key] of store.entries()) if (key !== 'a') rows += 1
      if (rows !== keys) throw new Error(`${rows} of ${keys} keys`)
    }),
    'varve export': walking(async (store, { dir }) => {
      needs(store.snapshots, 'export')
      const { version } = await store.snapshots.create({ version: 'all' })
      await store.snapshots.export(version, path.join(dir, 'export.varve'))
    }),
    'varve import': importing,
    'varve backup': walking(async (store, { dir }) => {
      needs(store, 'backup')
      await store.backup(path.join(dir, 'backup.db'))
    }),
    'varve verify': walking(async (store) => {
      const { ok } = await store.verify()
      if (!ok) throw new Error('damaged')
    }),
    ...bareSides(async (context, driver) => {
      const table = await openBareFixture(context, driver)
      for (let i = 0; i < 1_000; i += 1) table.get(keyAt(i % (context.params.keys ?? 1)))
      return {
        slice() {
          const growth = watchMemory()
          let rows = 0
          for (const { value } of table.rows()) if (JSON.parse(value).seq > 0) rows += 1
          return { memory: growth(), rows }
        },
        close: table.close,
      }
    }, loaded('bare')),
  },
  lines: [
    { measure: 'memory', unit: 'MB', against: 'bare', ratio: 'none', aim: '< 64', absolute: true },
    { of: 'varve export', measure: 'memory', unit: 'MB', aim: '< 64', absolute: true, work: '… exporting' },
    {
      of: 'varve import',
      measure: 'memory',
      unit: 'MB',
      aim: '< 64',
      absolute: true,
      work: '… importing into an empty store',
    },
    { of: 'varve backup', measure: 'memory', unit: 'MB', aim: '< 64', absolute: true, work: '… backing up' },
    { of: 'varve verify', measure: 'memory', unit: 'MB', aim: '< 64', absolute: true, work: '… verifying' },
    { measure: 'seconds', unit: 's', of: 'varve export', work: 'time to export 1,000,000 keys' },
    { measure: 'seconds', unit: 's', of: 'varve import', work: '… to import them' },
    { measure: 'seconds', unit: 's', of: 'varve backup', work: '… to back them up' },
    { measure: 'seconds', unit: 's', of: 'varve verify', work: '… to verify them' },
  ],
}

/** @type {Row[]} */
export const rows = [memory]
