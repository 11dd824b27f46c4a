import assert from 'node:assert/strict'
import { ReadOnlyError, type Store } from '../../index.ts'
import { collect, differences, refuses, stateOf } from '../assertions.ts'
import type { Group } from '../harness.ts'

/** Every way to change something. */
const changes: readonly (readonly [string, (store: Store) => Promise<unknown>])[] = [
  ['set', (store) => store.set('a', 2)],
  ['setMany', (store) => store.setMany({ a: 2, b: 2 })],
  ['delete', (store) => store.delete('a')],
  ['clear', (store) => store.clear()],
  ['save', (store) => store.save({ a: 2 })],
  ['update', (store) => store.update('a', () => 2)],
  ['transact', (store) => store.transact((tx) => tx.set('a', 2))],
  ['restore', (store) => store.restore(0)],
  ['compact', (store) => store.compact()],
  ['snapshots.create', (store) => store.snapshots.create({ version: 'two' })],
  ['snapshots.tag', (store) => store.snapshots.tag('one', 'u')],
  ['snapshots.untag', (store) => store.snapshots.untag('one', 't')],
  ['snapshots.delete', (store) => store.snapshots.delete('one')],
  ['set as another actor', (store) => store.as('ann').set('a', 2)],
  ['set in a scope', (store) => store.scope('s:').set('a', 2)],
]

async function filled(store: Store): Promise<void> {
  await store.setMany({ a: 1, b: 1 })
  await store.snapshots.create({ version: 'one', tags: ['t'] })
  await store.set('b', 2)
}

export const readOnlyCases: Group = {
  title: 'read-only handles',
  cases(test) {
    for (const [what, change] of changes) {
      test(
        `${what} is refused, and changes nothing`,
        async ({ store, reopen }) => {
          await filled(store)
          const reader = await reopen(store, { readOnly: true })
          const error = await refuses(() => change(reader), ReadOnlyError)
          assert.equal(error.code, 'VARVE_READ_ONLY')
          assert.equal(reader.revision, 2)
          assert.deepEqual(
            await stateOf(reader),
            new Map([
              ['a', 1],
              ['b', 2],
            ]),
          )
          const [only, ...others] = await reader.snapshots.list()
          assert.deepEqual([only?.version, [...(only?.tags ?? [])], others], ['one', ['t'], []])
        },
        { needs: ['reopen'] },
      )
    }

    test(
      'every reading works',
      async ({ store, reopen }) => {
        await filled(store)
        const reader = await reopen(store, { readOnly: true })
        assert.equal(await reader.get('a'), 1)
        assert.equal(await reader.get('b', { at: 'one' }), 1)
        assert.deepEqual({ ...(await reader.load()) }, { a: 1, b: 2 })
        assert.equal((await collect(reader.history('b'))).length, 2)
        assert.equal((await collect(reader.log())).length, 2)
        assert.deepEqual(await differences(reader.diff(1)), [
          { key: 'b', type: 'changed', before: 1, after: 2 },
        ])
        assert.equal((await reader.snapshots.get('t')).version, 'one')
        assert.equal((await reader.verify()).ok, true)
        assert.equal(await reader.transact((tx) => tx.get('a')), 1)
      },
      { needs: ['reopen'] },
    )

    test(
      'a key that has ended is not shown, though nobody may write its end',
      async ({ store, reopen, pass }) => {
        await store.set('stays', 1)
        await store.set('goes', 1, { ttl: 100 })
        const reader = await reopen(store, { readOnly: true })
        await pass(150)
        assert.deepEqual(await stateOf(reader), new Map([['stays', 1]]))
        assert.equal(await reader.get('goes'), undefined)
        assert.equal(await reader.count(), 1)
      },
      { needs: ['reopen'] },
    )
  },
}
