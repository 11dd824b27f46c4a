// @ts-check
/** Deltas of single pairs of values: time and bytes, beside libraries that compare values. */
import path from 'node:path'
import { DIFFERS, RECORDERS } from '../lib/differs.js'
import { openVarve } from '../lib/engines.js'
import { DOCUMENTS, PAIRS, pairNamed, SHIFTED, shuffled } from '../lib/pairs.js'

/**
 * @typedef {import('../lib/rows.js').Row} Row
 * @typedef {import('../lib/rows.js').Side} Side
 * @typedef {import('../lib/rows.js').Line} Line
 */

/** Pairs that take some peers minutes, or all their stack. @type {Record<string, readonly string[]>} */
const WITHOUT = {
  jsondiffpatch: ['number series', 'shifting log', 'list with moves'],
  rfc6902: [...SHIFTED, 'GeoJSON'],
  'json-diff-ts': SHIFTED,
}

const cpu = () => {
  const { user, system } = process.cpuUsage()
  return user + system
}

/**
 * Microseconds of processor time for one call, for about `ms`: what else runs on the machine counts less than with a clock.
 * Warmed up each time: what a collection of all garbage leaves of compiled code is not much.
 * @param {number} ms @param {() => unknown} work
 */
function timed(ms, work) {
  // The clock of processor time is coarse; where nothing is measured, once will do.
  const atOnce = ms > 1 ? 4 : 1
  let start = cpu()
  do for (let i = 0; i < atOnce; i += 1) work()
  while (cpu() - start < ms * 5_000)
  start = cpu()
  let done = 0
  do {
    for (let i = 0; i < atOnce; i += 1) work()
    done += atOnce
  } while (cpu() - start < ms * 1_000)
  return (cpu() - start) / done
}

const MEAN = 'bytes: documents'

/** The geometric one: the ratio of two is the mean of the ratios. @param {readonly number[]} list */
const mean = (list) => Math.exp(list.reduce((sum, one) => sum + Math.log(one), 0) / list.length)

/** @param {string} name @param {(differ: import('../lib/differs.js').Differ, pair: { before: any, after: any }, ms: number) => Record<string, number>} measure @returns {Side} */
const side = (name, measure) => ({
  async run({ params: { ms = 40 } }) {
    const differ = await /** @type {() => Promise<import('../lib/differs.js').Differ>} */ (DIFFERS[name])()
    const pairs = PAIRS.filter((pair) => !WITHOUT[name]?.includes(pair)).map(
      (pair) => /** @type {const} */ ([pair, pairNamed(pair)]),
    )
    return {
      slice() {
        /** @type {Record<string, number>} */
        const measures = {}
        for (const [pair, values] of pairs) {
          for (const [what, figure] of Object.entries(measure(differ, values, ms)))
            measures[`${what}: ${pair}`] = figure
        }
        measures[MEAN] = mean(DOCUMENTS.map((pair) => measures[`bytes: ${pair}`] ?? Number.NaN))
        return measures
      },
      close() {},
    }
  },
})

/** @param {string} name */
const diffing = (name) =>
  side(name, ({ diff }, { before, after }, ms) => ({
    diff: timed(ms, () => diff(before, after)),
  }))
/** @param {string} name */
const sizing = (name) =>
  side(name, ({ diff, bytes }, { before, after }) => ({ bytes: bytes(diff(before, after)) }))
/** @param {string} name */
const both = (name) =>
  side(name, ({ diff, bytes, patch }, { before, after }, ms) => {
    const made = diff(before, after)
    return {
      diff: timed(ms, () => diff(before, after)),
      patch: timed(ms, () => patch?.(before, made)),
      bytes: bytes(made),
    }
  })

/** @param {readonly string[]} names @param {(name: string) => Side} make */
const sides = (names, make) => Object.fromEntries(names.map((name) => [name, make(name)]))

