import { describe, expect, it, vi } from 'vitest'
import { delta, DeltaChain, IntegrityError, open, VarveError } from '../../src/index.ts'
import type { DeltaStrategy, Value } from '../../src/index.ts'

const strategies: readonly DeltaStrategy[] = ['structural', 'binary', 'compress', 'none', 'auto']
const big = Object.fromEntries(
  Array.from({ length: 1_001 }, (_, i) => [`key ${i}`, { value: i * 7919, text: `text ${i}` }]),
)
const bigger = { ...big, 'key 500': { value: 0, text: 'changed' } }

/** Version 1 of the format: a test that fails here has found a delta that older versions cannot read. */
const KNOWN = 'd102012ab9b9da7bb0b4888e57790704810761005b325de3b6be7d'

describe('deltas', () => {
  it('[trap 8] [trap 9] each strategy writes what it says: other bytes, of the size that it tells', () => {
    const written = strategies.slice(0, 4).map((strategy) => {
      const change = delta.diff(big, bigger, { strategy })
      expect(change.strategy).toBe(strategy)
      expect(delta.encode(change).length).toBe(change.bytes)
      return Buffer.from(delta.encode(change)).toString('hex')
    })
    expect(new Set(written).size).toBe(4)
    const [structural = 0, binary = 0, compress = 0, none = 0] = written.map((hex) => hex.length)
    expect(structural).toBeLessThan(compress)
    expect(binary).toBeLessThan(compress)
    expect(compress).toBeLessThan(none / 2)
  })

  it('[trap 10] the figures of a chain move with what it holds', () => {
    const chain = new DeltaChain(big)
    const seen = [chain.stats()]
    chain.push(bigger)
    seen.push(chain.stats())
    chain.rebase()
    seen.push(chain.stats())
    expect(seen.map(({ length, rebases }) => [length, rebases])).toEqual([
      [1, 0],
      [2, 0],
      [2, 1],
    ])
    expect(new Set(seen.map(({ bytes }) => bytes)).size).toBe(3)
    expect(seen[1]?.fullBytes).toBeGreaterThan((seen[0]?.fullBytes ?? 0) * 1.9)
    expect(seen[1]?.ratio).toBeLessThan(seen[0]?.ratio ?? 0)
  })

  it('[trap 31] a composition never forgets a key that was removed and added again', () => {
    const run: Value[] = [{ k: 1 }, { k: 1, x: 1 }, { x: 2 }, { x: 2, k: 2 }, { x: 4, k: 2 }]
    for (const strategy of strategies) {
      const steps = run.slice(1).map((after, i) => delta.diff(run[i], after, { strategy }))
      expect(delta.patch(run[0], delta.compose(...steps))).toStrictEqual({ x: 4, k: 2 })
    }
  })

  it('[trap 32] a rebase keeps every index', () => {
    const chain = new DeltaChain({ i: 0 }, { maxLength: 3 })
    for (let i = 1; i < 200; i++) chain.push({ i })
    for (let i = 0; i < 200; i++) expect(chain.at(i)).toEqual({ i })
    expect(chain.stats().rebases).toBe(66)
  })

  it('[trap 33] [trap 56] chains of every strategy read what was pushed', () => {
    for (const strategy of strategies) {
      const chain = new DeltaChain({ a: 1 }, { strategy, maxLength: 2 })
      chain.push({ a: 2 })
      chain.push(big)
      chain.push(bigger)
      chain.push({ a: 2 })
      expect([0, 1, 2, 3, 4].map((i) => chain.at(i))).toEqual([{ a: 1 }, { a: 2 }, big, bigger, { a: 2 }])
    }
  })

  it('[trap 34] a delta keeps nothing of the values that can still change', () => {
    for (const strategy of strategies) {
      const before = { list: [1, 2], keep: { a: 1 } }
      const after = { list: [1, 2, { fresh: [1] }], keep: { a: 1 }, more: new Map([['m', [1]]]) }
      const expected = structuredClone(after)
      const base = structuredClone(before)
      const change = delta.diff(before, after, { strategy })
      ;(after.list[2] as { fresh: number[] }).fresh.push(2)
      after.more.get('m')?.push(2)
      const first = delta.patch<typeof after>(base, change)
      expect(first).toEqual(expected)
      first.more.get('m')?.push(3)
      ;(first.list[2] as { fresh: number[] }).fresh.push(3)
      expect(delta.patch(base, change)).toEqual(expected)
    }
  })

  it('[trap 55] every reading of a delta works on every kind of it', () => {
    for (const strategy of strategies) {
      const change = delta.decode(delta.encode(delta.diff(big, bigger, { strategy })))
      expect(delta.patch(big, change)).toEqual(bigger)
      expect(delta.patch(bigger, delta.invert(big, change))).toEqual(big)
      expect(delta.fromJsonPatch(big, delta.toJsonPatch(big, change)).empty).toBe(false)
      expect(delta.toMergePatch(big, change)).toEqual({ 'key 500': { value: 0, text: 'changed' } })
      expect(delta.paths(change).length).toBeGreaterThan(0)
    }
  })

  it('[trap 57] [trap 58] what a chain forgets, it forgets whole, and nothing else', () => {
    const chain = new DeltaChain(big, { maxLength: 1 })
    chain.push(bigger)
    const json = JSON.stringify(chain)
    chain.clear()
    expect(JSON.stringify(chain).length).toBeLessThan(300)
    expect(DeltaChain.from(json).at(0)).toEqual(big)
    expect(DeltaChain.from(JSON.parse(json)).at(1)).toEqual(bigger)
    const other = JSON.parse(json) as { rebases: number }
    expect(() => DeltaChain.from({ ...other, rebases: 7 })).toThrow(IntegrityError)
    expect(() => DeltaChain.from('{"format":')).toThrow(IntegrityError)
  })

  it('[trap 61] equal values have an empty delta', () => {
    for (const strategy of strategies) {
      const change = delta.diff(big, structuredClone(big), { strategy })
      expect([change.empty, delta.paths(change)]).toEqual([true, []])
      expect(change.bytes).toBeLessThan(20)
    }
  })

  it('[trap 62] one leaf deep inside one key is one leaf', () => {
    const row = (last: number): Value[] => [1, 'the same all the time', [2, 'and this one too', [3, last]]]
    const before = { one: { deep: { all: big, list: [row(1), row(2)] } } }
    const after = { one: { deep: { all: big, list: [row(1), row(3)] } } }
    const change = delta.diff(before, after, { strategy: 'structural' })
    expect(change.bytes).toBeLessThan(100)
    expect(delta.paths(change)).toEqual(['$.one.deep.list[1][2][2]'])
  })

  it('[trap 63] [trap 64] equality knows types, and any value has a difference', () => {
    for (const [before, after] of [
      [1, true],
      [0, false],
      [[1], ['1']],
      [{ a: 0 }, { a: -0 }],
    ] as const)
      expect(delta.diff(before, after).empty).toBe(false)
    expect(delta.diff({ a: NaN }, { a: NaN }).empty).toBe(true)
    expect(delta.patch([1, 2], delta.diff([1, 2], [2]))).toEqual([2])
  })

  it('[trap 65] [trap 66] sizes are those of the bytes, and texts stay texts', () => {
    for (const value of ['hello', '', '123', 'true', '{"a":1}', Buffer.from('x')]) {
      for (const strategy of strategies) {
        const change = delta.diff(null, value, { strategy })
        expect(delta.patch(null, change)).toStrictEqual(value)
        expect(change.bytes).toBe(delta.encode(change).length)
      }
    }
  })

  it('[trap 67] typed arrays are edited by their bytes', () => {
    const before = Float64Array.from({ length: 5_000 }, (_, i) => i / 7)
    const after = before.slice()
    after[2_500] = -1
    const change = delta.diff({ data: before }, { data: after }, { strategy: 'structural' })
    expect(change.bytes).toBeLessThan(120)
    expect(delta.patch({ data: before }, change)).toStrictEqual({ data: after })
  })

  it('[trap 68] [trap 69] a delta cannot be changed', () => {
    const change = delta.diff({ a: 1 }, { a: 2 })
    expect(() => Object.assign(change, { bytes: 1 })).toThrow(TypeError)
    delta.encode(change).fill(0)
    expect(delta.patch({ a: 1 }, delta.decode(delta.encode(change)))).toEqual({ a: 2 })
    // Whoever scribbles on its bytes gets an error, and never another value.
    change.data[9] = (change.data[9] as number) ^ 1
    expect(() => delta.patch({ a: 1 }, change)).toThrow(IntegrityError)
    expect(() => delta.encode(change)).toThrow(IntegrityError)
  })

  it('[trap 70] [trap 72] the same difference has the same bytes, whenever and wherever it is made', () => {
    vi.useFakeTimers({ now: 5 })
    const first = delta.encode(delta.diff(big, bigger))
    vi.setSystemTime(2 ** 40)
    expect(delta.encode(delta.diff(structuredClone(big), structuredClone(bigger)))).toEqual(first)
    vi.useRealTimers()
    // As other processes have found it, too.
    expect(Buffer.from(delta.encode(delta.diff({ a: 1 }, { a: 2 }))).toString('hex')).toBe(KNOWN)
  })

  it('[trap 71] values that look alike are other bases', () => {
    const alike: Value[] = [
      'a',
      Buffer.from('a'),
      ['a'],
      { 0: 'a' },
      new Map([[0, 'a']]),
      new Map([['0', 'a']]),
      new Set(['a']),
    ]
    for (const strategy of strategies)
      for (const one of alike) {
        const change = delta.diff(one, 'after', { strategy })
        for (const other of alike)
          if (other !== one) expect(() => delta.patch(other, change)).toThrow(IntegrityError)
      }
  })

  it('[trap 73] what was tampered with is refused with one of our errors', () => {
    const bytes = delta.encode(delta.diff(big, bigger))
    for (const cut of [0, 1, 5, bytes.length - 1])
      expect(() => delta.decode(bytes.subarray(0, cut))).toThrow(VarveError)
    expect(() => delta.patch({ unrelated: 1 }, delta.decode(bytes))).toThrow(IntegrityError)
  })

  it('[trap 34] a store and a delta share nothing either', async () => {
    const store = await open('memory:')
    await store.set('a', big)
    const base = await store.get('a')
    const after = delta.patch<typeof big>(base, delta.diff(big, bigger))
    await store.set('a', after)
    expect(await store.get('a')).toEqual(bigger)
    await store.close()
  })
})
