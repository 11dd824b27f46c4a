// @ts-check
/** The rows: which files hold them, and their shape. */

/**
 * @typedef {import('./side.js').Context} Context
 * @typedef {import('./side.js').Running} Running
 *
 * @typedef {object} Side
 * @property {(context: Context) => Promise<Running>} run
 * @property {(params: Record<string, number>) => import('./fixtures.js').Fixture} [fixture] a ready-made store to work on
 * @property {boolean} [optional] left out of the table where it is not installed
 *
 * One line of the table: a measure of `of` (default 'varve') beside one of `against`.
 * @typedef {object} Line
 * @property {string} measure
 * @property {string} unit
 * @property {string} [work] default: the row's
 * @property {string} [of]
 * @property {string} [against]
 * @property {string} [againstMeasure] default: `measure`
 * @property {'speed' | 'cost' | 'none'} [ratio] of ours to theirs: how many times as fast, or how many times as much. Default by the unit
 * @property {string} [aim] such as '>= 0.8'
 * @property {boolean} [absolute] the aim is for our own figure, not for the ratio
 *
 * @typedef {object} Row
 * @property {string} id
 * @property {string} work
 * @property {Record<string, number>} full
 * @property {Record<string, number>} smoke
 * @property {number} [slices] default 5; one in a smoke run
 * @property {number} [repeats] instead of the run's own number
 * @property {Record<string, 'max' | 'sum'>} [gather] measures of which not the median counts
 * @property {Record<string, Side>} sides
 * @property {Line[]} lines
 */

export const FILES = [
  'reads.js',
  'freshness.js',
  'writes.js',
  'batches.js',
  'scans.js',
  'snapshots.js',
  'past.js',
  'files.js',
  'memory.js',
  'stalls.js',
  'watch.js',
  'writers.js',
  'cli.js',
  'deltas.js',
  'chains.js',
  'histories.js',
  'caches.js',
  'caches-memory.js',
  'loads.js',
  'tiers.js',
]

/** @param {string} file @returns {Promise<Row[]>} */
export async function rowsOf(file) {
  return (await import(`../rows/${file}`)).rows
}
