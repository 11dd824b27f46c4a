import { expect, it } from 'vitest'
import { byteSize } from './byte-size.ts'

it.each([
  ['a text', 'x'.repeat(10_000), 10_000],
  ['a text of many bytes', '\u4e2d'.repeat(10_000), 20_000],
  ['texts in a list', Array.from({ length: 100 }, (_, i) => `${i}`.padEnd(1_000)), 100_000],
  ['texts deep down', { a: { b: [{ c: new Map([['k', new Set(['x'.repeat(50_000)])]]) }] } }, 50_000],
  ['keys of a Map', new Map([['k'.repeat(50_000), 1]]), 50_000],
  [
    'names of a dictionary',
    Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`name ${i}`.padEnd(100), i])),
    100_000,
  ],
  ['bytes', new Uint8Array(100_000), 100_000],
  ['a small view of a large buffer', new Uint8Array(new ArrayBuffer(100_000), 0, 10), 100_000],
  ['numbers', Array.from({ length: 10_000 }, (_, i) => i), 80_000],
  ['a large number', 2n ** 80_000n, 10_000],
  ['an error', new Error('x'.repeat(10_000), { cause: 'y'.repeat(10_000) }), 20_000],
])('%s is counted with all that it holds', (_, value, least) => {
  const bytes = byteSize(value)
  expect(bytes).toBeGreaterThanOrEqual(least)
  expect(bytes).toBeLessThan(least * 2 + 40_000)
})

it('what only a getter shows counts too', () => {
  expect(byteSize(new RegExp('x'.repeat(20_000)))).toBeGreaterThan(20_000)
  expect(byteSize(new AggregateError([new Error('y'.repeat(20_000))]))).toBeGreaterThan(20_000)
})

it('what is there twice counts once, cycles end, and depth does not matter', () => {
  const text = { text: 'x'.repeat(100_000) }
  expect(byteSize([text, text, text])).toBeLessThan(byteSize(text) + 200)
  const cycle: { self?: unknown; text: string } = { text: 'x'.repeat(1_000) }
  cycle.self = cycle
  expect(byteSize(cycle)).toBeLessThan(1_500)
  let deep: unknown = 'x'.repeat(1_000)
  for (let i = 0; i < 100_000; i++) deep = [deep]
  expect(byteSize(deep)).toBeGreaterThan(100_000 * 8)
})

it('stops soon beyond the limit', () => {
  let reads = 0
  const row = (): object => ({
    get text() {
      reads++
      return 'x'.repeat(1_000)
    },
  })
  expect(byteSize(Array.from({ length: 1_000 }, row), 20_000)).toBeGreaterThan(20_000)
  expect(reads).toBeLessThan(100)
})
