// @ts-check
/** C10 to C12 on disk: what a tier below memory costs, and how warm a cache is after a restart. */
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { peer } from '../lib/caches.js'
import { random } from '../lib/data.js'
import { NotInstalled, varve } from '../lib/engines.js'
import { perOperationAsync } from '../lib/measure.js'

/**
 * @typedef {import('../lib/rows.js').Row} Row
 * @typedef {import('../lib/rows.js').Side} Side
 * @typedef {object} Tier
 * @property {(key: string, value: unknown) => unknown} set
 * @property {(key: string) => Promise<any>} get
 * @property {() => unknown} close
 */

const keyAt = (/** @type {number} */ i) => `user:${10_000_000 + i}`
const valueAt = (/** @type {number} */ i) => ({
  id: i,
  name: `User number ${i}`,
  mail: `user${i}@example.com`,
  tags: ['one', 'two', `t${i % 100}`],
  address: { street: `${i % 300} Main Street`, city: 'Springfield', zip: String(10_000 + (i % 80_000)) },
  seen: 1_700_000_000_000 + i,
})

/** @param {string} name */
function driver(name) {
  try {
    return createRequire(import.meta.url)(name)
  } catch (cause) {
    throw new NotInstalled(name, { cause })
  }
}

/** Everything is on disk, and nothing comes up. @param {(dir: string) => Promise<Tier>} open @param {boolean} optional @returns {Side} */
const onDisk = (open, optional) => ({
  optional,
  async run({ dir, params: { entries = 0, ms = 0 } }) {
    const cache = await open(dir)
    for (let i = 0; i < entries; i += 500)
      await Promise.all(
        Array.from({ length: Math.min(500, entries - i) }, (_, n) => cache.set(keyAt(i + n), valueAt(i + n))),
      )
    const next = random(7)
    const work = async (/** @type {number} */ count) => {
      for (let n = 0; n < count; n += 1) {
        const i = Math.floor(next() * entries)
        if ((await cache.get(keyAt(i))).id !== i) throw new Error(`entry ${i}`)
      }
    }
    await perOperationAsync(ms, 200, work)
    return {
      slice: async () => ({ hit: (await perOperationAsync(ms, 200, work)) / 1e3 }),
      close: () => void cache.close(),
    }
  },
})

/** @type {Row} */
const diskHit = {
  id: 'C11',
  work: 'awaited get from the disk tier, 100,000 entries of 240 bytes',
  full: { entries: 100_000, ms: 300 },
  smoke: { entries: 500, ms: 5 },
  slices: 7,
  sides: {
    varve: onDisk(async (dir) => {
      const { TieredCache } = await varve()
      return TieredCache.open(join(dir, 'cache'), { promote: false, memory: { maxEntries: 1 } })
    }, false),
    'bare better-sqlite3': onDisk(async (dir) => {
      const db = new (driver('better-sqlite3'))(join(dir, 'db'))
      db.exec(
        'pragma journal_mode = wal; pragma synchronous = normal; create table kv (key text primary key, value text)',
      )
      const put = db.prepare('insert or replace into kv values (?, ?)')
      const get = db.prepare('select value from kv where key = ?').pluck()
      return {
        set: (key, value) => put.run(key, JSON.stringify(value)),
        get: async (key) => JSON.parse(get.get(key)),
        close: () => db.close(),
      }
    }, true),
    'keyv sqlite': onDisk(async (dir) => {
      const [{ default: Keyv }, { default: KeyvSqlite }] = [await peer('keyv'), await peer('@keyv/sqlite')]
      const store = new KeyvSqlite({ uri: `sqlite://${join(dir, 'db')}`, wal: true })
      const cache = new Keyv({ store })
      return {
        set: (key, value) => cache.set(key, value),
        get: (key) => cache.get(key),
        close: () => cache.disconnect(),
      }
    }, true),
    bentocache: onDisk(async (dir) => {
      const { BentoCache, bentostore } = await peer('bentocache')
      const { kyselyDriver } = await peer('bentocache/drivers/kysely')
      const { Kysely, SqliteDialect } = await peer('kysely')
      const database = new (driver('better-sqlite3'))(join(dir, 'db'))
      database.exec('pragma journal_mode = wal; pragma synchronous = normal')
      const connection = new Kysely({ dialect: new SqliteDialect({ database }) })
      const bento = new BentoCache({
        default: 'disk',
        stores: { disk: bentostore().useL2Layer(kyselyDriver({ connection })) },
      })
      return {
        set: (key, value) => bento.set({ key, value }),
        get: (key) => bento.get({ key }),
        close: () => bento.disconnectAll(),
      }
    }, true),
  },
  lines: [
    { measure: 'hit', unit: 'us', aim: '<= 10', absolute: true },
    { measure: 'hit', unit: 'us', ratio: 'speed', against: 'keyv sqlite', aim: '>= 15' },
    { measure: 'hit', unit: 'us', ratio: 'speed', against: 'bentocache', aim: '>= 6' },
    { measure: 'hit', unit: 'us', ratio: 'speed', against: 'bare better-sqlite3' },
  ],
}

