import assert from 'node:assert/strict'
import { InvalidOptionError, NotFoundError } from '../../index.ts'
import { refuses } from '../assertions.ts'
import type { Group } from '../harness.ts'

export const tagCases: Group = {
  title: 'tags of snapshots',
  cases(test) {
    test('tags can be added and taken away', async ({ store }) => {
      await store.snapshots.create({ version: 'one', tags: ['a'] })
      const tagged = await store.snapshots.tag('one', 'b', 'c')
      assert.deepEqual([...tagged.tags].sort(), ['a', 'b', 'c'])
      const untagged = await store.snapshots.untag('one', 'a', 'c')
      assert.deepEqual([...untagged.tags], ['b'])
      assert.deepEqual([...(await store.snapshots.get('one')).tags], ['b'])
    })

    test('a tag given twice counts once', async ({ store }) => {
      const made = await store.snapshots.create({ version: 'one', tags: ['a', 'a'] })
      assert.deepEqual([...made.tags], ['a'])
      const tagged = await store.snapshots.tag('one', 'a', 'b', 'b')
      assert.deepEqual([...tagged.tags].sort(), ['a', 'b'])
      assert.deepEqual(
        await store.snapshots.tags(),
        new Map([
          ['a', 1],
          ['b', 1],
        ]),
      )
    })

    test('taking away what is not there changes nothing', async ({ store }) => {
      await store.snapshots.create({ version: 'one', tags: ['a'] })
      assert.deepEqual([...(await store.snapshots.untag('one', 'nothing')).tags], ['a'])
      await store.snapshots.untag('one', 'a')
      assert.deepEqual([...(await store.snapshots.untag('one', 'a')).tags], [])
    })

    test('tags tells how many snapshots bear each, and names no tag that none bears', async ({ store }) => {
      assert.deepEqual(await store.snapshots.tags(), new Map())
      await store.snapshots.create({ version: 'one', tags: ['a', 'b'] })
      await store.snapshots.create({ version: 'two', tags: ['a'] })
      await store.snapshots.create({ version: 'three' })
      assert.deepEqual(
        await store.snapshots.tags(),
        new Map([
          ['a', 2],
          ['b', 1],
        ]),
      )
      await store.snapshots.untag('one', 'b')
      await store.snapshots.delete('two')
      assert.deepEqual(await store.snapshots.tags(), new Map([['a', 1]]))
    })

    test('tag and untag find the snapshot by tag and by revision too', async ({ store }) => {
      await store.set('a', 1)
      await store.snapshots.create({ version: 'one', tags: ['t'] })
      assert.equal((await store.snapshots.tag('t', 'u')).version, 'one')
      assert.equal((await store.snapshots.tag(1, 'w')).version, 'one')
      assert.deepEqual([...(await store.snapshots.untag('u', 't', 'w')).tags], ['u'])
    })

    test('tagging moves no snapshot: order, time and revision stay', async ({ store }) => {
      await store.set('a', 1)
      const one = await store.snapshots.create({ version: 'one' })
      await store.snapshots.create({ version: 'two' })
      const tagged = await store.snapshots.tag('one', 'late')
      assert.deepEqual({ ...tagged, tags: [] }, { ...one, tags: [] })
      assert.deepEqual(
        (await store.snapshots.list()).map(({ version }) => version),
        ['one', 'two'],
      )
      assert.equal((await store.snapshots.latest())?.version, 'two')
      assert.equal(store.revision, 1)
    })

    test('an unknown snapshot is not found', async ({ store }) => {
      await store.snapshots.create({ version: 'one' })
      await refuses(() => store.snapshots.tag('nowhere', 'a'), NotFoundError)
      await refuses(() => store.snapshots.untag('nowhere', 'a'), NotFoundError)
      assert.deepEqual(await store.snapshots.tags(), new Map())
    })

    test('tags given as a text instead of a list are refused, or are one tag', async ({ store }) => {
      try {
        const made = await store.snapshots.create({ version: 'one', tags: 'prod' as never })
        assert.deepEqual([...made.tags], ['prod'])
      } catch (error) {
        assert.ok(error instanceof InvalidOptionError, String(error))
        assert.match(error.message, /tags/)
        assert.deepEqual(await store.snapshots.list(), [])
      }
    })

    test(
      'tags are there when it is opened again',
      async ({ store, reopen }) => {
        await store.snapshots.create({ version: 'one', tags: ['a'] })
        await store.snapshots.tag('one', 'b')
        await store.snapshots.untag('one', 'a')
        const again = await reopen(store)
        assert.deepEqual(await again.snapshots.tags(), new Map([['b', 1]]))
      },
      { needs: ['reopen'] },
    )
  },
}
