import assert from 'node:assert/strict'
import { InvalidKeyError, InvalidValueError, VarveError } from '../../index.ts'
import { collect, pairsOf, refuses, stateOf } from '../assertions.ts'
import type { Case, Group } from '../harness.ts'

export const stateCases: Group = {
  title: 'state',
  cases(test) {
    reading(test)
    writingOne(test)
    writingMany(test)
    removing(test)
  },
}

function reading(test: Case): void {
  test('a new store is empty, at revision 0', async ({ store }) => {
    assert.equal(store.revision, 0)
    assert.equal(await store.get('a'), undefined)
    assert.equal(await store.has('a'), false)
    assert.equal(await store.count(), 0)
    assert.deepEqual(await collect(store.keys()), [])
    assert.deepEqual(await pairsOf(store), [])
  })

  test('get gives what set stored', async ({ store }) => {
    await store.set('key1', 'value1')
    await store.set('key2', { nested: 'value2' })
    assert.equal(await store.get('key1'), 'value1')
    assert.deepEqual(await store.get('key2'), { nested: 'value2' })
  })

  test('asking for an absent key puts nothing in its place', async ({ store }) => {
    assert.equal((await store.get('a')) ?? 'default', 'default')
    assert.equal(await store.has('a'), false)
    assert.equal(await store.count(), 0)
    assert.equal(store.revision, 0)
  })

  for (const value of [false, 0, '', null]) {
    test(`${JSON.stringify(value)} is a value, not an absence`, async ({ store }) => {
      await store.set('a', value)
      assert.equal(await store.get('a'), value)
      assert.equal(await store.has('a'), true)
      assert.equal((await store.getMany(['a'])).has('a'), true)
      assert.deepEqual(await pairsOf(store), [['a', value]])
    })
  }

  test('has tells what is there', async ({ store }) => {
    await store.set('a', 1)
    assert.equal(await store.has('a'), true)
    assert.equal(await store.has('b'), false)
    await store.delete('a')
    assert.equal(await store.has('a'), false)
  })

  test(
    'getSync answers without a promise, and the same',
    async ({ store }) => {
      assert.equal(store.getSync('a'), undefined)
      await store.set('a', { deep: [1, 2] })
      assert.deepEqual(store.getSync('a'), { deep: [1, 2] })
      await store.set('a', 2)
      assert.equal(store.getSync('a'), 2)
      await store.delete('a')
      assert.equal(store.getSync('a'), undefined)
    },
    { needs: ['sync'] },
  )

  test(
    'getSync sees every kind of write as soon as it is acknowledged',
    async ({ store }) => {
      await store.setMany({ a: 1, b: 1 })
      assert.equal(store.getSync('b'), 1)
      await store.update<number>('a', (n = 0) => n + 1)
      assert.equal(store.getSync('a'), 2)
      await store.transact((tx) => tx.set('a', 3))
      assert.equal(store.getSync('a'), 3)
      await store.save({ a: 4 })
      assert.equal(store.getSync('a'), 4)
      assert.equal(store.getSync('b'), undefined)
      await store.restore(1)
      assert.equal(store.getSync('a'), 1)
      await store.clear()
      assert.equal(store.getSync('a'), undefined)
    },
    { needs: ['sync'] },
  )

  test('getMany gives the keys that are there, and no others', async ({ store }) => {
    await store.setMany({ a: 1, b: null, c: 3 })
    const found = await store.getMany(['c', 'missing', 'b'])
    assert.deepEqual(
      found,
      new Map<string, unknown>([
        ['b', null],
        ['c', 3],
      ]),
    )
  })

  test('getMany takes any iterable, and a key twice', async ({ store }) => {
    await store.setMany({ a: 1, b: 2 })
    assert.deepEqual(await store.getMany(new Set(['a'])), new Map([['a', 1]]))
    function* keys(): Generator<string> {
      yield 'b'
      yield 'b'
    }
    assert.deepEqual(await store.getMany(keys()), new Map([['b', 2]]))
  })

  test('getMany of nothing is empty', async ({ store }) => {
    await store.set('a', 1)
    assert.deepEqual(await store.getMany([]), new Map())
  })

  test('getMany refuses a bad key', async ({ store }) => {
    await refuses(() => store.getMany(['a', '']), InvalidKeyError)
  })
}

