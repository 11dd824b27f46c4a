import assert from 'node:assert/strict'
import { InvalidOptionError, type Store } from '../../index.ts'
import { collect, refuses, stateOf } from '../assertions.ts'
import type { Group } from '../harness.ts'

const actors = async (store: Store): Promise<string[]> =>
  (await collect(store.log())).map(({ actor }) => actor)

export const actorCases: Group = {
  title: 'actors',
  cases(test) {
    test('without a word there is an actor all the same', async ({ store }) => {
      await store.set('a', 1)
      const [actor = ''] = await actors(store)
      assert.ok(actor.length > 0)
    })

    test(
      'the actor of the options writes',
      async ({ store }) => {
        await store.set('a', 1)
        await store.snapshots.create({ version: 'one' })
        assert.deepEqual(await actors(store), ['ann'])
        assert.equal((await store.snapshots.get('one')).createdBy, 'ann')
      },
      { options: { actor: 'ann' } },
    )

    test('as writes everything as another actor', async ({ store }) => {
      const bob = store.as('bob')
      await bob.set('a', 1)
      await bob.setMany({ a: 2, b: 1 })
      await bob.update<number>('a', (n = 0) => n + 1)
      await bob.transact((tx) => tx.set('a', 4))
      await bob.delete('b')
      await bob.save({ a: 5 })
      await bob.restore(1)
      await bob.clear()
      assert.deepEqual(
        await actors(store),
        Array.from({ length: 8 }, () => 'bob'),
      )
      assert.equal((await bob.snapshots.create()).createdBy, 'bob')
    })

    test('it is the same store: what one writes the other reads', async ({ store }) => {
      const [ann, bob] = [store.as('ann'), store.as('bob')]
      await ann.set('a', 1)
      assert.equal(await bob.get('a'), 1)
      await bob.set('a', 2, { ifRevision: 1 })
      assert.equal(await store.get('a'), 2)
      assert.equal(store.revision, 2)
      assert.equal(ann.revision, 2)
      assert.deepEqual(await stateOf(ann), await stateOf(bob))
    })

    test('as of as: the last one counts, and none changes another', async ({ store }) => {
      const ann = store.as('ann')
      await ann.as('bob').set('a', 1)
      await ann.set('a', 2)
      await store.as('cid').scope('s:').set('a', 3)
      await store.scope('s:').as('dan').set('a', 4)
      assert.deepEqual(await actors(store), ['bob', 'ann', 'cid', 'dan'])
    })

    test('writes of several actors at the same time keep who wrote what', async ({ store }) => {
      await Promise.all(
        Array.from({ length: 60 }, (_, n) => store.as(`actor ${n % 3}`).set(`k${n}`, `actor ${n % 3}`)),
      )
      for await (const { keys, actor } of store.log()) assert.equal(await store.get(keys[0] ?? ''), actor)
    })

    test('an actor may have any letters', async ({ store }) => {
      const name = '\u00c5sa "the \u{1f600}" O\'Hara\n'
      await store.as(name).set('a', 1)
      assert.deepEqual(await actors(store), [name])
    })

    for (const actor of [5, null, undefined, {}, ['ann']]) {
      test(`an actor that is ${JSON.stringify(actor) ?? 'undefined'} is refused by name`, async ({
        store,
      }) => {
        const error = await refuses(async () => store.as(actor as never), InvalidOptionError)
        assert.match(error.message, /actor/)
      })
    }
  },
}