/** Zipf's law over so many keys. @param {number} keys @param {() => number} next */
function zipf(keys, next) {
  const sums = new Float64Array(keys)
  let sum = 0
  for (let i = 0; i < keys; i += 1) sums[i] = sum += 1 / (i + 1) ** 0.9
  return () => {
    const at = next() * sum
    let low = 0
    let high = keys - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (/** @type {number} */ (sums[middle]) < at) low = middle + 1
      else high = middle
    }
    // Popularity has nothing to do with the order of keys.
    return (low * 7919) % keys
  }
}

/** @param {string} folder @param {string} key @returns {{ first: number, warm: number, size: number }} */
function reopened(folder, key) {
  const program = fileURLToPath(new URL('../lib/reopen.js', import.meta.url))
  return JSON.parse(execFileSync(process.execPath, [program, folder, key], { encoding: 'utf8' }))
}

/** @param {string} from @param {string} to */
function copied(from, to) {
  const program = 'require("node:fs").cpSync(process.argv[1], process.argv[2], { recursive: true })'
  execFileSync(process.execPath, ['-e', program, from, to])
}

/** @type {Row} */
const restart = {
  id: 'C12',
  work: 'a persistent cache of 100,000 entries is opened again',
  full: { entries: 100_000, settle: 6_000 },
  smoke: { entries: 500, settle: 400 },
  slices: 3,
  sides: {
    varve: {
      async run({ dir, params }) {
        const { entries = 0 } = params
        const { PersistentCache } = await varve()
        const options = { maxEntries: entries, persistEvery: 200 }
        const ask = (/** @type {any} */ cache, /** @type {number} */ i) => {
          const key = keyAt(i)
          if (cache.get(key) !== undefined) return 1
          cache.set(key, valueAt(i))
          return 0
        }
        return {
          async slice(/** @type {number} */ slice) {
            const next = zipf(entries * 5, random(slice + 1))
            const steady = await PersistentCache.open(join(dir, `steady ${slice}`), {
              ...options,
              persistEvery: Infinity,
            })
            const cache = await PersistentCache.open(join(dir, `cache ${slice}`), options)
            for (let n = 0; n < entries * 10; n += 1) {
              const i = next()
              ask(steady, i)
              ask(cache, i)
              if (n % 10_000 === 0) await setTimeout(0)
            }
            // As a process leaves it that is killed now: what was written in the background is there.
            await setTimeout(params.settle)
            // By another process: closing a descriptor of its own would cost this one the locks of SQLite.
            copied(join(dir, `cache ${slice}`), join(dir, `killed ${slice}`))
            const [known = ''] = cache.keys()
            await cache.close()
            // In a process of its own, as after a restart.
            const { first, warm, size } = reopened(join(dir, `cache ${slice}`), known)
            if (size < entries) throw new Error(`${size} entries came back`)
            const again = await PersistentCache.open(join(dir, `cache ${slice}`), options)
            const killed = await PersistentCache.open(join(dir, `killed ${slice}`), options)
            const hits = [0, 0, 0]
            for (let n = 0; n < entries * 2; n += 1) {
              const i = next()
              ;[steady, again, killed].forEach(
                (one, k) => (hits[k] = /** @type {number} */ (hits[k]) + ask(one, i)),
              )
            }
            const [stayed = 0, came = 0, died = 0] = hits.map((count) => (100 * count) / (entries * 2))
            await Promise.all([steady.close(), again.close(), killed.close()])
            return { first, warm, lost: stayed - came, lostKilled: stayed - died }
          },
          close() {},
        }
      },
    },
  },
  lines: [
    {
      measure: 'first',
      unit: 'ms',
      aim: '<= 5',
      absolute: true,
      work: 'a persistent cache of 100,000 entries: open and one get',
    },
    { measure: 'warm', unit: 'ms', aim: '<= 400', absolute: true, work: '… until all entries are in memory' },
    {
      measure: 'lost',
      unit: 'points',
      aim: '<= 0.5',
      absolute: true,
      work: '… hit ratio lost by the restart',
    },
    { measure: 'lostKilled', unit: 'points', aim: '<= 0.5', absolute: true, work: '… after kill -9' },
  ],
}

/** @type {Row[]} */
export const rows = [diskHit, restart]
