import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { cached, open, type Store, type StoreCacheOptions } from '../src/index.ts'
import { temporaryFolder } from './support/folders.ts'
import { kinds } from './support/stores.ts'

const seed = Number(process.env['VARVE_CACHE_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
const policies = ['lru', 'lfu', 'fifo', 'ttl', 'sieve', 's3fifo', 'tinylfu'] as const
const shapes: StoreCacheOptions[] = [
  ...policies.map((policy) => ({ policy, maxEntries: 5 })),
  { maxBytes: 3_000 },
  { ttl: 1, maxIdle: 1 },
  { sizeOf: () => 30, maxBytes: 200 },
]

it.each(shapes)('[196] no read is ever stale, whatever is in memory: %j', async (cache) => {
  const store = await open('memory:', { cache })
  onTestFinished(() => store.close())
  await neverStale(store)
  expect(store.metrics().cache.hits).toBeGreaterThan(0)
})

const strategies = ['memory', 'tiered', 'none', 'through a cache'] as const
it.each(kinds.flatMap((kind) => strategies.map((strategy) => [strategy, kind.name, kind] as const)))(
  '[196] no read is ever stale: %s, %s',
  async (strategy, _, kind) => {
    const through = strategy === 'through a cache'
    const store = await open(kind.url(), through ? {} : { cache: strategy })
    onTestFinished(() => store.close())
    await neverStale(through ? cached(store, { ttl: '1h', maxEntries: 8 }) : store)
  },
)

/** Random work on a store beside a plain map. */
async function neverStale(store: Store): Promise<void> {
  let state = seed
  const random = (below: number): number => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0
    return ((state ^ (state >>> 14)) >>> 0) % below
  }
  const known = new Map<string, unknown>()
  const file = join(temporaryFolder(), 'file')
  for (let i = 0; i < 1_500; i++) {
    const key = `k${random(20)}`
    const turn = random(100)
    // Some values cannot be frozen: everyone gets a copy.
    const value = turn % 2 === 0 ? { i } : new Map([[i, 'x']])
    if (turn < 28) {
      await store.set(key, value)
      known.set(key, value)
    } else if (turn < 34) {
      expect(await store.delete(key)).toBe(known.delete(key))
    } else if (turn < 35) {
      await store.clear()
      known.clear()
    } else if (turn < 36) {
      await store.save({ [key]: value })
      known.clear()
      known.set(key, value)
    } else if (turn < 37 && store.revision > 0) {
      await store.snapshots.export(store.revision, file)
      const { version } = await store.snapshots.import(file)
      await store.snapshots.delete(version)
    } else if (turn < 39) {
      const at = store.revision - random(3)
      if (at > 0) {
        await store.restore(at)
        known.clear()
        for (const [one, old] of Object.entries(await store.load({ at }))) known.set(one, old)
      }
    } else if (turn < 60) expect(await store.get(key), `seed ${seed}`).toEqual(known.get(key))
    else expect(store.getSync(key), `seed ${seed}`).toEqual(known.get(key))
  }
}
