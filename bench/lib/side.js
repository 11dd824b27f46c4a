// @ts-check
/** The process of one side of one row: opens, runs a slice each time it is asked to, closes, reports. */
import { NotInstalled } from './engines.js'
import { rowsOf } from './rows.js'
import { startValuesAt } from './data.js'

/**
 * What a side is given.
 * @typedef {object} Context
 * @property {string} dir an empty folder of its own
 * @property {string} fixture the copy that it asked for (where it asked for one)
 * @property {Record<string, number>} params the row's sizes: full or smoke
 * @property {number} repeat
 *
 * @typedef {Record<string, number>} Measures
 *
 * What it gives back. `close` may add measures that are known only at the end.
 * @typedef {object} Running
 * @property {(slice: number) => Promise<Measures> | Measures} slice
 * @property {() => Promise<Measures | void> | Measures | void} close
 */

/** @param {Record<string, unknown>} message @param {() => void} [then] */
const tell = (message, then = () => {}) => void process.send?.(message, then)

/** @param {unknown} cause */
function fail(cause) {
  const error = cause instanceof Error ? cause : new Error(String(cause))
  tell({ missing: error instanceof NotInstalled, error: error.stack ?? error.message }, () => process.exit(1))
}

const [file = '', index = '0', name = '', given = '{}'] = process.argv.slice(2)
try {
  const row = (await rowsOf(file))[Number(index)]
  const side = row?.sides[name]
  if (side === undefined) throw new Error(`no side ${name}`)
  /** @type {Context} */
  const context = JSON.parse(given)
  startValuesAt(context.repeat * 20_000_000 + 5_000_000)
  const running = await side.run(context)
  process.on('message', async (/** @type {{ slice?: number }} */ { slice }) => {
    try {
      globalThis.gc?.()
      if (slice === undefined) tell({ measures: (await running.close()) ?? {} }, () => process.exit(0))
      else tell({ measures: await running.slice(slice) })
    } catch (error) {
      fail(error)
    }
  })
  process.on('disconnect', () => process.exit(1))
  tell({ ready: true })
} catch (error) {
  fail(error)
}
