import { afterEach, describe, expect, it, vi } from 'vitest'
import { collect, kinds, median, opened, pause, reopened, sqlite, timings } from '../support/stores.ts'
import { elsewhere } from '../support/processes.ts'
import { InvalidOptionError } from '../../src/index.ts'
import type { Store } from '../../src/index.ts'

afterEach(() => void vi.useRealTimers())

/** Whether every view of a store agrees that the key is there, or that it is not. */
async function presence(store: Store, key: string): Promise<boolean[]> {
  return [
    (await store.get(key)) !== undefined,
    store.getSync(key) !== undefined,
    await store.has(key),
    (await store.getMany([key])).has(key),
    (await collect(store.keys())).includes(key),
    (await collect(store.entries())).some(([name]) => name === key),
    Object.hasOwn(await store.load(), key),
    (await store.count({ gte: key, lte: key })) === 1,
    await store.transact(async (tx) => (await tx.get(key)) !== undefined),
  ]
}
const everywhere = Array.from({ length: 9 }, () => true)
const nowhere = Array.from({ length: 9 }, () => false)

describe.each(kinds)('time to live on $name', (kind) => {
  it('[74] a key with a ttl of 0.5 s is there before and gone at 0.5 s, in every view', async () => {
    const store = await opened(kind.url())
    await store.set('stays', 1)
    const start = performance.now()
    await store.set('short', 1, { ttl: 500 })
    expect(await presence(store, 'short')).toEqual(everywhere)
    await pause(400 - (performance.now() - start))
    if (performance.now() - start < 450) expect(store.getSync('short')).toBe(1)
    await pause(520 - (performance.now() - start))
    expect(await presence(store, 'short')).toEqual(nowhere)
    expect(await presence(store, 'stays')).toEqual(everywhere)
    expect(await collect(store.keys())).toEqual(['stays'])
  })

  it('[74] words mean what they say, for one key, for many and in a transaction', async () => {
    const store = await opened(kind.url(), { durability: 'process' })
    const start = performance.now()
    await store.setMany({ a: 1, b: 2 }, { ttl: '400ms' })
    await store.transact((tx) => tx.set('c', 3, { ttl: '0.4s' }))
    await store.set('later', 4, { ttl: '5m' })
    const set = performance.now()
    const count = await store.count()
    if (performance.now() - start < 400) expect(count).toBe(4)
    await pause(420 - (performance.now() - set))
    expect(await collect(store.keys())).toEqual(['later'])
  })

  it.each([0, -1, '0s', '-1s', Number.NaN])('[75] a ttl of %j is refused', async (ttl) => {
    const store = await opened(kind.url())
    await store.set('k', 'before')
    await expect(store.set('k', 1, { ttl: ttl as number })).rejects.toThrow(InvalidOptionError)
    await expect(store.setMany({ k: 1 }, { ttl: ttl as number })).rejects.toThrow(InvalidOptionError)
    expect(await store.get('k')).toBe('before')
  })

  it('[77] a jump of the wall clock does not change what is left of a lifetime', async () => {
    const store = await opened(kind.url())
    await store.set('long', 1, { ttl: '1m' })
    await store.set('short', 1, { ttl: 100 })
    const start = performance.now()
    for (const jump of [3_600_000, -3_600_000, 10 * 365 * 86_400_000]) {
      vi.useFakeTimers({ toFake: ['Date'], now: new Date().getTime() + jump })
      expect(await presence(store, 'long'), `after a jump of ${jump} ms`).toEqual(everywhere)
      if (performance.now() - start < 80) expect(await store.has('short')).toBe(true)
      vi.useRealTimers()
    }
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 })
    await pause(110 - (performance.now() - start))
    expect(await presence(store, 'short')).toEqual(nowhere)
    expect(await presence(store, 'long')).toEqual(everywhere)
  })

  it('[79] an overwrite without a ttl has none, not the old deadline', async () => {
    const store = await opened(kind.url())
    await store.set('k', 1, { ttl: 60 })
    await store.set('k', 2)
    await store.set('updated', 1, { ttl: 60 })
    await store.update<number>('updated', (n) => (n ?? 0) + 1)
    await store.set('renewed', 1, { ttl: 60 })
    await store.set('renewed', 2, { ttl: '1h' })
    await pause(80)
    expect(await store.load()).toEqual({ k: 2, updated: 2, renewed: 2 })
    expect(await (await reopened(kind, store)).load()).toEqual({ k: 2, updated: 2, renewed: 2 })
  })

  it('[80] with 10,000 entries that have a ttl a get costs no more than twice a get without any', async () => {
    const entries = Array.from({ length: 10_000 }, (_, i) => [`key:${i}`, i] as const)
    const keys = entries.map(([key]) => key)
    const stores: Store[] = []
    for (const ttl of [{}, { ttl: '1h' }] as const) {
      const store = await opened(kind.url(), { durability: 'process' })
      await store.setMany(entries, ttl)
      stores.push(store)
    }
    const times: number[][] = [[], []]
    // By turns, so that both have the same share of a machine's moods.
    for (let round = 0; round < 30; round++) {
      for (const [i, store] of stores.entries()) {
        const start = performance.now()
        for (const key of keys) store.getSync(key)
        times[i]?.push(performance.now() - start)
      }
    }
    const [without = 0, withTtl = 0] = times.map(median)
    expect(withTtl).toBeLessThan(without * (timings ? 2 : 20) + 0.2)
  })

  it('[82] a lifetime that spans a change to or from summer time lasts as long as it says', async () => {
    const zone = process.env['TZ']
    process.env['TZ'] = 'Europe/Berlin'
    try {
      for (const night of ['2026-10-25T00:59:59.990Z', '2026-03-29T00:59:59.990Z']) {
        vi.useFakeTimers({ toFake: ['Date'], now: new Date(night) })
        const store = await opened(kind.url())
        const start = performance.now()
        await store.set('k', 1, { ttl: 150 })
        vi.setSystemTime(new Date(night).getTime() + 60)
        if (performance.now() - start < 120) expect(await store.has('k')).toBe(true)
        await pause(170 - (performance.now() - start))
        expect(await presence(store, 'k')).toEqual(nowhere)
        vi.useRealTimers()
      }
    } finally {
      if (zone === undefined) delete process.env['TZ']
      else process.env['TZ'] = zone
    }
  })
})

