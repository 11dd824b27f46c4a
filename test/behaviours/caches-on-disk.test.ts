import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { realContext } from '../../src/context.ts'
import {
  CacheFullError,
  ClosedError,
  InvalidKeyError,
  InvalidOptionError,
  InvalidValueError,
  open,
  PersistentCache,
  TieredCache,
} from '../../src/index.ts'
import type { EvictionPolicy, PersistentCacheOptions, TieredCacheOptions } from '../../src/index.ts'
import { faultyContext, type FaultyContext } from '../../src/testing/faults.ts'
import { freshPath, temporaryFolder } from '../support/folders.ts'
import { collect, failure, heldLoad, until } from '../support/stores.ts'

const policies: EvictionPolicy[] = ['lru', 'lfu', 'fifo', 'ttl', 'sieve', 's3fifo', 'tinylfu']

async function persistent<V = unknown>(
  path: string,
  options: PersistentCacheOptions = {},
  context?: FaultyContext,
): Promise<PersistentCache<V>> {
  const cache = await PersistentCache.open<V>(path, options, context)
  onTestFinished(() => cache.close())
  return cache
}

async function tiered<V = unknown>(
  path: string,
  options: TieredCacheOptions = {},
  context?: FaultyContext,
): Promise<TieredCache<V>> {
  const cache = await TieredCache.open<V>(path, options, context)
  onTestFinished(() => cache.close())
  return cache
}

const diskBytes = (folder: string): number =>
  readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)

