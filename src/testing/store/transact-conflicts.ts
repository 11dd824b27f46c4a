import assert from 'node:assert/strict'
import { ConflictError } from '../../index.ts'
import { collect, refuses, stateOf } from '../assertions.ts'
import type { Group } from '../harness.ts'

export const transactConflictCases: Group = {
  title: 'transactions in conflict',
  cases(test) {
    test('the function runs again if a key that it read was changed meanwhile', async ({ store }) => {
      await store.set('a', 1)
      let runs = 0
      const result = await store.transact(async (tx) => {
        runs++
        const seen = (await tx.get<number>('a')) ?? 0
        if (runs === 1) await store.set('a', 10)
        tx.set('b', seen)
        return seen
      })
      assert.deepEqual([runs, result, await store.get('b')], [2, 10, 10])
    })

    test('it runs again if a key that it found absent has come', async ({ store }) => {
      let runs = 0
      await store.transact(async (tx) => {
        runs++
        const there = (await tx.get('a')) !== undefined
        if (runs === 1) await store.set('a', 1)
        tx.set('found', there)
      })
      assert.deepEqual([runs, await store.get('found')], [2, true])
    })

    test('it runs again if a key that it read has gone', async ({ store }) => {
      await store.set('a', 1)
      let runs = 0
      await store.transact(async (tx) => {
        runs++
        const there = (await tx.get('a')) !== undefined
        if (runs === 1) await store.delete('a')
        tx.set('found', there)
      })
      assert.deepEqual([runs, await store.get('found')], [2, false])
    })

    test('it runs again if a key came into a range that it read', async ({ store }) => {
      await store.setMany({ 'item:1': 1, 'item:3': 1 })
      let runs = 0
      await store.transact(async (tx) => {
        runs++
        const count = (await collect(tx.entries({ prefix: 'item:' }))).length
        if (runs === 1) await store.set('item:2', 1)
        tx.set('count', count)
      })
      assert.deepEqual([runs, await store.get('count')], [2, 3])
    })

    test('it runs again if a key of a range that it read was changed or went', async ({ store }) => {
      await store.setMany({ 'item:1': 1, 'item:2': 2, 'item:3': 3 })
      let runs = 0
      await store.transact(async (tx) => {
        runs++
        let sum = 0
        for await (const [, value] of tx.entries({ prefix: 'item:' })) sum += value as number
        if (runs === 1) await store.set('item:1', 10)
        if (runs === 2) await store.delete('item:3')
        tx.set('sum', sum)
      })
      assert.deepEqual([runs, await store.get('sum')], [3, 12])
    })

    test('writes of other keys are no conflict', async ({ store }) => {
      await store.setMany({ a: 1, b: 1 })
      let runs = 0
      await store.transact(async (tx) => {
        runs++
        const seen = await tx.get('a')
        await store.set('b', 2)
        await store.set('c', 2)
        tx.set('a', [seen])
      })
      assert.equal(runs, 1)
      assert.deepEqual(
        await stateOf(store),
        new Map<string, unknown>([
          ['a', [1]],
          ['b', 2],
          ['c', 2],
        ]),
      )
    })

    test('a write without a read is no conflict', async ({ store }) => {
      let runs = 0
      await store.transact(async (tx) => {
        runs++
        await store.set('a', 'meanwhile')
        tx.set('a', 'mine')
      })
      assert.deepEqual([runs, await store.get('a')], [1, 'mine'])
    })

    test('two reads in one transaction never show two different states to a commit', async ({ store }) => {
      await store.setMany({ a: 0, b: 0 })
      let runs = 0
      await store.transact(async (tx) => {
        runs++
        const a = await tx.get('a')
        if (runs === 1) await store.setMany({ a: 1, b: 1 })
        const b = await tx.get('b')
        tx.set('seen', [a, b])
      })
      assert.deepEqual(await store.get('seen'), [1, 1])
    })

    test('nothing of a run that was in conflict is kept', async ({ store }) => {
      await store.set('a', 1)
      let runs = 0
      await store.transact(async (tx) => {
        runs++
        await tx.get('a')
        if (runs === 1) {
          tx.set('only in the first run', 1)
          await store.set('a', 2)
        }
        tx.set('done', runs)
      })
      assert.deepEqual(
        await stateOf(store),
        new Map([
          ['a', 2],
          ['done', 2],
        ]),
      )
    })

    test('retries: 0 gives up at the first conflict', async ({ store }) => {
      await store.set('a', 1)
      let runs = 0
      const contested = (): Promise<void> =>
        store.transact(
          async (tx) => {
            runs++
            await tx.get('a')
            await store.set('a', runs + 1)
            tx.set('b', 1)
          },
          { retries: 0 },
        )
      const error = await refuses(contested, ConflictError)
      assert.deepEqual([runs, error.actual], [1, 2])
      assert.equal(await store.has('b'), false)
    })

    test('retries: 3 runs it four times', async ({ store }) => {
      let runs = 0
      const contested = (): Promise<void> =>
        store.transact(
          async (tx) => {
            runs++
            await tx.get('a')
            await store.set('a', runs)
            tx.set('b', 1)
          },
          { retries: 3 },
        )
      await refuses(contested, ConflictError)
      assert.deepEqual([runs, await store.get('a'), await store.has('b')], [4, 4, false])
    })

    test('a signal that is aborted already: the function does not run', async ({ store }) => {
      const mine = new RangeError('no longer wanted')
      let ran = false
      const aborted = (): Promise<unknown> =>
        store.transact(() => void (ran = true), { signal: AbortSignal.abort(mine) })
      assert.equal(await refuses(aborted, RangeError), mine)
      assert.equal(ran, false)
    })

    test('an abort during the function: nothing is stored, the reason comes through', async ({ store }) => {
      const controller = new AbortController()
      const mine = new RangeError('no longer wanted')
      const aborted = (): Promise<void> =>
        store.transact(
          async (tx) => {
            await tx.get('a')
            tx.set('a', 1)
            controller.abort(mine)
          },
          { signal: controller.signal },
        )
      assert.equal(await refuses(aborted, RangeError), mine)
      assert.equal(store.revision, 0)
    })

    test('an abort stops the retries', async ({ store }) => {
      const controller = new AbortController()
      const mine = new RangeError('no longer wanted')
      let runs = 0
      const aborted = (): Promise<void> =>
        store.transact(
          async (tx) => {
            runs++
            await tx.get('a')
            await store.set('a', runs)
            if (runs === 3) controller.abort(mine)
            tx.set('b', 1)
          },
          { signal: controller.signal },
        )
      assert.equal(await refuses(aborted, RangeError), mine)
      assert.deepEqual([runs, await store.has('b')], [3, false])
    })
  },
}
