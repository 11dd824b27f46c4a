// @ts-check
/** A4: what it costs to be never stale, and whether it is. */
import { fork } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { keyAt, random } from '../lib/data.js'
import { openVarve } from '../lib/engines.js'
import { quantile, sleep, turn } from '../lib/measure.js'
import { bareSides, loaded, openBareFixture } from '../lib/sides.js'

/** @typedef {import('../lib/rows.js').Row} Row */

const WRITER = fileURLToPath(new URL('../lib/freshness-writer.js', import.meta.url))

/** What two looks at the clock cost, in microseconds, each in a turn of its own. @param {number} turns */
async function clockCost(turns) {
  const times = []
  for (let i = 0; i < turns; i += 1) {
    await turn()
    const start = process.hrtime.bigint()
    times.push(Number(process.hrtime.bigint() - start) / 1e3)
  }
  return quantile(times, 0.5)
}

/**
 * Times `first` and then `again` in each of many turns; p50 in microseconds without the clock's part.
 * @param {number} turns @param {(i: number) => unknown} first @param {(i: number) => unknown} again
 */
async function perTurn(turns, first, again) {
  const clock = await clockCost(turns)
  const firsts = new Float64Array(turns)
  const agains = new Float64Array(turns)
  for (let i = 0; i < turns; i += 1) {
    await turn()
    const a = process.hrtime.bigint()
    first(i)
    const b = process.hrtime.bigint()
    again(i)
    const c = process.hrtime.bigint()
    firsts[i] = Number(b - a) / 1e3
    agains[i] = Number(c - b) / 1e3
  }
  return {
    first: Math.max(0, quantile(firsts, 0.5) - clock),
    again: Math.max(0, quantile(agains, 0.5) - clock),
  }
}

/** @type {Row} */
const cost = {
  id: 'A4',
  work: 'the first getSync of a turn, freshness check included, p50',
  full: { keys: 100_000, turns: 50_000 },
  smoke: { keys: 1_000, turns: 500 },
  sides: {
    varve: {
      fixture: loaded('varve'),
      async run({ fixture, params: { keys = 0, turns = 0 } }) {
        const store = await openVarve(fixture)
        const hot = Array.from({ length: Math.min(1_000, keys) }, (_, i) =>
          keyAt(i * Math.floor(keys / 1_000)),
        )
        for (const key of hot) store.getSync(key)
        const get = (/** @type {number} */ i) => store.getSync(hot[i % hot.length])
        return { slice: () => perTurn(turns, get, (i) => get(i + 1)), close: () => store.close() }
      },
    },
    ...bareSides(async (context, driver) => {
      const table = await openBareFixture(context, driver)
      const version = table.db.prepare('pragma data_version')
      const { turns = 0 } = context.params
      const ask = () => version.get()
      return { slice: () => perTurn(turns, ask, ask), close: table.close }
    }, loaded('bare')),
  },
  lines: [
    { measure: 'first', unit: 'us', aim: '<= 3.5', absolute: true },
    {
      measure: 'first',
      unit: 'us',
      against: 'varve',
      againstMeasure: 'again',
      ratio: 'none',
      work: '… and the second of the same turn',
    },
    {
      measure: 'first',
      unit: 'us',
      against: 'bare',
      ratio: 'cost',
      work: '… beside `PRAGMA data_version` alone',
    },
    {
      measure: 'first',
      unit: 'us',
      against: 'bare, same driver as ours on Node 20',
      ratio: 'cost',
      work: '… beside `PRAGMA data_version` alone',
    },
  ],
}

const WRITERS = 3
const SLOTS = 100

/**
 * Three processes count their own keys up, each telling a count only after its write was acknowledged: into a file, and at
 * times by a message. The reader looks into the file in one turn and reads in the next; in a message's turn it reads at once.
 * @param {string} place @param {string} dir @param {number} durability
 */
