import assert from 'node:assert/strict'
import { InvalidOptionError, NotFoundError } from '../../index.ts'
import { collect, refusesStream } from '../assertions.ts'
import type { Group } from '../harness.ts'

export const historyCases: Group = {
  title: 'history of a key',
  cases(test) {
    test('a key that never was has no history', async ({ store }) => {
      await store.set('a', 1)
      assert.deepEqual(await collect(store.history('b')), [])
    })

    test('each change is told, newest first: type, before, after, revision, time', async ({ store }) => {
      await store.set('a', 1)
      await store.set('other', 1)
      await store.set('a', { two: 2 })
      await store.delete('a')
      await store.set('a', 4)
      const changes = await collect(store.history('a'))
      assert.deepEqual(
        changes.map(({ key, type, before, after, revision }) => ({ key, type, before, after, revision })),
        [
          { key: 'a', type: 'added', before: undefined, after: 4, revision: 5 },
          { key: 'a', type: 'removed', before: { two: 2 }, after: undefined, revision: 4 },
          { key: 'a', type: 'changed', before: 1, after: { two: 2 }, revision: 3 },
          { key: 'a', type: 'added', before: undefined, after: 1, revision: 1 },
        ],
      )
      for (const { at } of changes) assert.ok(at instanceof Date && at.getTime() > 0)
    })

    test('it tells who', async ({ store }) => {
      await store.as('ann').set('k', 1)
      await store.as('bob').set('k', 2)
      await store.as('ann').delete('k')
      assert.deepEqual(
        (await collect(store.history('k'))).map(({ actor }) => actor),
        ['ann', 'bob', 'ann'],
      )
    })

    test('times never run backwards', async ({ store, pass }) => {
      for (let n = 0; n < 5; n++) {
        await store.set('a', n)
        await pass(2)
      }
      const times = (await collect(store.history('a'))).map(({ at }) => at.getTime())
      assert.deepEqual(
        times,
        [...times].sort((a, b) => b - a),
      )
      assert.ok((times[0] ?? 0) > (times[4] ?? 0))
    })

    test('changes of several keys in one revision each have their own', async ({ store }) => {
      await store.setMany({ a: 1, b: 1 })
      await store.setMany({ a: 2, b: 2 })
      for (const key of ['a', 'b']) {
        const changes = await collect(store.history(key))
        assert.deepEqual(
          changes.map(({ revision, before, after }) => [revision, before, after]),
          [
            [2, 1, 2],
            [1, undefined, 1],
          ],
        )
      }
    })

    test('clear, save, update, transact and restore are in it', async ({ store }) => {
      await store.set('a', 1)
      await store.update<number>('a', (n = 0) => n + 1)
      await store.transact((tx) => tx.set('a', 3))
      await store.save({ a: 4 })
      await store.clear()
      await store.restore(2)
      assert.deepEqual(
        (await collect(store.history('a'))).map(({ type, after, revision }) => [revision, type, after]),
        [
          [6, 'added', 2],
          [5, 'removed', undefined],
          [4, 'changed', 4],
          [3, 'changed', 3],
          [2, 'changed', 2],
          [1, 'added', 1],
        ],
      )
    })

    test('limit gives the newest', async ({ store }) => {
      for (let n = 1; n <= 5; n++) await store.set('a', n)
      const revisions = (await collect(store.history('a', { limit: 2 }))).map(({ revision }) => revision)
      assert.deepEqual(revisions, [5, 4])
      assert.equal((await collect(store.history('a', { limit: 50 }))).length, 5)
    })

    test('from begins at a point in the past', async ({ store }) => {
      for (let n = 1; n <= 5; n++) await store.set(n === 4 ? 'other' : 'a', n)
      await store.snapshots.create({ version: 'here' })
      const from = async (ref: number | string): Promise<number[]> =>
        (await collect(store.history('a', { from: ref }))).map(({ revision }) => revision)
      assert.deepEqual(await from(3), [3, 2, 1])
      assert.deepEqual(await from(4), [3, 2, 1])
      assert.deepEqual(await from('here'), [5, 3, 2, 1])
      assert.deepEqual(await from(0), [])
      const limited = await collect(store.history('a', { from: 3, limit: 1 }))
      assert.deepEqual(
        limited.map(({ revision, before, after }) => [revision, before, after]),
        [[3, 2, 3]],
      )
    })

    test('from an unknown point is not found', async ({ store }) => {
      await store.set('a', 1)
      await refusesStream(() => store.history('a', { from: 'nowhere' }), NotFoundError)
    })

    test('a long history comes complete', async ({ store }) => {
      const writes = Array.from({ length: 1500 }, (_, n) => store.set(n % 3 ? 'a' : 'b', n))
      await Promise.all(writes)
      const changes = await collect(store.history('a'))
      assert.equal(changes.length, 1000)
      assert.equal(changes[0]?.after, 1499)
      for (const [index, change] of changes.entries()) {
        assert.equal(change.before, changes[index + 1]?.after)
      }
    })

    test('it shows what was there when it was asked, whatever is written meanwhile', async ({ store }) => {
      for (let n = 1; n <= 3; n++) await store.set('a', n)
      const seen: unknown[] = []
      for await (const { after } of store.history('a')) {
        seen.push(after)
        if (seen.length === 1) await store.set('a', 'meanwhile')
      }
      assert.deepEqual(seen, [3, 2, 1])
    })

    for (const [what, options] of [
      ['a negative limit', { limit: -1 }],
      ['an unknown option', { newest: true }],
    ] as const) {
      test(`${what} is refused by name`, async ({ store }) => {
        const error = await refusesStream(() => store.history('a', options as never), InvalidOptionError)
        assert.ok(error.message.includes(Object.keys(options)[0] ?? ''), error.message)
      })
    }

    test(
      'it is there when it is opened again',
      async ({ store, reopen }) => {
        await store.as('ann').set('a', 1)
        await store.as('bob').delete('a')
        const before = await collect(store.history('a'))
        const again = await reopen(store)
        assert.deepEqual(await collect(again.history('a')), before)
        await again.set('a', 3)
        assert.deepEqual((await collect(again.history('a'))).slice(1), before)
      },
      { needs: ['reopen'] },
    )
  },
}
