// @ts-check
/** A whole state and its snapshots: bytes on disk, beside copies of each state and beside the same history in git. */
import path from 'node:path'
import zlib from 'node:zlib'
import { keyAt, random, valueAt } from '../lib/data.js'
import { openVarve } from '../lib/engines.js'
import { gitHistory } from '../lib/git.js'
import { bytesOnDisk, now } from '../lib/measure.js'

/**
 * @typedef {import('../lib/rows.js').Row} Row
 * @typedef {import('../lib/rows.js').Side} Side
 * @typedef {Record<string, number>} Params
 */

const WORDS = 'north south harbour letter window market garden engine winter signal copper paper'.split(' ')

/**
 * A record; `words` words of it are the same in all its versions.
 * @param {number} i @param {number} words
 */
function recordAt(i, words) {
  if (words === 0) return valueAt(i)
  const next = random(i + 1)
  const text = Array.from({ length: words }, () => WORDS[Math.floor(next() * WORDS.length)])
  return { ...valueAt(i), about: text.join(' '), tags: text.slice(0, 6) }
}

/**
 * What each snapshot sees change: first every key, then one percent of them each time. The same in every process.
 * @param {Params} params @returns {Generator<[number, object][]>}
 */
function* changes({ keys = 0, snapshots = 0, words = 0 }) {
  yield Array.from({ length: keys }, (_, i) => [i, recordAt(i, words)])
  const next = random(77)
  for (let made = 1; made < snapshots; made += 1) {
    const picked = new Set()
    while (picked.size < Math.ceil(keys / 100)) picked.add(Math.floor(next() * keys))
    yield [...picked].map((i) => [i, recordAt(i, words)])
  }
}

/** Each state as the text of one file, a line for each key. @param {Params} params */
function* texts(params) {
  /** @type {string[]} */
  const lines = []
  for (const changed of changes(params)) {
    for (const [i, value] of changed) lines[i] = `${JSON.stringify(keyAt(i))}:${JSON.stringify(value)}`
    yield `{\n${lines.join(',\n')}\n}\n`
  }
}

const MB = 1e6

/** @type {Side} */
const ours = {
  async run({ dir, params }) {
    const place = path.join(dir, 'store')
    return {
      async slice() {
        let store = await openVarve(place, { durability: 'process', maxSnapshots: 0 })
        let made = 0
        for (const changed of changes(params)) {
          for (let from = 0; from < changed.length; from += 1_000)
            await store.setMany(changed.slice(from, from + 1_000).map(([i, value]) => [keyAt(i), value]))
          await store.snapshots.create({ version: `s${made++}` })
        }
        await store.close()
        const bytes = bytesOnDisk(place) / MB
        store = await openVarve(place)
        const start = now()
        const value = store.getSync(keyAt(1), { at: 's0' })
        const read = now() - start
        if (value.id !== 1_000_001) throw new Error('another value was read')
        await store.close()
        return { bytes, read }
      },
      close() {},
    }
  },
}

/** @param {(text: string, made: number) => number} size @returns {Side} */
const copies = (size) => ({
  async run({ params }) {
    return {
      slice() {
        let bytes = 0
        let made = 0
        for (const text of texts(params)) bytes += size(text, made++)
        return { bytes: bytes / MB }
      },
      close() {},
    }
  },
})

/** They differ so little in size that one in ten tells of all. @param {string} text @param {number} made */
const gzipped = (text, made) => (made % 10 === 0 ? zlib.gzipSync(text).length * 10 : 0)

/** A file for each key, a hundred in each folder. @param {Params} params */
function* files(params) {
  for (const changed of changes(params))
    yield changed.map(
      ([i, value]) => /** @type {const} */ ([keyAt(i).replace(':', '/'), JSON.stringify(value)]),
    )
}

/** @param {Params} params */
function* oneFile(params) {
  for (const text of texts(params)) yield [/** @type {const} */ (['state.json', text])]
}

/**
 * @param {(params: Params) => Iterable<Iterable<readonly [string, string]>>} commits @param {string} name of the file to read
 * @returns {Side}
 */
const inGit = (commits, name) => ({
  async run({ dir, params }) {
    return {
      async slice() {
        const place = path.join(dir, 'git')
        const { packed, read } = await gitHistory(place, commits(params))
        const start = now()
        const text = read(name, (params.snapshots ?? 0) - 1)
        const ms = now() - start
        if (!text.includes('"id":1000001,')) throw new Error('another value was read')
        let newest = 0
        for (const state of texts(params)) newest = state.length
        return { bytes: packed() / MB, withFiles: (packed() + newest) / MB, read: ms }
      },
      close() {},
    }
  },
})

const LAYOUTS = ['git, one file', 'git, a file for each key']

/** @param {string} id @param {string} work @param {Params} full @returns {Row} */
const row = (id, work, full) => ({
  id,
  work,
  full,
  smoke: { ...full, keys: 1_000, snapshots: 10 },
  slices: 1,
  repeats: 1,
  sides: {
    varve: ours,
    'a copy of each state': copies((text) => text.length),
    'a copy of each state, gzipped': copies(gzipped),
    'git, one file': inGit(oneFile, 'state.json'),
    'git, a file for each key': inGit(files, keyAt(1).replace(':', '/')),
  },
  lines: [
    { measure: 'bytes', unit: 'MB', against: 'a copy of each state', ratio: 'cost', aim: '<= 0.05' },
    { measure: 'bytes', unit: 'MB', against: 'a copy of each state, gzipped', ratio: 'cost' },
    ...LAYOUTS.map((against) => ({
      measure: 'bytes',
      unit: 'MB',
      against,
      ratio: /** @type {const} */ ('cost'),
      work: `… beside the packed objects`,
    })),
    ...LAYOUTS.map((against) => ({
      measure: 'bytes',
      unit: 'MB',
      against,
      againstMeasure: 'withFiles',
      ratio: /** @type {const} */ ('cost'),
      work: `… beside the packed objects and the newest state in files`,
    })),
    ...LAYOUTS.map((against) => ({
      measure: 'read',
      unit: 'ms',
      against,
      ratio: /** @type {const} */ ('cost'),
      work: `… one key of the oldest snapshot`,
    })),
  ],
})

/** @type {Row[]} */
export const rows = [
  row('B11', '100 snapshots of 100,000 keys of 115 bytes, 1 % changed each', {
    keys: 100_000,
    snapshots: 100,
    words: 0,
  }),
  row('B12', '100 snapshots of 20,000 keys of 600 bytes, 1 % changed each', {
    keys: 20_000,
    snapshots: 100,
    words: 64,
  }),
]
