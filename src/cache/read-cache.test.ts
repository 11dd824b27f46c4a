import { expect, it } from 'vitest'
import type { Slot } from '../log/values.ts'
import { manualClock } from '../testing/faults.ts'
import { ReadCache, type ReadCacheOptions } from './read-cache.ts'

function made(options: ReadCacheOptions) {
  const clock = manualClock()
  const counts = { sets: 0, evictions: 0, expirations: 0 }
  const warnings: string[] = []
  return {
    warnings,
    clock,
    counts,
    cache: new ReadCache(options, counts, {
      steady: () => clock.steady(),
      random: () => 0.5,
      warn: (message) => void warnings.push(message),
    }),
  }
}
const slot = (value: unknown, more: Partial<Slot> = {}): Slot => ({
  value,
  encoded: undefined,
  change: 1,
  expires: 0,
  bytes: 40,
  ...more,
})

it('the policy decides what goes', () => {
  for (const [policy, there] of [
    ['lru', 'acd'],
    ['fifo', 'bcd'],
  ] as const) {
    const { cache, counts } = made({ policy, maxEntries: 3 })
    for (const key of 'abc') cache.set(key, slot(key))
    expect(cache.get('a')?.value).toBe('a')
    cache.set('d', slot('d'))
    expect(Array.from('abcd').filter((key) => cache.get(key) !== undefined)).toEqual(Array.from(there))
    expect(counts).toEqual({ sets: 4, evictions: 1, expirations: 0 })
  }
})

it('bytes are limited, and what would take a quarter of them is not kept', () => {
  const { cache, counts } = made({ maxBytes: 2_000 })
  for (let i = 0; i < 50; i++) cache.set(`k${i}`, slot(i))
  expect([cache.size, cache.bytes]).toEqual([10, 2_000])
  cache.set('k49', slot('large', { bytes: 341 }))
  expect([cache.get('k49'), cache.size]).toEqual([undefined, 9])
  expect(counts).toEqual({ sets: 50, evictions: 40, expirations: 0 })
  cache.clear()
  expect([cache.size, cache.bytes]).toEqual([0, 0])
})

it('a value leaves memory by ttl, by idle time, and when it has ended in the store', () => {
  const lasting = made({ ttl: 100 })
  lasting.cache.set('a', slot(1))
  lasting.clock.advance(99)
  expect(lasting.cache.get('a')?.value).toBe(1)
  lasting.clock.advance(1)
  expect(lasting.cache.get('a')).toBeUndefined()
  const idle = made({ maxIdle: 100 })
  idle.cache.set('a', slot(1))
  for (let i = 0; i < 3; i++) {
    idle.clock.advance(99)
    expect(idle.cache.get('a')?.value).toBe(1)
  }
  idle.clock.advance(100)
  expect([idle.cache.size, idle.counts.expirations]).toEqual([0, 1])
  const ending = made({ policy: 'ttl', maxEntries: 2 })
  ending.cache.set('late', slot(1, { expires: ending.clock.steady() + 500 }))
  ending.cache.set('soon', slot(2, { expires: ending.clock.steady() + 50 }))
  ending.cache.set('never', slot(3))
  expect(['late', 'soon', 'never'].map((key) => ending.cache.get(key)?.value)).toEqual([1, undefined, 3])
  ending.clock.advance(500)
  expect([ending.cache.get('late'), ending.cache.get('never')?.value]).toEqual([undefined, 3])
})

it('sizeOf measures values; an absent key has none', () => {
  const seen: unknown[] = []
  const { cache } = made({ maxBytes: 1_000, sizeOf: (value, key) => (seen.push([key, value]), 7) })
  cache.set('a', slot({ b: 1 }))
  cache.set('absent', slot(undefined, { change: 0, bytes: 6 }))
  expect(cache.bytes).toBe(7 + 166)
  expect(seen).toEqual([['a', { b: 1 }]])
  expect(() => made({ sizeOf: () => -1 }).cache.set('a', slot(1))).toThrow(/cache\.sizeOf/)
})