it('[78] after a reopen an entry is absent if its time is over, else it lives on for what is left', async () => {
  const url = sqlite.url()
  const store = await opened(url)
  const start = performance.now()
  await store.set('short', 1, { ttl: 100 })
  await store.set('middle', 1, { ttl: 1_200 })
  await store.set('long', 1, { ttl: '1h' })
  await store.close()
  await pause(120 - (performance.now() - start))
  const after = await opened(url)
  expect(await presence(after, 'short')).toEqual(nowhere)
  if (performance.now() - start < 1_000) expect(await presence(after, 'middle')).toEqual(everywhere)
  const remote = await elsewhere(url)
  expect(await remote.call('load')).toEqual(await after.load())
  await pause(1_230 - (performance.now() - start))
  expect(await presence(after, 'middle')).toEqual(nowhere)
  expect(await remote.call('has', 'middle')).toBe(false)
  expect(await presence(after, 'long')).toEqual(everywhere)
})

it('[78] an entry that ended while nobody had the store open is recorded as expired, not as removed', async () => {
  const url = sqlite.url()
  const store = await opened(url)
  await store.set('short', 'value', { ttl: 30 })
  await store.close()
  await pause(40)
  const after = await opened(url)
  await after.set('other', 1)
  await expect.poll(async () => (await collect(after.history('short')))[0]?.type).toBe('expired')
  const [change] = await collect(after.history('short'))
  expect(change).toMatchObject({ before: 'value', after: undefined })
})
