/** Caches on disk between two lives: what their policies know, what others do to their files, and who is told of what goes. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { realContext } from '../../src/context.ts'
import { InvalidOptionError, memoize, open, PersistentCache, TieredCache } from '../../src/index.ts'
import type { PersistentCacheOptions, TieredCacheOptions } from '../../src/index.ts'
import { faultyContext, type FaultyContext } from '../../src/testing/faults.ts'
import { freshPath } from '../support/folders.ts'
import { collect, failure, until } from '../support/stores.ts'

async function persistent(
  path: string,
  options: PersistentCacheOptions = {},
  context?: FaultyContext,
): Promise<PersistentCache> {
  const cache = await PersistentCache.open(path, options, context)
  onTestFinished(() => cache.close())
  return cache
}

async function tiered(path: string, options: TieredCacheOptions = {}): Promise<TieredCache> {
  const cache = await TieredCache.open(path, options)
  onTestFinished(() => cache.close())
  return cache
}

describe('a persistent cache', () => {
  it.each(['lru', 'lfu'] as const)(
    '[158] [160] a new one goes by its policy from the start: %s',
    async (policy) => {
      const cache = await persistent(freshPath('cache'), { policy, maxEntries: 3 })
      cache.set('a', 1).set('b', 2).set('c', 3)
      cache.get('a')
      for (let turns = 0; turns < 5; turns++) await turn()
      expect(cache.size).toBe(3)
      cache.set('d', 4)
      expect([...cache.keys()].toSorted()).toEqual(['a', 'c', 'd'])
    },
  )

  it.each(['lru', 'lfu'] as const)(
    '[185] with a smaller limit those remain that the policy wants, also if it was closed at once: %s',
    async (policy) => {
      const path = freshPath('cache')
      const cache = await persistent(path, { policy, maxEntries: 10 })
      for (let i = 0; i < 10; i++) cache.set(`k${i}`, i)
      for (const i of [0, 3, 5, 6, 0]) cache.get(`k${i}`)
      await cache.close()
      const again = await persistent(path, { policy, maxEntries: 4 })
      expect([...again.keys()].toSorted()).toEqual(['k0', 'k3', 'k5', 'k6'])
    },
  )

  it.each(['lru', 'lfu'] as const)(
    '[185] what is done while the entries are coming counts: %s',
    async (policy) => {
      const path = freshPath('cache')
      const cache = await persistent(path, { policy, maxEntries: 3 })
      cache.set('a', 1).set('b', 2).set('c', 3)
      await cache.close()
      const again = await persistent(path, { policy, maxEntries: 3 })
      expect(again.get('a')).toBe(1)
      again.set('d', 4)
      expect(again.get('d')).toBe(4)
      expect([...again.keys()].toSorted()).toEqual(['a', 'c', 'd'])
    },
  )

  it('[184] every value that cannot be stored is told of, undefined too', async () => {
    const context = faultyContext(realContext())
    const path = freshPath('cache')
    const cache = await persistent(path, {}, context)
    const bad = { function: () => 1, nested: { f() {} }, nothing: undefined }
    for (const [key, value] of Object.entries(bad)) cache.set(key, value)
    cache.set('good', 1)
    await cache.persist()
    await cache.persist()
    for (const key of Object.keys(bad))
      expect(context.warnings.filter(({ message }) => message.includes(`"${key}"`))).toHaveLength(1)
    await cache.close()
    expect([...(await persistent(path)).keys()]).toEqual(['good'])
  })

  it('bad options are refused by name', async () => {
    expect(await failure(() => PersistentCache.open(freshPath('cache'), null as never))).toBeInstanceOf(
      InvalidOptionError,
    )
  })
})

describe.each([
  ['a persistent cache', async (path: string) => persistent(path)],
  ['a cache in two tiers', async (path: string) => tiered(path)],
] as const)('%s', (_, opened) => {
  it('[187] closed, it holds none of its files: they may be overwritten, and it opens empty', async () => {
    const path = freshPath('cache')
    const cache = await opened(path)
    await cache.set('a', 1)
    await cache.close()
    for (const name of readdirSync(path)) writeFileSync(join(path, name), 'garbage')
    const again = await opened(path)
    expect(await again.get('a')).toBeUndefined()
    await again.set('b', 2)
    await again.close()
    expect(existsSync(join(path, 'cache.db-wal'))).toBe(false)
    expect(await (await opened(path)).get('b')).toBe(2)
  })
})

describe('a cache in two tiers', () => {
  it('[185] a smaller limit of the disk holds from the start, and uses in memory count', async () => {
    const path = freshPath('cache')
    const disk = { policy: 'lru', maxEntries: 10 } as const
    const cache = await tiered(path, { disk })
    for (let i = 0; i < 10; i++) await cache.set(`k${i}`, i)
    for (const i of [0, 3]) expect(await cache.get(`k${i}`)).toBe(i)
    await cache.close()
    const again = await tiered(path, { disk: { ...disk, maxEntries: 4 } })
    expect(again.stats().disk.size).toBe(4)
    expect((await collect(again.keys())).toSorted()).toEqual(['k0', 'k3', 'k8', 'k9'])
  })

  it.each(['lru', 'lfu'] as const)('what is used in memory does not go from the disk: %s', async (policy) => {
    const path = freshPath('cache')
    const cache = await tiered(path, { disk: { policy, maxEntries: 3 } })
    for (const key of ['a', 'b', 'c']) await cache.set(key, key)
    for (let i = 0; i < 5; i++) await cache.get('a')
    await cache.set('d', 'd')
    await cache.close()
    expect((await collect((await tiered(path)).keys())).toSorted()).toEqual(['a', 'c', 'd'])
  })

  it.each(['fifo', 'ttl'] as const)(
    'uses keep nothing where the policy asks for none: %s',
    async (policy) => {
      const path = freshPath('cache')
      const cache = await tiered(path, { disk: { policy, maxEntries: 3, maxIdle: '1h' } })
      const ttls = { a: '1h', b: '2h', c: '3h', d: '4h' } as const
      for (const key of ['a', 'b', 'c'] as const) await cache.set(key, key, { ttl: ttls[key] })
      for (let i = 0; i < 5; i++) await cache.get('a')
      await cache.set('d', 'd', { ttl: ttls.d })
      await cache.close()
      expect((await collect((await tiered(path)).keys())).toSorted()).toEqual(['b', 'c', 'd'])
    },
  )

  it('[197] what is loaded right after a delete or a clear is kept', async () => {
    const cache = await tiered(freshPath('cache'))
    let runs = 0
    const next = memoize(async (_: number) => ++runs, { cache })
    expect(await next(1)).toBe(1)
    next.clear()
    expect([await next(1), await next(1)]).toEqual([2, 2])
    next.forget(1)
    expect([await next(1), await next(1)]).toEqual([3, 3])
    void cache.clear()
    expect([await cache.getOrSet('k', () => 'new'), await cache.get('k')]).toEqual(['new', 'new'])
    void cache.delete('k')
    expect([await cache.getOrSet('k', () => 'newer'), await cache.get('k')]).toEqual(['newer', 'newer'])
  })

  it('[180] onEvict of the disk hears of everything that goes there', async () => {
    const told: unknown[] = []
    const disk = { onEvict: (...one: unknown[]): void => void told.push(one) }
    const cache = await tiered(freshPath('cache'), { disk })
    await cache.set('a', 1, { tags: ['x'] })
    await cache.set('a', 2)
    await cache.delete('a')
    await cache.set('b', 3, { tags: ['x'] })
    await cache.deleteByTag('x')
    await cache.set('c', 4)
    await cache.clear()
    expect(told).toEqual([
      ['a', 1, 'replace'],
      ['a', 2, 'delete'],
      ['b', 3, 'delete'],
      ['c', 4, 'delete'],
    ])
  })
})

describe('the cache of a store', () => {
  it('onEvict hears of values that leave memory, and what it throws fails nobody', async () => {
    const told: unknown[] = []
    const warnings: unknown[] = []
    const store = await open('memory:', {
      cache: {
        policy: 'lru',
        maxEntries: 2,
        onEvict: (...one) => {
          told.push(one)
          if (one[0] === 'b') throw new Error('on purpose')
        },
      },
      logger: { warn: (...one: unknown[]) => void warnings.push(one) },
    })
    onTestFinished(() => store.close())
    await store.setMany({ a: { n: 1 }, b: new Date(0), c: 3 })
    for (const key of ['absent', 'a', 'b', 'c']) await store.get(key)
    await until(() => told.length === 1)
    await store.set('b', 2)
    await until(() => told.length === 2)
    expect(told).toEqual([
      ['a', { n: 1 }, 'size'],
      ['b', new Date(0), 'delete'],
    ])
    expect(JSON.stringify(warnings)).toContain('onEvict')
    expect(await store.get('b')).toBe(2)
  })

  it('[275] a value that fits is kept where there is room, however large', async () => {
    const store = await open('memory:')
    onTestFinished(() => store.close())
    await store.set('big', 'x'.repeat(50e6))
    await store.get('big')
    expect(store.metrics().cache.bytes).toBeGreaterThanOrEqual(50e6)
  })
})
