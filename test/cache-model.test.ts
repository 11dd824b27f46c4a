import { describe, expect, it, vi } from 'vitest'
import { manualClock, type ManualClock } from '../src/testing/faults.ts'
import { seeded } from '../src/testing/random.ts'
import { Cache } from '../src/cache/cache.ts'
import type { CacheOptions, EvictionPolicy } from '../src/cache/cache-options.ts'

const operations = Number(process.env['VARVE_CACHE_OPERATIONS'] ?? 20_000)
const seed = Number(process.env['VARVE_CACHE_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
vi.setConfig({ testTimeout: 30_000 + operations })
const policies: EvictionPolicy[] = ['lru', 'lfu', 'fifo', 'ttl', 'sieve', 's3fifo', 'tinylfu']
const doors = (clock: ManualClock, random: () => number) => ({ steady: () => clock.steady(), random })

/** Keys of every kind; small numbers are more frequent. */
function keyOf(random: () => number, range: number): unknown {
  const n = Math.floor(random() ** 2 * range)
  switch (n % 6) {
    case 0:
      return n
    case 1:
      return `${n}`
    case 2:
      return `a rather long key that is hashed elsewhere ${n}`
    case 3:
      return n / 7
    case 4:
      return BigInt(n)
    default:
      return `user:${n}`
  }
}

interface Known {
  readonly value: unknown
  readonly size: number
  readonly end: number
}

describe.each(policies)('%s', (policy) => {
  const shapes: [string, CacheOptions][] = [
    ['by number', { maxEntries: 100 }],
    ['by bytes', { maxBytes: 5_000 }],
    ['by both, with time and idle time', { maxEntries: 80, maxBytes: 6_000, ttl: 300, maxIdle: 120 }],
    ['without limits', {}],
  ]
  it.each(shapes)(`[180] random operations keep size, bytes and index in agreement: %s`, (_, options) => {
    const random = seeded(seed)
    const clock = manualClock()
    const known = new Map<unknown, Known>()
    let gone = 0
    let bytes = 0
    const cache = new Cache(
      {
        policy,
        ...options,
        onEvict(key, value, reason) {
          // Told once, of what was there, with the value that it had.
          const entry = known.get(key)
          if (reason === 'replace') {
            replaced.push(value)
            return
          }
          expect(entry?.value, `seed ${seed}`).toBe(value)
          bytes -= entry?.size ?? NaN
          known.delete(key)
          gone++
        },
      },
      doors(clock, random),
    )
    const replaced: unknown[] = []
    expect(cache.bytes).toBe(0)
    const range = options.maxEntries === undefined && options.maxBytes === undefined ? 2_000 : 300
    const check = (): void => {
      expect(cache.size, `seed ${seed}`).toBe(known.size)
      expect(cache.bytes).toBe(bytes)
      if (options.maxEntries !== undefined) expect(known.size).toBeLessThanOrEqual(options.maxEntries)
      if (options.maxBytes !== undefined) expect(bytes).toBeLessThanOrEqual(options.maxBytes)
    }
    for (let i = 0; i < operations / shapes.length; i++) {
      const key = keyOf(random, range)
      const turn = random()
      if (turn < 0.4) cache.get(key)
      else if (turn < 0.85) {
        const size = Math.floor(random() * 200)
        const before = cache.peek(key)
        const had = before !== undefined
        const old = known.get(key)?.size ?? 0
        // What is set is known before it can go again.
        const value = { i }
        const expired = !had
        cache.set(key, value, { size, ...(random() < 0.2 && { ttl: 1 + Math.floor(random() * 400) }) })
        if (had) {
          expect(replaced.pop()).toBe(before)
          bytes -= old
        } else expect(expired).toBe(true)
        known.set(key, { value, size, end: Infinity })
        bytes += size
        expect(cache.peek(key)).toBe(value)
      } else if (turn < 0.93) {
        const had = cache.has(key)
        expect(cache.delete(key)).toBe(had)
        expect(cache.has(key)).toBe(false)
      } else if (turn < 0.94) cache.evict(Math.floor(random() * 5))
      else if (turn < 0.9405) {
        cache.clear()
        expect([cache.size, cache.bytes]).toEqual([0, 0])
      } else clock.advance(Math.floor(random() * 20))
      if (i % 16 === 0) check()
      if (i % 512 === 0) {
        const there = [...cache.entries()]
        expect(new Set(there.map(([one]) => one)).size).toBe(known.size)
        for (const [one, value] of there) {
          expect(known.get(one)?.value).toBe(value)
          expect(cache.peek(one)).toBe(value)
        }
      }
    }
    check()
    expect(gone).toBeGreaterThan(0)
  })
})

/** What everybody can see is right: an array in order. */
class Naive {
  readonly #order: { key: unknown; value: unknown }[] = []
  readonly #most: number
  readonly #renews: boolean
  constructor(most: number, renews: boolean) {
    this.#most = most
    this.#renews = renews
  }
  #find(key: unknown): number {
    return this.#order.findIndex((entry) => Object.is(entry.key, key) || entry.key === key)
  }
  get(key: unknown): unknown {
    const at = this.#find(key)
    if (at < 0) return undefined
    const [entry] = this.#renews ? this.#order.splice(at, 1) : [this.#order[at]]
    if (this.#renews && entry !== undefined) this.#order.push(entry)
    return entry?.value
  }
  set(key: unknown, value: unknown): void {
    const at = this.#find(key)
    if (at >= 0) {
      const entry = this.#order[at] as { value: unknown }
      entry.value = value
      this.get(key)
      return
    }
    if (this.#order.length === this.#most) this.#order.shift()
    this.#order.push({ key, value })
  }
  delete(key: unknown): boolean {
    const at = this.#find(key)
    if (at >= 0) this.#order.splice(at, 1)
    return at >= 0
  }
  keys(): unknown[] {
    return this.#order.map(({ key }) => key)
  }
}

it.each([
  ['lru', true],
  ['fifo', false],
  ['ttl', true],
] as const)('%s does exactly what a naive one does', (policy, renews) => {
  const random = seeded(seed)
  for (const most of [1, 2, 7, 64]) {
    const cache = new Cache({ policy, maxEntries: most })
    const naive = new Naive(most, renews)
    for (let i = 0; i < operations / 4; i++) {
      const key = keyOf(random, most * 3)
      const turn = random()
      if (turn < 0.5) expect(cache.get(key), `seed ${seed}`).toBe(naive.get(key))
      else if (turn < 0.95) {
        cache.set(key, i)
        naive.set(key, i)
      } else expect(cache.delete(key)).toBe(naive.delete(key))
      if (i % 64 === 0) expect(new Set(cache.keys()), `seed ${seed}`).toEqual(new Set(naive.keys()))
    }
  }
})

it('whoever sets a key while its end is told finds one entry, not two', () => {
  const clock = manualClock()
  const cache: Cache<string, number> = new Cache<string, number>(
    { ttl: 10, onEvict: (key, _, reason) => void (reason === 'ttl' && cache.set(key as string, 2)) },
    doors(clock, () => 0.5),
  )
  cache.set('a', 1)
  clock.advance(10)
  expect(cache.get('a')).toBeUndefined()
  cache.set('a', 3)
  expect([cache.get('missing'), cache.set('missing', 4).get('missing')]).toEqual([undefined, 4])
  expect([...cache]).toEqual([
    ['a', 3],
    ['missing', 4],
  ])
  expect([cache.delete('a'), cache.delete('a')]).toEqual([true, false])
})

it('entries end exactly when a naive clock says so', () => {
  const random = seeded(seed)
  const clock = manualClock()
  const cache = new Cache<unknown, number>({ ttl: 500 }, doors(clock, random))
  const ends = new Map<unknown, number>()
  const day = 86_400_000
  for (let i = 0; i < operations; i++) {
    const key = keyOf(random, 500)
    const now = clock.steady()
    const there = (ends.get(key) ?? -Infinity) > now
    const turn = random()
    if (turn < 0.3) expect(cache.get(key) !== undefined, `seed ${seed}`).toBe(there)
    else if (turn < 0.4) expect(cache.has(key)).toBe(there)
    else if (turn < 0.5) expect(cache.delete(key)).toBe(ends.delete(key) && there)
    else if (turn < 0.9) {
      const kind = random()
      const ttl =
        kind < 0.2
          ? undefined
          : kind < 0.25
            ? Infinity
            : kind < 0.3
              ? Math.floor(random() * 100 * day)
              : 1 + Math.floor(random() * 900)
      cache.set(key, i, ttl === undefined || ttl === 0 ? {} : { ttl })
      ends.set(key, now + (ttl || 500))
    } else if (turn < 0.901) clock.advance(Math.floor(random() * 15 * day))
    else clock.advance(Math.floor(random() * 10))
    if (i % 128 === 0) {
      const live = [...ends].filter(([, end]) => end > clock.steady()).map(([one]) => one)
      if (random() < 0.5) expect(new Set(cache.keys()), `seed ${seed}`).toEqual(new Set(live))
      expect(cache.size).toBe(live.length)
    }
  }
})

it('idle entries end exactly when a naive clock says so', () => {
  const random = seeded(seed)
  const clock = manualClock()
  const cache = new Cache<unknown, number>({ maxIdle: 200 }, doors(clock, random))
  const known = new Map<unknown, { used: number; end: number }>()
  for (let i = 0; i < operations; i++) {
    const key = keyOf(random, 300)
    const now = clock.steady()
    const entry = known.get(key)
    const there = entry !== undefined && entry.end > now && entry.used + 200 > now
    const turn = random()
    if (turn < 0.4) {
      expect(cache.get(key) !== undefined, `seed ${seed}`).toBe(there)
      if (entry !== undefined && there) entry.used = now
    } else if (turn < 0.5) expect(cache.has(key)).toBe(there)
    else if (turn < 0.85) {
      const ttl = random() < 0.5 ? Infinity : 1 + Math.floor(random() * 600)
      cache.set(key, i, { ttl })
      known.set(key, { used: now, end: now + ttl })
    } else clock.advance(Math.floor(random() * 10))
    if (i % 128 === 0) {
      const live = [...known].filter(([, one]) => one.end > clock.steady() && one.used + 200 > clock.steady())
      expect(cache.size).toBe(live.length)
    }
  }
})
