import assert from 'node:assert/strict'
import { collect, pairsOf } from '../assertions.ts'
import type { Group } from '../harness.ts'

const keys = [
  'user',
  'user:ann',
  'user:ann:age',
  'user:ann:address:city',
  'user:bob',
  'user:bob:age',
  'users',
  'users:ann',
  'orders.1.created',
  'orders.2.created',
  'orders.2.closed',
  'orders.2.items.created',
  'path/to/file',
  'path/to/other/file',
  'a?c',
  'abc',
  '(x|y)+',
  'x',
  '[ab]',
  'price$',
  'back\\slash',
  'name with space',
]

const cases: readonly (readonly [string, readonly string[]])[] = [
  ['**', keys],
  ['user:*', ['user:ann', 'user:bob']],
  ['user:**', ['user:ann', 'user:ann:age', 'user:ann:address:city', 'user:bob', 'user:bob:age']],
  ['user:*:age', ['user:ann:age', 'user:bob:age']],
  ['user:**:age', ['user:ann:age', 'user:bob:age']],
  ['user:**:city', ['user:ann:address:city']],
  ['user:*:*', ['user:ann:age', 'user:bob:age']],
  ['*:ann', ['user:ann', 'users:ann']],
  ['**:age', ['user:ann:age', 'user:bob:age']],
  ['*', ['user', 'users', 'a?c', 'abc', '(x|y)+', 'x', '[ab]', 'price$', 'back\\slash', 'name with space']],
  ['orders.*.created', ['orders.1.created', 'orders.2.created']],
  ['orders.**.created', ['orders.1.created', 'orders.2.created', 'orders.2.items.created']],
  ['orders.2.*', ['orders.2.created', 'orders.2.closed']],
  ['path/*/file', ['path/to/file']],
  ['path/**/file', ['path/to/file', 'path/to/other/file']],
  ['user:ann', ['user:ann']],
  ['user', ['user']],
  ['nothing:*', []],
  ['a?c', ['a?c']],
  ['(x|y)+', ['(x|y)+']],
  ['[ab]', ['[ab]']],
  ['price$', ['price$']],
  ['back\\slash', ['back\\slash']],
  ['name with space', ['name with space']],
]

const ordered = (list: readonly string[]): string[] =>
  [...list].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))

export const patternCases: Group = {
  title: 'patterns',
  cases(test) {
    for (const [match, expected] of cases) {
      test(`'${match}' matches exactly what it says`, async ({ store }) => {
        await store.setMany(keys.map((key) => [key, 1] as const))
        assert.deepEqual(await collect(store.keys({ match })), ordered(expected))
        assert.equal(await store.count({ match }), expected.length)
      })
    }

    test('a pattern goes with prefix, bounds, reverse and limit', async ({ store }) => {
      await store.setMany(keys.map((key) => [key, key.length] as const))
      assert.deepEqual(await collect(store.keys({ match: 'user:*', gt: 'user:ann' })), ['user:bob'])
      assert.deepEqual(await collect(store.keys({ match: 'user:*', prefix: 'user:a' })), ['user:ann'])
      assert.deepEqual(await collect(store.keys({ match: 'user:**', reverse: true, limit: 2 })), [
        'user:bob:age',
        'user:bob',
      ])
      assert.deepEqual(await pairsOf(store, { match: 'orders.*.created', limit: 1 }), [
        ['orders.1.created', 16],
      ])
      assert.equal(await store.count({ match: 'user:**', limit: 2 }), 2)
    })

    test('a pattern finds few keys among many', async ({ store }) => {
      await store.setMany(
        Array.from({ length: 2500 }, (_, n) => [`row:${n}:${n % 500 === 0 ? 'rare' : 'common'}`, n] as const),
      )
      const expected = ordered([
        'row:0:rare',
        'row:500:rare',
        'row:1000:rare',
        'row:1500:rare',
        'row:2000:rare',
      ])
      assert.deepEqual(await collect(store.keys({ match: 'row:*:rare' })), expected)
      assert.deepEqual(
        await collect(store.keys({ match: '**:rare', limit: 2, reverse: true })),
        expected.reverse().slice(0, 2),
      )
    })

    test('a pattern with at looks into the past', async ({ store }) => {
      await store.setMany({ 'user:ann': 1, 'user:bob': 1 })
      await store.delete('user:ann')
      assert.deepEqual(await collect(store.keys({ match: 'user:*', at: 1 })), ['user:ann', 'user:bob'])
      assert.deepEqual(await collect(store.keys({ match: 'user:*' })), ['user:bob'])
    })
  },
}
