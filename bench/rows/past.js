// @ts-check
/** A12 to A14: comparing with, going back to, and reading from the past. */
import { keyAt, shuffled, valueAt, walk } from '../lib/data.js'
import { openVarve } from '../lib/engines.js'
import { now, perOperation } from '../lib/measure.js'

/**
 * @typedef {import('../lib/rows.js').Row} Row
 * @typedef {import('../lib/rows.js').Side} Side
 */

/** @param {'keys' | 'few'} size which of the row's sizes @param {boolean} apart each change a revision of its own @returns {Side} */
const diffing = (size, apart) => ({
  fixture: (params) => ({ engine: 'varve', keys: params[size] ?? 0 }),
  async run({ fixture, params }) {
    const { changes = 0 } = params
    const store = await openVarve(fixture, { durability: 'process' })
    const next = walk(params[size] ?? 0)
    return {
      async slice() {
        const from = store.revision
        const entries = next.entries(changes)
        if (apart) await Promise.all(entries.map(([key, value]) => store.set(key, value)))
        else await store.setMany(entries)
        const to = store.revision
        const start = now()
        const found = await store.diff(from, to).toArray()
        const ms = now() - start
        if (found.length !== changes) throw new Error(`${found.length} of ${changes} changes`)
        return { diff: ms, each: (ms / changes) * 1e3 }
      },
      close: () => store.close(),
    }
  },
})

/** @type {Row} */
const diff = {
  id: 'A12',
  work: 'diff of 1,000 changes in one revision among 1,000,000 keys',
  full: { keys: 1_000_000, few: 10_000, changes: 1_000 },
  smoke: { keys: 1_000, few: 500, changes: 100 },
  slices: 9,
  sides: {
    varve: diffing('keys', false),
    'varve, 10,000 keys': diffing('few', false),
    'varve, 1,000 revisions': diffing('keys', true),
    'varve, 1,000 revisions, 10,000 keys': diffing('few', true),
  },
  lines: [
    { measure: 'diff', unit: 'ms', against: 'varve, 10,000 keys', ratio: 'cost', aim: '<= 1.5' },
    { measure: 'each', unit: 'us', aim: '<= 15', absolute: true, work: '… for each change' },
    {
      of: 'varve, 1,000 revisions',
      measure: 'diff',
      unit: 'ms',
      against: 'varve, 1,000 revisions, 10,000 keys',
      ratio: 'cost',
      aim: '<= 1.5',
      work: 'diff of 1,000 changes among 1,000,000 keys',
    },
    {
      of: 'varve, 1,000 revisions',
      measure: 'each',
      unit: 'us',
      aim: '<= 15',
      absolute: true,
      work: '… for each change',
    },
  ],
}

/** @param {'disk' | 'process'} durability @returns {Side} */
const restoring = (durability) => ({
  fixture: (params) => ({ engine: 'varve', keys: params.keys ?? 0 }),
  async run({ fixture, params: { keys = 0, changes = 0 } }) {
    const store = await openVarve(fixture, { durability })
    const next = walk(keys)
    return {
      async slice() {
        const from = store.revision
        const entries = next.entries(changes)
        const key = entries[0]?.[0]
        const before = store.getSync(key).seq
        const start = now()
        await store.setMany(entries)
        const write = now() - start
        const again = now()
        await store.restore(from)
        const restore = now() - again
        if (store.getSync(key).seq !== before) throw new Error('not restored')
        return { write, restore }
      },
      close: () => store.close(),
    }
  },
})

/** @type {Row} */
const restore = {
  id: 'A13',
  work: "restore over 1,000 changes among 1,000,000 keys, beside writing 1,000, 'disk'",
  full: { keys: 1_000_000, changes: 1_000 },
  smoke: { keys: 1_000, changes: 100 },
  slices: 9,
  sides: { varve: restoring('disk'), "varve, 'process'": restoring('process') },
  lines: ['varve', "varve, 'process'"].map((of) => ({
    of,
    against: of,
    measure: 'restore',
    againstMeasure: 'write',
    unit: 'ms',
    ratio: /** @type {const} */ ('cost'),
    aim: '<= 3',
  })),
}

/**
 * Three groups of keys that have changed once, a hundred and ten thousand times since; each read now and as it was before.
 * @param {boolean} compacted @returns {Side}
 */
const lookingBack = (compacted) => ({
  fixture: (params) => ({ engine: 'varve', keys: params.keys ?? 0 }),
  async run({ fixture, params: { keys = 0, ms = 0, deep = 0, middle = 0 } }) {
    const store = await openVarve(fixture, { durability: 'process', cache: 'none' })
    const order = shuffled(keys, 11)
    const group = (/** @type {number} */ from, /** @type {number} */ count) => [
      ...order.subarray(from, from + count),
    ]
    const groups = { once: group(0, 500), middle: group(500, 50), deep: group(550, 10) }
    const then = store.revision
    const expected = groups.deep.map((place) => store.getSync(keyAt(place)).seq)
    for (let round = 0; round < deep; round += 1) {
      const places = [
        ...groups.deep,
        ...(round < middle ? groups.middle : []),
        ...(round < 1 ? groups.once : []),
      ]
      await store.setMany(places.map((place) => /** @type {const} */ ([keyAt(place), valueAt(place)])))
    }
    if (compacted) await store.compact()
    groups.deep.forEach((place, i) => {
      if (store.getSync(keyAt(place), { at: then }).seq !== expected[i])
        throw new Error('not the value of that time')
    })

    /** @param {string[]} list @param {{ at: number } | undefined} options */
    const reading = (list, options) => {
      let at = 0
      return (
        perOperation(ms, 1, () => {
          store.getSync(list[at], options)
          at = (at + 1) % list.length
        }) / 1e3
      )
    }
    return {
      slice() {
        /** @type {Record<string, number>} */
        const measures = {}
        for (const [name, places] of Object.entries(groups)) {
          const list = places.map(keyAt)
          measures[`${name} now`] = reading(list, undefined)
          measures[`${name} then`] = reading(list, { at: then })
        }
        return measures
      },
      close: () => store.close(),
    }
  },
})

const DEPTHS = /** @type {const} */ ([
  ['once', '1 change', '<= 2'],
  ['middle', '100 changes', '<= 4'],
  ['deep', '10,000 changes', '<= 4'],
])

/** @type {Row} */
const back = {
  id: 'A14',
  work: 'get at an old revision, beside a cold get of the same keys',
  full: { keys: 100_000, ms: 200, deep: 10_000, middle: 100 },
  smoke: { keys: 1_000, ms: 5, deep: 50, middle: 10 },
  sides: { varve: lookingBack(false), 'varve, compacted': lookingBack(true) },
  lines: ['varve', 'varve, compacted'].flatMap((of) =>
    DEPTHS.map(([name, depth, aim]) => ({
      of,
      against: of,
      work: `get at an old revision, ${depth} of that key since, beside a cold get`,
      measure: `${name} then`,
      againstMeasure: `${name} now`,
      unit: 'us',
      ratio: /** @type {const} */ ('cost'),
      aim,
    })),
  ),
}

/** @type {Row[]} */
export const rows = [diff, restore, back]
