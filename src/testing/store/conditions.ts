import assert from 'node:assert/strict'
import { ConflictError, InvalidOptionError, type WriteOptions } from '../../index.ts'
import { refuses, stateOf } from '../assertions.ts'
import type { Group } from '../harness.ts'

export const conditionCases: Group = {
  title: 'ifRevision',
  cases(test) {
    test('set goes through if the key was last changed by that revision', async ({ store }) => {
      const revision = await store.set('a', 1)
      await store.set('other', 1)
      assert.equal(await store.set('a', 2, { ifRevision: revision }), 3)
      assert.equal(await store.get('a'), 2)
    })

    test('set with a stale revision is a conflict that tells the actual one', async ({ store }) => {
      await store.set('a', 1)
      await store.set('a', 2)
      const error = await refuses(() => store.set('a', 3, { ifRevision: 1 }), ConflictError)
      assert.equal(error.actual, 2)
      assert.equal(error.code, 'VARVE_CONFLICT')
      assert.equal(await store.get('a'), 2)
      assert.equal(store.revision, 2)
    })

    test('0 means: only if the key is absent', async ({ store }) => {
      assert.equal(await store.set('a', 1, { ifRevision: 0 }), 1)
      const error = await refuses(() => store.set('a', 2, { ifRevision: 0 }), ConflictError)
      assert.equal(error.actual, 1)
      assert.equal(await store.get('a'), 1)
    })

    test('a revision of another key, or of the future, is a conflict', async ({ store }) => {
      await store.set('a', 1)
      await store.set('b', 1)
      assert.equal((await refuses(() => store.set('a', 2, { ifRevision: 2 }), ConflictError)).actual, 1)
      assert.equal((await refuses(() => store.set('a', 2, { ifRevision: 99 }), ConflictError)).actual, 1)
    })

    test('an absent key has revision 0', async ({ store }) => {
      const error = await refuses(() => store.set('a', 1, { ifRevision: 5 }), ConflictError)
      assert.equal(error.actual, 0)
      assert.equal(await store.has('a'), false)
    })

    test('a key that went is absent again', async ({ store }) => {
      await store.set('a', 1)
      await store.delete('a')
      await refuses(() => store.set('a', 2, { ifRevision: 1 }), ConflictError)
      assert.equal(await store.set('a', 2, { ifRevision: 0 }), 3)
    })

    test('delete with ifRevision', async ({ store }) => {
      await store.set('a', 1)
      await store.set('a', 2)
      const error = await refuses(() => store.delete('a', { ifRevision: 1 }), ConflictError)
      assert.equal(error.actual, 2)
      assert.equal(await store.get('a'), 2)
      assert.equal(await store.delete('a', { ifRevision: 2 }), true)
      assert.equal(await store.has('a'), false)
    })

    test('setMany with ifRevision asks it of every key, and stores all or nothing', async ({ store }) => {
      assert.equal(await store.setMany({ a: 1, b: 1 }, { ifRevision: 0 }), 1)
      assert.equal(await store.setMany({ a: 2, b: 2 }, { ifRevision: 1 }), 2)
      await store.set('b', 3)
      const error = await refuses(() => store.setMany({ a: 4, b: 4 }, { ifRevision: 2 }), ConflictError)
      assert.equal(error.actual, 3)
      await refuses(() => store.setMany({ fresh: 1, a: 4 }, { ifRevision: 0 }), ConflictError)
      assert.deepEqual(
        await stateOf(store),
        new Map([
          ['a', 2],
          ['b', 3],
        ]),
      )
      assert.equal(store.revision, 3)
    })

    test('update with ifRevision', async ({ store }) => {
      await store.set('a', 1)
      assert.equal(await store.update<number>('a', (n = 0) => n + 1, { ifRevision: 1 }), 2)
      const error = await refuses(
        () => store.update<number>('a', (n = 0) => n + 1, { ifRevision: 1 }),
        ConflictError,
      )
      assert.equal(error.actual, 2)
      assert.equal(await store.get('a'), 2)
      assert.equal(await store.update('fresh', () => 1, { ifRevision: 0 }), 1)
    })

    test('of many who expect the same revision exactly one gets it', async ({ store }) => {
      const revision = await store.set('a', 'start')
      const outcomes = await Promise.allSettled(
        Array.from({ length: 20 }, (_, n) => store.set('a', n, { ifRevision: revision })),
      )
      assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') assert.ok(outcome.reason instanceof ConflictError)
      }
      assert.equal(store.revision, 2)
    })

    for (const ifRevision of [-1, 1.5, NaN, Infinity, '1', null, true]) {
      test(`ifRevision ${String(ifRevision)} (${typeof ifRevision}) is refused by name`, async ({
        store,
      }) => {
        const options = { ifRevision } as unknown as WriteOptions
        for (const write of [
          () => store.set('a', 1, options),
          () => store.setMany({ a: 1 }, options),
          () => store.delete('a', options),
          () => store.update('a', () => 1, options),
        ]) {
          assert.match((await refuses(write, InvalidOptionError)).message, /ifRevision/)
        }
        assert.equal(store.revision, 0)
      })
    }

    for (const options of [{ ifrevision: 1 }, { TTL: 5 }, 'fast', 5, null]) {
      test(`write options ${JSON.stringify(options)} are refused`, async ({ store }) => {
        await refuses(() => store.set('a', 1, options as never), InvalidOptionError)
        await refuses(() => store.setMany({ a: 1 }, options as never), InvalidOptionError)
        assert.equal(store.revision, 0)
      })
    }

    for (const options of [{ At: 1 }, 1, null]) {
      test(`read options ${JSON.stringify(options)} are refused`, async ({ store }) => {
        await refuses(() => store.get('a', options as never), InvalidOptionError)
        await refuses(() => store.has('a', options as never), InvalidOptionError)
        await refuses(() => store.getMany(['a'], options as never), InvalidOptionError)
        await refuses(() => store.load(options as never), InvalidOptionError)
      })
    }
  },
}
