import { describe, expect, it, onTestFinished } from 'vitest'
import { realContext } from '../../src/context.ts'
import { cached, InvalidOptionError, memoize, open, PersistentCache, TieredCache } from '../../src/index.ts'
import type { Store } from '../../src/index.ts'
import { faultyContext, manualClock } from '../../src/testing/faults.ts'
import { freshPath } from '../support/folders.ts'
import { failure, heldLoad, opened, until } from '../support/stores.ts'

describe('a store that is read through a cache', () => {
  async function world() {
    const clock = manualClock()
    const store = await opened('memory:')
    const quick = cached(store, { ttl: '10s' }, { steady: () => clock.steady(), random: () => 0.5 })
    return { clock, store, quick }
  }

  it('what is read may be ttl old, and no older', async () => {
    const { clock, store, quick } = await world()
    await store.set('a', 1)
    expect([await quick.get('a'), quick.getSync('b')]).toEqual([1, undefined])
    await store.setMany({ a: 2, b: 2 })
    clock.advance(9_999)
    expect([quick.getSync('a'), await quick.get('b')]).toEqual([1, undefined])
    clock.advance(1)
    expect([await quick.get('a'), quick.getSync('b')]).toEqual([2, 2])
  })

  it('the time counts from the asking', async () => {
    const clock = manualClock()
    let value = 1
    const slow = {
      async get() {
        const answer = value
        clock.advance(6_000)
        return answer
      },
    } as unknown as Store
    const quick = cached(slow, { ttl: '10s' }, { steady: () => clock.steady(), random: () => 0.5 })
    expect(await quick.get('a')).toBe(1)
    value = 2
    clock.advance(3_999)
    expect(await quick.get('a')).toBe(1)
    clock.advance(1)
    expect(await quick.get('a')).toBe(2)
  })

  it('what is written through it is read back at once, whichever way', async () => {
    const { quick } = await world()
    const other = quick.as('somebody')
    const writes: [string, (store: Store) => Promise<unknown>, unknown][] = [
      ['set', (store) => store.set('a', 1), 1],
      ['setMany', (store) => store.setMany({ a: 2 }), 2],
      ['update', (store) => store.update('a', (n) => Number(n) + 1), 3],
      ['transact', (store) => store.transact(async (tx) => tx.set('a', 4)), 4],
      ['delete', (store) => store.delete('a'), undefined],
      ['save', (store) => store.save({ a: 5 }), 5],
      ['restore', (store) => store.restore(4), 4],
      ['clear', (store) => store.clear(), undefined],
    ]
    for (const by of [quick, other]) {
      for (const [, write, value] of writes) {
        await write(by)
        expect([await quick.get('a'), other.getSync('a')]).toEqual([value, value])
      }
    }
  })

  it('a write wins over a read that is under way, also one that fails', async () => {
    let answer: (value: unknown) => void = () => undefined
    let current = 'old'
    const slow = {
      get: () => new Promise((resolve) => (answer = resolve)),
      set: async () => void (current = 'new'),
      delete: () => Promise.reject(new Error('no')),
    } as unknown as Store
    const quick = cached(slow, { ttl: '10s' })
    const reading = quick.get('a')
    await quick.set('a', 1)
    answer('old')
    expect(await reading).toBe('old')
    const again = quick.get('a')
    answer(current)
    expect(await again).toBe('new')
    await failure(() => quick.delete('a'))
    const third = quick.get('a')
    answer('third')
    expect(await third).toBe('third')
  })

  it('nobody can change what others read', async () => {
    const { quick } = await world()
    await quick.set('m', new Map([['a', 1]]))
    for (let i = 0; i < 3; i++) {
      const map = await quick.get<Map<string, number>>('m')
      expect(map).toEqual(new Map([['a', 1]]))
      map?.set('b', 2)
    }
  })

  it('the past, ranges and care are those of the store', async () => {
    const { quick, store } = await world()
    const revision = await quick.set('a', 1)
    await quick.set('a', 2)
    expect(await quick.get('a', { at: revision })).toBe(1)
    expect([quick.url, quick.revision, await quick.count()]).toEqual([store.url, 2, 1])
    expect((await quick.snapshots.create()).revision).toBe(2)
    expect(await quick.verify()).toMatchObject({ ok: true })
  })

  it('a ttl is needed, and a store', async () => {
    const { store } = await world()
    expect(() => cached(store, {} as never)).toThrow(InvalidOptionError)
    expect(() => cached({} as never, { ttl: 1 })).toThrow(InvalidOptionError)
    expect(() => cached(store, { ttl: 1, maxSize: 1 } as never)).toThrow(InvalidOptionError)
  })
})

