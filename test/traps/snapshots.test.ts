import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { VarveError } from '../../src/index.ts'
import type { Store } from '../../src/index.ts'
import { fingerprint, folderSize, freshPath } from '../support/folders.ts'
import {
  collect,
  failure,
  kinds,
  median,
  opened,
  pause,
  reopened,
  sqlite,
  timings,
} from '../support/stores.ts'

afterEach(() => void vi.useRealTimers())

async function versions(store: Store): Promise<string[]> {
  return (await store.snapshots.list()).map(({ version }) => version)
}

describe.each(kinds)('snapshot traps on $name', (kind) => {
  it('[trap 54] with the clock an hour back the snapshot made last is the latest, and the limit keeps it', async () => {
    const store = await opened(kind.url(), { maxSnapshots: 1 })
    await store.set('n', 1)
    await store.snapshots.create({ version: 'old' })
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 })
    await store.set('n', 2)
    await store.snapshots.create({ version: 'new' })
    expect(await versions(store)).toEqual(['new'])
    expect((await store.snapshots.latest())?.version).toBe('new')
    expect(await store.get('n', { at: 'new' })).toBe(2)
  })

  it('[trap 61] [trap 63] equal snapshots do not differ; values of different type do', async () => {
    const store = await opened(kind.url())
    const pairs: [unknown, unknown, boolean][] = [
      [1, true, true],
      [0, false, true],
      ['1', 1, true],
      [1, 1.0, false],
      [Number.NaN, Number.NaN, false],
      [{ a: 1, b: 2 }, { b: 2, a: 1 }, false],
      [null, 0, true],
      ['', null, true],
      [[1], { 0: 1 }, true],
    ]
    for (const [before, after, different] of pairs) {
      const from = await store.set('k', before)
      const to = await store.set('k', after)
      expect((await store.diff(from, to).summary()).different, `${String(before)} -> ${String(after)}`).toBe(
        different,
      )
    }
  })

  it('[trap 64] snapshots of lists compare like any other', async () => {
    const store = await opened(kind.url())
    await store.set('k', [1, [2, { x: 3 }]])
    await store.snapshots.create({ version: 'one' })
    await store.set('k', [1, [2, { x: 4 }], 5])
    await store.snapshots.create({ version: 'two' })
    expect(await store.diff('one', 'two').toArray()).toMatchObject([
      { before: [1, [2, { x: 3 }]], after: [1, [2, { x: 4 }], 5] },
    ])
  })

  it('[trap 65] a snapshot tells the size of what it keeps', async () => {
    const store = await opened(kind.url(), { compression: false })
    await store.set('k', 'x'.repeat(1_000_000))
    const large = await store.snapshots.create()
    expect(large.bytes).toBeGreaterThanOrEqual(1_000_000)
    expect(large.bytes).toBeLessThan(1_001_000)
    await store.set('k', 'x')
    expect((await store.snapshots.create()).bytes).toBeLessThan(100)
    if (kind.persistent) {
      await store.close()
      expect(folderSize(store.url)).toBeGreaterThan(1_000_000)
    }
  })

  it('[trap 66] text, bytes and what looks like JSON keep their type in a snapshot', async () => {
    const store = await opened(kind.url())
    const values = ['hello', '', new Uint8Array([104, 105]), '123', 'true', '{"a":1}', 'null', '[1]']
    await store.setMany(values.map((value, i) => [`k${i}`, value] as const))
    await store.snapshots.create({ version: 's' })
    await store.clear()
    const after = await reopened(kind, store)
    await after.restore('s')
    for (const [i, value] of values.entries()) expect(await after.get(`k${i}`)).toStrictEqual(value)
  })

  it('[trap 68] a version is used once, a tag counts once, and tags are a list', async () => {
    const store = await opened(kind.url())
    await store.set('n', 1)
    await store.snapshots.create({ version: 's', tags: ['a', 'a'] })
    await store.set('n', 2)
    expect(await failure(() => store.snapshots.create({ version: 's' }))).toBeInstanceOf(VarveError)
    expect(
      await failure(() => store.snapshots.create({ tags: 'prod' as unknown as string[] })),
    ).toBeInstanceOf(VarveError)
    expect(await store.snapshots.tags()).toEqual(new Map([['a', 1]]))
    expect(await store.get('n', { at: 's' })).toBe(1)
  })

  it('[trap 69] nothing that was handed in or out is shared between snapshots', async () => {
    const store = await opened(kind.url())
    await store.set('n', 1)
    const options = { tags: ['a'], meta: { by: { name: 'ann' } } }
    await store.snapshots.create({ version: 's1', ...options })
    options.tags.push('b')
    options.meta.by.name = 'bob'
    await store.snapshots.create({ version: 's2', ...options })
    const list = await store.snapshots.list()
    try {
      const tags = list.pop()?.tags as string[] | undefined
      tags?.push('c')
    } catch {
      // Frozen is as good.
    }
    expect((await store.snapshots.list()).map(({ tags, meta }) => [tags.toSorted(), meta])).toEqual([
      [['a'], { by: { name: 'ann' } }],
      [['a', 'b'], { by: { name: 'bob' } }],
    ])
  })

  it('[trap 70] [trap 71] checksums depend on content and type alone, not on the time', async () => {
    const checksum = async (value: unknown): Promise<string> => {
      const store = await opened(kind.url())
      await store.set('k', value)
      return (await store.snapshots.create()).checksum
    }
    const values = [
      'x',
      new TextEncoder().encode('x'),
      { a: 1 },
      '{"a":1}',
      new Map([[1, 'x']]),
      { 1: 'x' },
      [1],
      new Set([1]),
    ]
    const first = await Promise.all(values.map(checksum))
    await pause(15)
    expect(await Promise.all(values.map(checksum))).toEqual(first)
    expect(new Set(first).size).toBe(values.length)
  })

  it('[trap 74] a snapshot costs the same, however many there are', async () => {
    const store = await opened(kind.url(), { maxSnapshots: 0, durability: 'process' })
    await store.set('n', 1)
    const times: number[] = []
    for (let i = 0; i < 1_500; i++) {
      const start = performance.now()
      await store.snapshots.create({ version: `s${i}` })
      times.push(performance.now() - start)
    }
    expect(median(times.slice(-100))).toBeLessThan(median(times.slice(5, 105)) * (timings ? 2 : 4) + 0.5)
  })

  it('[trap 75] the standard versions follow the order of creation and come from no clock', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 86_400_000 })
    const store = await opened(kind.url())
    await store.set('n', 1)
    const first = await store.snapshots.create()
    vi.useRealTimers()
    await store.set('n', 2)
    const second = await store.snapshots.create()
    expect([first.version, second.version]).toEqual(['v1', 'v2'])
    expect(await versions(store)).toEqual(['v1', 'v2'])
  })
})

