import assert from 'node:assert/strict'
import type { Encoded } from '../../change.ts'
import type { EngineGroup } from '../harness.ts'
import { markFor, pageOf, plainEntry, plainMark, plainRecord, plainRow, write, writeMarks } from './plans.ts'

/** In the order of their bytes. UTF-16 would put the emoji before U+FFEE. */
const ordered = [
  '\u0000',
  '\u0001',
  'a',
  'a\u0000',
  'a\u0000b',
  'a\u0001',
  'ab',
  'b',
  '\u007f',
  '\u0080',
  '\u00e9',
  '\ud7ff',
  '\ue000',
  '\uffee',
  '\uffff',
  '\u{10000}',
  '\u{1f600}',
  '\u{10ffff}',
]

export const lookCases: EngineGroup = {
  title: 'looking at the present',
  cases(test) {
    test('pages are in the order of bytes, both ways', async (engine) => {
      const shuffled = [...ordered].sort(
        (a, b) => ((a.length * 7 + a.charCodeAt(0)) % 13) - ((b.length * 7 + b.charCodeAt(0)) % 13),
      )
      for (const key of shuffled) await write(engine, [key, '1'])
      const expected = ordered.map((key) => `${key}=1`)
      assert.deepEqual(await pageOf(engine, {}), expected)
      assert.deepEqual(await pageOf(engine, { reverse: true }), [...expected].reverse())
      for (const key of ordered) assert.equal((await engine.get(key))?.key, key)
    })

    test('a span begins with `from` and ends before `to`', async (engine) => {
      await write(engine, ...['a', 'b', 'c', 'd', '\uffee', '\u{1f600}'].map((key) => [key, '1'] as const))
      const keys = async (from?: string, to?: string, reverse = false): Promise<string> =>
        (await pageOf(engine, { from, to, reverse })).map((text) => text.slice(0, -2)).join(' ')
      assert.equal(await keys('b', 'd'), 'b c')
      assert.equal(await keys('b', 'd', true), 'c b')
      assert.equal(await keys('bb'), 'c d \uffee \u{1f600}')
      assert.equal(await keys(undefined, 'c'), 'a b')
      assert.equal(await keys('\uffee', '\u{1f600}'), '\uffee')
      assert.equal(await keys('\u{1f600}', undefined, true), '\u{1f600}')
      assert.equal(await keys('x', 'x'), '')
      assert.equal(await keys('d', 'b'), '')
    })

    test('a limit ends a page; the next one goes on', async (engine) => {
      await write(
        engine,
        ...Array.from({ length: 1200 }, (_, n) => [`k${String(n).padStart(4, '0')}`, String(n)] as const),
      )
      const seen: string[] = []
      for (let from: string | undefined; ;) {
        const page = await engine.page({ from, to: undefined, reverse: false, limit: 500, at: 1200 })
        seen.push(...page.map(({ key }) => key))
        if (page.length < 500) break
        from = `${page.at(-1)?.key}\u0000`
      }
      assert.equal(seen.length, 1200)
      assert.deepEqual(seen, [...seen].sort())
      assert.deepEqual(await pageOf(engine, { reverse: true, limit: 2 }), ['k1199=1199', 'k1198=1198'])
      assert.deepEqual(await pageOf(engine, { reverse: true, limit: 2, to: 'k0002' }), ['k0001=1', 'k0000=0'])
    })

    test('due gives what has ended, soonest first', async (engine) => {
      await write(
        engine,
        ['c', '3', 3_000],
        ['a', '1', 1_000],
        ['never', '0'],
        ['b', '2', 2_000],
        ['d', '4', 4_000],
      )
      const due = async (now: number, limit = 10): Promise<string[]> =>
        (await engine.due(now, limit)).map(({ key }) => key)
      assert.equal(await engine.nextDue(), 1_000)
      assert.deepEqual(await due(999), [])
      assert.deepEqual(await due(1_000), ['a'])
      assert.deepEqual(await due(3_500), ['a', 'b', 'c'])
      assert.deepEqual(await due(9_000, 2), ['a', 'b'])
      assert.deepEqual(await due(9_000, 2), ['a', 'b'], 'asking takes nothing away')
      assert.equal((await engine.due(1_000, 1))[0]?.value, '1')
    })

    test('what is written again, or goes, is due no more', async (engine) => {
      await write(
        engine,
        ['again', '1', 1_000],
        ['goes', '1', 1_000],
        ['later', '1', 1_000],
        ['same', '1', 1_000],
      )
      await write(engine, ['again', '2'], ['goes', undefined], ['later', '2', 5_000])
      assert.deepEqual(
        (await engine.due(2_000, 10)).map(({ key }) => key),
        ['same'],
      )
      assert.deepEqual(
        (await engine.due(9_000, 10)).map(({ key }) => key),
        ['same', 'later'],
      )
      await write(engine, ['same', undefined])
      assert.equal(await engine.nextDue(), 5_000)
    })

    test('many ends at the same moment are all found', async (engine) => {
      const keys = Array.from({ length: 700 }, (_, n) => `k${n}`)
      await write(engine, ...keys.map((key) => [key, '1', 1_000] as const))
      const found = (await engine.due(1_000, 1_000)).map(({ key }) => key)
      assert.deepEqual([...found].sort(), [...keys].sort())
      await write(engine, ...keys.slice(0, 699).map((key) => [key, undefined] as const))
      assert.deepEqual(
        (await engine.due(1_000, 10)).map(({ key }) => key),
        ['k699'],
      )
    })

    test('gone names the keys that went, in order, and when', async (engine) => {
      await write(engine, ['c', '1'], ['a', '1'], ['b', '1'], ['stays', '1'])
      await write(engine, ['c', undefined], ['a', undefined], ['b', undefined])
      await write(engine, ['b', '2'])
      const gone = async (from?: string, limit = 10): Promise<[string, number][]> =>
        (await engine.gone(from, limit)).map(({ key, change }) => [key, change])
      assert.deepEqual(await gone(), [
        ['a', 6],
        ['c', 5],
      ])
      assert.deepEqual(await gone('b'), [['c', 5]])
      assert.deepEqual(await gone('a', 1), [['a', 6]])
    })

    test('changes gives the rows after one and up to another, oldest first', async (engine) => {
      for (let n = 1; n <= 6; n++) await write(engine, [n % 2 ? 'odd' : 'even', String(n)])
      const ids = async (after: number, upTo: number, limit: number): Promise<number[]> =>
        (await engine.changes(after, upTo, limit)).map(({ id }) => id)
      assert.deepEqual(await ids(0, 6, 10), [1, 2, 3, 4, 5, 6])
      assert.deepEqual(await ids(2, 5, 10), [3, 4, 5])
      assert.deepEqual(await ids(2, 99, 2), [3, 4])
      assert.deepEqual(await ids(6, 6, 10), [])
      assert.deepEqual(engine.changedKeys(3, 10), ['even', 'odd', 'even'])
      assert.deepEqual(engine.changedKeys(3, 2), ['even', 'odd'])
    })

    test('changesOf gives the rows of one key, newest first', async (engine) => {
      for (let n = 1; n <= 6; n++) await write(engine, [n % 3 ? 'a' : 'b', String(n)])
      const rows = async (from: number, limit: number): Promise<[number, number, Encoded | undefined][]> =>
        (await engine.changesOf('a', from, limit))
          .map(plainRow)
          .map(({ id, prev, before }) => [id, prev, before])
      assert.deepEqual(await rows(6, 10), [
        [5, 4, '4'],
        [4, 2, '2'],
        [2, 1, '1'],
        [1, 0, undefined],
      ])
      assert.deepEqual(await rows(4, 2), [
        [4, 2, '2'],
        [2, 1, '1'],
      ])
      assert.deepEqual(await rows(3, 1), [[2, 1, '1']])
      assert.deepEqual(await engine.changesOf('absent', 6, 10), [])
    })

    test('commits gives records from one to another, both ways', async (engine) => {
      for (let n = 1; n <= 6; n++) await write(engine, ['a', String(n)])
      const revisions = async (
        from: number,
        to: number,
        limit: number,
        reverse: boolean,
      ): Promise<number[]> => (await engine.commits(from, to, limit, reverse)).map(({ revision }) => revision)
      assert.deepEqual(await revisions(1, 6, 10, false), [1, 2, 3, 4, 5, 6])
      assert.deepEqual(await revisions(2, 5, 2, false), [2, 3])
      assert.deepEqual(await revisions(2, 5, 2, true), [5, 4])
      assert.deepEqual(await revisions(0, 99, 99, true), [6, 5, 4, 3, 2, 1])
      assert.deepEqual(await revisions(5, 2, 10, false), [])
      const [record] = await engine.commits(6, 6, 1, false)
      assert.deepEqual(plainRecord(record), plainRecord(await engine.head()))
    })

    test('marks come in the order of creation, with everything in them', async (engine) => {
      const full = markFor(2, 'a \u{1f600}', {
        revision: 7,
        tags: ['t', 'u \u00e9'],
        description: 'what it is',
        meta: new Uint8Array([1, 2, 0]),
        createdBy: 'bob',
        auto: true,
        sum: 2 ** 48 - 1,
      })
      await writeMarks(engine, { put: [markFor(3, 'third', { description: '' }), markFor(1, 'z'), full] })
      assert.deepEqual((await engine.marks()).map(plainMark), [
        markFor(1, 'z'),
        full,
        markFor(3, 'third', { description: '' }),
      ])
      assert.equal(await engine.head(), undefined)
    })

    test('a mark put again is replaced, and keeps its place', async (engine) => {
      await writeMarks(engine, { put: [markFor(1, 'one'), markFor(2, 'two')] })
      await writeMarks(engine, { put: [markFor(1, 'one', { tags: ['t'] })] })
      assert.deepEqual((await engine.marks()).map(plainMark), [
        markFor(1, 'one', { tags: ['t'] }),
        markFor(2, 'two'),
      ])
    })

    test('marks are dropped by version; what is dropped and put in one plan is there', async (engine) => {
      await writeMarks(engine, { put: [markFor(1, 'one'), markFor(2, 'two'), markFor(3, 'three')] })
      await writeMarks(engine, { drop: ['one', 'nothing', 'two'], put: [markFor(4, 'two', { revision: 1 })] })
      assert.deepEqual((await engine.marks()).map(plainMark), [
        markFor(3, 'three'),
        markFor(4, 'two', { revision: 1 }),
      ])
    })

    test('marks and changes of one plan are stored together', async (engine) => {
      await engine.commit(() => ({
        changes: [{ id: 1, key: 'a', value: '1', expires: 0, sum: 5 }],
        seal: () => [],
        marks: { put: [markFor(1, 'one')] },
      }))
      assert.deepEqual(plainEntry(await engine.get('a')), {
        key: 'a',
        value: '1',
        change: 1,
        expires: 0,
        sum: 5,
      })
      assert.equal((await engine.marks()).length, 1)
    })
  },
}
