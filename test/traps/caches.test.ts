import { expect, it } from 'vitest'
import { Cache, CacheFullError, InvalidOptionError, memoize, open } from '../../src/index.ts'
import type { CacheOptions, EvictionPolicy } from '../../src/index.ts'
import { manualClock } from '../../src/testing/faults.ts'
import { median, timings } from '../support/stores.ts'

const policies: EvictionPolicy[] = ['lru', 'lfu', 'fifo', 'ttl', 'sieve', 's3fifo', 'tinylfu']
const held = (options: CacheOptions) => {
  const clock = manualClock()
  return {
    clock,
    cache: new Cache<unknown, unknown>(options, { steady: () => clock.steady(), random: () => 0.5 }),
  }
}

it('[trap 76] expired entries never keep their place while a live one goes', () => {
  for (const policy of policies) {
    const { cache, clock } = held({ policy, maxEntries: 3 })
    cache.set('live', 1).set('x', 1, { ttl: 5 }).set('y', 1, { ttl: 5 })
    clock.advance(5)
    cache.set('new', 1)
    expect([cache.has('live'), cache.size], policy).toEqual([true, 2])
  }
})

it('[trap 77] a get from 10,000 entries with a ttl costs no more than from 1,000', () => {
  const caches = [1_000, 10_000].map((count) => {
    const cache = new Cache<string, number>({ ttl: '1h' })
    for (let i = 0; i < count; i++) cache.set(`k${i}`, i)
    return cache
  })
  const times: number[][] = [[], []]
  for (let round = 0; round < 30; round++)
    for (const [i, cache] of caches.entries()) {
      const start = performance.now()
      for (let n = 0; n < 5_000; n++) cache.get(`k${n % 1_000}`)
      times[i]?.push(performance.now() - start)
    }
  const [few = 0, many = 0] = times.map(median)
  expect(many).toBeLessThan(few * (timings ? 2 : 5) + 0.5)
})

it('[trap 78] an eviction from 100,000 entries costs about what one from 1,000 does', () => {
  for (const policy of policies) {
    const times = [1_000, 100_000].map((maxEntries) => {
      const cache = new Cache<number, number>({ policy, maxEntries })
      for (let i = 0; i < maxEntries; i++) cache.set(i, i)
      const rounds: number[] = []
      for (let round = 0; round < 10; round++) {
        const start = performance.now()
        for (let i = 0; i < 2_000; i++) cache.set(1e6 + round * 2_000 + i, i)
        rounds.push(performance.now() - start)
      }
      return median(rounds)
    })
    expect(times[1], policy).toBeLessThan((times[0] ?? 0) * (timings ? 10 : 30) + 2)
  }
})

it('[trap 79] neither the same tick nor a wall clock set back or forth changes what goes and what stays', () => {
  const { cache, clock } = held({ policy: 'lru', maxEntries: 2, ttl: '10s' })
  cache.set('a', 1).set('b', 1)
  cache.get('a')
  cache.set('c', 1)
  expect(new Set(cache.keys())).toEqual(new Set(['a', 'c']))
  clock.setWall(clock.wall() + 7_200_000)
  expect(cache.size).toBe(2)
  clock.setWall(clock.wall() - 10_800_000)
  expect(cache.metadata('a').ageMs).toBe(0)
  clock.advance(10_000)
  expect(cache.size).toBe(0)
})

it('[trap 80] newcomers do not drive out one another while entries read once stay for ever', () => {
  const cache = new Cache<string, number>({ policy: 'lfu', maxEntries: 3 })
  for (const key of ['a', 'b', 'c']) {
    cache.set(key, 1)
    cache.get(key)
  }
  for (const key of ['d', 'e', 'f', 'g']) cache.set(key, 1)
  expect([...cache.keys()].filter((key) => 'abc'.includes(key))).toEqual([])
})

it('[trap 81] FIFO: an overwritten entry keeps its turn', () => {
  const cache = new Cache<string, number>({ policy: 'fifo', maxEntries: 2 })
  cache.set('a', 1).set('b', 1).set('a', 2).set('c', 1)
  expect(new Set(cache.keys())).toEqual(new Set(['b', 'c']))
})

