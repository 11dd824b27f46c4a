import assert from 'node:assert/strict'
import {
  InvalidOptionError,
  InvalidValueError,
  type OpenOptions,
  type StandardResult,
  type StandardSchemaV1,
} from '../../index.ts'
import { collect, refuses, stateOf } from '../assertions.ts'
import type { Case, Group } from '../harness.ts'

/** The option, and a value that it must not have. */
const refused: readonly (readonly [string, unknown])[] = [
  ['max_size', 5],
  ['maxsnapshots', 5],
  ['actor', 5],
  ['actor', null],
  ['durability', 'bogus'],
  ['durability', true],
  ['history', 'bogus'],
  ['history', 5],
  ['history', { revisions: -1 }],
  ['history', { revisions: 1.5 }],
  ['history', { age: '60' }],
  ['history', { age: 0 }],
  ['history', { days: 3 }],
  ['maxSnapshots', -5],
  ['maxSnapshots', 1.5],
  ['maxSnapshots', '5'],
  ['maxSnapshots', NaN],
  ['autoSnapshot', true],
  ['autoSnapshot', {}],
  ['autoSnapshot', { every: 0 }],
  ['autoSnapshot', { every: '60' }],
  ['autoSnapshot', { every: '1m', tag: 5 }],
  ['autoSnapshot', { every: '1m', label: 'x' }],
  ['compression', 'yes'],
  ['compression', 9],
  ['cache', 'bogus'],
  ['cache', true],
  ['cache', { strategy: 'bogus' }],
  ['cache', { maxEntries: -5 }],
  ['cache', { maxBytes: '1 MB' }],
  ['cache', { consistency: 'eventual' }],
  ['cache', { consistency: { maxStaleness: '60' } }],
  ['cache', { max_size: 5 }],
  ['readOnly', 1],
  ['readOnly', 'yes'],
  ['logger', 'console'],
  ['logger', {}],
  ['schema', 5],
  ['schema', { 'user:*': 5 }],
]

const accepted: readonly OpenOptions[] = [
  {},
  { actor: 'ann' },
  { durability: 'disk' },
  { durability: 'process' },
  { history: 'all' },
  { history: 'snapshots' },
  { history: { revisions: 10 } },
  { history: { age: '1d' } },
  { history: { revisions: 10, age: '30d' } },
  { maxSnapshots: 0 },
  { maxSnapshots: 3 },
  { autoSnapshot: { every: '1h' } },
  { autoSnapshot: { every: 60_000, tag: 'hourly' } },
  { compression: false },
  { compression: true },
  { cache: 'memory' },
  { cache: 'none' },
  { cache: { strategy: 'memory', maxEntries: 2 } },
  { cache: { strategy: 'none' } },
  { cache: { maxBytes: 1000 } },
  { cache: { maxEntries: 0, maxBytes: 0 } },
  { cache: { consistency: 'strict' } },
  { cache: { consistency: { maxStaleness: '1s' } } },
  { readOnly: false },
  { logger: { warn() {} } },
  { schema: {} },
]

/** A Standard Schema made by hand. */
const schemaOf = (
  validate: (value: unknown) => StandardResult | Promise<StandardResult>,
): StandardSchemaV1 => ({
  '~standard': { version: 1, vendor: 'test', validate },
})
const aNumber = schemaOf((value) =>
  typeof value === 'number' ? { value } : { issues: [{ message: 'expected a number', path: ['deep', 0] }] },
)

export const optionCases: Group = {
  title: 'options',
  cases(test) {
    for (const [name, value] of refused) {
      test(`${name}: ${JSON.stringify(value) ?? String(value)} is refused by name`, async ({ create }) => {
        const error = await refuses(() => create({ [name]: value }), InvalidOptionError)
        assert.equal(error.code, 'VARVE_INVALID_OPTION')
        const names = [name, ...Object.keys(Object(value) as object)]
        assert.ok(
          names.some((known) => error.message.includes(known)),
          `'${error.message}' names none of ${names.join(', ')}`,
        )
      })
    }

    for (const options of accepted) {
      test(`${JSON.stringify(options)} works`, async ({ create }) => {
        const store = await create(options)
        for (let n = 1; n <= 5; n++)
          await store.setMany({ a: n, [`k${n}`]: { n, text: 'text '.repeat(500) } })
        await store.delete('k1')
        assert.equal(await store.get('a'), 5)
        assert.deepEqual([...(await stateOf(store)).keys()], ['a', 'k2', 'k3', 'k4', 'k5'])
        assert.deepEqual(await store.get('k3'), { n: 3, text: 'text '.repeat(500) })
        const { version } = await store.snapshots.create()
        await store.set('a', 6)
        assert.equal(await store.get('a', { at: version }), 5)
        await store.restore(version)
        assert.equal(await store.get('a'), 5)
      })
    }

    test(
      'compression makes large values small, and can be left out',
      async ({ store, create }) => {
        const text = 'said again and again. '.repeat(5_000)
        const plain = await create({ compression: false })
        for (const one of [store, plain]) await one.set('a', { text })
        const [small = 0, large = 0] = [store, plain].map((one) => one.metrics().bytes.disk)
        assert.ok(large - small > text.length * 0.75, `${small} bytes compressed, ${large} bytes plain`)
        const [one, other] = [await store.snapshots.create(), await plain.snapshots.create()]
        assert.equal(one.checksum, other.checksum)
        for (const one of [store, plain]) assert.deepEqual(await one.get('a'), { text })
      },
      { needs: ['whole'] },
    )

    caches(test)
    schemas(test)
  },
}

