import { afterEach, describe, expect, it, vi } from 'vitest'
import { CompactedError, VarveError } from '../../src/index.ts'
import type { Store } from '../../src/index.ts'
import { collect, failure, kinds, opened, pause, reopened, until } from '../support/stores.ts'

afterEach(() => void vi.useRealTimers())

async function versions(store: Store): Promise<string[]> {
  return (await store.snapshots.list()).map(({ version }) => version)
}

describe.each(kinds)('retention on $name', (kind) => {
  it('[151] with at most five snapshots the sixth takes the place of the oldest', async () => {
    const store = await opened(kind.url(), { maxSnapshots: 5 })
    for (let i = 1; i <= 6; i++) {
      await store.set('n', i)
      await store.snapshots.create({ version: `s${i}` })
    }
    expect(await versions(store)).toEqual(['s2', 's3', 's4', 's5', 's6'])
    const after = await reopened(kind, store, { maxSnapshots: 5 })
    expect(await versions(after)).toEqual(['s2', 's3', 's4', 's5', 's6'])
    for (let i = 2; i <= 6; i++) expect(await after.get('n', { at: `s${i}` })).toBe(i)
  })

  it('[152] a limit of 0 removes none', async () => {
    const store = await opened(kind.url(), { maxSnapshots: 0 })
    await store.set('n', 1)
    for (let i = 0; i < 120; i++) await store.snapshots.create({ version: `s${i}` })
    expect(await versions(store)).toHaveLength(120)
  })

  it('[153] automatic snapshots go first, then untagged ones, then the oldest', async () => {
    const store = await opened(kind.url(), { maxSnapshots: 4, autoSnapshot: { every: 15 } })
    await store.set('n', 1)
    await until(async () => (await store.snapshots.list()).some(({ auto }) => auto))
    const first = await store.snapshots.latest()
    await store.snapshots.create({ version: 'tagged1', tags: ['release'] })
    await store.snapshots.create({ version: 'plain1' })
    await store.snapshots.create({ version: 'plain2' })
    expect(await versions(store)).toEqual([first?.version, 'tagged1', 'plain1', 'plain2'])
    await store.snapshots.create({ version: 'tagged2', tags: ['release'] })
    expect(await versions(store)).toEqual(['tagged1', 'plain1', 'plain2', 'tagged2'])
    await store.snapshots.create({ version: 'tagged3', tags: ['release'] })
    expect(await versions(store)).toEqual(['tagged1', 'plain2', 'tagged2', 'tagged3'])
    await store.snapshots.create({ version: 'tagged4', tags: ['release'] })
    expect(await versions(store)).toEqual(['tagged1', 'tagged2', 'tagged3', 'tagged4'])
    await store.snapshots.create({ version: 'tagged5', tags: ['release'] })
    expect(await versions(store)).toEqual(['tagged2', 'tagged3', 'tagged4', 'tagged5'])
  })

  it('[153] many automatic snapshots never push a tagged one out', async () => {
    const store = await opened(kind.url(), { maxSnapshots: 3, autoSnapshot: { every: 5 } })
    await store.set('n', 0)
    await store.snapshots.create({ version: 'release', tags: ['release'] })
    let newest = 0
    for (let i = 1; i <= 6; i++) {
      await store.set('n', i)
      await until(async () => ((await store.snapshots.latest())?.revision ?? 0) > newest)
      newest = (await store.snapshots.latest())?.revision ?? 0
      expect((await store.snapshots.list()).length).toBeLessThanOrEqual(3)
    }
    expect(await versions(store)).toContain('release')
    expect(await store.get('n', { at: 'release' })).toBe(0)
  })

  it('[154] whatever the limit removes, every kept snapshot still reads right', async () => {
    const store = await opened(kind.url(), { maxSnapshots: 3, history: 'snapshots' })
    const expected = new Map<string, unknown>()
    for (let i = 1; i <= 12; i++) {
      await store.set(`k${i % 4}`, { i })
      await store.set('n', i)
      await store.snapshots.create({ version: `s${i}`, tags: i % 5 === 0 ? ['kept'] : [] })
      expected.set(`s${i}`, await store.load())
      if (i % 4 === 0) await store.compact()
      for (const version of await versions(store)) {
        expect(await store.load({ at: version })).toEqual(expected.get(version))
      }
    }
    expect(await versions(store)).toEqual(expect.arrayContaining(['s5', 's10']))
    expect((await store.verify()).ok).toBe(true)
  })

  it('[155] deleting a snapshot by hand leaves the others readable, whatever lies between them', async () => {
    const store = await opened(kind.url(), { history: 'snapshots' })
    for (const n of [1, 2, 3]) {
      await store.set('n', n)
      await store.set(`only:${n}`, n)
      await store.snapshots.create({ version: `s${n}` })
    }
    await store.snapshots.delete('s1')
    await store.compact()
    await store.snapshots.delete('s2')
    await store.compact()
    const after = await reopened(kind, store, { history: 'snapshots' })
    expect(await after.load({ at: 's3' })).toEqual({ n: 3, 'only:1': 1, 'only:2': 2, 'only:3': 3 })
    await after.restore('s3')
    expect(await after.get('n')).toBe(3)
  })

  it('[156] with a limit of 1 and the clock set back the newest by order of creation is kept', async () => {
    const store = await opened(kind.url(), { maxSnapshots: 1 })
    await store.set('n', 1)
    await store.snapshots.create({ version: 'first' })
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 })
    await store.set('n', 2)
    await store.snapshots.create({ version: 'second' })
    expect(await versions(store)).toEqual(['second'])
    expect((await store.snapshots.latest())?.version).toBe('second')
    const commits = await collect(store.log())
    expect(commits.map(({ revision }) => revision)).toEqual([1, 2])
    expect(commits[1]?.at.getTime()).toBeGreaterThanOrEqual(commits[0]?.at.getTime() ?? 0)
  })

  it('[157] what was compacted by count is refused as compacted, never wrong', async () => {
    const store = await opened(kind.url(), { history: { revisions: 10 } })
    for (let i = 1; i <= 50; i++) await store.setMany({ n: i, [`k${i % 7}`]: i })
    const { oldestRevision } = await store.compact()
    const state = (revision: number): Record<string, number> => {
      const expected: Record<string, number> = {}
      for (let i = 1; i <= revision; i++) Object.assign(expected, { n: i, [`k${i % 7}`]: i })
      return expected
    }
    let refused = 0
    for (let revision = 0; revision <= 50; revision++) {
      try {
        expect(await store.load({ at: revision })).toEqual(state(revision))
      } catch (error) {
        expect(error).toBeInstanceOf(CompactedError)
        expect((error as CompactedError).oldest).toBe(oldestRevision)
        expect(revision).toBeLessThan(oldestRevision)
        refused++
      }
    }
    expect(refused).toBeGreaterThan(0)
    expect(oldestRevision).toBeLessThanOrEqual(41)
    await expect(store.restore(oldestRevision - 1)).rejects.toThrow(VarveError)
    expect(await failure(() => store.diff(1).toArray())).toBeInstanceOf(CompactedError)
    const after = await reopened(kind, store, { history: { revisions: 10 } })
    expect(await after.load()).toEqual(state(50))
  })

  it('[157] what was compacted by age is refused as compacted, and snapshots stay readable', async () => {
    const store = await opened(kind.url(), { history: { age: 50 } })
    await store.set('n', 1)
    await store.set('n', 2)
    await store.snapshots.create({ version: 'kept' })
    await store.set('n', 3)
    await pause(80)
    await store.set('n', 4)
    await store.compact()
    expect(await store.get('n')).toBe(4)
    expect(await store.get('n', { at: 'kept' })).toBe(2)
    expect(await failure(() => store.get('n', { at: 1 }))).toBeInstanceOf(CompactedError)
    expect((await store.verify()).ok).toBe(true)
  })
})
