import { describe, expect, it, vi } from 'vitest'
import { manualClock } from '../src/testing/faults.ts'
import { Cache, entriesOf } from '../src/cache/cache.ts'
import type { CacheOptions, EvictionPolicy } from '../src/cache/cache-options.ts'
import { NONE } from '../src/cache/entry-table.ts'
import type { EntriesListener, EntriesState, KeptEntry } from '../src/cache/entries-state.ts'

/** The same numbers for the same seed, from a state that can be handed on. */
class Dice {
  state: number
  constructor(seed: number) {
    this.state = seed >>> 0
  }
  readonly next = (): number => {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let t = Math.imul(this.state ^ (this.state >>> 15), this.state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const operations = Number(process.env['VARVE_CACHE_OPERATIONS'] ?? 20_000)
const seed = Number(process.env['VARVE_CACHE_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
vi.setConfig({ testTimeout: 30_000 + operations })
const policies: EvictionPolicy[] = ['lru', 'lfu', 'fifo', 'ttl', 'sieve', 's3fifo', 'tinylfu']

/** What would be on a disk: nothing of it is shared with the cache. */
interface Kept {
  readonly entries: (KeptEntry & { readonly slot: number; readonly key: string; readonly value: unknown })[]
  readonly state: EntriesState
}

function keep(cache: Cache<string, unknown>): Kept {
  const inside = entriesOf(cache)
  const { table } = inside
  const entries: Kept['entries'] = []
  for (let slot = 0; slot < table.end; slot++)
    if (!table.isFree(slot))
      entries.push({
        slot,
        key: table.pairs[2 * slot] as string,
        value: table.pairs[2 * slot + 1],
        createdAt: inside.createdAt(slot),
        accessedAt: inside.accessedAt(slot),
        accesses: inside.accesses(slot),
        endsAt: inside.endsAt(slot),
        bytes: inside.bytesOf(slot),
      })
  return { entries, state: structuredClone(inside.save()) }
}

/** The state, with the slots of another cache. */
function moved(state: EntriesState, slots: ReadonlyMap<number, number>): EntriesState {
  return { ...state, slots: state.slots.map((slot) => slots.get(slot) ?? NONE) }
}

function revive(kept: Kept, cache: Cache<string, unknown>, state: EntriesState = kept.state): void {
  const inside = entriesOf(cache)
  inside.reseed(state.seed)
  const slots = new Map(
    kept.entries.map((entry) => [entry.slot, inside.bring(entry.key, entry.value, entry)]),
  )
  inside.lay(moved(state, slots))
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  const all = [...list]
  for (let i = all.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[all[i], all[j]] = [all[j] as T, all[i] as T]
  }
  return all
}

describe.each(policies)('%s', (policy) => {
  const shapes: [string, CacheOptions][] = [
    ['by number', { maxEntries: 500 }],
    ['by number, many', { maxEntries: 3_000 }],
    ['by bytes', { maxBytes: 30_000 }],
    ['by both, with time and idle time', { maxEntries: 400, maxBytes: 40_000, ttl: '1h', maxIdle: 2_000 }],
  ]
  it.each(shapes)('a restart with the state changes nothing that follows: %s', (_, options) => {
    const dice = new Dice(seed)
    const clock = manualClock()
    const gone: string[][] = [[], []]
    const luck = [new Dice(1), new Dice(1)] as const
    const made = (which: 0 | 1): Cache<string, unknown> =>
      new Cache(
        { policy, ...options, onEvict: (key, __, reason) => gone[which]?.push(`${String(key)} ${reason}`) },
        { steady: () => clock.steady(), random: luck[which].next },
      )
    const steadfast = made(0)
    let other: Cache<string, unknown> | undefined
    let ends = 0
    for (let i = 0; i < operations; i++) {
      if (i === Math.floor(operations / 2)) {
        other = made(1)
        const kept = keep(steadfast)
        revive({ ...kept, entries: shuffled(kept.entries, dice.next) }, other)
        luck[1].state = luck[0].state
        for (const list of gone) list.length = 0
      }
      const key = `k${Math.floor(dice.next() ** 3 * 8_000 + (i >> 3))}`
      const turn = dice.next()
      const size = 50 + Math.floor(dice.next() * 100)
      // No two entries end at the same moment: which of them goes first would be anybody's guess.
      const ttl = turn < 0.2 ? 1e6 + (ends += 1) : undefined
      const found = [steadfast, other].map((cache) => {
        if (cache === undefined) return
        if (turn > 0.97) return cache.delete(key)
        const value = turn < 0.3 ? undefined : cache.get(key)
        if (value === undefined) cache.set(key, i, { size, ...(ttl !== undefined && { ttl }) })
        return value
      })
      if (turn > 0.5 && turn < 0.52) clock.advance(Math.floor(turn * 10_000) % 400)
      // No two uses at the same moment, for the same reason.
      clock.advance(1)
      for (const cache of [steadfast, other]) cache?.purge()
      if (other === undefined) continue
      expect(found[1], `seed ${seed}, ${i}`).toBe(found[0])
      // In which order they are told that have all expired meanwhile says nothing.
      expect(gone[1]?.toSorted(), `seed ${seed}, ${i}`).toEqual(gone[0]?.toSorted())
      for (const list of gone) list.length = 0
    }
    expect(other?.size).toBe(steadfast.size)
    expect(entriesOf(other as Cache).save().policy).toEqual(entriesOf(steadfast).save().policy)
  })

  it('entries that are gone are left out, those that came later are newcomers', () => {
    const cache = new Cache<string, unknown>({ policy, maxEntries: 1_000 })
    const dice = new Dice(seed)
    for (let i = 0; i < 10_000; i++) {
      const key = `k${Math.floor(dice.next() ** 2 * 3_000)}`
      if (cache.get(key) === undefined) cache.set(key, i)
    }
    const kept = keep(cache)
    const lost = kept.entries.filter((___, i) => i % 3 === 0)
    const there = kept.entries.filter((___, i) => i % 3 > 0)
    const past = { createdAt: 0, accessedAt: 0, accesses: 0, endsAt: Infinity }
    const late = Array.from({ length: 100 }, (___, i) => ({
      slot: -2 - i,
      key: `late ${i}`,
      value: i,
      ...past,
    }))
    const again = new Cache<string, unknown>({ policy, maxEntries: 1_000 })
    revive({ ...kept, entries: [...there, ...late] }, again)
    expect(new Set(again.keys())).toEqual(new Set([...there, ...late].map(({ key }) => key)))
    expect(lost.some(({ key }) => again.has(key))).toBe(false)
    const order = entriesOf(again).save().slots
    expect(new Set(order).size).toBe(again.size)
    for (let i = 0; i < 5_000; i++) again.set(`new ${i}`, i)
    expect(again.size).toBe(1_000)
    expect(again.evict(1_000)).toBe(1_000)
  })

  it('a smaller limit evicts what the policy wants least', () => {
    const cache = new Cache<string, unknown>({ policy, maxEntries: 1_000 })
    for (let i = 0; i < 1_000; i++) cache.set(`k${i}`, i, { ttl: 1e6 + ((i * 7) % 1_000) })
    for (let round = 0; round < 3; round++) for (let i = 0; i < 300; i++) cache.get(`k${i}`)
    const kept = keep(cache)
    let told = 0
    const small = new Cache<string, unknown>({ policy, maxEntries: 400, onEvict: () => told++ })
    revive(kept, small)
    expect([small.size, small.stats().evictions, told]).toEqual([400, 600, 600])
    if (policy !== 'fifo' && policy !== 'ttl')
      for (let i = 0; i < 300; i++) expect(small.has(`k${i}`), `${i}`).toBe(true)
    if (policy === 'fifo') for (let i = 600; i < 1_000; i++) expect(small.has(`k${i}`)).toBe(true)
    for (let i = 0; i < 5_000; i++) small.set(`new ${i}`, i)
    expect(small.size).toBe(400)
    const light = new Cache<string, unknown>({ policy, maxBytes: 50 * 256, sizeOf: () => 256 })
    revive({ ...kept, entries: kept.entries.map(({ bytes: ___, ...entry }) => entry) }, light)
    expect([light.size, light.bytes]).toEqual([50, 50 * 256])
  })

  it('garbage neither throws nor breaks anything', () => {
    const dice = new Dice(seed)
    const cache = new Cache<string, unknown>({ policy, maxEntries: 200 })
    for (let i = 0; i < 3_000; i++) {
      const key = `k${Math.floor(dice.next() ** 2 * 800)}`
      if (cache.get(key) === undefined) cache.set(key, i)
    }
    const kept = keep(cache)
    const { state } = kept
    const spoil = (times: number): EntriesState => {
      const bad = structuredClone(state)
      const parts = [bad.slots, bad.marks, bad.touches, bad.policy]
      for (let n = 0; n < times; n++) {
        const part = parts[Math.floor(dice.next() * 4)] as Uint8Array
        part[Math.floor(dice.next() * part.length)] = Math.floor((dice.next() - 0.5) * 2 ** 32)
      }
      const cut = Math.floor(dice.next() * bad.policy.length)
      const rest = dice.next()
      return {
        ...bad,
        ...(rest < 0.2 && { policy: bad.policy.slice(0, cut) }),
        ...(rest > 0.8 && { slots: bad.slots.slice(0, 50), marks: bad.marks.slice(60) }),
        ...(rest > 0.9 && { touches: new Uint8Array(0), seed: 5 }),
      }
    }
    for (let round = 0; round < 200; round++) {
      const again = new Cache<string, unknown>({ policy, maxEntries: 200 })
      const inside = entriesOf(again)
      inside.reseed(state.seed)
      for (const entry of kept.entries) inside.bring(entry.key, entry.value, entry)
      inside.lay(spoil(1 + Math.floor(dice.next() * 60)))
      expect(again.size, `seed ${seed}`).toBe(200)
      for (let i = 0; i < 1_500; i++) {
        const key = `k${Math.floor(dice.next() * 800)}`
        if (dice.next() < 0.1) again.delete(key)
        else if (again.get(key) === undefined) again.set(key, i)
        if (again.size > 200) expect(again.size, `seed ${seed}`).toBe(200)
      }
      const order = inside.save().slots
      expect(new Set(order).size, `seed ${seed}`).toBe(again.size)
      expect(again.evict(500)).toBe(order.length)
    }
  })
})

it('a state of another policy gives the order and nothing else', () => {
  for (const from of policies)
    for (const to of policies) {
      const cache = new Cache<string, unknown>({ policy: from, maxEntries: 100 })
      for (let i = 0; i < 300; i++) cache.set(`k${i}`, i)
      const again = new Cache<string, unknown>({ policy: to, maxEntries: 100 })
      revive(keep(cache), again)
      expect(again.size).toBe(100)
      for (let i = 0; i < 300; i++) again.set(`n${i}`, i)
      expect([again.size, again.evict(200)]).toEqual([100, 100])
    }
})

it('an entry comes back with its own age, uses and remaining time', () => {
  const clock = manualClock()
  const cache = new Cache<string, number>({}, { steady: () => clock.steady(), random: () => 0.5 })
  const inside = entriesOf(cache)
  const now = clock.steady()
  const kept = { createdAt: now - 5_000, accessedAt: now - 2_000, accesses: 7, endsAt: now + 300 }
  inside.bring('a', 1, kept)
  expect(inside.bring('a', 2, kept)).toBe(NONE)
  expect(inside.bring('over', 2, { ...kept, endsAt: now })).toBe(NONE)
  inside.bring('always', 3, { ...kept, endsAt: Infinity })
  inside.lay(undefined)
  expect(cache.metadata('a')).toMatchObject({
    ageMs: 5_000,
    idleMs: 2_000,
    accesses: 7,
    ttlMs: 300,
    createdAt: new Date(now - 5_000),
  })
  clock.advance(300)
  expect([...cache.keys()]).toEqual(['always'])
  const idle = new Cache<string, number>({ maxIdle: 3_000 }, { steady: () => now, random: () => 0.5 })
  expect(entriesOf(idle).bring('a', 1, { ...kept, accessedAt: now - 3_000 })).toBe(NONE)
  expect(entriesOf(idle).bring('a', 1, kept)).not.toBe(NONE)
})

it('a listener hears of everything that comes and goes, at once', () => {
  const clock = manualClock()
  const cache = new Cache<string, number>(
    { maxEntries: 3, policy: 'fifo' },
    { steady: () => clock.steady(), random: () => 0.5 },
  )
  const inside = entriesOf(cache)
  const heard: string[] = []
  const keyAt = (slot: number): string => String(inside.table.pairs[2 * slot])
  const listener: EntriesListener = {
    put: (slot) => heard.push(`put ${keyAt(slot)}`),
    going: (slot, reason) => heard.push(`${reason} ${keyAt(slot)}`),
    cleared: () => heard.push('cleared'),
  }
  inside.listener = listener
  cache.set('a', 1).set('b', 2, { ttl: 10 }).set('a', 3).set('c', 4).set('d', 5)
  cache.delete('c')
  clock.advance(10)
  cache.purge()
  cache.clear()
  expect(heard).toEqual([
    'put a',
    'put b',
    'put a',
    'put c',
    'size a',
    'put d',
    'delete c',
    'ttl b',
    'cleared',
  ])
})

it.each(policies)('%s: the hit ratio after a restart is that of never having restarted', (policy) => {
  const dice = new Dice(7)
  // Popular keys whose popularity moves, scans in between, and a loop.
  const requests = Array.from({ length: 60_000 }, (_, i) => {
    if (i % 5_000 > 4_000) return `scan ${i}`
    if (i % 7 === 0) return `loop ${i % 1_400}`
    return `k${Math.floor(dice.next() ** 4 * 5_000) + Math.floor(i / 10_000) * 50}`
  })
  const go = (cache: Cache<string, unknown>, from: number, to: number): number => {
    cache.resetStats()
    for (let i = from; i < to; i++) {
      const key = requests[i] as string
      if (cache.get(key) === undefined) cache.set(key, i)
    }
    return cache.stats().hitRatio
  }
  const never = new Cache<string, unknown>({ policy, maxEntries: 800 })
  go(never, 0, 30_000)
  const restarted = new Cache<string, unknown>({ policy, maxEntries: 800 })
  revive(keep(never), restarted)
  const ratios = [never, restarted].map((cache) => go(cache, 30_000, 60_000)) as [number, number]
  expect(Math.abs(ratios[1] - ratios[0])).toBeLessThan(0.005)
})
