/** Random work on caches with a disk: what is read is the newest value, or nothing. */
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { realContext } from '../src/context.ts'
import { PersistentCache, TieredCache } from '../src/index.ts'
import type { TieredCacheOptions } from '../src/index.ts'
import { faultyContext } from '../src/testing/faults.ts'
import { numbersBelow } from '../src/testing/random.ts'
import { freshPath } from './support/folders.ts'
import { collect, setting } from './support/stores.ts'

const operations = setting('VARVE_CACHE_OPERATIONS', 20_000) / 10
const seed = setting('VARVE_CACHE_SEED', Math.floor(Math.random() * 2 ** 31))
vi.setConfig({ testTimeout: 60_000 + operations * 10 })

interface Known {
  readonly value: number
  readonly ends: number
  readonly tag: string | undefined
}

const shapes: [string, TieredCacheOptions, complete: boolean][] = [
  ['a small memory', { memory: { maxEntries: 5 } }, true],
  ['no promotion', { promote: false, memory: { maxEntries: 5 } }, true],
  ['a memory as large as the disk', {}, true],
  ['a small disk', { memory: { maxEntries: 5 }, disk: { maxEntries: 12 } }, false],
  [
    'a disk smaller than memory',
    { memory: { maxEntries: 20 }, disk: { maxEntries: 8, policy: 'lfu' } },
    false,
  ],
  ['little time', { memory: { maxEntries: 8, ttl: 50 }, ttl: 300 }, true],
]

describe.each(shapes)('two handles on one tiered cache, with %s', (_, options, complete) => {
  it(`random work shows the newest value or nothing (VARVE_CACHE_SEED=${seed})`, async () => {
    const random = numbersBelow(seed)
    const context = faultyContext(realContext())
    const path = freshPath('cache')
    const opened = (): Promise<TieredCache<number>> => TieredCache.open<number>(path, options, context)
    const handles = [await opened(), await opened()]
    onTestFinished(async () => void (await Promise.all(handles.map((handle) => handle.close()))))
    const model = new Map<string, Known>()
    const alive = (key: string): Known | undefined => {
      const known = model.get(key)
      return known !== undefined && known.ends > context.clock.steady() ? known : undefined
    }
    const unwritten: Promise<unknown>[] = []
    let found = 0
    for (let n = 0; n < operations; n++) {
      const at = random(handles.length)
      const cache = handles[at] as TieredCache<number>
      const key = `key ${random(24)}`
      const settle = async (work: Promise<unknown>): Promise<void> => {
        // Not awaited: what comes next in this turn, by the same handle, has to see it all the same.
        if (random(3) > 0) await work
        else {
          unwritten.push(work)
          expect([complete ? alive(key)?.value : undefined, alive(key)?.value]).toContain(
            await cache.get(key),
          )
          await work
        }
      }
      const ttl = random(4) === 0 ? 1 + random(200) : undefined
      switch (random(12)) {
        case 0:
        case 1:
        case 2: {
          const tag = random(3) === 0 ? `tag ${random(3)}` : undefined
          const ends = context.clock.steady() + (ttl ?? (options.ttl as number | undefined) ?? Infinity)
          model.set(key, { value: n, ends, tag })
          await settle(
            cache.set(key, n, {
              ...(ttl !== undefined && { ttl }),
              ...(tag !== undefined && { tags: [tag] }),
            }),
          )
          break
        }
        case 3: {
          const was = alive(key) !== undefined
          model.delete(key)
          const deleted = await cache.delete(key)
          if (complete) expect(deleted).toBe(was)
          break
        }
        case 4: {
          const tag = `tag ${random(3)}`
          await cache.deleteByTag(tag)
          for (const [name, known] of model) if (known.tag === tag) model.delete(name)
          break
        }
        case 5: {
          const before = alive(key)?.value
          const value = await cache.getOrSet(key, () => n)
          expect([before ?? n, ...(complete ? [] : [n])]).toContain(value)
          if (value === n)
            model.set(key, {
              value,
              ends: context.clock.steady() + ((options.ttl as number | undefined) ?? Infinity),
              tag: undefined,
            })
          break
        }
        case 6:
          context.clock.advance(random(60))
          break
        case 7:
          if (random(40) === 0) {
            model.clear()
            await settle(cache.clear())
          }
          break
        case 8:
          if (random(10) === 0) {
            await cache.close()
            handles[at] = await opened()
          }
          break
        case 9: {
          const keys = await collect(cache.keys())
          expect(new Set(keys).size).toBe(keys.length)
          const expected = [...model.keys()].filter((name) => alive(name) !== undefined)
          for (const name of keys) expect(expected).toContain(name)
          if (complete) expect(keys.toSorted()).toEqual(expected.toSorted())
          break
        }
        default: {
          const value = await cache.get(key)
          if (value !== undefined) found++
          if (complete) expect(value).toBe(alive(key)?.value)
          else if (value !== undefined) expect(value).toBe(alive(key)?.value)
        }
      }
    }
    await Promise.all(unwritten)
    expect(found).toBeGreaterThan(operations / 30)
  })
})

it(`a persistent cache is after each reopen what it was before (VARVE_CACHE_SEED=${seed})`, async () => {
  const random = numbersBelow(seed)
  const context = faultyContext(realContext())
  const path = freshPath('cache')
  const options = { maxEntries: 30, policy: 'lru' } as const
  let cache = await PersistentCache.open<number>(path, options, context)
  const model = new Map<string, { value: number; ends: number }>()
  const alive = (key: string): number | undefined => {
    const known = model.get(key)
    return known !== undefined && known.ends > context.clock.steady() ? known.value : undefined
  }
  for (let n = 0; n < operations; n++) {
    const key = `key ${random(25)}`
    switch (random(8)) {
      case 0:
      case 1: {
        const ttl = random(3) === 0 ? 1 + random(300) : undefined
        cache.set(key, n, ttl === undefined ? {} : { ttl })
        model.set(key, { value: n, ends: context.clock.steady() + (ttl ?? Infinity) })
        break
      }
      case 2:
        expect(cache.delete(key)).toBe(alive(key) !== undefined)
        model.delete(key)
        break
      case 3:
        context.clock.advance(random(100))
        break
      case 4:
        if (random(4) === 0) {
          await cache.close()
          cache = await PersistentCache.open<number>(path, options, context)
        }
        break
      case 5:
        if (random(60) === 0) {
          model.clear()
          await cache.clear()
        }
        break
      default:
        // There are fewer keys than there is room: nothing is evicted.
        expect(cache.get(key)).toBe(alive(key))
    }
  }
  expect([...cache.keys()].toSorted()).toEqual(
    [...model.keys()].filter((key) => alive(key) !== undefined).toSorted(),
  )
  await cache.close()
})
