import assert from 'node:assert/strict'
import type { AsideEntry } from '../../change.ts'
import type { Engine } from '../../engine.ts'
import type { EngineGroup } from '../harness.ts'
import { planFor, write } from './plans.ts'

const entry = (key: string, value: AsideEntry['value'], expires = 0): AsideEntry => ({
  key,
  value,
  expires,
  sum: key.length,
})
const everything = { from: undefined, to: undefined, reverse: false, limit: 100 }

async function textOf(engine: Engine, aside: number, query = {}): Promise<string[]> {
  const page = await engine.asides.page(aside, { ...everything, ...query })
  return page.map(({ key, value }) => `${key}=${String(value)}`)
}

/** Makes an aside the state of the next revision. */
async function complete(engine: Engine, aside: number, revision: number): Promise<void> {
  await engine.commit(() => planFor(engine, [], { asides: [{ aside, revision }] }))
}

export const asideCases: EngineGroup = {
  title: 'states beside the main line',
  cases(test) {
    test('entries come as they were put, in the order of keys, between bounds and from both sides', async (engine) => {
      const bytes = new Uint8Array([1, 0, 255])
      await engine.asides.put(7, 1000, true, [
        entry('b', '2', 5000),
        entry('a\u0000', bytes),
        entry('c', '3'),
      ])
      await engine.asides.put(7, 1001, false, [entry('\u{1f600}', '4'), entry('a', '1')])
      assert.deepEqual(await textOf(engine, 7), ['a=1', 'a\u0000=1,0,255', 'b=2', 'c=3', '\u{1f600}=4'])
      assert.deepEqual(await textOf(engine, 7, { from: 'b', to: 'c' }), ['b=2'])
      assert.deepEqual(await textOf(engine, 7, { reverse: true, limit: 2 }), ['\u{1f600}=4', 'c=3'])
      const found = await engine.asides.get(7, 'b')
      assert.deepEqual(
        [found?.key, found?.value, found?.change, found?.expires, found?.sum],
        ['b', '2', 0, 5000, 1],
      )
      assert.equal(await engine.asides.get(7, 'nothing'), undefined)
      assert.equal(await engine.asides.get(8, 'b'), undefined)
    })

    test('a later entry takes the place of an earlier one, and entries can go', async (engine) => {
      await engine.asides.put(7, 1000, true, [entry('a', '1'), entry('b', '2')])
      await engine.asides.put(7, 1000, false, [
        entry('a', 'other'),
        entry('b', undefined),
        entry('x', undefined),
      ])
      assert.deepEqual(await textOf(engine, 7), ['a=other'])
    })

    test('the main line knows nothing of them', async (engine) => {
      await write(engine, ['a', 'main'])
      const before = await engine.changes(0, 100, 100)
      await engine.asides.put(7, 1000, true, [entry('a', 'beside'), entry('z', 'beside', 1)])
      await complete(engine, 7, 2)
      assert.equal(String((await engine.get('a'))?.value), 'main')
      assert.equal(await engine.get('z'), undefined)
      assert.deepEqual(await engine.changes(0, 100, 100), before)
      assert.deepEqual(await engine.due(Number.MAX_SAFE_INTEGER, 10), [])
    })

    test('one is open until a plan says whose state it is; then nothing is added to it', async (engine) => {
      await engine.asides.put(7, 1000, true, [entry('a', '1')])
      await engine.asides.put(9, 2000, true, [])
      assert.deepEqual(await engine.asides.heads(), [
        { aside: 7, revision: 0, at: 1000 },
        { aside: 9, revision: 0, at: 2000 },
      ])
      await complete(engine, 7, 1)
      assert.deepEqual((await engine.asides.heads())[0], { aside: 7, revision: 1, at: 1000 })
      assert.equal(await engine.asides.put(7, 3000, false, [entry('b', '2')]), false)
      assert.equal(await engine.asides.put(8, 3000, false, [entry('b', '2')]), false)
      assert.deepEqual(await textOf(engine, 7), ['a=1'])
      assert.deepEqual(await textOf(engine, 8), [])
    })

    test('a plan that fails leaves it open', async (engine) => {
      await engine.asides.put(7, 1000, true, [entry('a', '1')])
      await assert.rejects(
        engine.commit(() => ({
          changes: [],
          asides: [{ aside: 7, revision: 1 }],
          seal() {
            throw new RangeError('no')
          },
        })),
      )
      assert.equal((await engine.asides.heads())[0]?.revision, 0)
    })

    test('one goes in steps; from the first step on it is nobody’s state', async (engine) => {
      await engine.asides.put(7, 1000, true, [entry('a', '1'), entry('b', '2'), entry('c', '3')])
      await engine.asides.put(9, 1000, true, [entry('a', 'mine')])
      await complete(engine, 7, 1)
      assert.equal(await engine.asides.drop(7, 2), true)
      assert.deepEqual((await engine.asides.heads())[0], { aside: 7, revision: 0, at: 0 })
      assert.equal((await textOf(engine, 7)).length, 1)
      assert.equal(await engine.asides.drop(7, 2), false)
      assert.deepEqual(await engine.asides.heads(), [{ aside: 9, revision: 0, at: 1000 }])
      assert.deepEqual(await textOf(engine, 9), ['a=mine'])
      assert.equal(await engine.asides.drop(7, 2), false)
    })

    test(
      'they are there when it is opened again',
      async (engine, reopen) => {
        await engine.asides.put(7, 1000, true, [entry('a', '1', 9)])
        await complete(engine, 7, 1)
        const again = await reopen(engine)
        assert.deepEqual(await textOf(again, 7), ['a=1'])
        assert.deepEqual(await again.asides.heads(), [{ aside: 7, revision: 1, at: 1000 }])
      },
      { reopens: true },
    )
  },
}
