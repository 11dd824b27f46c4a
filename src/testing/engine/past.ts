import assert from 'node:assert/strict'
import type { Engine } from '../../engine.ts'
import { seeded } from '../random.ts'
import type { EngineGroup } from '../harness.ts'
import { pageOf, plainEntry, sumOf, valueAt, write, type Write } from './plans.ts'

const values = async (engine: Engine, key: string, last: number): Promise<string> => {
  const found: string[] = []
  for (let at = 0; at <= last; at++) found.push(await valueAt(engine, key, at))
  return found.join(' ')
}

export const pastCases: EngineGroup = {
  title: 'looking at the past',
  cases(test) {
    test('getAt finds what the key was after each change', async (engine) => {
      await write(engine, ['a', '1'])
      await write(engine, ['other', '0'])
      await write(engine, ['a', '3'])
      await write(engine, ['a', '4'])
      assert.equal(await values(engine, 'a', 5), 'absent 1 1 3 4 4')
      assert.equal(await values(engine, 'other', 4), 'absent absent 0 0 0')
      assert.equal(await values(engine, 'never', 4), 'absent absent absent absent absent')
    })

    test('getAt finds keys that went, and came again', async (engine) => {
      await write(engine, ['a', '1'])
      await write(engine, ['a', undefined])
      assert.equal(await values(engine, 'a', 2), 'absent 1 absent')
      await write(engine, ['other', '0'])
      await write(engine, ['a', '4'])
      await write(engine, ['a', undefined])
      assert.equal(await values(engine, 'a', 6), 'absent 1 absent absent 4 absent absent')
    })

    test('an entry of the past has its own change, end and sum', async (engine) => {
      await write(engine, ['a', '1', 5_000])
      await write(engine, ['a', new Uint8Array([2])])
      await write(engine, ['a', undefined])
      assert.deepEqual(plainEntry(await engine.getAt('a', 1)), {
        key: 'a',
        value: '1',
        change: 1,
        expires: 5_000,
        sum: sumOf(1, '1'),
      })
      const bytes = new Uint8Array([2])
      assert.deepEqual(plainEntry(await engine.getAt('a', 2)), {
        key: 'a',
        value: bytes,
        change: 2,
        expires: 0,
        sum: sumOf(2, bytes),
      })
    })

    test('getAt inside one revision tells its changes apart', async (engine) => {
      await write(engine, ['a', '1'], ['a', '2'], ['b', '3'], ['a', undefined], ['a', '5'])
      assert.equal(await values(engine, 'a', 5), 'absent 1 2 2 absent 5')
      assert.equal(await values(engine, 'b', 5), 'absent absent absent 3 3 3')
    })

    test('a page of the past shows what went since, hides what came, and has the old values', async (engine) => {
      await write(engine, ['b', '1'], ['d', '2'], ['f', '3'])
      await write(engine, ['a', '4'], ['c', '5'], ['d', undefined], ['f', '7'])
      await write(engine, ['b', undefined], ['e', '9'], ['d', '10'])
      assert.deepEqual(await pageOf(engine, { at: 0 }), [])
      assert.deepEqual(await pageOf(engine, { at: 3 }), ['b=1', 'd=2', 'f=3'])
      assert.deepEqual(await pageOf(engine, { at: 7 }), ['a=4', 'b=1', 'c=5', 'f=7'])
      assert.deepEqual(await pageOf(engine, { at: 10 }), ['a=4', 'c=5', 'd=10', 'e=9', 'f=7'])
      assert.deepEqual(await pageOf(engine, { at: 3, reverse: true }), ['f=3', 'd=2', 'b=1'])
      assert.deepEqual(await pageOf(engine, { at: 7, reverse: true, limit: 2 }), ['f=7', 'c=5'])
      assert.deepEqual(await pageOf(engine, { at: 7, from: 'b', to: 'f' }), ['b=1', 'c=5'])
      assert.deepEqual(await pageOf(engine, { at: 3, from: 'c', limit: 1 }), ['d=2'])
      assert.deepEqual(await pageOf(engine, { at: 3, to: 'd', reverse: true, limit: 1 }), ['b=1'])
    })

    test('a page of the past is full though much has gone or come since', async (engine) => {
      const many = (value: string | undefined): Write[] =>
        Array.from({ length: 800 }, (_, n) => [`k${String(n).padStart(3, '0')}`, value] as const)
      await write(engine, ...many('1'))
      await write(engine, ...many(undefined))
      await write(engine, ...Array.from({ length: 800 }, (_, n) => [`a${n}`, '2'] as const))
      assert.equal((await pageOf(engine, { at: 800 })).length, 800)
      assert.deepEqual(await pageOf(engine, { at: 800, limit: 2 }), ['k000=1', 'k001=1'])
      assert.deepEqual(await pageOf(engine, { at: 800, limit: 2, reverse: true }), ['k799=1', 'k798=1'])
      assert.deepEqual(await pageOf(engine, { at: 1600 }), [])
      assert.equal((await pageOf(engine, { at: 800, limit: 5, from: 'k796' })).length, 4)
    })

    test('a page of the past keeps the order of bytes', async (engine) => {
      const keys = ['a', 'a\u0000', '\u00e9', '\uffee', '\u{1f600}']
      await write(engine, ...keys.map((key) => [key, '1'] as const))
      await write(engine, ['a\u0000', undefined], ['\uffee', undefined])
      assert.deepEqual(
        await pageOf(engine, { at: 5 }),
        keys.map((key) => `${key}=1`),
      )
      assert.deepEqual(
        await pageOf(engine, { at: 5, reverse: true }),
        keys.map((key) => `${key}=1`).reverse(),
      )
    })

    test('after hundreds of random changes every key is right at every point', async (engine) => {
      const random = seeded(7)
      const states = [new Map<string, string>()]
      for (let revision = 1; revision <= 60; revision++) {
        const writes: Write[] = []
        for (let n = 0; n < 5; n++) {
          const key = `k${Math.floor(random() * 15)}`
          const next = new Map(states.at(-1))
          // Only what is there is removed: a plan has no removal of an absent key.
          const value = next.has(key) && random() < 0.4 ? undefined : String(revision)
          if (value === undefined) next.delete(key)
          else next.set(key, value)
          writes.push([key, value])
          states.push(next)
        }
        await write(engine, ...writes)
      }
      for (const [at, state] of states.entries()) {
        const expected = [...state]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, value]) => `${key}=${value}`)
        assert.deepEqual(await pageOf(engine, { at }), expected, `page at ${at}`)
        for (let n = 0; n < 15; n++)
          assert.equal(await valueAt(engine, `k${n}`, at), state.get(`k${n}`) ?? 'absent')
      }
      assert.deepEqual(await engine.check(), [])
    })
  },
}
