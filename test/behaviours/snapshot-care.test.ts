import { describe, expect, it } from 'vitest'
import { NotFoundError } from '../../src/index.ts'
import type { Store } from '../../src/index.ts'
import { folderSize } from '../support/folders.ts'
import { start } from '../support/processes.ts'
import { collect, kinds, lives, median, opened, pause, sqlite, timings, until } from '../support/stores.ts'

async function automatic(store: Store): Promise<number> {
  return (await store.snapshots.list()).filter(({ auto }) => auto).length
}

describe.each(kinds)('many snapshots on $name', (kind) => {
  it('[102] the 1,000th snapshot of the same state takes no longer than the first ones', async () => {
    const store = await opened(kind.url(), { maxSnapshots: 0, durability: 'process' })
    await store.setMany(Array.from({ length: 1_000 }, (_, i) => [`key:${i}`, { i }] as const))
    const times: number[] = []
    for (let i = 0; i < 1_000; i++) {
      const begin = performance.now()
      await store.snapshots.create({ version: `s${i}` })
      times.push(performance.now() - begin)
    }
    const early = median(times.slice(5, 55))
    const late = median(times.slice(-50))
    expect(late).toBeLessThan(early * (timings ? 2 : 4) + 0.5)
    expect(await store.snapshots.list()).toHaveLength(1_000)
  })

  it('[103] automatic snapshots are made only if something changed, and are marked as such', async () => {
    const store = await opened(kind.url(), { autoSnapshot: { every: 20 } })
    await pause(70)
    expect(await store.snapshots.list()).toEqual([])
    await store.set('n', 1)
    await until(async () => (await automatic(store)) === 1)
    await pause(70)
    expect(await automatic(store)).toBe(1)
    await store.set('n', 2)
    await until(async () => (await automatic(store)) === 2)
    const [first, second] = await store.snapshots.list()
    expect(first).toMatchObject({ auto: true, revision: 1 })
    expect(second).toMatchObject({ auto: true, revision: 2 })
    expect(first?.tags).toEqual(['auto'])
    const tagged = await opened(kind.url(), { autoSnapshot: { every: 20, tag: 'nightly' } })
    await tagged.set('n', 1)
    await until(async () => (await automatic(tagged)) === 1)
    expect((await tagged.snapshots.latest('nightly'))?.auto).toBe(true)
  })

  it('[105] when all snapshots are deleted the list is empty and the state untouched', async () => {
    const store = await opened(kind.url())
    for (let i = 0; i < 5; i++) {
      await store.set('n', i)
      await store.snapshots.create({ tags: ['t'] })
    }
    for (const { version } of await store.snapshots.list()) await store.snapshots.delete(version)
    for await (const view of lives(kind, store)) {
      expect(await view.snapshots.list()).toEqual([])
      expect(await view.snapshots.tags()).toEqual(new Map())
      expect(await view.snapshots.latest()).toBeUndefined()
      expect(await view.load()).toEqual({ n: 4 })
    }
    await expect(store.snapshots.get('v1')).rejects.toThrow(Error)
  })
})

it('[104] closing takes at most one last automatic snapshot, and none without changes', async () => {
  const url = sqlite.url()
  const options = { autoSnapshot: { every: '1h' } } as const
  const store = await opened(url, options)
  await store.set('n', 1)
  await store.set('n', 2)
  await store.close()
  const second = await opened(url, options)
  const after = await second.snapshots.list()
  expect(after.length).toBeLessThanOrEqual(1)
  await second.close()
  const third = await opened(url, options)
  expect(await third.snapshots.list()).toEqual(after)
  await third.close()
})

it('[106] a snapshot made while others write shows one revision', async () => {
  const url = sqlite.url()
  const store = await opened(url, { maxSnapshots: 0, durability: 'process' })
  const writer = start('pairs.mjs', [url])
  await writer.next()
  const versions: string[] = []
  for (let i = 0; i < 50; i++) versions.push((await store.snapshots.create({ version: `s${i}` })).version)
  await writer.ask('stop')
  const seen: number[] = []
  for (const version of versions) {
    const state = await store.load({ at: version })
    expect(state['left']).toBe(state['right'])
    seen.push(Number(state['left']))
    expect(Object.fromEntries(await collect(store.entries({ at: version })))).toEqual(state)
  }
  expect(seen).toEqual(seen.toSorted((a, b) => a - b))
})

it('[107] the space of a deleted snapshot comes back at the latest with a compaction', async () => {
  const url = sqlite.url()
  // Kept whole, so that there is something to give back.
  const options = { history: 'snapshots', maxSnapshots: 0, compression: false, delta: 'none' } as const
  const store = await opened(url, options)
  for (let i = 0; i < 20; i++) {
    await store.set(
      'large',
      Array.from({ length: 5_000 }, (_, n) => n * (i + 7)),
    )
    await store.snapshots.create({ version: `s${i}` })
  }
  await store.compact()
  await store.close()
  const before = folderSize(url)
  const second = await opened(url, options)
  for (let i = 0; i < 19; i++) await second.snapshots.delete(`s${i}`)
  const report = await second.compact()
  expect(report.after.records).toBeLessThan(report.before.records)
  await expect(second.load({ at: 's3' })).rejects.toThrow(NotFoundError)
  expect((await second.verify()).ok).toBe(true)
  const last = await second.load({ at: 's19' })
  expect(last).toEqual(await second.load())
  await second.close()
  expect(folderSize(url)).toBeLessThan(before / 4)
})

it('verify and compact tell their progress to the end, also where there is little or nothing to do', async () => {
  for (const keys of [0, 3, 2_500]) {
    const store = await opened('memory:', { history: 'snapshots' })
    const seen: Record<string, (readonly [number, number])[]> = { verify: [], compact: [], again: [] }
    const into = (name: string) => ({
      onProgress: (done: number, total: number) => void seen[name]?.push([done, total]),
    })
    for (let round = 0; round < 2; round++)
      await store.setMany(Object.fromEntries(Array.from({ length: keys }, (_, n) => [`k${n}`, round])))
    await store.verify(into('verify'))
    await store.compact(into('compact'))
    await store.compact(into('again'))
    for (const [name, calls] of Object.entries(seen)) {
      const [done, total] = calls.at(-1) ?? []
      expect(done, `${name} of ${keys}`).toBe(total)
      expect(total).toBe({ verify: 3 * keys }[name] ?? 2 * keys)
      expect(calls.every(([now], i) => i === 0 || now >= (calls[i - 1]?.[0] ?? 0))).toBe(true)
    }
  }
})
