import assert from 'node:assert/strict'
import { InvalidOptionError, NotFoundError, VarveError, type Ref } from '../../index.ts'
import { collect, refuses, refusesStream, stateOf } from '../assertions.ts'
import type { Group } from '../harness.ts'

export const pointCases: Group = {
  title: 'points in the past',
  cases(test) {
    test('at a revision: every reading shows the state of then', async ({ store }) => {
      await store.setMany({ a: 1, b: 1 })
      await store.set('a', 2)
      await store.delete('b')
      await store.set('c', 4)
      assert.deepEqual(
        await stateOf(store, 1),
        new Map([
          ['a', 1],
          ['b', 1],
        ]),
      )
      assert.deepEqual(
        await stateOf(store, 2),
        new Map([
          ['a', 2],
          ['b', 1],
        ]),
      )
      assert.deepEqual(await stateOf(store, 3), new Map([['a', 2]]))
      assert.deepEqual(await stateOf(store, 4), await stateOf(store))
      assert.equal(await store.get('a', { at: 1 }), 1)
      assert.equal(await store.get('b', { at: 3 }), undefined)
      assert.equal(await store.get('c', { at: 3 }), undefined)
      assert.equal(await store.has('b', { at: 2 }), true)
      assert.equal(await store.has('b', { at: 3 }), false)
      assert.deepEqual(
        await store.getMany(['a', 'b', 'c'], { at: 1 }),
        new Map([
          ['a', 1],
          ['b', 1],
        ]),
      )
    })

    test('at revision 0 there is nothing', async ({ store }) => {
      assert.equal(await store.get('a', { at: 0 }), undefined)
      await store.set('a', 1)
      assert.equal(await store.get('a', { at: 0 }), undefined)
      assert.equal(await store.has('a', { at: 0 }), false)
      assert.deepEqual(await stateOf(store, 0), new Map())
    })

    test('at every revision of a key that came and went many times', async ({ store }) => {
      const expected: (number | undefined)[] = [undefined]
      for (let n = 1; n <= 30; n++) {
        if (n % 3 === 0) await store.delete('a')
        else await store.set('a', n)
        expected.push(n % 3 === 0 ? undefined : n)
      }
      for (const [revision, value] of expected.entries()) {
        assert.equal(await store.get('a', { at: revision }), value, `at ${revision}`)
      }
    })

    test(
      'getSync reads the past too',
      async ({ store }) => {
        await store.set('a', 1)
        await store.set('a', 2)
        await store.snapshots.create({ version: 'second' })
        await store.set('a', 3)
        assert.equal(store.getSync('a', { at: 1 }), 1)
        assert.equal(store.getSync('a', { at: 'second' }), 2)
        assert.equal(store.getSync('a', { at: 0 }), undefined)
        assert.throws(() => store.getSync('a', { at: 'nowhere' }), NotFoundError)
      },
      { needs: ['sync'] },
    )

    test('at a time: the last revision up to it', async ({ store, pass }) => {
      await store.set('a', 1)
      await pass(5)
      await store.set('a', 2)
      await pass(5)
      await store.set('a', 3)
      const times = (await collect(store.log())).map(({ at }) => at.getTime())
      const [first = 0, second = 0, third = 0] = times
      assert.ok(first < second && second < third, 'revisions 5 ms apart have different times')
      assert.equal(await store.get('a', { at: new Date(first) }), 1)
      assert.equal(await store.get('a', { at: new Date(second - 1) }), 1)
      assert.equal(await store.get('a', { at: new Date(second) }), 2)
      assert.deepEqual(await stateOf(store, new Date(third - 1)), new Map([['a', 2]]))
      assert.equal(await store.get('a', { at: new Date(third) }), 3)
    })

    test('at a time before the first revision there is nothing', async ({ store }) => {
      await store.set('a', 1)
      assert.equal(await store.get('a', { at: new Date(0) }), undefined)
      assert.deepEqual(await stateOf(store, new Date(0)), new Map())
    })

    test('at a version, and at a tag: the newest snapshot that has it', async ({ store }) => {
      for (const n of [1, 2, 3]) {
        await store.set('a', n)
        await store.snapshots.create({ version: `version ${n}`, tags: n < 3 ? ['stable'] : [] })
      }
      await store.set('a', 4)
      assert.equal(await store.get('a', { at: 'version 1' }), 1)
      assert.equal(await store.get('a', { at: 'version 3' }), 3)
      assert.equal(await store.get('a', { at: 'stable' }), 2)
      assert.deepEqual(await stateOf(store, 'stable'), new Map([['a', 2]]))
      await store.snapshots.tag('version 3', 'stable')
      assert.equal(await store.get('a', { at: 'stable' }), 3)
      await store.snapshots.delete('version 3')
      assert.equal(await store.get('a', { at: 'stable' }), 2)
    })

    test('a value of the past stays what it was, however often it is asked', async ({ store }) => {
      await store.set('a', { n: 1 })
      for (let n = 2; n < 20; n++) {
        await store.set('a', { n })
        assert.deepEqual(await store.get('a', { at: 1 }), { n: 1 })
        assert.deepEqual(await store.get('a', { at: n - 1 }), { n: n - 1 })
      }
    })

    for (const at of ['nowhere', 'v99', 2, 1_000_000] as Ref[]) {
      test(`${JSON.stringify(at)} where there is no such point is not found`, async ({ store }) => {
        await store.set('a', 1)
        const error = await refuses(() => store.get('a', { at }), NotFoundError)
        assert.equal(error.code, 'VARVE_NOT_FOUND')
        assert.ok(error.message.includes(String(at)), error.message)
        await refuses(() => store.has('a', { at }), NotFoundError)
        await refuses(() => store.getMany(['a'], { at }), NotFoundError)
        await refuses(() => store.load({ at }), NotFoundError)
        await refuses(() => store.count({ at }), NotFoundError)
        await refusesStream(() => store.keys({ at }), NotFoundError)
        await refusesStream(() => store.entries({ at }), NotFoundError)
      })
    }

    for (const [what, at] of [
      ['a negative revision', -1],
      ['half a revision', 0.5],
      ['NaN', NaN],
      ['null', null],
      ['a boolean', true],
      ['an object', {}],
      ['an invalid Date', new Date(NaN)],
    ] as const) {
      test(`${what} is no point`, async ({ store }) => {
        await store.set('a', 1)
        const error = await refuses(() => store.get('a', { at: at as never }), VarveError)
        assert.ok(error instanceof InvalidOptionError || error instanceof NotFoundError, String(error))
        await refusesStream(() => store.keys({ at: at as never }), VarveError)
      })
    }

    test(
      'the past is readable when it is opened again',
      async ({ store, reopen }) => {
        await store.setMany({ a: 1, b: 1 })
        await store.clear()
        await store.set('c', 3)
        const again = await reopen(store)
        assert.deepEqual(
          await stateOf(again, 1),
          new Map([
            ['a', 1],
            ['b', 1],
          ]),
        )
        assert.deepEqual(await stateOf(again, 2), new Map())
        await again.set('a', 'new')
        assert.equal(await again.get('a', { at: 1 }), 1)
        assert.equal(await again.get('a', { at: 3 }), undefined)
      },
      { needs: ['reopen'] },
    )
  },
}
