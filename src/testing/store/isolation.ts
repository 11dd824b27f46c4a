import assert from 'node:assert/strict'
import { collect } from '../assertions.ts'
import type { Group } from '../harness.ts'

interface Document {
  list: number[]
  deep: { n: number }
}
const fresh = (): Document => ({ list: [1], deep: { n: 1 } })

/** Changes it in every way; frozen data refuses, which is as good. */
function deface(value: unknown): void {
  const document = value as Document
  for (const change of [
    () => document.list.push(2),
    () => (document.list[0] = 99),
    () => (document.deep.n = 2),
    () => Object.assign(document, { added: true }),
    () => Reflect.deleteProperty(document, 'deep'),
  ]) {
    try {
      change()
    } catch (error) {
      assert.ok(error instanceof TypeError)
    }
  }
}

export const isolationCases: Group = {
  title: 'isolation of given and returned values',
  cases(test) {
    test('changing an object after set changes nothing stored', async ({ store }) => {
      const mine = fresh()
      const written = store.set('a', mine)
      deface(mine)
      await written
      assert.deepEqual(await store.get('a'), fresh())
      deface(mine)
      assert.deepEqual(await store.get('a'), fresh())
    })

    test('what get returned is private or frozen', async ({ store }) => {
      await store.set('a', fresh())
      deface(await store.get('a'))
      assert.deepEqual(await store.get('a'), fresh())
      deface(await store.get('a'))
      assert.deepEqual(await store.get('a', { at: 1 }), fresh())
    })

    test(
      'what getSync returned is private or frozen',
      async ({ store }) => {
        await store.set('a', fresh())
        deface(store.getSync('a'))
        assert.deepEqual(store.getSync('a'), fresh())
      },
      { needs: ['sync'] },
    )

    test('what getMany, entries and load returned is private or frozen', async ({ store }) => {
      await store.set('a', fresh())
      deface((await store.getMany(['a'])).get('a'))
      for await (const [, value] of store.entries()) deface(value)
      deface((await store.load())['a'])
      assert.deepEqual(await store.get('a'), fresh())
      assert.deepEqual((await store.load())['a'], fresh())
    })

    test('a key added to what load returned is not in the store', async ({ store }) => {
      await store.set('a', 1)
      const loaded = await store.load()
      try {
        loaded['b'] = 2
      } catch (error) {
        assert.ok(error instanceof TypeError)
      }
      assert.equal(await store.has('b'), false)
      assert.deepEqual(Object.keys(await store.load()), ['a'])
    })

    test('objects given to setMany, save and update are copied', async ({ store }) => {
      const [one, two, three] = [fresh(), fresh(), fresh()]
      await store.setMany({ one })
      await store.update('two', () => two)
      deface(one)
      deface(two)
      assert.deepEqual({ ...(await store.load()) }, { one: fresh(), two: fresh() })
      await store.save({ three })
      deface(three)
      assert.deepEqual({ ...(await store.load()) }, { three: fresh() })
    })

    test('what update and transact hand out is no door to the store', async ({ store }) => {
      await store.set('a', fresh())
      const returned = await store.update<Document>('a', (current) => ({
        ...fresh(),
        deep: { n: current?.deep.n ?? 0 },
      }))
      deface(returned)
      assert.deepEqual(await store.get('a'), fresh())
      await store.transact(async (tx) => {
        deface(await tx.get('a'))
        for await (const [, value] of tx.entries()) deface(value)
      })
      assert.deepEqual(await store.get('a'), fresh())
    })

    test('an object changed after tx.set is stored as it was', async ({ store }) => {
      await store.transact((tx) => {
        const mine = fresh()
        tx.set('a', mine)
        deface(mine)
      })
      assert.deepEqual(await store.get('a'), fresh())
    })

    test('what history and diff returned is private or frozen', async ({ store }) => {
      await store.set('a', fresh())
      for await (const { after } of store.history('a')) deface(after)
      for (const { after } of await store.diff(0).toArray()) deface(after)
      const [change] = await collect(store.history('a'))
      assert.deepEqual(change?.after, fresh())
      assert.deepEqual(await store.get('a'), fresh())
    })

    test('Dates, Maps and bytes are private too', async ({ store }) => {
      const make = (): { at: Date; map: Map<string, number>; bytes: Uint8Array } => ({
        at: new Date(1),
        map: new Map([['a', 1]]),
        bytes: new Uint8Array([1]),
      })
      const mine = make()
      await store.set('a', mine)
      for (const value of [mine, await store.get<typeof mine>('a')]) {
        value?.at.setTime(5)
        value?.map.set('b', 2)
        value?.bytes.fill(9)
      }
      assert.deepEqual(await store.get('a'), make())
    })
  },
}
