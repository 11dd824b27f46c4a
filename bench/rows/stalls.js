// @ts-check
/** A19: the longest time for which the event loop stands still while much is written. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { walk } from '../lib/data.js'
import { openVarve } from '../lib/engines.js'
import { now, sleep, turn } from '../lib/measure.js'
import { bareSides, loaded, openBareFixture } from '../lib/sides.js'

/**
 * @typedef {import('../lib/rows.js').Row} Row
 * @typedef {import('../lib/rows.js').Side} Side
 */

const GROUP = 100

/** Runs `work` and tells how long the loop stood still at the longest meanwhile. @param {() => Promise<number>} work */
async function watched(work) {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  await sleep(20)
  delay.reset()
  const speed = await work()
  await sleep(5)
  delay.disable()
  const longest = delay.max / 1e6
  return { longest, worst: longest, usual: delay.percentile(99) / 1e6, speed }
}

/** A hundred sets, then a turn for whoever else waits, and so on. @returns sets in a second
 * @param {number} seconds @param {() => unknown} write */
async function groups(seconds, write) {
  const start = now()
  let done = 0
  while (now() - start < seconds * 1e3) {
    await write()
    done += GROUP
    await turn()
  }
  return (done / (now() - start)) * 1e3
}

/** A hundred sets in flight, history bounded, and compaction again and again beside them.
 * @param {'disk' | 'process'} durability @returns {Side} */
const ours = (durability) => ({
  fixture: loaded('varve'),
  async run({ fixture, params: { keys = 0, seconds = 0, kept = 0, pause = 0 } }) {
    const store = await openVarve(fixture, { durability, history: { revisions: kept } })
    const next = walk(keys)
    return {
      async slice() {
        let writing = true
        let rounds = 0
        const compacting = (async () => {
          while (writing) {
            await store.compact()
            rounds += 1
            await sleep(pause)
          }
        })()
        const measures = await watched(() =>
          groups(seconds, () =>
            Promise.all(next.entries(GROUP).map(([key, value]) => store.set(key, value))),
          ),
        )
        writing = false
        await compacting
        return { ...measures, rounds }
      },
      close: () => store.close(),
    }
  },
})

/** The same hundred sets as one transaction; checkpoints where SQLite makes them by itself. @param {boolean} full */
const bare = (full) =>
  bareSides(async (context, driver) => {
    const table = await openBareFixture(context, driver, { full })
    const { keys = 0, seconds = 0 } = context.params
    const next = walk(keys)
    return {
      slice: () => watched(() => groups(seconds, () => table.setMany(next.entries(GROUP)))),
      close: table.close,
    }
  }, loaded('bare'))

/** What the machine itself takes. @type {Side} */
const nothing = {
  async run({ params: { seconds = 0 } }) {
    return {
      slice: () =>
        watched(async () => {
          await sleep(seconds * 250)
          return 0
        }),
      close() {},
    }
  },
}

/** @param {'disk' | 'process'} durability @returns {Row} */
const stall = (durability) => ({
  id: 'A19',
  work: `longest stop of the event loop in 60 s of writing, '${durability}', 100 in flight, 1,000,000 keys, compaction beside`,
  full: { keys: 1_000_000, seconds: 60, kept: 50_000, pause: 3_000 },
  smoke: { keys: 1_000, seconds: durability === 'disk' ? 3 : 1, kept: 500, pause: 200 },
  slices: 1,
  gather: { worst: 'max' },
  sides: { varve: ours(durability), ...bare(durability === 'disk'), 'nothing written': nothing },
  lines: [
    { measure: 'longest', unit: 'ms', against: 'bare', aim: '<= 50', absolute: true },
    { measure: 'worst', unit: 'ms', against: 'bare', ratio: 'none', work: '… in all the repeats' },
    {
      measure: 'worst',
      unit: 'ms',
      against: 'nothing written',
      ratio: 'none',
      work: '… beside what the machine itself takes',
    },
    { measure: 'usual', unit: 'ms', against: 'bare', ratio: 'none', work: '… p99' },
    { measure: 'speed', unit: '/s', against: 'bare', work: '… sets meanwhile' },
    { measure: 'rounds', unit: 'compactions', work: '… compactions meanwhile' },
  ],
})

/** @type {Row[]} */
export const rows = [stall('disk'), stall('process')]
