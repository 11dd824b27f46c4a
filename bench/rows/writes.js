// @ts-check
/** A5 to A7 and A9: single writes. */
import fs from 'node:fs'
import path from 'node:path'
import { walk } from '../lib/data.js'
import { openConf, openKeyvSqlite, openLmdb, openLowdb, openVarve } from '../lib/engines.js'
import { rate, rateAsync } from '../lib/measure.js'
import { bareSides, besideBare, loaded, openBareFixture } from '../lib/sides.js'

/**
 * @typedef {import('../lib/rows.js').Row} Row
 * @typedef {import('../lib/rows.js').Side} Side
 * @typedef {import('../lib/side.js').Context} Context
 */

/** @param {'disk' | 'process'} durability @returns {Side} */
const ours = (durability) => ({
  fixture: loaded('varve'),
  async run({ fixture, params: { keys = 0, ms = 0, inFlight = 1 } }) {
    const store = await openVarve(fixture, { durability })
    const next = walk(keys)
    return {
      async slice() {
        const set = await rateAsync(ms, inFlight, () => {
          const place = next.step()
          return store.set(next.key(place), next.value(place))
        })
        return { set }
      },
      close: () => store.close(),
    }
  },
})

/** Its writes are synchronous: however many are wanted at once, they come one after another. @param {boolean} full */
const bare = (full) =>
  bareSides(async (context, driver) => {
    const table = await openBareFixture(context, driver, { full })
    const { keys = 0, ms = 0 } = context.params
    const next = walk(keys)
    return {
      slice: () => ({
        set: rate(ms, () => {
          const place = next.step()
          table.set(next.key(place), next.value(place))
        }),
      }),
      close: table.close,
    }
  }, loaded('bare'))

/** Put, then wait until it is flushed. @type {Side} */
const lmdb = {
  fixture: loaded('lmdb'),
  async run({ fixture, params: { keys = 0, ms = 0, inFlight = 1 } }) {
    const db = await openLmdb(fixture)
    const next = walk(keys)
    return {
      async slice() {
        const set = await rateAsync(ms, inFlight, async () => {
          const place = next.step()
          await db.put(next.key(place), next.value(place))
          await db.flushed
        })
        return { set }
      },
      close: () => db.close(),
    }
  },
}

/** What the disk itself gives: 4 KiB written over a file that is there already, and synced, again and again. @type {Side} */
const raw = {
  async run({ dir, params: { ms = 0 } }) {
    const handle = fs.openSync(path.join(dir, 'raw'), 'w')
    const page = Buffer.alloc(4_096, 'varve')
    const pages = 4_096
    for (let i = 0; i < pages; i += 1) fs.writeSync(handle, page)
    fs.fsyncSync(handle)
    let at = 0
    return {
      slice: () => ({
        set: rate(ms, () => {
          page.writeUInt32LE(at, 8)
          fs.writeSync(handle, page, 0, page.length, (at % pages) * page.length)
          fs.fdatasyncSync(handle)
          at += 1
        }),
      }),
      close: () => fs.closeSync(handle),
    }
  },
}

/** @type {Side} */
const conf = {
  fixture: loaded('conf'),
  async run({ fixture, params: { keys = 0, ms = 0 } }) {
    const config = await openConf(fixture)
    const next = walk(keys)
    return {
      slice: () => ({
        set: rate(ms, () => {
          const place = next.step()
          config.set(next.key(place), next.value(place))
        }),
      }),
      close() {},
    }
  },
}

/** @type {Side} */
const lowdb = {
  fixture: loaded('lowdb'),
  async run({ fixture, params: { keys = 0, ms = 0 } }) {
    const { db, durable } = await openLowdb(path.join(fixture, 'db.json'))
    const next = walk(keys)
    return {
      async slice() {
        const set = await rateAsync(ms, 1, () => {
          const place = next.step()
          db.data[next.key(place)] = next.value(place)
          return durable()
        })
        return { set }
      },
      close() {},
    }
  },
}

/** @type {Side} */
const keyv = {
  fixture: loaded('keyv'),
  async run({ fixture, params: { keys = 0, ms = 0 } }) {
    const { keyv: cache, sqlite } = await openKeyvSqlite(path.join(fixture, 'keyv.db'))
    const next = walk(keys)
    return {
      async slice() {
        const set = await rateAsync(ms, 1, () => {
          const place = next.step()
          return cache.set(next.key(place), next.value(place))
        })
        return { set }
      },
      close: () => sqlite.close(),
    }
  },
}

// Short slices and many: the disk changes its mind within seconds, and both sides of a ratio should meet the same one.
const sizes = { full: { keys: 100_000, ms: 300 }, smoke: { keys: 1_000, ms: 50 } }

/** @type {Row} */
const one = {
  id: 'A5',
  work: "one awaited 'disk' set with history, nothing else in flight, 100,000 keys",
  ...sizes,
  slices: 25,
  sides: { varve: ours('disk'), ...bare(true), lmdb, 'write + fdatasync': raw },
  lines: [
    ...besideBare({ measure: 'set', unit: '/s', aim: '>= 0.8' }),
    { measure: 'set', unit: '/s', against: 'lmdb', aim: '>= 2' },
    { measure: 'set', unit: '/s', against: 'write + fdatasync' },
  ],
}

/** @param {string} count @param {number} inFlight @param {string} toBare @returns {Row} */
const many = (count, inFlight, toBare) => ({
  id: 'A6',
  work: `awaited 'disk' sets with history, ${count} in flight, 100,000 keys`,
  full: { ...sizes.full, inFlight },
  smoke: { ...sizes.smoke, inFlight },
  slices: 25,
  sides: { varve: ours('disk'), ...bare(true), lmdb, 'write + fdatasync': raw },
  lines: [
    ...besideBare({ measure: 'set', unit: '/s', aim: toBare }),
    { measure: 'set', unit: '/s', against: 'lmdb', aim: '>= 1' },
    { measure: 'set', unit: '/s', against: 'write + fdatasync' },
  ],
})

/** @type {Row} */
const soft = {
  id: 'A7',
  work: "awaited 'process' set with history, 100,000 keys",
  ...sizes,
  slices: 11,
  sides: { varve: ours('process'), ...bare(false), 'keyv + sqlite (WAL, NORMAL)': keyv, conf },
  lines: [
    ...besideBare({ measure: 'set', unit: '/s', aim: '>= 0.7' }),
    { measure: 'set', unit: '/s', against: 'keyv + sqlite (WAL, NORMAL)', aim: '>= 5' },
    { measure: 'set', unit: '/s', against: 'conf', aim: '>= 10,000' },
  ],
}

/** @type {Row} */
const files = {
  id: 'A9',
  work: "awaited 'disk' set at 100,000 keys, beside files rewritten whole",
  ...sizes,
  slices: 7,
  sides: { varve: ours('disk'), conf, 'lowdb + fsync': lowdb },
  lines: [
    { measure: 'set', unit: '/s', against: 'conf', aim: '>= 1,000' },
    { measure: 'set', unit: '/s', against: 'lowdb + fsync', aim: '>= 1,000' },
  ],
}

/** @type {Row[]} */
export const rows = [one, many('100', 100, '>= 8'), many('1,000', 1_000, '>= 10'), soft, files]
