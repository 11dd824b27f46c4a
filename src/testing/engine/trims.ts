import assert from 'node:assert/strict'
import type { Engine, TrimStep } from '../../engine.ts'
import type { EngineGroup } from '../harness.ts'
import { pageOf, valueAt, wholeOf, write } from './plans.ts'

const trim = (engine: Engine, step: Partial<TrimStep>): Promise<void> =>
  engine.trim({ drop: [], keep: [], dropCommits: [], keepCommits: [], horizon: 0, ...step })

/** Six changes of `a`, one per revision. */
async function sixOf(engine: Engine): Promise<void> {
  for (let n = 1; n <= 6; n++) await write(engine, ['a', String(n)])
}

export const trimCases: EngineGroup = {
  title: 'trimming the past',
  cases(test) {
    test('dropped rows are gone; a look that needs one says where the chain breaks', async (engine) => {
      await sixOf(engine)
      await trim(engine, { drop: [1, 2, 4, 5, 6], keep: [3], horizon: 6 })
      assert.deepEqual(
        (await engine.changes(0, 6, 10)).map(({ id }) => id),
        [3],
      )
      assert.deepEqual(
        (await engine.changesOf('a', 3, 10)).map(({ id }) => id),
        [3],
      )
      assert.equal(await valueAt(engine, 'a', 6), '6')
      assert.equal(await valueAt(engine, 'a', 2), '2')
      assert.equal(await valueAt(engine, 'a', 1), 'broken at 3')
      assert.equal(await valueAt(engine, 'a', 4), 'broken at 6')
      assert.equal(await valueAt(engine, 'a', 5), 'broken at 6')
      assert.deepEqual(await pageOf(engine, { at: 2 }), ['a=2'])
      assert.deepEqual(await pageOf(engine, { at: 4 }), ['a broken at 6'])
    })

    test('it goes in steps', async (engine) => {
      await sixOf(engine)
      await write(engine, ['b', '7'])
      await trim(engine, { drop: [1], horizon: 6 })
      await trim(engine, { drop: [2], keep: [3], horizon: 6 })
      await trim(engine, { drop: [4, 5], horizon: 6 })
      assert.deepEqual(
        (await engine.changes(0, 7, 10)).map(({ id }) => id),
        [3, 6, 7],
      )
      assert.equal(await valueAt(engine, 'a', 5), '5')
      assert.equal(await valueAt(engine, 'a', 2), '2')
      assert.equal(await valueAt(engine, 'a', 3), 'broken at 6')
      await trim(engine, { drop: [3], horizon: 6 })
      assert.equal(await valueAt(engine, 'a', 2), 'broken at 6')
      assert.equal(await valueAt(engine, 'b', 6), 'absent')
    })

    test('rows that are not there may be dropped again', async (engine) => {
      await sixOf(engine)
      await trim(engine, { drop: [1, 2], horizon: 3 })
      await trim(engine, { drop: [1, 2, 3], horizon: 3 })
      assert.deepEqual(
        (await engine.changes(0, 6, 10)).map(({ id }) => id),
        [4, 5, 6],
      )
    })

    test('a removed key whose row is dropped is still known to have been', async (engine) => {
      await write(engine, ['a', '1'], ['b', '2'])
      await write(engine, ['a', undefined])
      await trim(engine, { drop: [1, 3], horizon: 2 })
      assert.equal(await valueAt(engine, 'a', 1), 'broken at 3')
      assert.equal(await valueAt(engine, 'a', 3), 'absent')
      assert.deepEqual(await pageOf(engine, { at: 2 }), ['a broken at 3', 'b=2'])
      assert.deepEqual(await pageOf(engine, { at: 3 }), ['b=2'])
      assert.deepEqual(
        (await engine.gone(undefined, 10)).map(({ key }) => key),
        ['a'],
      )
    })

    test('a forgotten key is as if it had never been', async (engine) => {
      await write(engine, ['a', '1'], ['b', '1'], ['c', '1'])
      await write(engine, ['b', undefined])
      await write(engine, ['a', undefined])
      await write(engine, ['c', undefined])
      await trim(engine, { drop: [1, 2, 3, 4, 5], keep: [6], forgetGone: 5, horizon: 3 })
      assert.deepEqual(
        (await engine.gone(undefined, 10)).map(({ key, change }) => [key, change]),
        [['c', 6]],
      )
      assert.equal(await valueAt(engine, 'a', 5), 'absent')
      assert.equal(await valueAt(engine, 'c', 5), '1')
      assert.deepEqual(await pageOf(engine, { at: 5 }), ['c=1'])
      assert.deepEqual(await write(engine, ['a', '2'], ['c', '2']), [
        { bytes: -1, sum: 0, prev: 0 },
        { bytes: -1, sum: 6, prev: 6 },
      ])
      assert.equal(await valueAt(engine, 'a', 6), 'absent')
      assert.equal(await valueAt(engine, 'a', 7), '2')
    })

    test('a key is forgotten by when it went last', async (engine) => {
      await write(engine, ['a', '1'], ['b', '1'])
      await write(engine, ['a', undefined])
      await write(engine, ['a', '2'])
      await write(engine, ['b', undefined])
      await write(engine, ['a', undefined])
      await trim(engine, { drop: [1, 2, 3, 4, 5], keep: [6], forgetGone: 5, horizon: 4 })
      assert.deepEqual(
        (await engine.gone(undefined, 10)).map(({ key, change }) => [key, change]),
        [['a', 6]],
      )
    })

    test('without forgetGone all are remembered', async (engine) => {
      await write(engine, ['a', '1'])
      await write(engine, ['a', undefined])
      await trim(engine, { drop: [1, 2], horizon: 2 })
      assert.equal((await engine.gone(undefined, 10)).length, 1)
      assert.deepEqual(await write(engine, ['a', '2']), [{ bytes: -1, sum: 2, prev: 2 }])
    })

    test('dropped records of revisions are gone, the others stay', async (engine) => {
      await sixOf(engine)
      await trim(engine, { dropCommits: [1, 2, 4], horizon: 5 })
      const revisions = async (reverse: boolean): Promise<number[]> =>
        (await engine.commits(1, 6, 10, reverse)).map(({ revision }) => revision)
      assert.deepEqual(await revisions(false), [3, 5, 6])
      assert.deepEqual(await revisions(true), [6, 5, 3])
      assert.equal((await engine.head())?.revision, 6)
    })

    test('the horizon goes on, and never back', async (engine) => {
      await sixOf(engine)
      await trim(engine, { horizon: 3 })
      assert.equal(await engine.horizon(), 3)
      await trim(engine, { drop: [1], horizon: 5 })
      assert.equal(await engine.horizon(), 5)
      await trim(engine, { drop: [2], horizon: 4 })
      assert.equal(await engine.horizon(), 5)
    })

    test('the present is untouched', async (engine) => {
      await write(engine, ['a', '1', 9_000], ['b', '2'], ['c', '3'])
      await write(engine, ['b', undefined], ['a', '5', 8_000])
      await trim(engine, { drop: [1, 2, 3, 4, 5], dropCommits: [1], forgetGone: 5, horizon: 2 })
      assert.deepEqual(await pageOf(engine, {}), ['a=5', 'c=3'])
      assert.equal((await engine.get('a'))?.change, 5)
      assert.equal(await engine.get('b'), undefined)
      assert.deepEqual(
        (await engine.due(9_000, 10)).map(({ key }) => key),
        ['a'],
      )
      assert.deepEqual(await engine.check(), [])
    })

    test('writing goes on after it', async (engine) => {
      await sixOf(engine)
      await trim(engine, { drop: [1, 2, 3, 4, 5, 6], dropCommits: [1, 2, 3, 4, 5], horizon: 6 })
      assert.deepEqual(
        (await write(engine, ['a', '7'])).map(({ bytes, prev }) => [bytes, prev]),
        [[1, 6]],
      )
      assert.equal(await valueAt(engine, 'a', 6), '6')
      assert.equal(await valueAt(engine, 'a', 5), 'broken at 7')
      assert.equal((await engine.head())?.revision, 7)
    })

    test('records are counted down', async (engine) => {
      await sixOf(engine)
      assert.equal((await engine.size()).records, 6)
      await trim(engine, { drop: [1, 2, 3], keep: [4], horizon: 5 })
      assert.equal((await engine.size()).records, 3)
      const { bytes } = await engine.size()
      assert.ok(bytes >= 0)
    })

    test(
      'what was trimmed is the same when it is opened again',
      async (engine, reopen) => {
        await sixOf(engine)
        await write(engine, ['b', '7'])
        await write(engine, ['b', undefined])
        await trim(engine, { drop: [1, 2, 4, 5], keep: [3], dropCommits: [1, 2], forgetGone: 2, horizon: 5 })
        const before = await wholeOf(engine)
        assert.deepEqual(await wholeOf(await reopen(engine)), before)
      },
      { reopens: true },
    )
  },
}