it('[trap 82] a value too large is refused before anything goes, the old value neither', () => {
  const cache = new Cache<string, string>({ maxBytes: 2 ** 20 })
  for (let i = 0; i < 100; i++) cache.set(`k${i}`, 'x'.repeat(1_000))
  expect(() => cache.set('k5', 'x'.repeat(2 ** 21))).toThrow(CacheFullError)
  expect([cache.size, cache.get('k5')?.length]).toEqual([100, 1_000])
})

it('[trap 83] what is deep inside counts, and keys count', () => {
  const cache = new Cache<string, unknown>({ maxBytes: 2 ** 20 })
  expect(() => cache.set('a', { b: [{ c: 'x'.repeat(50_000_000) }] })).toThrow(CacheFullError)
  expect(() => cache.set('k'.repeat(5_000_000), 1)).toThrow(CacheFullError)
  expect(cache.size).toBe(0)
})

it.each<[string, object]>([
  ['maxEntries', { maxEntries: -5 }],
  ['maxBytes', { maxBytes: -1 }],
  ['maxBytes', { maxBytes: Number.NaN }],
  ['ttl', { ttl: '60' }],
  ['ttl', { ttl: 0 }],
  ['maxIdle', { maxIdle: -1 }],
  ['sizeOf', { sizeOf: 5 }],
])('[trap 84] a wrong %s is refused by name: %o', (name, options) => {
  expect(() => new Cache(options)).toThrow(InvalidOptionError)
  expect(() => new Cache(options)).toThrow(name)
  expect(() => memoize(() => 1, options)).toThrow(InvalidOptionError)
})

it('[trap 84] a wrong option of a set is refused, and nothing changes', () => {
  const cache = new Cache<string, number>()
  cache.set('a', 1)
  for (const options of [
    { ttl: '60' },
    { ttl: 0 },
    { ttl: Number.NaN },
    { size: -1 },
    { size: Number.NaN },
    { max: 1 },
  ])
    expect(() => cache.set('a', 2, options as never)).toThrow(InvalidOptionError)
  expect(cache.get('a')).toBe(1)
})

it('[trap 85] a result or value that is null or undefined is one', () => {
  let calls = 0
  const f = memoize(() => {
    calls++
    return undefined
  })
  f()
  f()
  f()
  expect(calls).toBe(1)
  const cache = new Cache<string, unknown>()
  expect([cache.set('a', null).get('a'), cache.has('a')]).toEqual([null, true])
})

it('[trap 86] keys of calls are typed, unambiguous and each function’s own', () => {
  const typeOf = memoize((x: unknown) => typeof x)
  expect([typeOf(1), typeOf('1'), typeOf(1n)]).toEqual(['number', 'string', 'bigint'])
  const count = memoize((...args: string[]) => args.length)
  expect([count('a', 'b'), count('a|b'), count('a,b'), count('"a","b"')]).toEqual([2, 1, 1, 1])
  const cache = new Cache<string, string>()
  const [a, b] = ['A', 'B'].map((name) =>
    memoize({ cache })(function name_() {
      return name
    }),
  )
  expect([a?.(), b?.()]).toEqual(['A', 'B'])
})

it('[trap 87] 200 fresh objects, 0 stale answers', () => {
  const describe = memoize(function (this: { n: number }) {
    return this.n
  })
  let stale = 0
  for (let n = 0; n < 200; n++) if (describe.call({ n } as never) !== n) stale++
  expect(stale).toBe(0)
})

it('[trap 88] async results can be awaited again, 20 callers run once, clear of f leaves g', async () => {
  let calls = 0
  const f = memoize(async (n: number) => (calls++, n))
  const g = memoize(async (n: number) => n, {})
  expect(await Promise.all(Array.from({ length: 20 }, () => f(1)))).toEqual(
    Array.from({ length: 20 }, () => 1),
  )
  expect([await f(1), await f(1), calls]).toEqual([1, 1, 1])
  await g(1)
  f.clear()
  expect(g.stats().size).toBe(1)
})

it('[trap 89] a default of the caller is not remembered, and no read of a store is old', async () => {
  const store = await open('memory:')
  const cache = new Cache<string, number>()
  expect([cache.get('x') ?? 1, cache.get('x') ?? 2]).toEqual([1, 2])
  expect([(await store.get('x')) ?? 1, (await store.get('x')) ?? 2]).toEqual([1, 2])
  await store.set('x', 'a')
  await store.get('x')
  await store.set('x', 'b')
  expect(await store.get('x')).toBe('b')
  await store.restore(1)
  expect(await store.get('x')).toBe('a')
  await store.close()
})
