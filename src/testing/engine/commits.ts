import assert from 'node:assert/strict'
import type { CommitRecord } from '../../change.ts'
import { VarveError } from '../../index.ts'
import { refuses } from '../assertions.ts'
import type { EngineCase, EngineGroup } from '../harness.ts'
import {
  changesFor,
  markFor,
  plainEntry,
  plainRecord,
  plainRow,
  planFor,
  recordFor,
  sumOf,
  wholeOf,
  write,
} from './plans.ts'

export const commitCases: EngineGroup = {
  title: 'commits',
  cases(test) {
    lifecycle(test)
    storing(test)
    allOrNothing(test)
    replacing(test)
  },
}

function lifecycle(test: EngineCase): void {
  test('a new engine is empty', async (engine) => {
    assert.deepEqual(await wholeOf(engine), {
      head: undefined,
      pages: [[]],
      changes: [],
      commits: [],
      marks: [],
      gone: [],
      due: [],
      horizon: 0,
    })
    assert.equal(await engine.get('a'), undefined)
    assert.equal(await engine.getAt('a', 0), undefined)
    assert.equal(await engine.nextDue(), undefined)
    assert.equal((await engine.size()).records, 0)
    assert.deepEqual(engine.changedKeys(0, 10), [])
    assert.deepEqual(await engine.check(), [])
  })

  test('it says who and where it is', async (engine) => {
    assert.ok(engine.name.length > 0)
    assert.ok(engine.place.length > 0)
    for (const ability of ['sync', 'multiProcess', 'persistent', 'durable'] as const) {
      assert.equal(typeof engine.supports[ability], 'boolean', ability)
    }
  })

  test('if it says that it answers at once, it does', async (engine) => {
    await write(engine, ['a', '1'])
    if (!engine.supports.sync) return
    assert.equal((engine.get('a') as { value?: unknown }).value, '1')
    assert.equal((engine.head() as CommitRecord).revision, 1)
    assert.equal((engine.getAt('a', 1) as { value?: unknown }).value, '1')
    assert.ok(Array.isArray(engine.changes(0, 1, 1)))
    assert.ok(Array.isArray(engine.marks()))
    assert.equal(engine.horizon(), 0)
  })

  test('to close twice is to close once; a closed engine refuses', async (engine) => {
    await write(engine, ['a', '1'])
    await engine.close()
    await engine.close()
    await refuses(async () => engine.get('a'), VarveError)
    await refuses(() => engine.commit(() => undefined), VarveError)
  })

  test(
    'what was stored is there when it is opened again',
    async (engine, reopen) => {
      await write(engine, ['a', '1'], ['b', new Uint8Array([1, 0, 255]), 5_000])
      await write(engine, ['a', undefined], ['c', '"c"'])
      await write(engine, ['a', '"again"'])
      await engine.commit(() => ({
        changes: [],
        seal: () => [],
        marks: { put: [markFor(1, 'one', { tags: ['t'] })] },
      }))
      await engine.sync()
      const before = await wholeOf(engine)
      const again = await reopen(engine)
      assert.deepEqual(await wholeOf(again), before)
      await write(again, ['d', '4'])
      assert.equal((await again.head())?.revision, 4)
    },
    { reopens: true },
  )
}

function storing(test: EngineCase): void {
  test('an entry has its key, value, change, end and sum', async (engine) => {
    await write(engine, ['a', '{"x":1}'], ['b', '2', 99_000])
    assert.deepEqual(plainEntry(await engine.get('a')), {
      key: 'a',
      value: '{"x":1}',
      change: 1,
      expires: 0,
      sum: sumOf(1, '{"x":1}'),
    })
    assert.deepEqual(plainEntry(await engine.get('b')), {
      key: 'b',
      value: '2',
      change: 2,
      expires: 99_000,
      sum: sumOf(2, '2'),
    })
  })

  test('text stays text and bytes stay bytes', async (engine) => {
    const values = [
      '""',
      '"\u00e9\u{1f600}"',
      '"\\u0000"',
      '1e21',
      new Uint8Array(0),
      new Uint8Array([0, 34, 255]),
      new Uint8Array(5000),
    ]
    for (const value of values) {
      await write(engine, ['a', value])
      const entry = (await engine.get('a')) ?? assert.fail('the entry is not there')
      assert.deepEqual(typeof entry.value === 'string' ? entry.value : Uint8Array.from(entry.value), value)
    }
    const rows = await engine.changesOf('a', 100, 100)
    const before = rows.map((row) => plainRow(row).before).reverse()
    assert.deepEqual(before, [undefined, ...values.slice(0, -1)])
  })

  test('the head is the newest record, with everything in it', async (engine) => {
    await write(engine, ['a', '1'])
    const record: CommitRecord = {
      ...recordFor(await engine.head(), 2),
      why: 'restore',
      origin: 1,
      actor: '',
    }
    await engine.commit(() => ({ changes: changesFor(1, [['a', '2']]), seal: () => [record] }))
    assert.deepEqual(plainRecord(await engine.head()), record)
    assert.deepEqual((await engine.commits(2, 2, 10, false)).map(plainRecord), [record])
  })

  test('several revisions in one plan', async (engine) => {
    await engine.commit(() => {
      const first = recordFor(undefined, 1)
      const second = recordFor(first, 3)
      return {
        changes: changesFor(0, [
          ['a', '1'],
          ['b', '1'],
          ['a', '2'],
        ]),
        seal: () => [first, second],
      }
    })
    assert.equal((await engine.head())?.revision, 2)
    assert.deepEqual(
      (await engine.commits(1, 2, 10, false)).map(({ last }) => last),
      [1, 3],
    )
    assert.equal((await engine.get('a'))?.value, '2')
  })

  test('a revision without a change', async (engine) => {
    await write(engine, ['a', '1'])
    await write(engine)
    const head = await engine.head()
    assert.deepEqual([head?.revision, head?.last], [2, 1])
  })

  test('tryCommit stores at once, or says that it did not', async (engine) => {
    const stored = engine.tryCommit(() => planFor(engine, [['a', '1']]))
    assert.equal((await engine.get('a'))?.value, stored ? '1' : undefined)
  })

  test('prepare sees what was stored before it, and can read', async (engine) => {
    const seen: unknown[] = []
    await Promise.all(
      [1, 2, 3].map((n) =>
        engine.commit(() => {
          seen.push((engine.head() as CommitRecord | undefined)?.revision)
          return planFor(engine, [['n', String(n)]])
        }),
      ),
    )
    assert.deepEqual(seen, [undefined, 1, 2])
    assert.equal((await engine.get('n'))?.value, '3')
  })

  test("its own commits are nobody else's", async (engine) => {
    engine.poll()
    await write(engine, ['a', '1'])
    assert.equal(engine.poll(), false)
    let told: boolean | undefined
    await engine.commit((moved) => {
      told = moved
      return undefined
    })
    assert.equal(told, false)
  })

  test('sync, trySync and shrink come to an end', async (engine) => {
    await write(engine, ['a', '1'])
    assert.equal(await engine.sync(), undefined)
    assert.equal(typeof engine.trySync(), 'boolean')
    for (let rounds = 0; await engine.shrink(); rounds++) assert.ok(rounds < 1000, 'shrink never ends')
    assert.equal((await engine.get('a'))?.value, '1')
  })
}

