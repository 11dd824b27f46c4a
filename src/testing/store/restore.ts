import assert from 'node:assert/strict'
import { InvalidOptionError, NotFoundError, VarveError } from '../../index.ts'
import { collect, refuses, stateOf } from '../assertions.ts'
import type { Group } from '../harness.ts'

export const restoreCases: Group = {
  title: 'restore',
  cases(test) {
    test('the state is again what it was: what changed, came and went since', async ({ store }) => {
      await store.setMany({ same: 1, changed: { x: 1 }, removed: 1 })
      await store.set('changed', 2)
      await store.delete('removed')
      await store.set('added', 1)
      assert.equal(await store.restore(1), 5)
      assert.deepEqual(await stateOf(store), await stateOf(store, 1))
      assert.equal(await store.get('added'), undefined)
      assert.deepEqual(await store.get('changed'), { x: 1 })
      assert.equal(await store.has('removed'), true)
    })

    test('every reading shows it at once', async ({ store }) => {
      await store.setMany({ a: 1, b: 1 })
      await store.save({ a: 2, c: 2 })
      assert.deepEqual({ ...(await store.load()) }, { a: 2, c: 2 })
      await store.restore(1)
      assert.equal(await store.get('a'), 1)
      assert.deepEqual({ ...(await store.load()) }, { a: 1, b: 1 })
      assert.deepEqual(await collect(store.keys()), ['a', 'b'])
      assert.equal(await store.count(), 2)
      assert.deepEqual(
        await store.getMany(['a', 'b', 'c']),
        new Map([
          ['a', 1],
          ['b', 1],
        ]),
      )
    })

    test('the past stays: a restore is one more revision', async ({ store }) => {
      await store.set('a', 1)
      await store.set('a', 2)
      await store.restore(1)
      assert.equal(store.revision, 3)
      assert.equal(await store.get('a', { at: 2 }), 2)
      assert.deepEqual(
        (await collect(store.history('a'))).map(({ after }) => after),
        [1, 2, 1],
      )
    })

    test('a restore can be undone, and that too', async ({ store }) => {
      await store.setMany({ a: 1, b: 1 })
      await store.save({ a: 2, c: 2 })
      const unsaved = await stateOf(store)
      await store.restore(1)
      await store.restore(2)
      assert.deepEqual(await stateOf(store), unsaved)
      await store.restore(3)
      assert.deepEqual(
        await stateOf(store),
        new Map([
          ['a', 1],
          ['b', 1],
        ]),
      )
    })

    test('by snapshot, by tag and by time', async ({ store, pass }) => {
      await store.set('a', 'initial')
      await store.snapshots.create({ version: 'initial' })
      await pass(5)
      await store.set('a', 'modified')
      await store.snapshots.create({ version: 'modified', tags: ['good'] })
      await pass(5)
      await store.set('a', 'later')
      await pass(5)
      await store.restore('initial')
      assert.equal(await store.get('a'), 'initial')
      await store.restore('modified')
      assert.equal(await store.get('a'), 'modified')
      await store.restore('initial')
      await store.restore('good')
      assert.equal(await store.get('a'), 'modified')
      const [, , third] = await collect(store.log())
      await store.restore(third?.at ?? new Date(NaN))
      assert.equal(await store.get('a'), 'later')
    })

    test('to revision 0: nothing is left', async ({ store }) => {
      await store.setMany({ a: 1, b: 2 })
      await store.restore(0)
      assert.equal(await store.count(), 0)
      const commit = (await collect(store.log())).at(-1)
      assert.deepEqual(
        [commit?.revision, commit?.restoredFrom, [...(commit?.keys ?? [])].sort()],
        [2, 0, ['a', 'b']],
      )
    })

    test('to now: nothing changes', async ({ store }) => {
      await store.setMany({ a: 1, b: 2 })
      const before = await stateOf(store)
      assert.equal(await store.restore(1), store.revision)
      assert.deepEqual(await stateOf(store), before)
      assert.equal((await collect(store.history('a'))).length, 1)
    })

    test('only what differs is written', async ({ store }) => {
      await store.setMany({ same: 1, changed: 1, back: 1 })
      await store.set('changed', 2)
      await store.set('back', 2)
      await store.set('back', 1)
      await store.restore(1)
      const commit = (await collect(store.log())).at(-1)
      assert.deepEqual([commit?.restoredFrom, commit?.keys], [1, ['changed']])
    })

    test('of a range only: everything else stays', async ({ store }) => {
      await store.setMany({ 'user:ann': 1, 'user:bob': 1, other: 1 })
      await store.setMany({ 'user:ann': 2, 'user:cid': 2, other: 2, fresh: 2 })
      await store.delete('user:bob')
      await store.restore(1, { prefix: 'user:' })
      const expected = new Map([
        ['fresh', 2],
        ['other', 2],
        ['user:ann', 1],
        ['user:bob', 1],
      ])
      assert.deepEqual(await stateOf(store), expected)
      await store.restore(1, { gte: 'other', lte: 'other' })
      assert.equal(await store.get('other'), 1)
      assert.equal(await store.get('fresh'), 2)
    })

    test('of a pattern only', async ({ store }) => {
      await store.setMany({ 'a:x': 1, 'b:x': 1, 'a:y': 1 })
      await store.setMany({ 'a:x': 2, 'b:x': 2, 'a:y': 2 })
      await store.restore(1, { match: '*:x' })
      assert.deepEqual(
        await stateOf(store),
        new Map([
          ['a:x', 1],
          ['a:y', 2],
          ['b:x', 1],
        ]),
      )
    })

    test('it is written by the actor who restores', async ({ store }) => {
      await store.as('ann').set('a', 1)
      await store.as('ann').set('a', 2)
      await store.as('bob').restore(1)
      const [change] = await collect(store.history('a'))
      assert.deepEqual([change?.actor, change?.before, change?.after], ['bob', 2, 1])
    })

    test('an unknown point is not found, and nothing changes', async ({ store }) => {
      await store.set('a', 1)
      for (const ref of ['nowhere', 99]) await refuses(() => store.restore(ref), NotFoundError)
      for (const ref of [-1, 0.5, null, undefined, {}, new Date(NaN)]) {
        await refuses(() => store.restore(ref as never), VarveError)
      }
      assert.deepEqual(await stateOf(store), new Map([['a', 1]]))
      assert.equal(store.revision, 1)
    })

    test('an unknown part of the range is refused by name, and nothing changes', async ({ store }) => {
      await store.set('a', 1)
      const error = await refuses(() => store.restore(0, { prefx: 'a' } as never), InvalidOptionError)
      assert.match(error.message, /prefx/)
      assert.equal(await store.get('a'), 1)
    })

    test('of thousands of keys', async ({ store }) => {
      await store.setMany(Array.from({ length: 3000 }, (_, n) => [`k${n}`, n] as const))
      await store.clear()
      await store.set('other', 1)
      await store.restore(1)
      assert.equal(await store.count(), 3000)
      assert.equal(await store.get('k2999'), 2999)
      assert.equal(await store.has('other'), false)
    })

    test('writes at the same time are neither lost nor torn', async ({ store }) => {
      await store.setMany({ a: 1, b: 1 })
      await store.setMany({ a: 2, b: 2 })
      const [, revision] = await Promise.all([store.restore(1), store.set('c', 3)])
      assert.deepEqual((await stateOf(store, 1)).get('a'), 1)
      assert.deepEqual([await store.get('a'), await store.get('b')], [1, 1])
      assert.equal(await store.get('c', { at: revision }), 3)
    })

    test(
      'what was restored is there when it is opened again',
      async ({ store, reopen }) => {
        await store.set('a', 1)
        await store.snapshots.create({ version: 'first' })
        await store.setMany({ a: 2, b: 2 })
        await store.restore('first')
        const again = await reopen(store)
        assert.deepEqual(await stateOf(again), new Map([['a', 1]]))
        await again.restore(2)
        assert.deepEqual(
          await stateOf(again),
          new Map([
            ['a', 2],
            ['b', 2],
          ]),
        )
      },
      { needs: ['reopen'] },
    )
  },
}
