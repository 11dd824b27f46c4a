// @ts-check
/** Chains of deltas: a history of one document, as small as it gets and yet readable anywhere. */
import path from 'node:path'
import zlib from 'node:zlib'
import { openVarve, varve } from '../lib/engines.js'
import { gitHistory } from '../lib/git.js'
import { bytesOnDisk, median, now } from '../lib/measure.js'
import { history } from '../lib/history.js'

/**
 * @typedef {import('../lib/rows.js').Row} Row
 * @typedef {import('../lib/rows.js').Side} Side
 */

/** Some times in turn: the first ones would measure how code is compiled. @param {() => unknown} read */
function timed(read) {
  const times = Array.from({ length: 7 }, () => {
    const start = now()
    read()
    return now() - start
  })
  return median(times)
}

/** @param {any[]} versions */
async function chainOf(versions) {
  const { DeltaChain } = await varve()
  const chain = new DeltaChain(versions[0], { strategy: 'structural' })
  const times = []
  for (const version of versions.slice(1)) {
    const start = now()
    chain.push(version)
    times.push(now() - start)
  }
  return { chain, write: median(times) }
}

/** The same document as the value of one key of a store. @param {string} kind @returns {Side} */
const stored = (kind) => ({
  async run({ dir, params: { versions: count = 200 } }) {
    const versions = history(count, kind)
    const place = path.join(dir, 'store')
    const how = { durability: 'process', maxSnapshots: 0 }
    const times = []
    let store = await openVarve(place, how)
    for (const version of versions) {
      const start = now()
      await store.set('document', version)
      times.push(now() - start)
    }
    await store.close()
    const bytes = bytesOnDisk(place)
    store = await openVarve(place, how)
    return {
      slice() {
        /** @type {Record<string, number>} */
        const measures = { bytes, write: median(times) }
        for (const [name, revision] of /** @type {const} */ ([
          ['oldest', 1],
          ['newest', count],
        ])) {
          const read = store.getSync('document', { at: revision })
          measures[name] = timed(() => store.getSync('document', { at: revision }))
          if (JSON.stringify(read) !== JSON.stringify(versions[revision - 1]))
            throw new Error(`version ${revision} is wrong`)
        }
        return measures
      },
      close: () => store.close(),
    }
  },
})

/** As git keeps it at its smallest; read by a process of its own. @param {string} kind @returns {Side} */
const inGit = (kind) => ({
  async run({ dir, params: { versions: count = 200 } }) {
    const texts = history(count, kind).map((version) => JSON.stringify(version))
    const commits = texts.map((text) => [/** @type {const} */ (['document.json', text])])
    const { blobs, read } = await gitHistory(path.join(dir, 'git'), commits, { aggressive: true })
    return {
      slice() {
        const text = read('document.json', count - 1)
        const oldest = timed(() => read('document.json', count - 1))
        if (text !== texts[0]) throw new Error('the oldest version is wrong')
        return { bytes: blobs(), oldest }
      },
      close() {},
    }
  },
})

/** @param {string} kind @returns {Side} */
const chained = (kind) => ({
  async run({ params: { versions: count = 200 } }) {
    const versions = history(count, kind)
    const { chain, write } = await chainOf(versions)
    const worst = Math.max(0, chain.length - (chain.length % 32) - 2)
    return {
      slice() {
        /** @type {Record<string, number>} */
        const measures = { bytes: chain.stats().bytes, write }
        for (const [name, index] of /** @type {const} */ ([
          ['oldest', 0],
          ['newest', chain.length - 1],
          ['far', worst],
        ])) {
          const read = chain.at(index)
          measures[name] = timed(() => chain.at(index))
          if (JSON.stringify(read) !== JSON.stringify(versions[index]))
            throw new Error(`version ${index} is wrong`)
        }
        return measures
      },
      close() {},
    }
  },
})

/** @param {string} kind @param {(texts: Buffer[]) => number} size @returns {Side} */
const packed = (kind, size) => ({
  async run({ params: { versions: count = 200 } }) {
    const texts = history(count, kind).map((version) => Buffer.from(JSON.stringify(version)))
    return { slice: () => ({ bytes: size(texts) }), close() {} }
  },
})

const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN } = zlib.constants
/** @param {number} quality */
const brotli = (quality) => ({ params: { [BROTLI_PARAM_QUALITY]: quality, [BROTLI_PARAM_LGWIN]: 24 } })

/** @param {string} id @param {string} kind @returns {Row} */
const row = (id, kind) => ({
  id,
  work: `200 versions, ${kind}`,
  full: { versions: 200 },
  smoke: { versions: 20 },
  slices: 3,
  repeats: 1,
  sides: {
    varve: chained(kind),
    'each gzipped': packed(kind, (texts) => texts.reduce((sum, text) => sum + zlib.gzipSync(text).length, 0)),
    'all as one brotli stream': packed(
      kind,
      (texts) => zlib.brotliCompressSync(Buffer.concat(texts), brotli(5)).length,
    ),
    'git gc --aggressive, blobs': inGit(kind),
    'varve, a store': stored(kind),
  },
  lines: [
    { measure: 'bytes', unit: 'B', against: 'each gzipped', aim: '<= 0.05' },
    { measure: 'bytes', unit: 'B', against: 'all as one brotli stream' },
    { measure: 'bytes', unit: 'B', against: 'git gc --aggressive, blobs', aim: '<= 0.6' },
    { measure: 'write', unit: 'ms', work: `… one more version, ${kind}`, aim: '<= 3', absolute: true },
    { measure: 'oldest', unit: 'ms', work: `… read the oldest, ${kind}`, aim: '<= 16', absolute: true },
    {
      measure: 'far',
      unit: 'ms',
      work: `… read the farthest from a landing, ${kind}`,
      aim: '<= 16',
      absolute: true,
    },
    { measure: 'newest', unit: 'ms', work: `… read the newest, ${kind}`, aim: '<= 16', absolute: true },
    {
      measure: 'oldest',
      unit: 'ms',
      work: `… read the oldest, ${kind}`,
      against: 'git gc --aggressive, blobs',
    },
    {
      of: 'varve, a store',
      measure: 'bytes',
      unit: 'B',
      against: 'each gzipped',
      work: `… as one key, ${kind}`,
    },
    {
      of: 'varve, a store',
      measure: 'write',
      unit: 'ms',
      work: `… one more version, ${kind}`,
      aim: '<= 3',
      absolute: true,
    },
    {
      of: 'varve, a store',
      measure: 'oldest',
      unit: 'ms',
      work: `… read the oldest, ${kind}`,
      aim: '<= 16',
      absolute: true,
    },
  ],
})

/** @type {Row[]} */
export const rows = [
  row('B7', 'OpenAPI'),
  row('B8', 'lock file'),
  row('B9', 'package.json'),
  row('B10', 'keyed map'),
]
