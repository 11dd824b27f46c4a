import assert from 'node:assert/strict'
import { InvalidKeyError, type Store } from '../../index.ts'
import { collect, printable, refuses, refusesStream, stateOf } from '../assertions.ts'
import type { Group } from '../harness.ts'

/** Each is stored apart from the others, and read back unit by unit. */
const oddKeys = [
  '\u0000',
  'a\u0000',
  'a\u0000b',
  '\u0001',
  'a\u0001b',
  ' ',
  ' a',
  'a ',
  'line\nbreak',
  '\t',
  '/',
  '..',
  '../../etc/passwd',
  'C:\\con',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  '1',
  '01',
  'a',
  'A',
  '%',
  '_',
  "'; drop table state; --",
  '"',
  '*',
  '**',
  '[a-z]?',
  '\u00e9',
  'e\u0301',
  '\u{1f600}',
  '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}',
  '\ufeffbom',
  '\uffee',
  '\uffff',
  '\u{10ffff}',
  '\u007f',
  '\u0080',
  '\u2028',
]

const longest = ['x'.repeat(1024), '\u{1f600}'.repeat(256), `${'\u00e9'.repeat(511)}ab`]

const refused: readonly (readonly [string, unknown])[] = [
  ['the empty text', ''],
  ['a lone high surrogate', 'a\ud83d'],
  ['a lone low surrogate', '\ude00b'],
  ['surrogates the wrong way round', '\ude00\ud83d'],
  ['a number', 1],
  ['null', null],
  ['undefined', undefined],
  ['a boolean', true],
  ['a list', ['a']],
  ['an object', { toString: () => 'a' }],
  ['a symbol', Symbol('a')],
  ['a bigint', 1n],
  ['bytes', new Uint8Array([97])],
]

/** Every way to name a key. */
const ways: readonly (readonly [string, (store: Store, key: never) => Promise<unknown>])[] = [
  ['get', (store, key) => store.get(key)],
  ['has', (store, key) => store.has(key)],
  ['getMany', (store, key) => store.getMany([key])],
  ['set', (store, key) => store.set(key, 1)],
  ['setMany', (store, key) => store.setMany([[key, 1]])],
  ['delete', (store, key) => store.delete(key)],
  ['update', (store, key) => store.update(key, () => 1)],
  ['transact get', (store, key) => store.transact((tx) => tx.get(key))],
  ['transact set', (store, key) => store.transact((tx) => tx.set(key, 1))],
  ['transact delete', (store, key) => store.transact((tx) => tx.delete(key))],
]

export const keyCases: Group = {
  title: 'keys',
  cases(test) {
    for (const key of oddKeys) {
      test(`the key ${printable(key)} is read back as it is`, async ({ store }) => {
        await store.set(key, 'first')
        await store.set(key, { value: key })
        assert.deepEqual(await store.get(key), { value: key })
        assert.deepEqual(await collect(store.keys()), [key])
        assert.deepEqual(await stateOf(store), new Map([[key, { value: key }]]))
        assert.deepEqual((await collect(store.log()))[0]?.keys, [key])
        const [change] = await collect(store.history(key))
        assert.deepEqual([change?.key, change?.before], [key, 'first'])
        assert.equal(await store.delete(key), true)
        assert.equal(await store.has(key), false)
      })
    }

    test('odd keys are all kept apart, in the order of their bytes', async ({ store }) => {
      await store.setMany(oddKeys.map((key, index) => [key, index] as const))
      assert.equal(await store.count(), oddKeys.length)
      for (const [index, key] of oddKeys.entries()) assert.equal(await store.get(key), index, printable(key))
      const ordered = [...oddKeys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      assert.deepEqual(await collect(store.keys()), ordered)
      assert.deepEqual(await collect(store.keys({ reverse: true })), [...ordered].reverse())
    })

    test(
      'odd keys are there when it is opened again',
      async ({ store, reopen }) => {
        await store.setMany(oddKeys.map((key, index) => [key, index] as const))
        const again = await reopen(store)
        for (const [index, key] of oddKeys.entries())
          assert.equal(await again.get(key), index, printable(key))
        assert.equal(await again.count(), oddKeys.length)
      },
      { needs: ['reopen'] },
    )

    for (const key of longest) {
      test(
        `a key of 1,024 bytes: ${printable(key)}`,
        async ({ store }) => {
          await store.set(key, 1)
          assert.equal(await store.get(key), 1)
          assert.deepEqual(await collect(store.keys({ prefix: key.slice(0, 10) })), [key])
          assert.equal(await store.count({ gte: key, lte: key }), 1)
          await store.delete(key)
          assert.equal(await store.get(key, { at: 1 }), 1)
        },
        { needs: ['whole'] },
      )
    }

    for (const key of [
      'x'.repeat(1025),
      '\u{1f600}'.repeat(256) + 'x',
      '\u00e9'.repeat(513),
      'x'.repeat(100_000),
    ]) {
      test(`a key of ${Buffer.byteLength(key)} bytes is refused: ${printable(key)}`, async ({ store }) => {
        await refuses(() => store.set(key, 1), InvalidKeyError)
        await refuses(() => store.get(key), InvalidKeyError)
        assert.equal(store.revision, 0)
      })
    }

    for (const [what, key] of refused) {
      test(`${what} is refused as a key, by every way to name one`, async ({ store }) => {
        await store.set('a', 0)
        for (const [way, use] of ways) {
          await refuses(() => use(store, key as never), InvalidKeyError).catch((error: unknown) => {
            throw new Error(`${way}: ${String(error)}`, { cause: error })
          })
        }
        await refusesStream(() => store.history(key as never), InvalidKeyError)
        assert.deepEqual(await stateOf(store), new Map([['a', 0]]))
        assert.equal(store.revision, 1)
      })
    }

    test(
      'getSync refuses a bad key',
      async ({ store }) => {
        assert.throws(() => store.getSync(''), InvalidKeyError)
        assert.throws(() => store.getSync(1 as never), InvalidKeyError)
      },
      { needs: ['sync'] },
    )
  },
}
