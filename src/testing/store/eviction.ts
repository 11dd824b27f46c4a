import assert from 'node:assert/strict'
import { NotFoundError, type Store } from '../../index.ts'
import { refuses } from '../assertions.ts'
import type { Group } from '../harness.ts'

const versions = async (store: Store): Promise<string[]> =>
  (await store.snapshots.list()).map(({ version }) => version)

export const evictionCases: Group = {
  title: 'maxSnapshots and autoSnapshot',
  cases(test) {
    test(
      'of too many the oldest untagged goes first',
      async ({ store }) => {
        await store.snapshots.create({ version: 'tagged', tags: ['keep'] })
        for (const version of ['a', 'b', 'c', 'd']) {
          await store.set('a', version)
          await store.snapshots.create({ version })
        }
        assert.deepEqual(await versions(store), ['tagged', 'c', 'd'])
        await refuses(() => store.snapshots.get('a'), NotFoundError)
      },
      { options: { maxSnapshots: 3 } },
    )

    test(
      'when all are tagged the oldest goes',
      async ({ store }) => {
        for (const version of ['a', 'b', 'c', 'd']) await store.snapshots.create({ version, tags: ['t'] })
        assert.deepEqual(await versions(store), ['b', 'c', 'd'])
        assert.deepEqual(await store.snapshots.tags(), new Map([['t', 3]]))
      },
      { options: { maxSnapshots: 3 } },
    )

    test(
      'the newest never goes, even if it is the only one without a tag',
      async ({ store }) => {
        await store.snapshots.create({ version: 'a', tags: ['t'] })
        await store.snapshots.create({ version: 'b', tags: ['t'] })
        await store.snapshots.create({ version: 'untagged' })
        assert.deepEqual(await versions(store), ['b', 'untagged'])
      },
      { options: { maxSnapshots: 2 } },
    )

    test(
      'maxSnapshots: 1 keeps the newest',
      async ({ store }) => {
        for (const version of ['a', 'b', 'c']) {
          await store.set('a', version)
          await store.snapshots.create({ version })
          assert.deepEqual(await versions(store), [version])
        }
        assert.equal(await store.get('a', { at: 'c' }), 'c')
      },
      { options: { maxSnapshots: 1 } },
    )

    test(
      'a tag given later protects',
      async ({ store }) => {
        await store.snapshots.create({ version: 'a' })
        await store.snapshots.tag('a', 'keep')
        await store.snapshots.create({ version: 'b' })
        await store.snapshots.create({ version: 'c' })
        assert.deepEqual(await versions(store), ['a', 'c'])
      },
      { options: { maxSnapshots: 2 } },
    )

    test(
      'maxSnapshots: 0 sets no limit',
      async ({ store }) => {
        for (let n = 0; n < 60; n++) await store.snapshots.create({ version: `s${n}` })
        assert.equal((await versions(store)).length, 60)
      },
      { options: { maxSnapshots: 0 } },
    )

    test('without the option there are at most 50', async ({ store }) => {
      for (let n = 0; n < 52; n++) await store.snapshots.create({ version: `s${n}` })
      const left = await versions(store)
      assert.deepEqual([left.length, left[0], left.at(-1)], [50, 's2', 's51'])
    })

    test('the state that an evicted snapshot named is not lost with it', async ({ create }) => {
      const store = await create({ maxSnapshots: 1 })
      await store.set('a', 1)
      await store.snapshots.create({ version: 'one' })
      await store.set('a', 2)
      await store.snapshots.create({ version: 'two' })
      assert.equal(await store.get('a', { at: 1 }), 1)
    })

    test(
      'autoSnapshot takes one after a change, marked as automatic',
      async ({ store, until, pass }) => {
        await pass(60)
        assert.deepEqual(await versions(store), [], 'nothing was changed yet')
        await store.set('a', 1)
        await until(async () => (await versions(store)).length === 1, 'a snapshot is taken by itself')
        const [snapshot] = await store.snapshots.list()
        assert.deepEqual([snapshot?.auto, snapshot?.revision, snapshot?.tags], [true, 1, ['nightly']])
      },
      { options: { autoSnapshot: { every: 20, tag: 'nightly' } } },
    )

    test(
      'autoSnapshot takes none when nothing changed since',
      async ({ store, until, pass }) => {
        await store.set('a', 1)
        await until(async () => (await versions(store)).length === 1, 'a snapshot is taken by itself')
        await pass(100)
        assert.equal((await versions(store)).length, 1)
        await store.set('a', 2)
        await until(async () => (await versions(store)).length === 2, 'a second one is taken')
      },
      { options: { autoSnapshot: { every: '20ms' } } },
    )

    test(
      'automatic ones go before any other, tagged or not',
      async ({ store, until }) => {
        const automatic = async (): Promise<number> =>
          (await store.snapshots.list()).filter(({ auto }) => auto).length
        await store.set('a', 1)
        await until(async () => (await automatic()) === 1, 'a snapshot is taken by itself')
        await store.snapshots.create({ version: 'untagged' })
        await store.snapshots.create({ version: 'tagged', tags: ['t'] })
        assert.equal((await versions(store)).length, 3)
        await store.snapshots.create({ version: 'newest' })
        assert.deepEqual(await versions(store), ['untagged', 'tagged', 'newest'])
      },
      { options: { autoSnapshot: { every: 20, tag: 'nightly' }, maxSnapshots: 3 } },
    )
  },
}
