// @ts-check
/** C1 to C5: a cache in memory beside its peers, on the same work. */
import { cacheSide, CACHES } from '../lib/caches.js'

/**
 * @typedef {import('../lib/rows.js').Row} Row
 * @typedef {import('../lib/rows.js').Line} Line
 */

/**
 * @param {string} id @param {string} work @param {string} says @param {number} entries @param {boolean} ttl
 * @param {string} [aim] of the default policy beside lru-cache @param {string} [simple] of the simple ones
 * @returns {Row}
 */
function row(id, work, says, entries, ttl, aim, simple) {
  const others = ['quick-lru', 'mnemonist', 'Map'].filter(
    (name) => !(ttl && name !== 'quick-lru') && !(name === 'Map' && (work === 'insert' || work === 'zipf')),
  )
  const sides = ['varve', 'varve lru', 'varve sieve', 'varve s3fifo', 'lru-cache', ...others]
  /** @type {Line} */
  const line = { measure: 'operation', unit: 'ns', ratio: 'speed', against: 'lru-cache' }
  return {
    id,
    work: `${says}, ${entries.toLocaleString('en-US')} entries${ttl ? ', ttl' : ''}`,
    full: { entries, ms: 100 },
    smoke: { entries: 500, ms: 2 },
    slices: 15,
    sides: Object.fromEntries(
      Object.keys(CACHES)
        .filter((name) => sides.includes(name))
        .map((name) => [name, cacheSide(name, work, ttl)]),
    ),
    lines: [
      { ...line, ...(aim && { aim }) },
      ...['varve lru', 'varve sieve', 'varve s3fifo'].map((of) => ({
        ...line,
        of,
        ...(simple && { aim: simple }),
      })),
      ...others.map((against) => ({ ...line, against })),
    ],
  }
}

const SMALL = 10_000
const LARGE = 1_000_000

/** @type {Row[]} */
export const rows = [
  row('C1', 'hit', 'hit', SMALL, false, '>= 1.2'),
  row('C1', 'hit', 'hit', SMALL, true, '>= 1.6'),
  row('C1', 'hit', 'hit', LARGE, false),
  row('C1', 'miss', 'miss', SMALL, false),
  row('C2', 'fresh', 'hit with a key built for it', SMALL, false, '>= 1.4'),
  row('C2', 'fresh', 'hit with a key built for it', LARGE, false, '>= 1.7'),
  row('C3', 'overwrite', 'overwrite', SMALL, false, '>= 1.7'),
  row('C3', 'overwrite', 'overwrite', SMALL, true, '>= 2.4'),
  row('C4', 'insert', 'insert that evicts', SMALL, false, '>= 1', '>= 1.3'),
  row('C4', 'insert', 'insert that evicts', SMALL, true, '>= 1', '>= 1.3'),
  row('C4', 'insert', 'insert that evicts', LARGE, false, '>= 1', '>= 1.3'),
  row('C5', 'zipf', 'zipf 0.99, 90 % reads that fill in', SMALL, false, '>= 1.4'),
  row('C5', 'zipf', 'zipf 0.99, 90 % reads that fill in', SMALL, true, '>= 2'),
]