const COMPARING = [
  'varve',
  'fast-json-patch',
  'microdiff',
  'jsondiffpatch',
  'rfc6902',
  'json-diff-ts',
  'just-diff',
]
const AIMS = /** @type {Record<string, string>} */ ({
  'fast-json-patch': '<= 1',
  microdiff: '<= 1',
  jsondiffpatch: '<= 0.25',
})

/** A text in which these peers write the whole text again is no comparison. @param {string} peer */
const comparable = (peer) => PAIRS.filter((pair) => pair !== 'long text' && !WITHOUT[peer]?.includes(pair))

/** @type {Row} */
const time = {
  id: 'B1',
  work: 'diff',
  full: { ms: 60 },
  smoke: { ms: 1 },
  sides: sides(COMPARING, diffing),
  lines: COMPARING.slice(1).flatMap((against) =>
    comparable(against).map((pair) => ({
      work: `diff, ${pair}`,
      measure: `diff: ${pair}`,
      unit: 'us',
      against,
      aim: AIMS[against] ?? '<= 1',
    })),
  ),
}

/** @type {Row} */
const size = {
  id: 'B2',
  work: 'bytes of a delta',
  full: {},
  smoke: {},
  slices: 1,
  repeats: 1,
  sides: sides([...COMPARING, 'fossil-delta'], sizing),
  lines: [
    ...[...COMPARING.slice(1), 'fossil-delta'].flatMap((against) =>
      PAIRS.filter((pair) => pair !== 'map, unchanged' && !WITHOUT[against]?.includes(pair)).map((pair) => ({
        work: `bytes of a delta, ${pair}`,
        measure: `bytes: ${pair}`,
        unit: 'B',
        against,
        aim: SHIFTED.includes(pair) && against === 'fast-json-patch' ? '<= 0.01' : '<= 1',
      })),
    ),
    ...Object.entries({ jsondiffpatch: '<= 0.33', 'fast-json-patch': '<= 0.22' }).map(([against, aim]) => ({
      work: 'bytes of a delta, geometric mean over documents',
      measure: MEAN,
      unit: 'B',
      against,
      aim,
    })),
  ],
}

/** @type {Row} */
const binary = {
  id: 'B3',
  work: 'binary',
  full: { ms: 60 },
  smoke: { ms: 1 },
  sides: { 'varve binary': both('varve binary'), 'fossil-delta': both('fossil-delta') },
  lines: PAIRS.filter((pair) => pair !== 'map, unchanged').flatMap(
    (pair) =>
      /** @type {Line[]} */ ([
        {
          of: 'varve binary',
          against: 'fossil-delta',
          work: `binary diff, ${pair}`,
          measure: `diff: ${pair}`,
          unit: 'us',
          aim: '<= 0.33',
        },
        {
          of: 'varve binary',
          against: 'fossil-delta',
          work: `binary patch, ${pair}`,
          measure: `patch: ${pair}`,
          unit: 'us',
          aim: '<= 1',
        },
        {
          of: 'varve binary',
          against: 'fossil-delta',
          work: `binary bytes, ${pair}`,
          measure: `bytes: ${pair}`,
          unit: 'B',
          aim: '<= 1',
        },
      ]),
  ),
}

/** The best of the single strategies. */
const STRATEGIES = ['varve', 'varve binary', 'varve compress', 'varve none']

/** @type {Side} */
const best = {
  async run() {
    const differs = await Promise.all(STRATEGIES.map((name) => /** @type {any} */ (DIFFERS[name])()))
    return {
      slice: () =>
        Object.fromEntries(
          PAIRS.map((pair) => {
            const { before, after } = pairNamed(pair)
            return [
              `bytes: ${pair}`,
              Math.min(...differs.map(({ diff, bytes }) => bytes(diff(before, after)))),
            ]
          }),
        ),
      close() {},
    }
  },
}

