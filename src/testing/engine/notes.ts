import assert from 'node:assert/strict'
import type { EngineGroup } from '../harness.ts'
import { pageOf, write } from './plans.ts'

export const noteCases: EngineGroup = {
  title: 'notes',
  cases(test) {
    test('a note is put, replaced and removed if it is what it was expected to be', async (engine) => {
      assert.equal(await engine.note('a'), undefined)
      const change = (expected: string | undefined, next: string | undefined): Promise<boolean> =>
        engine.exchange([{ name: 'a', expected, next }])
      assert.equal(await change('x', 'y'), false)
      assert.equal(await change(undefined, 'one'), true)
      assert.equal(await engine.note('a'), 'one')
      assert.equal(await change(undefined, 'two'), false)
      assert.equal(await change('one', 'two'), true)
      assert.equal(await change('two', undefined), true)
      assert.equal(await engine.note('a'), undefined)
    })

    test('several change together or not at all', async (engine) => {
      await engine.exchange([{ name: 'a', expected: undefined, next: '1' }])
      const both = [
        { name: 'b', expected: undefined, next: '2' },
        { name: 'a', expected: 'not this', next: '2' },
      ]
      assert.equal(await engine.exchange(both), false)
      assert.equal(await engine.note('b'), undefined)
      assert.equal(await engine.note('a'), '1')
    })

    test('of many who expect the same, one has its way', async (engine) => {
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          engine.exchange([{ name: 'a', expected: undefined, next: String(n) }]),
        ),
      )
      assert.equal(results.filter(Boolean).length, 1)
      assert.equal(await engine.note('a'), String(results.indexOf(true)))
    })

    test('notes are apart from keys, revisions and the horizon', async (engine) => {
      await write(engine, ['a', '1'])
      const head = await engine.head()
      await engine.exchange([
        { name: 'a', expected: undefined, next: 'note' },
        { name: 'horizon', expected: undefined, next: '7' },
      ])
      assert.deepEqual(await pageOf(engine, {}), ['a=1'])
      assert.deepEqual(await engine.head(), head)
      assert.equal(await engine.horizon(), 0)
      assert.equal(await engine.note('horizon'), '7')
    })

    test(
      'notes outlive the engine',
      async (engine, reopen) => {
        await engine.exchange([{ name: 'a', expected: undefined, next: 'kept' }])
        assert.equal(await (await reopen(engine)).note('a'), 'kept')
      },
      { reopens: true },
    )

    test('listening and ringing may be begun and ended at any time', async (engine) => {
      const stops = [engine.listen(() => undefined), engine.listen(() => undefined)]
      engine.ring()
      for (const stop of [...stops, ...stops]) stop()
      engine.ring()
      engine.listen(() => undefined)
    })
  },
}
