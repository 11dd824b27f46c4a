// @ts-check
/** Sides and lines that many rows share. */
import path from 'node:path'
import { openBare } from './engines.js'

/**
 * @typedef {import('./engines.js').Driver} Driver
 * @typedef {import('./rows.js').Side} Side
 * @typedef {import('./rows.js').Line} Line
 * @typedef {import('./side.js').Context} Context
 */

const BARE = /** @type {Record<string, Driver>} */ ({
  bare: 'better-sqlite3',
  'bare, node:sqlite': 'node:sqlite',
  'bare, same driver as ours on Node 20': '@photostructure/sqlite',
})

/**
 * The bare table, through every driver that is there.
 * @param {(context: Context, driver: Driver) => Promise<import('./side.js').Running>} run
 * @param {Side['fixture']} [fixture]
 * @returns {Record<string, Side>}
 */
export function bareSides(run, fixture) {
  return Object.fromEntries(
    Object.entries(BARE).map(([name, driver]) => [
      name,
      /** @type {Side} */ ({
        optional: driver !== 'better-sqlite3',
        ...(fixture === undefined ? {} : { fixture }),
        run: (context) => run(context, driver),
      }),
    ]),
  )
}

/** A line beside each of them; the third is for information. @param {Line} line @returns {Line[]} */
export function besideBare(line) {
  return Object.keys(BARE).map((against) => {
    const { aim, ...rest } = line
    return BARE[against] === '@photostructure/sqlite' || aim === undefined
      ? { ...rest, against }
      : { ...line, against }
  })
}

/** The database file of a bare fixture. @param {Context} context */
export const bareFile = ({ fixture }) => path.join(fixture, 'kv.db')

/** @param {Context} context @param {Driver} driver @param {{ full?: boolean }} [options] */
export const openBareFixture = (context, driver, options) => openBare(driver, bareFile(context), options)

/** @param {import('./fixtures.js').Fixture['engine']} engine @param {'sorted' | 'shuffled'} [order] @returns {NonNullable<Side['fixture']>} */
export const loaded =
  (engine, order = 'sorted') =>
  ({ keys = 0 }) => ({ engine, keys, order })