function writingOne(test: Case): void {
  test('revisions are 1, 2, 3', async ({ store }) => {
    assert.deepEqual([await store.set('a', 1), await store.set('b', 1), await store.set('a', 2)], [1, 2, 3])
  })

  test('store.revision is the newest that was acknowledged', async ({ store }) => {
    await store.set('a', 1)
    assert.equal(store.revision, 1)
    await store.setMany({ b: 1, c: 1 })
    assert.equal(store.revision, 2)
    await store.delete('a')
    assert.equal(store.revision, 3)
    await store.clear()
    assert.equal(store.revision, 4)
  })

  test('set of the same value is recorded too', async ({ store }) => {
    await store.set('a', 1)
    assert.equal(await store.set('a', 1), 2)
    assert.equal(await store.get('a'), 1)
    assert.equal((await collect(store.history('a'))).length, 2)
  })

  test('a key that went can come back', async ({ store }) => {
    await store.set('a', 1)
    await store.delete('a')
    await store.set('a', 2)
    assert.equal(await store.get('a'), 2)
    assert.deepEqual(await collect(store.keys()), ['a'])
  })

  test('a value can change its type', async ({ store }) => {
    await store.set('a', 1)
    await store.set('a', true)
    assert.equal(await store.get('a'), true)
    await store.set('a', '1')
    assert.equal(await store.get('a'), '1')
  })

  test('flush waits for what was written', async ({ store }) => {
    await store.set('a', 1)
    assert.equal(await store.flush(), undefined)
    assert.equal(await store.get('a'), 1)
  })
}

function writingMany(test: Case): void {
  test('setMany takes an object', async ({ store }) => {
    assert.equal(await store.setMany({ a: 1, b: { c: 2 } }), 1)
    assert.deepEqual(await pairsOf(store), [
      ['a', 1],
      ['b', { c: 2 }],
    ])
  })

  test('setMany takes pairs, a Map and a generator', async ({ store }) => {
    await store.setMany([
      ['a', 1],
      ['b', 2],
    ])
    await store.setMany(new Map([['c', 3]]))
    function* pairs(): Generator<readonly [string, number]> {
      yield ['d', 4]
    }
    await store.setMany(pairs())
    assert.deepEqual(
      await stateOf(store),
      new Map([
        ['a', 1],
        ['b', 2],
        ['c', 3],
        ['d', 4],
      ]),
    )
  })

  test('setMany is one revision', async ({ store }) => {
    await store.setMany({ a: 1, b: 2, c: 3 })
    assert.equal(store.revision, 1)
    const [commit] = await collect(store.log())
    assert.deepEqual([...(commit?.keys ?? [])].sort(), ['a', 'b', 'c'])
  })

  test('setMany leaves other keys alone', async ({ store }) => {
    await store.setMany({ a: 1, b: 1 })
    await store.setMany({ b: 2 })
    assert.deepEqual(
      await stateOf(store),
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
    )
  })

  test('of a key given twice, setMany stores the last', async ({ store }) => {
    await store.setMany([
      ['a', 1],
      ['b', 1],
      ['a', 2],
    ])
    assert.equal(await store.get('a'), 2)
    assert.equal(await store.count(), 2)
  })

  test('setMany with one bad value stores nothing', async ({ store }) => {
    await store.set('a', 'old')
    await refuses(() => store.setMany({ a: 'new', bad: () => 1, c: 1 }), InvalidValueError)
    assert.deepEqual(await stateOf(store), new Map([['a', 'old']]))
    assert.equal(store.revision, 1)
  })

  test('setMany with one bad key stores nothing', async ({ store }) => {
    await refuses(
      () =>
        store.setMany([
          ['a', 1],
          ['', 2],
        ]),
      InvalidKeyError,
    )
    assert.equal(await store.count(), 0)
    assert.equal(store.revision, 0)
  })

  for (const [what, entries] of [
    ['null', null],
    ['text', 'ab'],
    ['a number', 5],
    ['a list of keys', ['a', 'b']],
    ['a pair without a value', [['a']]],
    ['three in a pair', [['a', 1, 2]]],
  ] as const) {
    test(`setMany refuses ${what}`, async ({ store }) => {
      await refuses(() => store.setMany(entries as never), VarveError)
      assert.equal(store.revision, 0)
    })
  }

  test('setMany of nothing changes nothing', async ({ store }) => {
    await store.set('a', 1)
    await store.setMany({})
    await store.setMany([])
    assert.deepEqual(await stateOf(store), new Map([['a', 1]]))
  })

  test('setMany of 10,000 keys', async ({ store }) => {
    const count = 10_000
    await store.setMany(Array.from({ length: count }, (_, n) => [`key:${n}`, { n }] as const))
    assert.equal(await store.count(), count)
    assert.deepEqual(await store.get('key:9999'), { n: 9999 })
    assert.equal(store.revision, 1)
  })
}