it('[trap 59] opening and closing again and again pushes no tagged snapshot out and makes none without changes', async () => {
  const url = sqlite.url()
  const options = { maxSnapshots: 3, autoSnapshot: { every: 5 } } as const
  const store = await opened(url, options)
  await store.set('k', new Map([['tuple', [1, 2]]]))
  await store.snapshots.create({ version: 'release', tags: ['release'] })
  await store.close()
  let list: string[] | undefined
  for (let i = 0; i < 4; i++) {
    const again = await opened(url, options)
    await pause(15)
    const now = await versions(again)
    expect(now).toContain('release')
    if (list) expect(now).toEqual(list)
    list = now
    await again.close()
  }
})

it('[trap 60] opening and closing an empty store leaves no snapshot and no change', async () => {
  const url = sqlite.url()
  const first = await opened(url, { autoSnapshot: { every: 5 } })
  await pause(15)
  await first.close()
  const before = fingerprint(url)['store.db']
  const second = await opened(url, { autoSnapshot: { every: 5 } })
  await pause(15)
  expect(await second.snapshots.list()).toEqual([])
  expect(await collect(second.log())).toEqual([])
  await second.close()
  expect(fingerprint(url)['store.db']).toBe(before)
})

it('[trap 117] a version is a name and never a path', async () => {
  const url = freshPath()
  const store = await opened(url)
  await store.set('n', 1)
  const before = readdirSync(url)
  for (const version of ['../../escaped', '/tmp/escaped', 'a/../../escaped', '..\\escaped']) {
    try {
      await store.snapshots.create({ version, tags: [version] })
      expect((await store.snapshots.get(version)).version).toBe(version)
    } catch (error) {
      expect(error).toBeInstanceOf(VarveError)
    }
  }
  expect(readdirSync(url)).toEqual(before)
  expect(readdirSync(dirname(url))).toEqual(['store'])
  expect(existsSync(join(dirname(dirname(url)), 'escaped'))).toBe(false)
})
