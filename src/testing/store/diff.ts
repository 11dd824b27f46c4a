import assert from 'node:assert/strict'
import { InvalidOptionError, NotFoundError, type Store } from '../../index.ts'
import { collect, differences, refuses, refusesStream } from '../assertions.ts'
import type { Group } from '../harness.ts'

/** Revision 1: five keys. Revisions 2 to 5 change, remove and add. */
async function story(store: Store): Promise<void> {
  await store.setMany({ same: 1, changed: { x: 1 }, removed: 1, 'user:ann': 1, 'user:bob': 1 })
  await store.set('changed', { x: 2 })
  await store.delete('removed')
  await store.set('added', [1])
  await store.setMany({ 'user:ann': 2, 'user:cid': 1 })
}
const forward = [
  { key: 'added', type: 'added', before: undefined, after: [1] },
  { key: 'changed', type: 'changed', before: { x: 1 }, after: { x: 2 } },
  { key: 'removed', type: 'removed', before: 1, after: undefined },
  { key: 'user:ann', type: 'changed', before: 1, after: 2 },
  { key: 'user:cid', type: 'added', before: undefined, after: 1 },
]
const turned: Readonly<Record<string, string>> = { added: 'removed', removed: 'added', changed: 'changed' }
const backward = forward.map(({ key, type, before, after }) => ({
  key,
  type: turned[type],
  before: after,
  after: before,
}))

