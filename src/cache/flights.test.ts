import { expect, it, vi } from 'vitest'
import { numbersBelow } from '../testing/random.ts'
import { manualClock } from '../testing/faults.ts'
import { Cache } from './cache.ts'
import { memoizeIn } from './memoize.ts'

const rounds = Number(process.env['VARVE_CACHE_INTERLEAVINGS'] ?? 10_000)
const seed = Number(process.env['VARVE_CACHE_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
vi.setConfig({ testTimeout: 30_000 + rounds })

/** What the world holds, and loads of it that end when they are told. */
function world(random: (below: number) => number) {
  const truth = new Map<string, number>()
  const waiting: (() => void)[] = []
  let version = 0
  return {
    change: (key: string) => void truth.set(key, ++version),
    now: (key: string) => truth.get(key) ?? 0,
    /** Reads at once, and tells later. */
    load: (key: string) =>
      new Promise<number>((resolve, reject) => {
        const value = truth.get(key) ?? 0
        waiting.push(() => (random(10) === 0 ? reject(new Error('no')) : resolve(value)))
      }),
    async settle(all = false) {
      do {
        const [one] = waiting.splice(random(Math.max(1, waiting.length)), 1)
        one?.()
        for (let i = 0; i < 6; i++) await Promise.resolve()
      } while (all && waiting.length > 0)
    },
  }
}

it(`no interleaving of load, set, delete, clear and expiry leaves a stale value in a cache`, async () => {
  const keys = ['a', 'b', 'c']
  let kept = 0
  for (let round = 0; round < rounds; round++) {
    const random = numbersBelow(seed + round)
    const { change, now, load, settle } = world(random)
    const clock = manualClock()
    const cache = new Cache<string, number>(
      { maxEntries: 2, ttl: 50, policy: random(2) === 0 ? 'lru' : 'tinylfu' },
      { steady: () => clock.steady(), random: () => 0.5 },
    )
    const calls: Promise<unknown>[] = []
    for (let step = 0; step < 14; step++) {
      const key = keys[random(keys.length)] as string
      switch (random(7)) {
        case 0:
        case 1:
        case 2:
          calls.push(cache.getOrSet(key, load).catch(() => {}))
          break
        case 3:
          // Whoever changes something says so afterwards, in one of three ways.
          change(key)
          if (random(3) === 0) cache.set(key, now(key))
          else if (random(2) === 0) cache.delete(key)
          else cache.clear()
          break
        case 4:
          clock.advance(random(60))
          break
        default:
          await settle()
      }
      for (const [one, value] of cache) expect(value, `seed ${seed + round}`).toBe(now(one))
    }
    await settle(true)
    await Promise.all(calls)
    for (const [one, value] of cache) {
      expect(value, `seed ${seed + round}`).toBe(now(one))
      kept++
    }
  }
  expect(kept).toBeGreaterThan(rounds / 4)
})

it('no interleaving of calls, forget, clear and expiry leaves a stale result of a memoized function', async () => {
  const keys = ['a', 'b', 'c']
  for (let round = 0; round < rounds / 4; round++) {
    const random = numbersBelow(seed + round)
    const { change, now, load, settle } = world(random)
    const clock = manualClock()
    const doors = { steady: () => clock.steady(), random: () => 0.5, later: clock.later }
    const memo = memoizeIn(doors, load, { ttl: 50, timeout: 80 })
    const calls: Promise<unknown>[] = []
    for (let step = 0; step < 14; step++) {
      const key = keys[random(keys.length)] as string
      switch (random(6)) {
        case 0:
        case 1:
        case 2:
          calls.push((memo(key) as Promise<number>).catch(() => {}))
          break
        case 3:
          change(key)
          if (random(4) === 0) memo.clear()
          else memo.forget(key)
          break
        case 4:
          clock.advance(random(90))
          break
        default:
          await settle()
      }
    }
    await settle(true)
    await Promise.all(calls)
    for (const key of keys) {
      const answer = memo(key) as Promise<number>
      const fresh = now(key)
      await settle(true)
      expect(await answer.catch(() => fresh), `seed ${seed + round}`).toBe(fresh)
    }
  }
})

it('getOrSet: one load at a time, failures are not remembered, and wrong arguments reject', async () => {
  const cache = new Cache<string, string>({ maxBytes: 1_000 })
  let loads = 0
  const load = async (key: string): Promise<string> => {
    loads++
    await Promise.resolve()
    return `${key} ${loads}`
  }
  expect(await Promise.all([cache.getOrSet('a', load), cache.getOrSet('a', load)])).toEqual(['a 1', 'a 1'])
  expect(await cache.getOrSet('a', load)).toBe('a 1')
  expect(cache.stats()).toMatchObject({ hits: 1, misses: 2 })
  await expect(cache.getOrSet('b', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  await expect(
    cache.getOrSet('b', () => {
      throw new Error('at once')
    }),
  ).rejects.toThrow('at once')
  expect(await cache.getOrSet('b', load)).toBe('b 2')
  expect((await cache.getOrSet('large', () => 'x'.repeat(5_000))).length).toBe(5_000)
  expect(cache.has('large')).toBe(false)
  await expect(cache.getOrSet('c', 5 as never)).rejects.toThrow(TypeError)
  await expect(cache.getOrSet('c', load, { ttl: '60' as never })).rejects.toThrow('ttl')
  expect(loads).toBe(2)
})