async function startWriters(place, dir, durability) {
  const told = path.join(dir, 'told')
  fs.writeFileSync(told, Buffer.alloc(WRITERS * SLOTS * 4))
  const handle = fs.openSync(told, 'r')
  const counts = new Int32Array(WRITERS * SLOTS)
  const look = () => void fs.readSync(handle, counts, 0, counts.byteLength, 0)
  const children = Array.from({ length: WRITERS }, (_, i) =>
    fork(WRITER, [place, told, String(i), String(SLOTS), durability === 1 ? 'process' : 'disk'], {
      execArgv: [],
    }),
  )
  await Promise.all(children.map((child) => new Promise((ready) => child.once('message', ready))))
  return {
    counts,
    look,
    /** @param {(slot: number, count: number) => void} hear */
    onMessage(hear) {
      for (const child of children)
        child.on('message', (/** @type {any} */ { slot, count }) => hear(slot, count))
    },
    go() {
      for (const child of children) child.send('go')
    },
    async stop() {
      const gone = Promise.all(children.map((child) => new Promise((done) => child.once('exit', done))))
      for (const child of children) child.send('stop')
      await gone
      fs.closeSync(handle)
      if (children.some((child) => child.exitCode !== 0)) throw new Error('a writer failed')
    },
  }
}

/** @param {number} slot */
const slotKey = (slot) => `w${Math.floor(slot / SLOTS)}:${String(slot % SLOTS).padStart(14, '0')}`

/** @param {number} durability 1: process */
const watched = (durability) => ({
  fixture: loaded('varve'),
  /** @param {import('../lib/side.js').Context} context */
  async run({ fixture, dir, params: { reads: wanted = 0, burst = 0 } }) {
    const store = await openVarve(fixture)
    const writers = await startWriters(fixture, dir, durability)
    const dice = random(5)
    const before = new Int32Array(writers.counts.length)
    const keys = Array.from(before, (_, slot) => slotKey(slot))
    const count = (/** @type {number} */ slot) => store.getSync(keys[slot])?.count ?? 0
    let reads = 0
    let stale = 0
    let messages = 0
    /** Old, and not because the count in the file was caught half written. @param {number} slot @param {number} least */
    const isStale = (slot, least) => {
      const got = count(slot)
      reads += 1
      if (got >= least) return false
      writers.look()
      return /** @type {number} */ (writers.counts[slot]) >= least
    }
    writers.onMessage((slot, least) => {
      messages += 1
      if (isStale(slot, least)) stale += 1
    })
    writers.go()
    await sleep(100)
    return {
      async slice() {
        const start = performance.now()
        const first = reads
        while (reads - first < wanted) {
          writers.look()
          before.set(writers.counts)
          await turn()
          for (let i = 0; i < burst; i += 1) {
            const slot = Math.floor(dice() * before.length)
            if (isStale(slot, /** @type {number} */ (before[slot]))) stale += 1
          }
        }
        const seconds = (performance.now() - start) / 1e3
        const found = stale
        stale = 0
        return { stale: found, reads: (reads - first) / 1e6, speed: (reads - first) / seconds }
      },
      async close() {
        const commits = store.revision
        await writers.stop()
        await store.close()
        return { messages, commits }
      },
    }
  },
})

/** @type {Row} */
const stale = {
  id: 'A4',
  work: 'stale reads beside 3 writing processes',
  full: { keys: 100_000, reads: 1_000_000, burst: 200 },
  smoke: { keys: 1_000, reads: 2_000, burst: 50 },
  gather: { stale: 'sum', reads: 'sum', messages: 'sum' },
  sides: { varve: watched(1), "varve, writers on 'disk'": watched(0) },
  lines: ['varve', "varve, writers on 'disk'"].flatMap((of) => [
    { of, measure: 'stale', unit: '', aim: '= 0', absolute: true },
    { of, measure: 'reads', unit: 'M reads', work: '… of so many' },
    { of, measure: 'speed', unit: '/s', work: '… at so many reads' },
  ]),
}

/** @type {Row[]} */
export const rows = [cost, stale]