describe('a persistent cache', () => {
  it.each(policies)(
    '[181] what was there is there again, with counts, times and what is left: %s',
    async (policy) => {
      const path = freshPath('cache')
      const context = faultyContext(realContext())
      const options = { policy, maxEntries: 100 }
      const cache = await persistent(path, options, context)
      const began = context.clock.steady()
      cache.set('keeps', { n: 1 }).set('ends', 'x', { ttl: '10s' }).set('is over', 'y', { ttl: '1s' })
      context.clock.advance(2_000)
      for (let i = 0; i < 3; i++) cache.get('keeps')
      context.clock.advance(1_000)
      await cache.close()
      context.clock.advance(1_000)
      const again = await persistent(path, options, context)
      expect(again.get('is over')).toBeUndefined()
      const { createdAt, accessedAt, ttlMs, accesses, ageMs } = again.metadata('ends')
      expect([createdAt.getTime(), accessedAt.getTime(), ttlMs, accesses, ageMs]).toEqual([
        began,
        began,
        6_000,
        0,
        4_000,
      ])
      const kept = again.metadata('keeps')
      expect([kept.accesses, kept.accessedAt.getTime() - began, kept.idleMs]).toEqual([3, 2_000, 2_000])
      expect(again.get('keeps')).toEqual({ n: 1 })
      expect([...again.keys()].toSorted()).toEqual(['ends', 'keeps'])
      expect(again.stats()).toMatchObject({ size: 2, hits: 1, misses: 1, hitRatio: 0.5 })
      context.clock.advance(6_000)
      expect(again.get('ends')).toBeUndefined()
    },
  )

  it('[181] what is not used for maxIdle is over, also while the program is not running', async () => {
    const path = freshPath('cache')
    const context = faultyContext(realContext())
    const cache = await persistent(path, { maxIdle: '10s' }, context)
    cache.set('a', 1).set('b', 2)
    context.clock.advance(6_000)
    cache.get('a')
    await cache.close()
    context.clock.advance(6_000)
    const again = await persistent(path, { maxIdle: '10s' }, context)
    expect([again.get('a'), again.get('b')]).toEqual([1, undefined])
  })

  it('[182] it is written on close, unless persistOnClose says no', async () => {
    for (const persistOnClose of [true, false]) {
      const path = freshPath('cache')
      const cache = await persistent(path, { persistOnClose, persistEvery: Infinity })
      cache.set('a', 1)
      await cache.close()
      expect((await persistent(path)).get('a')).toBe(persistOnClose ? 1 : undefined)
    }
  })

  it('it is written in the background, within persistEvery, and at once by persist()', async () => {
    const path = freshPath('cache')
    const context = faultyContext(realContext())
    const cache = await persistent(path, { persistEvery: '5s', persistOnClose: false }, context)
    const onDisk = async (): Promise<string[]> => {
      const other = await PersistentCache.open(path, { persistOnClose: false })
      const keys = [...other.keys()].toSorted()
      await other.close()
      return keys
    }
    cache.set('a', 1)
    expect(await onDisk()).toEqual([])
    context.clock.advance(5_000)
    await until(async () => (await onDisk()).length === 1)
    cache.set('b', 1)
    cache.delete('a')
    await cache.persist()
    expect(await onDisk()).toEqual(['b'])
  })

  it('[183] [trap 90] keys are text, and what is not is refused; values come back as what they were', async () => {
    const path = freshPath('cache')
    const cache = await persistent(path)
    expect(() => cache.set(1 as never, 'number')).toThrow(InvalidKeyError)
    expect(() => cache.set(['a'] as never, 'list')).toThrow(InvalidKeyError)
    const keys = ['1', 'é', 'a\0b', 'a\u0001b', '__proto__', ' ', '🙂']
    const values = [
      new Map([[1, 'a']]),
      new Set([[1, 2]]),
      new Uint8Array([1, 2]),
      10n,
      new Date(5),
      null,
      { 1: 'a' },
    ]
    for (const [i, key] of keys.entries()) cache.set(key, values[i])
    await cache.close()
    const again = await persistent(path)
    expect([...again.keys()].toSorted()).toEqual(keys.toSorted())
    for (const [i, key] of keys.entries()) expect(again.get(key)).toEqual(values[i])
  })

  it('[184] [trap 90] a value that cannot be stored is told of, and the others are stored', async () => {
    const path = freshPath('cache')
    const context = faultyContext(realContext())
    const cache = await persistent<unknown>(path, {}, context)
    cache.set('bad', 'before')
    await cache.persist()
    cache
      .set('good', 1)
      .set('bad', () => 1)
      .set('better', 2)
    await cache.close()
    expect(context.warnings).toHaveLength(1)
    expect(context.warnings[0]?.message).toContain('"bad"')
    expect(context.warnings[0]?.cause).toBeInstanceOf(InvalidValueError)
    const again = await persistent(path)
    expect([again.get('good'), again.get('bad'), again.get('better')]).toEqual([1, undefined, 2])
  })

  it.each(policies)(
    '[185] [trap 91] opened with a smaller limit, it keeps what the policy wants most: %s',
    async (policy) => {
      const path = freshPath('cache')
      const cache = await persistent(path, { policy, maxEntries: 10 })
      for (let i = 0; i < 10; i++) cache.set(`key ${i}`, i, policy === 'ttl' ? { ttl: `${i + 1}h` } : {})
      for (let i = 5; i < 10; i++) for (let n = 0; n < 3; n++) cache.get(`key ${i}`)
      await cache.close()
      const again = await persistent(path, { policy, maxEntries: 5 })
      expect(again.size).toBe(5)
      if (['lru', 'lfu', 'fifo', 'ttl', 'sieve'].includes(policy))
        expect([...again.keys()].toSorted()).toEqual([5, 6, 7, 8, 9].map((i) => `key ${i}`))
      again.set('new', 1)
      expect([again.get('new'), again.size]).toEqual([1, 5])
      await again.close()
      expect((await persistent(path, { policy, maxEntries: 5 })).size).toBe(5)
    },
  )

  it('[186] clear empties memory and disk', async () => {
    const path = freshPath('cache')
    const cache = await persistent(path)
    for (let i = 0; i < 100; i++) cache.set(`key ${i}`, i)
    await cache.persist()
    await cache.clear()
    expect(cache.stats()).toMatchObject({ size: 0, bytes: 0 })
    cache.set('after', 1)
    await cache.close()
    const again = await persistent(path)
    expect([...again.keys()]).toEqual(['after'])
    const warming = await persistent(path)
    await warming.clear()
    expect(warming.get('after')).toBeUndefined()
  })

  it('[187] a damaged file opens empty with a warning, and the store beside it is left alone', async () => {
    const path = freshPath('both')
    const store = await open(path)
    await store.set('a', 1)
    await store.close()
    for (const garbage of ['', 'garbage', 'x'.repeat(9_000)]) {
      const cache = await persistent(path)
      cache.set('a', 1)
      await cache.close()
      for (const name of readdirSync(path).filter((one) => one.startsWith('cache')))
        writeFileSync(join(path, name), garbage)
      const context = faultyContext(realContext())
      const again = await persistent(path, {}, context)
      expect(again.get('a')).toBeUndefined()
      // An empty file is a new one.
      expect(context.warnings).toHaveLength(garbage === '' ? 0 : 1)
      again.set('b', 2)
      await again.close()
      const third = await persistent(path)
      expect([third.get('a'), third.get('b')]).toEqual([undefined, 2])
      await third.clear()
      await third.close()
    }
    const again = await open(path)
    expect(await again.get('a')).toBe(1)
    expect(await again.verify()).toMatchObject({ ok: true })
    await again.close()
  })

  it('what is asked for while the entries are still coming is right', async () => {
    const path = freshPath('cache')
    const cache = await persistent<number>(path)
    for (let i = 0; i < 5_000; i++) cache.set(`key ${i}`, i)
    await cache.close()
    const again = await persistent<number>(path)
    expect(again.get('key 4999')).toBe(4_999)
    expect([again.has('key 4998'), again.has('nothing')]).toEqual([true, false])
    again.set('key 4997', -1)
    expect([again.delete('key 4996'), again.delete('key 4996')]).toEqual([true, false])
    expect([again.get('key 4997'), again.get('key 4996')]).toEqual([-1, undefined])
    expect(again.metadata('key 4999').accesses).toBe(1)
    expect(again.size).toBe(4_999)
    expect([again.get('key 4997'), again.get('key 4996')]).toEqual([-1, undefined])
    expect(again.stats()).toMatchObject({ hits: 3, misses: 2 })
    await again.close()
    const third = await persistent<number>(path)
    expect([third.get('key 4997'), third.get('key 4996'), third.size]).toEqual([-1, undefined, 4_999])
  })

  it('[trap 93] without a place nothing is made, and bad input is refused before anything is there', async () => {
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, 'mine')
    expect(await failure(() => PersistentCache.open(file))).toBeInstanceOf(InvalidOptionError)
    for (const none of ['', undefined as never])
      expect(await failure(() => PersistentCache.open(none))).toBeInstanceOf(InvalidOptionError)
    expect(await failure(() => PersistentCache.open('x', { maxEntries: -1 }))).toBeInstanceOf(
      InvalidOptionError,
    )
    expect(await failure(() => PersistentCache.open('x', { tll: 1 } as object))).toBeInstanceOf(
      InvalidOptionError,
    )
    const cache = await persistent(freshPath('cache'), { maxBytes: 1_000 })
    expect(() => cache.set('a', 'x'.repeat(2_000))).toThrow(CacheFullError)
    await cache.close()
    expect(() => cache.get('a')).toThrow(ClosedError)
    expect(() => cache.set('a', 1)).toThrow(ClosedError)
  })
})

