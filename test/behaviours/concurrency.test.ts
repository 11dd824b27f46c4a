import { describe, expect, it } from 'vitest'
import { ConflictError, InvalidOptionError, ReadOnlyError } from '../../src/index.ts'
import type { Store } from '../../src/index.ts'
import { start } from '../support/processes.ts'
import { collect, failure, kinds, opened, sqlite } from '../support/stores.ts'

describe.each(kinds)('concurrency on $name', (kind) => {
  it('[281] four concurrent writers of 40 keys make 160 keys', async () => {
    const store = await opened(kind.url())
    const writer = async (name: string): Promise<void> => {
      for (let i = 0; i < 40; i++) await store.as(name).set(`${name}:${i}`, i)
    }
    await Promise.all(['a', 'b', 'c', 'd'].map(writer))
    expect(await store.count()).toBe(160)
    expect(store.revision).toBe(160)
    const actors = (await collect(store.log())).map(({ actor }) => actor)
    for (const name of ['a', 'b', 'c', 'd']) expect(actors.filter((actor) => actor === name)).toHaveLength(40)
  })

  it('[282] listing and comparing while snapshots are made fails never and is consistent', async () => {
    const store = await opened(kind.url(), { maxSnapshots: 20, durability: 'process' })
    let making = true
    const make = async (): Promise<void> => {
      for (let i = 0; i < 200; i++) {
        await store.set('n', i)
        await store.snapshots.create({ version: `s${i}`, tags: [`t${i % 3}`] })
      }
      making = false
    }
    const read = async (): Promise<number> => {
      let rounds = 0
      while (making) {
        const list = await store.snapshots.list()
        const numbers = list.map(({ version }) => Number(version.slice(1)))
        expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
        expect(numbers.length).toBeLessThanOrEqual(20)
        const tags = await store.snapshots.tags()
        expect([...tags.values()].reduce((sum, n) => sum + n, 0)).toBeLessThanOrEqual(20)
        const newest = await store.snapshots.latest()
        if (newest) {
          const { from, to, changed } = await store.diff(newest.revision).summary()
          expect(to).toBeGreaterThanOrEqual(from)
          expect(changed).toBeLessThanOrEqual(1)
        }
        rounds++
        await new Promise((resolve) => void setImmediate(resolve))
      }
      return rounds
    }
    const [, ...rounds] = await Promise.all([make(), read(), read(), read()])
    for (const count of rounds) expect(count).toBeGreaterThan(1)
  })

  it('[284] readers see all of a batch or none of it', async () => {
    const store = await opened(kind.url(), { durability: 'process' })
    const keys = Array.from({ length: 50 }, (_, i) => `k${i}`)
    const batch = (n: number): [string, number][] => keys.map((key) => [key, n])
    await store.setMany(batch(0))
    let writing = true
    const write = async (): Promise<void> => {
      for (let n = 1; n <= 100; n++) {
        if (n % 2 === 0) await store.setMany(batch(n))
        else await store.transact((tx) => batch(n).forEach(([key, value]) => tx.set(key, value)))
      }
      writing = false
    }
    const read = async (): Promise<void> => {
      while (writing) {
        expect(new Set(keys.map((key) => store.getSync(key))).size).toBe(1)
        expect(new Set(Object.values(await store.load())).size).toBe(1)
        expect(new Set((await store.getMany(keys)).values()).size).toBe(1)
        const seen = new Set<unknown>()
        for await (const [, value] of store.entries()) {
          seen.add(value)
          await new Promise((resolve) => void setImmediate(resolve))
        }
        expect(seen.size).toBe(1)
      }
    }
    await Promise.all([write(), read(), read()])
    expect(store.revision).toBe(101)
  })

  it('[285] a write that stands on a stale revision is refused, and nothing changes', async () => {
    const store = await opened(kind.url())
    const first = await store.set('k', 1)
    await store.set('other', 1)
    const second = await store.set('k', 2, { ifRevision: first })
    for (const write of [
      () => store.set('k', 3, { ifRevision: first }),
      () => store.set('k', 3, { ifRevision: 0 }),
      () => store.delete('k', { ifRevision: first }),
      () => store.setMany({ k: 3, more: 3 }, { ifRevision: first }),
    ]) {
      const error = await failure(write)
      expect(error).toBeInstanceOf(ConflictError)
      expect((error as ConflictError).actual).toBe(second)
    }
    expect(await store.load()).toEqual({ k: 2, other: 1 })
    expect(store.revision).toBe(second)
    await store.set('new', 1, { ifRevision: 0 })
    await expect(store.set('new', 2, { ifRevision: 0 })).rejects.toThrow(ConflictError)
    expect(await store.delete('k', { ifRevision: second })).toBe(true)
  })

  it('[285] of many writers that stand on the same revision exactly one gets through', async () => {
    const store = await opened(kind.url())
    const first = await store.set('k', 0)
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => store.set('k', i + 1, { ifRevision: first })),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(store.revision).toBe(first + 1)
  })
})

it('[287] a read-only handle refuses every change', async () => {
  const url = sqlite.url()
  const writer = await opened(url)
  await writer.set('a', 1)
  await writer.snapshots.create({ version: 's' })
  const store = await opened(url, { readOnly: true })
  const changes: ((store: Store) => Promise<unknown>)[] = [
    (s) => s.set('a', 2),
    (s) => s.setMany({ a: 2 }),
    (s) => s.delete('a'),
    (s) => s.clear(),
    (s) => s.save({ a: 2 }),
    (s) => s.update('a', () => 2),
    (s) => s.transact((tx) => tx.set('a', 2)),
    (s) => s.restore(0),
    (s) => s.as('ann').set('a', 2),
    (s) => s.scope('a').set('b', 2),
    (s) => s.compact(),
    (s) => s.snapshots.create({ version: 'x' }),
    (s) => s.snapshots.tag('s', 'x'),
    (s) => s.snapshots.untag('s', 'x'),
    (s) => s.snapshots.delete('s'),
  ]
  for (const change of changes) {
    expect(await failure(() => change(store)), String(change)).toBeInstanceOf(ReadOnlyError)
  }
  expect(await store.load()).toEqual({ a: 1 })
  // What others write it sees.
  await writer.set('a', 2)
  expect(store.getSync('a')).toBe(2)
  expect(await failure(() => opened('memory:', { readOnly: true }))).toBeInstanceOf(InvalidOptionError)
})

it('[283] closing while an automatic snapshot runs leaves nothing that keeps the program alive', async () => {
  const program = start('snapshotting.mjs', [sqlite.url()])
  expect(await program.next()).toBe('done')
  const done = performance.now()
  expect(await program.exited).toEqual({ code: 0, signal: null })
  expect(performance.now() - done).toBeLessThan(2_000)
})
