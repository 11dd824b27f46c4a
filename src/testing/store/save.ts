import assert from 'node:assert/strict'
import { InvalidKeyError, InvalidValueError, VarveError } from '../../index.ts'
import { collect, refuses, stateOf } from '../assertions.ts'
import type { Group } from '../harness.ts'

export const saveCases: Group = {
  title: 'load and save',
  cases(test) {
    test('load gives back what save stored, in every leaf', async ({ store }) => {
      const state = { user: { name: 'Ann', tags: ['a', 'b'], address: { city: null } }, count: 3, ok: true }
      await store.save(state)
      assert.deepEqual({ ...(await store.load()) }, state)
    })

    test('load of an empty store is an empty object', async ({ store }) => {
      assert.deepEqual(Object.keys(await store.load()), [])
    })

    test('load has what set added', async ({ store }) => {
      await store.save({ a: 1 })
      await store.load()
      await store.set('b', 2)
      assert.deepEqual({ ...(await store.load()) }, { a: 1, b: 2 })
    })

    test('save replaces everything', async ({ store }) => {
      await store.setMany({ k: 1, gone: 1 })
      await store.save({ k: 2, fresh: 3 })
      assert.equal(await store.get('k'), 2)
      assert.equal(await store.get('gone'), undefined)
      assert.deepEqual({ ...(await store.load()) }, { k: 2, fresh: 3 })
      assert.deepEqual(await collect(store.keys()), ['fresh', 'k'])
    })

    test('save of an empty state empties the store', async ({ store }) => {
      await store.setMany({ a: 1, b: 2 })
      await store.save({})
      assert.equal(await store.count(), 0)
      assert.equal(await store.get('a'), undefined)
    })

    test('save is one revision, and each call has its own', async ({ store }) => {
      await store.set('old', 0)
      assert.equal(await store.save({ a: 1, b: 2 }), 2)
      assert.equal(await store.save({ a: 1, b: 2 }), 3)
      assert.equal(store.revision, 3)
    })

    test('save records keys that changed, came or went, and no others', async ({ store }) => {
      await store.setMany({ same: { x: [1] }, changed: 1, gone: 1 })
      await store.save({ same: { x: [1] }, changed: 2, fresh: 1 })
      const types = async (key: string): Promise<string[]> =>
        (await collect(store.history(key))).map(({ type }) => type)
      assert.deepEqual(await types('same'), ['added'])
      assert.deepEqual(await types('changed'), ['changed', 'added'])
      assert.deepEqual(await types('gone'), ['removed', 'added'])
      assert.deepEqual(await types('fresh'), ['added'])
    })

    test('load with at gives an old state', async ({ store }) => {
      await store.save({ a: 1, b: 1 })
      await store.save({ b: 2 })
      assert.deepEqual({ ...(await store.load({ at: 1 })) }, { a: 1, b: 1 })
      assert.deepEqual({ ...(await store.load({ at: 2 })) }, { b: 2 })
      assert.deepEqual(Object.keys(await store.load({ at: 0 })), [])
    })

    test('keys that mean something to JavaScript are keys like any other', async ({ store }) => {
      const state = JSON.parse('{"__proto__":1,"constructor":2,"toString":3,"length":4}') as Record<
        string,
        number
      >
      await store.save(state)
      const loaded = await store.load()
      for (const key of ['__proto__', 'constructor', 'toString', 'length']) {
        assert.ok(Object.hasOwn(loaded, key), `load lost ${key}`)
        assert.equal(Object.getOwnPropertyDescriptor(loaded, key)?.value, state[key])
      }
      assert.equal(await store.count(), 4)
    })

    for (const [what, state] of [
      ['a list', [1, 2]],
      ['null', null],
      ['undefined', undefined],
      ['text', 'text'],
      ['a number', 5],
    ] as const) {
      test(`save refuses ${what}`, async ({ store }) => {
        await store.set('a', 1)
        await refuses(() => store.save(state as never), VarveError)
        assert.deepEqual(await stateOf(store), new Map([['a', 1]]))
        assert.equal(store.revision, 1)
      })
    }

    test('save with one bad value changes nothing', async ({ store }) => {
      await store.setMany({ a: 1, b: 1 })
      await refuses(() => store.save({ a: 2, bad: { deep: () => 1 } }), InvalidValueError)
      assert.deepEqual(
        await stateOf(store),
        new Map([
          ['a', 1],
          ['b', 1],
        ]),
      )
      assert.equal(store.revision, 1)
    })

    test('save with undefined as a value changes nothing', async ({ store }) => {
      await store.set('a', 1)
      await refuses(() => store.save({ a: 2, b: undefined }), InvalidValueError)
      assert.deepEqual(await stateOf(store), new Map([['a', 1]]))
    })

    test('save with one bad key changes nothing', async ({ store }) => {
      await store.set('a', 1)
      await refuses(() => store.save({ a: 2, '': 1 }), InvalidKeyError)
      assert.deepEqual(await stateOf(store), new Map([['a', 1]]))
      assert.equal(store.revision, 1)
    })

    test(
      'what was saved is there when it is opened again',
      async ({ store, reopen }) => {
        await store.save({ a: 1 })
        await store.save({ b: { c: [2] } })
        const again = await reopen(store)
        assert.deepEqual({ ...(await again.load()) }, { b: { c: [2] } })
      },
      { needs: ['reopen'] },
    )
  },
}
