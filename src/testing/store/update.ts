import assert from 'node:assert/strict'
import { InvalidValueError } from '../../index.ts'
import { refuses } from '../assertions.ts'
import type { Group } from '../harness.ts'

export const updateCases: Group = {
  title: 'update',
  cases(test) {
    test('update starts from undefined', async ({ store }) => {
      const seen: unknown[] = []
      const result = await store.update<number>('a', (current) => {
        seen.push(current)
        return 1
      })
      assert.equal(result, 1)
      assert.deepEqual(seen, [undefined])
      assert.equal(await store.get('a'), 1)
    })

    test('update changes what is there, and returns it', async ({ store }) => {
      await store.set('a', { count: 1 })
      const result = await store.update<{ count: number }>('a', (current) => ({
        count: (current?.count ?? 0) + 1,
      }))
      assert.deepEqual(result, { count: 2 })
      assert.deepEqual(await store.get('a'), { count: 2 })
      assert.equal(store.revision, 2)
    })

    test('update that returns undefined removes the key', async ({ store }) => {
      await store.set('a', 1)
      assert.equal(await store.update('a', () => undefined), undefined)
      assert.equal(await store.has('a'), false)
    })

    test('update that throws changes nothing, and the error comes through', async ({ store }) => {
      await store.set('a', 1)
      const mine = new RangeError('mine')
      const update = (): Promise<unknown> =>
        store.update('a', () => {
          throw mine
        })
      assert.equal(await refuses(update, RangeError), mine)
      assert.equal(await store.get('a'), 1)
      assert.equal(store.revision, 1)
      await store.update<number>('a', (n = 0) => n + 1)
      assert.equal(await store.get('a'), 2)
    })

    test('update to a bad value is refused and changes nothing', async ({ store }) => {
      await store.set('a', 1)
      await refuses(() => store.update('a', () => Symbol('no')), InvalidValueError)
      assert.equal(await store.get('a'), 1)
      assert.equal(store.revision, 1)
    })
  },
}