function caches(test: Case): void {
  for (const cache of ['memory', 'none', { maxEntries: 2 }, { maxBytes: 300 }] as const) {
    test(`reads through the cache ${JSON.stringify(cache)} are never stale`, async ({ create }) => {
      const store = await create({ cache })
      const truth = new Map<string, unknown>()
      const check = async (): Promise<void> => {
        for (const key of ['a', 'b', 'c', 'd']) assert.deepEqual(await store.get(key), truth.get(key), key)
        assert.deepEqual(await stateOf(store), truth)
      }
      for (let n = 0; n < 5; n++) {
        await store.setMany({ a: n, b: { n } })
        truth.set('a', n).set('b', { n })
        await check()
        await store.transact((tx) => tx.set('c', n))
        truth.set('c', n)
        await check()
        await store.delete('b')
        truth.delete('b')
        await check()
      }
      await store.save({ d: 1 })
      truth.clear()
      truth.set('d', 1)
      await check()
      await store.restore(1)
      truth.clear()
      truth.set('a', 0).set('b', { n: 0 })
      await check()
      await store.clear()
      truth.clear()
      await check()
    })
  }
}

function schemas(test: Case): void {
  test(
    'a schema refuses what it does not fit, on every way to write',
    async ({ store }) => {
      await store.set('age:ann', 30)
      for (const write of [
        () => store.set('age:bob', 'old'),
        () => store.setMany({ other: 1, 'age:bob': 'old' }),
        () => store.update('age:ann', () => 'old'),
        () => store.transact((tx) => tx.set('age:bob', 'old')),
        () => store.save({ 'age:bob': 'old' }),
      ]) {
        const error = await refuses(write, InvalidValueError)
        assert.match(error.message, /expected a number/)
      }
      assert.deepEqual(await stateOf(store), new Map([['age:ann', 30]]))
      assert.equal(store.revision, 1)
    },
    { options: { schema: { 'age:*': aNumber } }, needs: ['whole'] },
  )

  test(
    'it asks nothing of other keys',
    async ({ store }) => {
      await store.setMany({ other: 'text', 'age:ann:unit': 'years', age: 'text', 'age:ann': 5 })
      assert.equal(await store.count(), 4)
    },
    { options: { schema: { 'age:*': aNumber } }, needs: ['whole'] },
  )

  test(
    'a schema may take its time',
    async ({ store, pass }) => {
      await store.set('a', 5)
      await refuses(() => store.set('a', 'text'), InvalidValueError)
      await store.transact((tx) => tx.set('b', 6))
      assert.equal(await store.update<number>('c', (n = 6) => n + 1), 7)
      await store.update<number>('gone', () => 8, { ttl: 30 })
      await refuses(() => store.update('c', () => 'text'), InvalidValueError)
      await store.delete('c')
      await pass(60)
      assert.deepEqual(
        await stateOf(store),
        new Map([
          ['a', 5],
          ['b', 6],
        ]),
      )
    },
    {
      options: {
        schema: {
          '**': schemaOf(async (value) => {
            await Promise.resolve()
            return typeof value === 'number' ? { value } : { issues: [{ message: 'expected a number' }] }
          }),
        },
      },
    },
  )

  test(
    'deleting asks no schema',
    async ({ store }) => {
      await store.set('age:ann', 5)
      assert.equal(await store.delete('age:ann'), true)
      assert.equal((await collect(store.history('age:ann'))).length, 2)
    },
    { options: { schema: { 'age:*': aNumber } }, needs: ['whole'] },
  )
}