function removing(test: Case): void {
  test('delete tells whether the key was there', async ({ store }) => {
    await store.set('a', 1)
    assert.equal(await store.delete('a'), true)
    assert.equal(await store.get('a'), undefined)
    assert.equal(await store.delete('a'), false)
  })

  test('delete of an absent key writes nothing', async ({ store }) => {
    await store.set('a', 1)
    assert.equal(await store.delete('b'), false)
    assert.equal(store.revision, 1)
    assert.equal((await collect(store.log())).length, 1)
  })

  test('delete leaves other keys alone', async ({ store }) => {
    await store.setMany({ a: 1, ab: 2, b: 3 })
    await store.delete('a')
    assert.deepEqual(
      await stateOf(store),
      new Map([
        ['ab', 2],
        ['b', 3],
      ]),
    )
  })

  test('clear empties the store, as one revision', async ({ store }) => {
    await store.setMany({ a: 1, b: 2 })
    assert.equal(await store.clear(), 2)
    assert.deepEqual(await pairsOf(store), [])
    assert.equal(await store.count(), 0)
    assert.equal(await store.get('a'), undefined)
    assert.deepEqual(Object.keys(await store.load()), [])
  })

  test('clear of an empty store leaves it empty and writable', async ({ store }) => {
    assert.equal(await store.clear(), store.revision)
    await store.set('a', 1)
    assert.deepEqual(await stateOf(store), new Map([['a', 1]]))
  })

  test(
    'what was deleted and cleared stays so when it is opened again',
    async ({ store, reopen }) => {
      await store.setMany({ a: 1, b: 2 })
      await store.snapshots.create()
      await store.delete('a')
      const again = await reopen(store)
      assert.deepEqual(await stateOf(again), new Map([['b', 2]]))
      await again.clear()
      const oncemore = await reopen(again)
      assert.equal(await oncemore.count(), 0)
    },
    { needs: ['reopen'] },
  )

  test(
    'every acknowledged write is there when it is opened again',
    async ({ store, reopen }) => {
      await store.set('a', 1)
      await store.snapshots.create()
      await store.set('b', 2)
      await store.set('a', 99)
      const again = await reopen(store)
      assert.equal(again.revision, 3)
      assert.deepEqual(
        await stateOf(again),
        new Map([
          ['a', 99],
          ['b', 2],
        ]),
      )
      assert.equal(await again.get('a'), 99)
      assert.deepEqual(
        await again.getMany(['a', 'b']),
        new Map([
          ['a', 99],
          ['b', 2],
        ]),
      )
      assert.equal(await again.set('c', 3), 4)
    },
    { needs: ['reopen'] },
  )
}
