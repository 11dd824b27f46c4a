import { expect, it } from 'vitest'
import { fingerprint } from './fingerprint.ts'
import { equalFingerprints } from './frame.ts'

const text = (value: unknown): string => {
  const { low, high } = fingerprint(value)
  return `${low}:${high & 0xffff}`
}

it('tells apart what differs little: numbers, texts, places, types', () => {
  const values: unknown[] = []
  for (let i = -150; i < 150; i++)
    for (let j = 0; j < 150; j++) values.push([i, j], { a: i, b: j }, `${i},${j}`, { [`k${i}`]: j }, [[i], j])
  for (let i = 0; i < 20_000; i++)
    values.push(i / 8 + 0.01, 'x'.repeat(i % 97) + String(i), BigInt(i), -i - 0.5)
  const distinct = new Set(
    values.map(
      (value) =>
        `${typeof value} ${JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? `${one}n` : one))}`,
    ),
  )
  expect(new Set(values.map(text)).size).toBe(distinct.size)
})

it.each([
  [1, '1'],
  [1, true],
  [0, -0],
  [null, undefined],
  ['', null],
  [[], {}],
  [[1], new Set([1])],
  [{ a: 1 }, new Map([['a', 1]])],
  [new Date(1), 1],
  [1n, 1],
  [Buffer.from('a'), new Uint8Array([97])],
  [[undefined], [null]],
  [{ a: undefined }, {}],
  ['\ud800', '\ud801'],
  ['a'.repeat(3_000), `${'a'.repeat(2_999)}b`],
  [new Error('a'), new Error('b')],
])('tells %s from %s', (one, other) => {
  expect(text([one])).not.toBe(text([other]))
})

it('tells long texts apart by any unit, well-formed or not', () => {
  for (const length of [40, 47, 48, 51, 300, 1200, 1300]) {
    const found = new Set<string>()
    for (let i = 0; i < length; i++)
      for (const unit of ['b', 'ä', '\ud800', '\ud801', '中'])
        found.add(text('a'.repeat(i) + unit + 'a'.repeat(length - i - 1)))
    expect(found.size).toBe(length * 5)
    // However the engine keeps it: joined, cut out, or with room for two bytes in each unit.
    const one = 'a'.repeat(length)
    const joined = 'a'.repeat(length - 20) + 'a'.repeat(20)
    expect(new Set([one, joined, `中${one}`.slice(1)].map(text)).size).toBe(1)
  }
})

it('is the same for equal data whatever the order of keys, and for every copy of it', () => {
  expect(text({ a: 1, b: [2, { c: 3, d: 4 }] })).toBe(text({ b: [2, { d: 4, c: 3 }], a: 1 }))
  expect(
    text(
      new Map([
        [1, 'a'],
        [2, 'b'],
      ]),
    ),
  ).toBe(
    text(
      new Map([
        [2, 'b'],
        [1, 'a'],
      ]),
    ),
  )
  expect(text([1, 2])).not.toBe(text([2, 1]))
  const value = {
    a: new Date(5),
    m: new Map([[{ k: 1 }, [/x/g]]]),
    e: new RangeError('e'),
    s: new Set([1]),
    n: NaN,
  }
  expect(text(structuredClone(value))).toBe(text(value))
  // The names of records are remembered after they were seen twice: that changes nothing.
  const record = (): object => ({ some: 1, names: 2, never: 3, seen: 4, before: 5 })
  expect(new Set([text(record()), text(record()), text(record()), text(record())]).size).toBe(1)
})

it('takes what is too deep, cyclic or too entangled to be walked', { timeout: 60_000 }, () => {
  const nest = (end: number): unknown => {
    let deep: unknown = end
    for (let i = 0; i < 100_000; i++) deep = [deep]
    return deep
  }
  expect(text(nest(1))).toBe(text(nest(1)))
  expect(text(nest(1))).not.toBe(text(nest(2)))
  const ring: unknown[] = [1]
  ring.push(ring)
  const other: unknown[] = [2]
  other.push(other)
  expect(text(ring)).not.toBe(text(other))
  let doubling: unknown = ['x']
  for (let i = 0; i < 60; i++) doubling = [doubling, doubling]
  expect(text(doubling)).toBe(text(structuredClone(doubling)))
})

it('is compared by as many bits as the wire keeps', () => {
  expect(equalFingerprints({ low: 1, high: 0x10002 }, { low: 1, high: 2 })).toBe(true)
  expect(equalFingerprints({ low: 1, high: 3 }, { low: 1, high: 2 })).toBe(false)
  expect(equalFingerprints({ low: 1, high: 2 }, { low: 2, high: 2 })).toBe(false)
})