function allOrNothing(test: EngineCase): void {
  test('prepare that returns undefined stores nothing', async (engine) => {
    await write(engine, ['a', '1'])
    const before = await wholeOf(engine)
    await engine.commit(() => undefined)
    engine.tryCommit(() => undefined)
    assert.deepEqual(await wholeOf(engine), before)
  })

  test('prepare that throws stores nothing, and the next commit works', async (engine) => {
    await write(engine, ['a', '1'])
    const before = await wholeOf(engine)
    const failing = (): never => {
      throw new RangeError('mine')
    }
    await refuses(() => engine.commit(failing), Error)
    assert.throws(() => engine.tryCommit(failing))
    assert.deepEqual(await wholeOf(engine), before)
    await write(engine, ['a', '2'])
    assert.equal((await engine.get('a'))?.value, '2')
  })

  test('seal that throws stores nothing: no entry, row, record or mark', async (engine) => {
    await write(engine, ['a', '1'], ['b', '1'], ['c', '1', 7_000])
    const before = await wholeOf(engine)
    const plan = planFor(engine, [
      ['a', '2'],
      ['b', undefined],
      ['c', '2'],
      ['d', '1', 5_000],
    ])
    const seal = (): never => {
      throw new RangeError('mine')
    }
    await refuses(() => engine.commit(() => ({ ...plan, seal, marks: { put: [markFor(1, 'one')] } })), Error)
    assert.deepEqual(await wholeOf(engine), before)
    assert.deepEqual(await engine.check(), [])
    await engine.commit(() => plan)
    assert.equal((await engine.get('d'))?.value, '1')
  })
}

function replacing(test: EngineCase): void {
  test('seal is told what was there: bytes in UTF-8, sum and change', async (engine) => {
    assert.deepEqual(await write(engine, ['a', '"\u00e9"'], ['b', new Uint8Array(5)]), [
      { bytes: -1, sum: 0, prev: 0 },
      { bytes: -1, sum: 0, prev: 0 },
    ])
    assert.deepEqual(await write(engine, ['b', '1'], ['a', undefined]), [
      { bytes: 5, sum: sumOf(2, new Uint8Array(5)), prev: 2 },
      { bytes: 4, sum: sumOf(1, '"\u00e9"'), prev: 1 },
    ])
  })

  test('a removed key is replaced as absent, by the sum of its removal', async (engine) => {
    await write(engine, ['a', '1'])
    await write(engine, ['a', undefined])
    assert.deepEqual(await write(engine, ['a', '2']), [{ bytes: -1, sum: 2, prev: 2 }])
    const [row] = await engine.changesOf('a', 3, 1)
    assert.deepEqual(row && plainRow(row), {
      id: 3,
      key: 'a',
      prev: 2,
      before: undefined,
      expires: 0,
      sum: 2,
    })
  })

  test('a key twice in one plan: the second stands on the first', async (engine) => {
    await write(engine, ['a', '"old"'])
    const told = await write(engine, ['a', '1'], ['a', undefined], ['a', '"new"'])
    assert.deepEqual(told, [
      { bytes: 5, sum: sumOf(1, '"old"'), prev: 1 },
      { bytes: 1, sum: sumOf(2, '1'), prev: 2 },
      { bytes: -1, sum: 3, prev: 3 },
    ])
    assert.deepEqual(plainEntry(await engine.get('a')), {
      key: 'a',
      value: '"new"',
      change: 4,
      expires: 0,
      sum: sumOf(4, '"new"'),
    })
    assert.deepEqual(await engine.check(), [])
  })

  test('a row of the log holds what was there, its end included', async (engine) => {
    await write(engine, ['a', '1', 5_000])
    await write(engine, ['a', '2'])
    await write(engine, ['a', undefined])
    assert.deepEqual((await engine.changes(0, 3, 10)).map(plainRow), [
      { id: 1, key: 'a', prev: 0, before: undefined, expires: 0, sum: 0 },
      { id: 2, key: 'a', prev: 1, before: '1', expires: 5_000, sum: sumOf(1, '1') },
      { id: 3, key: 'a', prev: 2, before: '2', expires: 0, sum: sumOf(2, '2') },
    ])
  })
}
