// @ts-check
/** A20: four processes that all want to write. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { NotInstalled } from '../lib/engines.js'
import { bareFile, bareSides, loaded } from '../lib/sides.js'

/**
 * @typedef {import('../lib/rows.js').Row} Row
 * @typedef {import('../lib/rows.js').Side} Side
 */

const WRITER = fileURLToPath(new URL('../lib/contention-writer.js', import.meta.url))
const WRITERS = 4

/**
 * @param {object} job what each of the four is to do @param {number} seconds
 * @returns {Promise<import('../lib/side.js').Running>}
 */
async function contending(job, seconds) {
  const children = Array.from({ length: WRITERS }, (_, mine) =>
    fork(WRITER, [JSON.stringify({ ...job, mine })], { execArgv: ['--no-warnings'] }),
  )
  /** @param {object} [message] @returns {Promise<any[]>} */
  const all = (message) =>
    Promise.all(
      children.map(
        (child) =>
          new Promise((resolve, reject) => {
            const gone = () => reject(new Error('a writer ended'))
            child.once('exit', gone)
            child.once('message', (/** @type {any} */ told) => {
              child.off('exit', gone)
              if (told.error === undefined) resolve(told)
              else reject(told.missing ? new NotInstalled(told.error) : new Error(told.error))
            })
            if (message !== undefined) child.send(message)
          }),
      ),
    )
  await all()
  return {
    async slice() {
      const told = await all({ seconds })
      const commits = told.map((one) => one.commits)
      const slowest = Math.min(...commits)
      const fastest = Math.max(...commits)
      return {
        share: slowest / fastest,
        slowest: slowest / seconds,
        fastest: fastest / seconds,
        wait: Math.max(...told.map((one) => one.longest)),
        total: commits.reduce((sum, count) => sum + count, 0) / seconds,
      }
    },
    async close() {
      await all({ stop: true })
    },
  }
}

/** @param {'disk' | 'process'} durability @returns {Row} */
const contention = (durability) => ({
  id: 'A20',
  work: `four writing processes, '${durability}', 100,000 keys: slowest against fastest`,
  full: { keys: 100_000, seconds: 8 },
  smoke: { keys: 1_000, seconds: 0.5 },
  slices: 3,
  sides: {
    varve: {
      fixture: loaded('varve'),
      run: ({ fixture, params: { keys = 0, seconds = 0 } }) =>
        contending({ place: fixture, keys, durability }, seconds),
    },
    ...bareSides(
      (context, driver) =>
        contending(
          { place: bareFile(context), keys: context.params.keys, durability, driver },
          context.params.seconds ?? 0,
        ),
      loaded('bare'),
    ),
  },
  lines: [
    { measure: 'share', unit: '', against: 'bare', ratio: 'none', aim: '>= 0.5', absolute: true },
    {
      measure: 'wait',
      unit: 'ms',
      against: 'bare',
      ratio: 'none',
      aim: '<= 250',
      absolute: true,
      work: '… longest wait of one set',
    },
    { measure: 'slowest', unit: '/s', against: 'bare', ratio: 'none', work: '… sets of the slowest' },
    { measure: 'total', unit: '/s', against: 'bare', work: '… sets of all four' },
  ],
})

/** @type {Row[]} */
export const rows = [contention('disk'), contention('process')]