describe('functions whose results are on disk', () => {
  it.each(['persistent', 'tiered'] as const)(
    'results outlive the program, each function its own: %s',
    async (kind) => {
      const path = freshPath('cache')
      let runs = 0
      const life = async (work: (cache: never) => Promise<void>): Promise<void> => {
        const cache = await (kind === 'tiered' ? TieredCache.open(path) : PersistentCache.open(path))
        await work(cache as never)
        await cache.close()
      }
      const functions = (cache: never) => ({
        f: memoize(async (x: unknown) => `f ${String(x)} ${(runs += 1)}`, { cache }),
        g: memoize(async (x: unknown) => `g ${String(x)} ${(runs += 1)}`, { cache }),
      })
      await life(async (cache) => {
        const { f, g } = functions(cache)
        const answers = [await f(1), await f('1'), await g(1), await f([1]), await f('x'.repeat(5_000))]
        expect(new Set(answers).size).toBe(5)
        expect([await f(1), f.stats().size, g.stats().size]).toEqual(['f 1 1', 4, 1])
      })
      await life(async (cache) => {
        const { f, g } = functions(cache)
        expect([await f(1), await f('1'), await g(1), await f([1]), runs]).toEqual([
          'f 1 1',
          'f 1 2',
          'g 1 3',
          'f 1 4',
          5,
        ])
        expect([f.forget(1), f.forget(2)]).toEqual([true, false])
        g.clear()
        expect([await f('1'), f.stats().size, g.stats().size]).toEqual(['f 1 2', 3, 0])
      })
      await life(async (cache) => {
        const { f, g } = functions(cache)
        expect([await f('1'), await f(1), await g(1)]).toEqual(['f 1 2', 'f 1 6', 'g 1 7'])
      })
    },
  )

  it.each(['persistent', 'tiered'] as const)(
    'what is told apart by identity is refused: %s',
    async (kind) => {
      const path = freshPath('cache')
      const cache = await (kind === 'tiered'
        ? TieredCache.open<string>(path)
        : PersistentCache.open<string>(path))
      onTestFinished(() => cache.close())
      class Named {}
      const f = memoize(async (x: unknown) => typeof x, { cache })
      for (const odd of [new Named(), () => 1, Symbol('x')])
        expect(await failure(async () => f(odd))).toBeInstanceOf(InvalidOptionError)
      expect(await failure(async () => f.call({ name: 'self' } as never, 1))).toBeInstanceOf(
        InvalidOptionError,
      )
      const keyed = memoize(async (x: unknown) => typeof x, { cache, key: () => 'same' })
      expect([await keyed(() => 1), await keyed(1)]).toEqual(['function', 'function'])
    },
  )

  it('tiered: stale results are served while one call refreshes them, and when it fails', async () => {
    const context = faultyContext(realContext())
    const cache = await TieredCache.open<number>(freshPath('cache'), {}, context)
    onTestFinished(() => cache.close())
    let runs = 0
    let fails = false
    const { memoizeIn } = await import('../../src/cache/memoize.ts')
    const fn = async (): Promise<number> => {
      runs++
      if (fails) throw new Error('no')
      return runs
    }
    const options = { cache, ttl: '10s', staleWhileRevalidate: '10s', staleIfError: '60s' }
    const f = memoizeIn(context, fn, options) as () => Promise<number>
    expect([await f(), await f()]).toEqual([1, 1])
    context.clock.advance(10_000)
    expect(await f()).toBe(1)
    // In the background: nothing announces that it is done.
    await until(() => runs === 2)
    await until(async () => (await f()) === 2)
    expect(runs).toBe(2)
    fails = true
    context.clock.advance(30_000)
    expect([await f(), runs]).toEqual([2, 3])
    context.clock.advance(40_000)
    expect(await failure(f)).toMatchObject({ message: 'no' })
    fails = false
    expect(await f()).toBe(5)
  })

  it('tiered: calls under way that are forgotten or cleared are not remembered, errors only if asked', async () => {
    const cache = await TieredCache.open<string>(freshPath('cache'))
    onTestFinished(() => cache.close())
    for (const drop of ['forget', 'clear'] as const) {
      const loads = [heldLoad<string>(), heldLoad<string>()] as const
      let runs = 0
      const f = memoize((_: string) => (loads[runs++] ?? loads[1]).load(), {
        cache,
        key: (key) => drop + key,
      })
      const first = f('a')
      await loads[0].begun
      if (drop === 'forget') f.forget('a')
      else f.clear()
      loads[0].finish('old')
      expect(await first).toBe('old')
      loads[1].finish('new')
      expect([await f('a'), await f('a'), runs]).toEqual(['new', 'new', 2])
    }
    let failures = 0
    const failing = (cacheErrors: boolean) =>
      memoize(
        async () => {
          failures++
          throw new RangeError('always')
        },
        { cache, cacheErrors, key: () => `fails ${cacheErrors}` },
      )
    for (const [cacheErrors, expected] of [
      [false, 2],
      [true, 1],
    ] as const) {
      failures = 0
      const f = failing(cacheErrors)
      for (let i = 0; i < 2; i++)
        expect(await failure(f)).toMatchObject({ name: 'RangeError', message: 'always' })
      expect(failures).toBe(expected)
    }
  })

  it('only caches are taken', async () => {
    expect(() => memoize(() => 1, { cache: new Map() as never })).toThrow(InvalidOptionError)
    const store = await open('memory:')
    expect(() => memoize(() => 1, { cache: store as never })).toThrow(InvalidOptionError)
    await store.close()
  })
})
