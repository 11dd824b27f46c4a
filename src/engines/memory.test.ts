import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { engineSuite } from 'varve/testing'
import { compareKeys } from '../log/keys.ts'
import { memoryEngine } from './memory.ts'
import { SortedKeys } from './sorted-keys.ts'

engineSuite(
  { describe, it },
  {
    name: 'memory',
    async create() {
      const engine = memoryEngine()
      await engine.open()
      return engine
    },
    destroy: (engine) => engine.close(),
  },
)

describe('SortedKeys', () => {
  /** Few letters, so that keys meet; some outside ASCII, so that the order of bytes is not that of UTF-16. */
  const key = fc.string({ unit: fc.constantFrom('a', 'b', '\u0000', '\uffee', '\u{1f600}'), maxLength: 3 })
  const bound = fc.option(key, { nil: undefined })
  const steps = fc.array(fc.tuple(fc.constantFrom('add', 'add', 'delete'), key), { maxLength: 400 })

  function expectRange(keys: SortedKeys, naive: readonly string[], from?: string, to?: string): void {
    const inside = naive.filter(
      (one) =>
        (from === undefined || compareKeys(one, from) >= 0) && (to === undefined || compareKeys(one, to) < 0),
    )
    expect([...keys.range(from, to)]).toEqual(inside)
    expect([...keys.range(from, to, true)]).toEqual(inside.reverse())
  }

  it('does what a sorted array does', () => {
    fc.assert(
      fc.property(steps, bound, bound, (operations, from, to) => {
        const keys = new SortedKeys(compareKeys)
        let naive: string[] = []
        for (const [operation, one] of operations) {
          const there = naive.includes(one)
          if (operation === 'add') {
            expect(keys.add(one)).toBe(!there)
            if (!there) naive = [...naive, one].sort(compareKeys)
          } else {
            expect(keys.delete(one)).toBe(there)
            naive = naive.filter((other) => other !== one)
          }
        }
        expect(keys.size).toBe(naive.length)
        expectRange(keys, naive)
        expectRange(keys, naive, from, to)
      }),
    )
  })

  it('does so over many blocks, whatever the order of coming and going', () => {
    const order = fc.constantFrom(1, -1, 7919, 104_729)
    fc.assert(
      fc.property(order, order, fc.integer({ min: 0, max: 5000 }), (coming, going, left) => {
        const count = 5000
        const at = (n: number, step: number): string =>
          String((((n * step) % count) + count) % count).padStart(4, '0')
        const keys = new SortedKeys(compareKeys)
        for (let n = 0; n < count; n++) expect(keys.add(at(n, coming))).toBe(true)
        const naive = new Set(Array.from({ length: count }, (_, n) => at(n, 1)))
        for (let n = 0; n < count - left; n++) {
          const one = at(n, going)
          expect(keys.delete(one)).toBe(naive.delete(one))
        }
        expectRange(keys, [...naive])
        expectRange(keys, [...naive], '1234', '4321')
      }),
      { numRuns: 12 },
    )
  })
})

describe('memoryEngine', () => {
  const plan =
    (
      after: number,
      key: string,
      value: string | undefined,
    ): Parameters<ReturnType<typeof memoryEngine>['tryCommit']>[0] =>
    () => ({
      changes: [{ id: after + 1, key, value, expires: 0, sum: 1 }],
      seal: () => [
        {
          revision: after + 1,
          last: after + 1,
          at: 0,
          actor: '',
          why: '',
          origin: 0,
          keys: 0,
          bytes: 0,
          sums: 0,
          hash: '',
        },
      ],
    })

  it('remembers its head though its record was trimmed', async () => {
    const engine = memoryEngine()
    await engine.open()
    engine.tryCommit(plan(0, 'a', '1'))
    await engine.trim({ drop: [1], keep: [], dropCommits: [1], keepCommits: [], horizon: 1 })
    expect(await engine.commits(1, 1, 10, false)).toEqual([])
    expect((await engine.head())?.revision).toBe(1)
  })

  it('gives the memory of what is trimmed back', async () => {
    const engine = memoryEngine()
    await engine.open()
    for (let n = 0; n < 100; n++)
      engine.tryCommit(plan(n, n < 50 ? 'a' : `b${n}`, n % 2 ? undefined : '"text"'.repeat(100)))
    const before = await engine.size()
    const drop = Array.from({ length: 100 }, (_, n) => n + 1)
    await engine.trim({
      drop,
      keep: [],
      dropCommits: drop.slice(0, -1),
      keepCommits: [],
      forgetGone: 100,
      horizon: 100,
    })
    const after = await engine.size()
    expect(after.records).toBe(0)
    expect(after.bytes).toBeLessThan(before.bytes)
    expect(await engine.gone(undefined, 10)).toEqual([])
  })

  it('begins empty again after close', async () => {
    const engine = memoryEngine()
    await engine.open()
    engine.tryCommit(plan(0, 'a', '1'))
    await engine.close()
    await engine.open()
    expect(await engine.get('a')).toBe(undefined)
    expect(await engine.head()).toBe(undefined)
  })
})