export const diffCases: Group = {
  title: 'diff',
  cases(test) {
    test('from a point to now: what came, changed and went', async ({ store }) => {
      await story(store)
      assert.deepEqual(await differences(store.diff(1)), forward)
    })

    test('as a stream, an array and a summary it says the same', async ({ store }) => {
      await story(store)
      const diff = store.diff(1, 5)
      const streamed = await collect(diff)
      assert.deepEqual(await diff.toArray(), streamed)
      assert.equal(streamed.length, 5)
      const summary = await diff.summary()
      assert.deepEqual(summary, { from: 1, to: 5, different: true, added: 2, changed: 2, removed: 1 })
    })

    test('backwards everything is turned around', async ({ store }) => {
      await story(store)
      assert.deepEqual(await differences(store.diff(5, 1)), backward)
      assert.deepEqual(await store.diff(5, 1).summary(), {
        from: 5,
        to: 1,
        different: true,
        added: 1,
        changed: 2,
        removed: 2,
      })
    })

    test('between two points of the past', async ({ store }) => {
      await story(store)
      assert.deepEqual(await differences(store.diff(2, 4)), [forward[0], forward[2]])
      assert.deepEqual(await differences(store.diff(4, 2)), [backward[0], backward[2]])
    })

    test('from the empty store everything is added', async ({ store }) => {
      await store.setMany({ a: 1, b: 2 })
      await store.delete('a')
      assert.deepEqual(await differences(store.diff(0)), [
        { key: 'b', type: 'added', before: undefined, after: 2 },
      ])
      assert.deepEqual(await differences(store.diff(0, 1)), [
        { key: 'a', type: 'added', before: undefined, after: 1 },
        { key: 'b', type: 'added', before: undefined, after: 2 },
      ])
    })

    test('between a point and itself there is nothing', async ({ store }) => {
      await story(store)
      assert.deepEqual(await store.diff(3, 3).toArray(), [])
      assert.deepEqual(await store.diff(5).toArray(), [])
      const summary = await store.diff(3, 3).summary()
      assert.deepEqual(summary, { from: 3, to: 3, different: false, added: 0, changed: 0, removed: 0 })
    })

    test('between equal states of different revisions there is nothing', async ({ store }) => {
      await store.setMany({ a: { x: [1] }, b: 1 })
      await store.set('a', 2)
      await store.delete('b')
      await store.set('c', 1)
      await store.delete('c')
      await store.setMany({ b: 1, a: { x: [1] } })
      assert.deepEqual(await store.diff(1).toArray(), [])
      assert.equal((await store.diff(1).summary()).different, false)
      assert.equal((await store.diff(1, 3).summary()).different, true)
    })

    test("the order of an object's keys is no difference", async ({ store }) => {
      await store.set('a', { x: 1, y: { p: [1], q: 2 } })
      await store.set('a', { y: { q: 2, p: [1] }, x: 1 })
      assert.deepEqual(await store.diff(1).toArray(), [])
      await store.set('a', { y: { q: 2, p: [2] }, x: 1 })
      assert.equal((await store.diff(1).summary()).changed, 1)
    })

    test('a key that changed often is told once, from its first value to its last', async ({ store }) => {
      for (let n = 1; n <= 10; n++) await store.set('a', n)
      assert.deepEqual(await differences(store.diff(2, 9)), [
        { key: 'a', type: 'changed', before: 2, after: 9 },
      ])
    })

    test('a key that came and went in between is not told', async ({ store }) => {
      await store.set('a', 1)
      await store.set('b', 1)
      await store.delete('b')
      assert.deepEqual(await store.diff(1).toArray(), [])
    })

    test('a value that changed its type only is a change', async ({ store }) => {
      await store.setMany({ a: 1, b: '1', c: 0, d: null })
      await store.setMany({ a: true, b: 1, c: -0, d: {} })
      const changed = (await differences(store.diff(1))).map(({ key, type }) => [key, type])
      assert.deepEqual(
        changed,
        ['a', 'b', 'c', 'd'].map((key) => [key, 'changed']),
      )
    })

    test('each change says who, when and in which revision', async ({ store }) => {
      await store.set('a', 1)
      await store.as('ann').set('a', 2)
      await store.as('bob').set('b', 1)
      const changes = await store.diff(1).toArray()
      const told = changes.map(({ key, revision, actor }) => [key, revision, actor])
      assert.deepEqual(told, [
        ['a', 2, 'ann'],
        ['b', 3, 'bob'],
      ])
      const commits = await collect(store.log({ from: 2 }))
      assert.deepEqual(
        changes.map(({ at }) => at),
        commits.map(({ at }) => at),
      )
    })

    test('by snapshots and tags', async ({ store }) => {
      await store.set('a', 1)
      await store.snapshots.create({ version: 'one' })
      await store.set('a', 2)
      await store.snapshots.create({ version: 'two', tags: ['tagged'] })
      await store.set('a', 3)
      const change = async (from: string, to?: string): Promise<unknown[]> =>
        (await store.diff(from, to).toArray()).map(({ before, after }) => [before, after])
      assert.deepEqual(await change('one', 'two'), [[1, 2]])
      assert.deepEqual(await change('tagged'), [[2, 3]])
      assert.deepEqual(await change('tagged', 'one'), [[2, 1]])
      const summary = await store.diff('one', 'tagged').summary()
      assert.deepEqual([summary.from, summary.to], [1, 2])
    })

    test('of a range only', async ({ store }) => {
      await story(store)
      const keys = async (range: Parameters<Store['diff']>[2]): Promise<string[]> =>
        (await differences(store.diff(1, 5, range))).map(({ key }) => key)
      assert.deepEqual(await keys({ prefix: 'user:' }), ['user:ann', 'user:cid'])
      assert.deepEqual(await keys({ match: 'user:*' }), ['user:ann', 'user:cid'])
      assert.deepEqual(await keys({ gte: 'b', lt: 'user:' }), ['changed', 'removed'])
      assert.deepEqual(await keys({ prefix: 'nothing' }), [])
      const summary = await store.diff(1, 5, { prefix: 'user:' }).summary()
      assert.deepEqual([summary.added, summary.changed, summary.removed], [1, 1, 0])
    })

    test('of many changes it is complete', async ({ store }) => {
      const pairs = Array.from({ length: 2500 }, (_, n) => [`k${String(n).padStart(5, '0')}`, n] as const)
      await store.setMany(pairs)
      await store.setMany(pairs.filter(([, n]) => n % 2).map(([key, n]) => [key, -n] as const))
      const changes = await store.diff(1).toArray()
      assert.equal(changes.length, 1250)
      assert.ok(changes.every(({ before, after }) => after === -(before as number)))
      assert.equal((await store.diff(0).summary()).added, 2500)
    })

    test('it shows what was there when it was asked for, whatever is written meanwhile', async ({
      store,
    }) => {
      await store.set('a', 1)
      await store.setMany({ a: 2, b: 2, c: 2 })
      const seen: string[] = []
      for await (const { key } of store.diff(1, 2)) {
        seen.push(key)
        await store.clear()
        await store.set('d', 1)
      }
      assert.deepEqual(seen.sort(), ['a', 'b', 'c'])
    })

    test('unknown points are not found', async ({ store }) => {
      await store.set('a', 1)
      for (const diff of [
        () => store.diff('nowhere'),
        () => store.diff(1, 'nowhere'),
        () => store.diff(0, 99),
      ]) {
        await refusesStream(() => diff(), NotFoundError)
        await refuses(async () => diff().summary(), NotFoundError)
        await refuses(async () => diff().toArray(), NotFoundError)
      }
    })

    test('an unknown part of the range is refused by name', async ({ store }) => {
      await store.set('a', 1)
      const error = await refuses(
        async () => store.diff(0, 1, { prefx: 'a' } as never).toArray(),
        InvalidOptionError,
      )
      assert.match(error.message, /prefx/)
    })
  },
}