describe('a cache in two tiers', () => {
  it('[188] what memory has no room for is on disk', async () => {
    const cache = await tiered(freshPath('cache'), { memory: { maxEntries: 3, policy: 'lru' } })
    for (let i = 0; i < 10; i++) await cache.set(`key ${i}`, i)
    expect(cache.stats()).toMatchObject({ memory: { size: 3 }, demotions: 7 })
    const before = cache.stats().memory.hits
    for (let i = 9; i >= 7; i--) expect(await cache.get(`key ${i}`)).toBe(i)
    expect(cache.stats().memory.hits).toBe(before + 3)
    for (let i = 0; i < 10; i++) expect(await cache.get(`key ${i}`)).toBe(i)
  })

  it('[189] [trap 92] what is read on disk comes up, with what is left of its own time', async () => {
    const path = freshPath('cache')
    const context = faultyContext(realContext())
    await (await tiered(path, {}, context)).set('a', { n: 1 }, { ttl: '10s' })
    const cache = await tiered(path, { ttl: '1h' }, context)
    context.clock.advance(6_000)
    expect(await cache.get('a')).toEqual({ n: 1 })
    expect(await cache.get('a')).toEqual({ n: 1 })
    expect(cache.stats()).toMatchObject({
      memory: { hits: 1 },
      disk: { hits: 1 },
      promotions: 1,
      hitRatio: 1,
    })
    context.clock.advance(4_000)
    expect(await cache.get('a')).toBeUndefined()
  })

  it('[190] without promotion it stays on disk', async () => {
    const path = freshPath('cache')
    await (await tiered(path)).set('a', 1)
    const cache = await tiered(path, { promote: false })
    for (let i = 0; i < 3; i++) expect(await cache.get('a')).toBe(1)
    expect(cache.stats()).toMatchObject({ memory: { size: 0 }, disk: { hits: 3 }, promotions: 0 })
  })

  it('[191] [trap 92] never an older value after an overwrite, however often it goes up and down', async () => {
    const cache = await tiered<number>(freshPath('cache'), {
      memory: { maxEntries: 2, policy: 'lru' },
      disk: { maxEntries: 4, policy: 'fifo' },
    })
    for (let round = 0; round < 20; round++) {
      await cache.set('a', round)
      // Memory gives it up, and now and then the disk, too.
      for (let i = 0; i < 1 + (round % 5); i++) await cache.set(`other ${i} ${round}`, i)
      expect([round, undefined]).toContain(await cache.get('a'))
      if (round % 5 < 3) expect(await cache.get('a')).toBe(round)
    }
  })

  it('[192] [trap 92] what is deleted or cleared is in neither tier, also after reopen', async () => {
    const path = freshPath('cache')
    const cache = await tiered(path, { memory: { maxEntries: 2 } })
    for (let i = 0; i < 6; i++) await cache.set(`key ${i}`, i)
    expect([await cache.delete('key 0'), await cache.delete('key 5'), await cache.delete('key 5')]).toEqual([
      true,
      true,
      false,
    ])
    expect([await cache.get('key 0'), await cache.get('key 5')]).toEqual([undefined, undefined])
    await cache.close()
    const again = await tiered(path)
    expect([await again.get('key 0'), await again.get('key 5'), await again.get('key 1')]).toEqual([
      undefined,
      undefined,
      1,
    ])
    await again.clear()
    expect(await collect(again.keys())).toEqual([])
    await again.set('after', 1)
    await again.close()
    const third = await tiered(path)
    expect(await collect(third.keys())).toEqual(['after'])
    expect(await third.get('key 1')).toBeUndefined()
  })

  it('[193] [trap 92] both tiers count: each key once, each look one hit or one miss', async () => {
    const cache = await tiered(freshPath('cache'), { memory: { maxEntries: 2 } })
    for (let i = 0; i < 6; i++) await cache.set(`key ${i}`, i)
    expect((await collect(cache.keys())).toSorted()).toEqual([0, 1, 2, 3, 4, 5].map((i) => `key ${i}`))
    for (let i = 0; i < 6; i++) expect(await cache.has(`key ${i}`)).toBe(true)
    expect(await cache.has('nothing')).toBe(false)
    expect(cache.stats()).toMatchObject({ memory: { hits: 0 }, disk: { size: 6, hits: 0, misses: 0 } })
    for (let i = 0; i < 8; i++) await cache.get(`key ${i}`)
    await cache.getMany(['key 0', 'key 9'])
    const { memory, disk, hitRatio } = cache.stats()
    expect(memory.hits + disk.hits).toBe(7)
    expect(disk.misses).toBe(3)
    expect(hitRatio).toBe(0.7)
  })

  it('[194] the disk stays near its limit', async () => {
    const path = freshPath('cache')
    const cache = await tiered(path, { memory: { maxEntries: 1 }, disk: { maxBytes: 2 ** 20 } })
    for (let i = 0; i < 5_000; i += 50)
      await Promise.all(
        Array.from({ length: 50 }, (_, n) => cache.set(`key ${i + n}`, `${i + n} `.repeat(300))),
      )
    expect(cache.stats().disk.bytes).toBeLessThanOrEqual(2 ** 20)
    expect(cache.stats().disk.bytes).toBeGreaterThan(2 ** 19)
    expect(diskBytes(path)).toBeLessThan(2 * 2 ** 20)
    expect(cache.stats().disk.evictions).toBeGreaterThan(1_000)
    expect(await cache.get('key 4999')).toBe('4999 '.repeat(300))
    expect(await cache.get('key 0')).toBeUndefined()
    expect(await failure(() => cache.set('huge', Array.from({ length: 1e6 }, Math.random)))).toBeInstanceOf(
      CacheFullError,
    )
    expect(await cache.get('key 4999')).toBe('4999 '.repeat(300))
  })

  it.each(['lru', 'lfu', 'fifo', 'ttl'] as const)('on disk goes what the policy says: %s', async (policy) => {
    const cache = await tiered(freshPath('cache'), {
      promote: false,
      memory: { maxEntries: 1 },
      disk: { policy, maxEntries: 3 },
    })
    const ttls = { a: '3h', b: '1h', c: '2h', d: '4h' } as const
    for (const key of ['a', 'b', 'c'] as const) await cache.set(key, key, { ttl: ttls[key] })
    for (const key of ['a', 'a', 'a', 'b', 'b', 'c', 'a']) await cache.get(key)
    // Overwritten: that is a use, and no new turn.
    await cache.set('b', 'again', { ttl: ttls.b })
    // First in: a. Used least often: c. Ends soonest: b. Used longest ago: c, so it is used once more for that.
    if (policy === 'lru') await cache.get('c')
    await cache.set('d', 'd', { ttl: ttls.d })
    const goes = { lru: 'a', lfu: 'c', fifo: 'a', ttl: 'b' }[policy]
    const expected = ['a', 'b', 'c', 'd'].filter((key) => key !== goes)
    expect((await collect(cache.keys())).toSorted()).toEqual(expected)
  })

  it('what has expired leaves the disk', async () => {
    const context = faultyContext(realContext())
    const cache = await tiered(freshPath('cache'), { ttl: '1s', disk: { maxIdle: '10m' } }, context)
    for (let i = 0; i < 40; i++) await cache.set(`key ${i}`, i)
    await cache.set('stays', 1, { ttl: Infinity })
    context.clock.advance(1_000)
    await cache.set('next', 1, { ttl: '1h' })
    expect(cache.stats().disk).toMatchObject({ size: 2, expirations: 40 })
    expect((await collect(cache.keys())).toSorted()).toEqual(['next', 'stays'])
  })

  it('what nobody has used for maxIdle is over on disk, and what is used is not', async () => {
    const context = faultyContext(realContext())
    const gone: unknown[] = []
    const onEvict = (...told: unknown[]): void => void gone.push(told)
    const disk = { maxIdle: '10m', onEvict } as const
    const cache = await tiered(
      freshPath('cache'),
      { promote: false, memory: { maxEntries: 1 }, disk },
      context,
    )
    await cache.set('used', 1)
    await cache.set('idle', 2)
    await cache.set('other', 3)
    for (let i = 0; i < 3; i++) {
      context.clock.advance(6 * 60_000)
      expect(await cache.get('used')).toBe(1)
    }
    expect(await cache.get('idle')).toBeUndefined()
    await cache.set('next', 4)
    expect(gone).toEqual(expect.arrayContaining([['idle', 2, 'idle']]))
    expect(gone).not.toContainEqual(['used', 1, 'idle'])
    context.clock.advance(11 * 60_000)
    expect(await cache.get('used')).toBeUndefined()
  })

  it('entries are deleted by any of their tags, and a load that would bear one is not kept', async () => {
    const cache = await tiered(freshPath('cache'), { memory: { maxEntries: 2 } })
    await cache.set('a', 1, { tags: ['x', 'y'] })
    await cache.set('b', 2, { tags: ['y'] })
    await cache.set('c', 3, { tags: ['z'] })
    await cache.set('d', 4, { tags: ['y'] })
    await cache.set('d', 5)
    const { load, begun, finish } = heldLoad<number>()
    const loading = cache.getOrSet('e', load, { tags: ['y'] })
    await begun
    expect(await cache.deleteByTag('y', 'none')).toBe(2)
    finish(6)
    expect(await loading).toBe(6)
    expect((await collect(cache.keys())).toSorted()).toEqual(['c', 'd'])
    expect(await cache.get('e')).toBeUndefined()
  })

  it('one load for each key at a time; what happens to the key meanwhile wins', async () => {
    const cache = await tiered<number>(freshPath('cache'))
    let loads = 0
    const load = async (): Promise<number> => {
      loads++
      await new Promise<void>((resolve) => void setImmediate(resolve))
      return loads
    }
    expect(await Promise.all(Array.from({ length: 20 }, () => cache.getOrSet('a', load)))).toEqual(
      Array(20).fill(1),
    )
    for (const drop of ['set', 'delete', 'clear'] as const) {
      const { load: slow, begun, finish } = heldLoad<number>()
      const loading = cache.getOrSet(drop, slow)
      await begun
      if (drop === 'set') await cache.set('set', -1)
      else if (drop === 'delete') await cache.delete('delete')
      else await cache.clear()
      finish(7)
      expect(await loading).toBe(7)
      expect(await cache.get(drop)).toBe(drop === 'set' ? -1 : undefined)
    }
    const failing = cache.getOrSet('fails', () => Promise.reject(new Error('no')))
    expect(await failure(() => failing)).toMatchObject({ message: 'no' })
    expect(await cache.getOrSet('fails', () => 1)).toBe(1)
  })

  it('a damaged file opens empty with a warning, also when it is damaged while open', async () => {
    const path = freshPath('cache')
    const context = faultyContext(realContext())
    const cache = await tiered(path, {}, context)
    await cache.set('a', 1)
    await cache.close()
    for (const name of readdirSync(path)) writeFileSync(join(path, name), 'garbage')
    const again = await tiered(path, {}, context)
    expect(context.warnings).toHaveLength(1)
    expect(await again.get('a')).toBeUndefined()
    await again.set('b', 2)
    expect(await again.get('b')).toBe(2)
  })

  it('values are copied, and plain data is frozen', async () => {
    const cache = await tiered<{ n: number }>(freshPath('cache'))
    const value = { n: 1 }
    await cache.set('a', value)
    value.n = 2
    const read = await cache.get('a')
    expect(read).toEqual({ n: 1 })
    expect(Object.isFrozen(read)).toBe(true)
    const maps = await tiered<Map<string, number>>(freshPath('cache'))
    await maps.set('m', new Map([['a', 1]]))
    ;(await maps.get('m'))?.set('b', 2)
    expect(await maps.get('m')).toEqual(new Map([['a', 1]]))
  })

  it('two handles on one folder show the same', async () => {
    const path = freshPath('cache')
    const [one, two] = [await tiered<number>(path), await tiered<number>(path)]
    for (let i = 0; i < 50; i++) {
      await one.set('a', i)
      expect(await two.get('a')).toBe(i)
      await two.set('a', -i)
      expect(await one.get('a')).toBe(-i)
      await one.delete('a')
      expect(await two.get('a')).toBeUndefined()
    }
    await one.set('a', 1)
    expect(await two.get('a')).toBe(1)
    await one.clear()
    expect(await two.get('a')).toBeUndefined()
  })

  it('bad input is refused before anything changes', async () => {
    const cache = await tiered(freshPath('cache'))
    await cache.set('a', 1)
    expect(await failure(() => cache.set('a', () => 1))).toBeInstanceOf(InvalidValueError)
    expect(await failure(() => cache.set('a', undefined))).toBeInstanceOf(InvalidValueError)
    expect(await failure(() => cache.set('', 1))).toBeInstanceOf(InvalidKeyError)
    expect(await failure(() => cache.set('a', 2, { tag: 'x' } as object))).toBeInstanceOf(InvalidOptionError)
    expect(await failure(() => cache.set('a', 2, { tags: [1] } as never))).toBeInstanceOf(InvalidOptionError)
    expect(await failure(() => cache.getOrSet('b', 1 as never))).toBeInstanceOf(InvalidOptionError)
    expect(await failure(() => tiered('x', { disk: { policy: 'sieve' } }))).toBeInstanceOf(InvalidOptionError)
    expect(await failure(() => tiered('x', { memory: { maxEntries: -1 } }))).toBeInstanceOf(
      InvalidOptionError,
    )
    expect(await cache.get('a')).toBe(1)
    await cache.close()
    expect(await failure(() => cache.get('a'))).toBeInstanceOf(ClosedError)
    expect(await failure(() => cache.set('a', 1))).toBeInstanceOf(ClosedError)
  })
})