/** @type {Row} */
const auto = {
  id: 'B4',
  work: 'auto',
  full: { ms: 40 },
  smoke: { ms: 1 },
  slices: 1,
  sides: { 'varve auto': both('varve auto'), 'the best strategy': best, varve: both('varve') },
  lines: PAIRS.flatMap(
    (pair) =>
      /** @type {Line[]} */ ([
        {
          of: 'varve auto',
          against: 'the best strategy',
          work: `auto, bytes, ${pair}`,
          measure: `bytes: ${pair}`,
          unit: 'B',
          aim: '<= 1.1',
        },
        {
          of: 'varve auto',
          against: 'varve',
          work: `auto, time beside structural, ${pair}`,
          measure: `diff: ${pair}`,
          unit: 'us',
          aim: '<= 4',
        },
      ]),
  ),
}

/** @param {number} count @param {string} name @returns {Side} */
const shuffling = (count, name) => ({
  async run({ params: { part = 1 } }) {
    const { diff } = await /** @type {any} */ (DIFFERS[name])()
    const { before, after } = shuffled(Math.ceil(count * part))
    return { slice: () => ({ diff: timed(10, () => diff(before, after)) / 1e3 }), close() {} }
  },
})

/** @type {Row} */
const shuffles = {
  id: 'B5',
  work: '64,000 numbers, shuffled',
  full: { part: 1 },
  smoke: { part: 0.01 },
  slices: 3,
  sides: { varve: shuffling(64_000, 'varve'), 'fast-json-patch': shuffling(64_000, 'fast-json-patch') },
  lines: [
    { measure: 'diff', unit: 'ms', against: 'fast-json-patch', ratio: 'none', aim: '<= 100', absolute: true },
  ],
}

const edits = (/** @type {any} */ draft) => {
  for (let i = 0; i < 100; i += 1) draft[`user:${String(i * 97).padStart(6, '0')}`].score = i
}

/** @param {string} name @returns {Side} */
const recording = (name) => ({
  async run({ params: { ms = 60 } }) {
    const record = await /** @type {any} */ (RECORDERS[name])()
    const { before } = pairNamed('map, unchanged')
    return { slice: () => ({ diff: timed(ms, () => record(before, edits)) }), close() {} }
  },
})

/** @type {Side} */
const sharing = {
  async run({ params: { ms = 60 } }) {
    const { diff } = await /** @type {any} */ (DIFFERS.varve)()
    const { before } = pairNamed('map, unchanged')
    const after = { ...before }
    for (const key of Object.keys(after)) after[key] = { ...after[key] }
    edits(after)
    return { slice: () => ({ diff: timed(ms, () => diff(before, after)) }), close() {} }
  },
}

/** A store knows what has changed: nothing is compared. @type {Side} */
const logged = {
  async run({ dir, params: { ms = 60 } }) {
    const { before } = pairNamed('map, unchanged')
    const store = await openVarve(path.join(dir, 'store'), { durability: 'process' })
    await store.setMany(Object.entries(before))
    const { revision } = store
    const after = { ...before }
    for (let i = 0; i < 100; i += 1) {
      const key = `user:${String(i * 97).padStart(6, '0')}`
      after[key] = { ...after[key], score: i }
      await store.set(key, after[key])
    }
    return {
      async slice() {
        const start = cpu()
        let done = 0
        do {
          const { length } = await store.diff(revision, store.revision).toArray()
          if (length !== 100) throw new Error(`${length} keys have changed`)
          done += 1
        } while (cpu() - start < ms * 1_000)
        return { diff: (cpu() - start) / done }
      },
      close: () => store.close(),
    }
  },
}

/** @type {Row} */
const recorded = {
  id: 'B6',
  work: '100 of 10,000 records changed: compared, beside recording the edits',
  full: { ms: 60 },
  smoke: { ms: 1 },
  sides: {
    varve: sharing,
    'varve, from the log': logged,
    immer: recording('immer'),
    mutative: recording('mutative'),
  },
  lines: ['varve', 'varve, from the log'].flatMap((of) =>
    ['immer', 'mutative'].map((against) => ({ of, measure: 'diff', unit: 'us', against })),
  ),
}

/** @type {Row[]} */
export const rows = [time, size, binary, auto, shuffles, recorded]
