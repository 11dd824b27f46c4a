import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { NotFoundError, VarveError } from '../../src/index.ts'
import type { Snapshot, Store } from '../../src/index.ts'
import { freshPath } from '../support/folders.ts'
import { elsewhere } from '../support/processes.ts'
import { collect, failure, kinds, opened, reopened } from '../support/stores.ts'

afterEach(() => void vi.useRealTimers())

async function states(store: Store): Promise<unknown[]> {
  return [
    await store.load(),
    Object.fromEntries(await collect(store.entries())),
    Object.fromEntries(
      await Promise.all((await collect(store.keys())).map(async (key) => [key, await store.get(key)])),
    ),
    Object.fromEntries((await collect(store.keys())).map((key) => [key, store.getSync(key)])),
  ]
}

describe.each(kinds)('snapshots on $name', (kind) => {
  it('[83] restoring the first snapshot gives the first state, the second the second', async () => {
    const store = await opened(kind.url())
    await store.save({ a: 1, gone: true })
    await store.snapshots.create({ version: 'initial' })
    await store.save({ a: 2, b: [1, 2] })
    await store.snapshots.create({ version: 'modified' })
    await store.restore('initial')
    expect(await store.load()).toEqual({ a: 1, gone: true })
    await store.restore('modified')
    expect(await store.load()).toEqual({ a: 2, b: [1, 2] })
  })

  it('[84] restoring a tag brings the state of the newest snapshot that has it', async () => {
    const store = await opened(kind.url())
    for (const n of [1, 2, 3]) {
      await store.set('n', n)
      await store.snapshots.create(n < 3 ? { tags: ['good'] } : {})
    }
    await store.restore('good')
    expect(await store.get('n')).toBe(2)
    expect(await store.get('n', { at: 'good' })).toBe(2)
  })

  it('[85] the oldest snapshot with a tag is the first of its list', async () => {
    const store = await opened(kind.url())
    for (const n of [1, 2, 3]) {
      await store.set('n', n)
      await store.snapshots.create({ version: `s${n}`, tags: n === 1 ? ['other'] : ['good'] })
    }
    const [oldest] = await store.snapshots.list({ tag: 'good' })
    expect(oldest?.version).toBe('s2')
    expect((await store.snapshots.latest('good'))?.version).toBe('s3')
  })

  it('[86] after a restore every view shows it at once, and a reopen and another process too', async () => {
    const store = await opened(kind.url())
    await store.setMany({ a: 1, b: 1 })
    await store.snapshots.create({ version: 's' })
    await store.setMany({ a: 2, c: 2 })
    await store.delete('b')
    expect(store.getSync('a')).toBe(2)
    const revision = await store.restore('s')
    expect(revision).toBe(store.revision)
    for (const state of await states(store)) expect(state).toEqual({ a: 1, b: 1 })
    if (kind.persistent) expect(await (await elsewhere(store.url)).call('load')).toEqual({ a: 1, b: 1 })
    for (const state of await states(await reopened(kind, store))) expect(state).toEqual({ a: 1, b: 1 })
  })

  it('[87] the state before a restore can be brought back', async () => {
    const store = await opened(kind.url())
    await store.set('a', 1)
    await store.snapshots.create({ version: 's' })
    await store.setMany({ a: 2, unsaved: 'work' })
    const before = store.revision
    const restored = await store.restore('s')
    expect(await store.load()).toEqual({ a: 1 })
    await store.restore(before)
    expect(await store.load()).toEqual({ a: 2, unsaved: 'work' })
    await store.restore(restored)
    expect(await store.load()).toEqual({ a: 1 })
    const commits = await collect(store.log({ from: restored, to: restored }))
    expect(commits).toMatchObject([{ restoredFrom: 1 }])
  })

  it('[88] a restore that fails leaves the state before', async () => {
    const store = await opened(kind.url(), { schema: { a: atMost(5) } })
    await store.set('a', 5)
    await store.snapshots.create({ version: 's' })
    await store.set('a', 4)
    const revision = store.revision
    await expect(store.restore('none')).rejects.toThrow(NotFoundError)
    await expect(store.restore(1_000)).rejects.toThrow(VarveError)
    await expect(store.restore('s', { prefixx: 'a' } as never)).rejects.toThrow(VarveError)
    expect(await store.load()).toEqual({ a: 4 })
    expect(store.revision).toBe(revision)
  })

  it('[89] an unknown version or tag is not found, and nothing changes', async () => {
    const store = await opened(kind.url())
    await store.set('a', 1)
    await store.snapshots.create({ version: 's', tags: ['t'] })
    for (const ref of ['none', 'S', 't ', '']) {
      for (const call of [
        () => store.restore(ref),
        () => store.get('a', { at: ref }),
        () => store.snapshots.get(ref),
        () => store.snapshots.delete(ref),
        () => store.snapshots.tag(ref, 'x'),
        () => store.diff(ref).toArray(),
        () => store.load({ at: ref }),
      ]) {
        const error = await failure(call)
        expect(error).toBeInstanceOf(VarveError)
        if (ref !== '') expect(error).toBeInstanceOf(NotFoundError)
      }
    }
    expect(await failure(() => store.restore(99))).toBeInstanceOf(NotFoundError)
    expect(await store.load()).toEqual({ a: 1 })
    expect(store.revision).toBe(1)
  })

  it('[90] without a snapshot the latest is undefined, and asking for one by name is a not-found error', async () => {
    const store = await opened(kind.url())
    await store.set('a', 1)
    expect(await store.snapshots.latest()).toBeUndefined()
    expect(await store.snapshots.latest('t')).toBeUndefined()
    await expect(store.snapshots.get('latest')).rejects.toThrow(NotFoundError)
  })

  it('[91] reading a snapshot does not change the current state', async () => {
    const store = await opened(kind.url())
    await store.setMany({ a: 1, b: 1 })
    await store.snapshots.create({ version: 's' })
    await store.setMany({ a: 2, c: 2 })
    const revision = store.revision
    expect(await store.load({ at: 's' })).toEqual({ a: 1, b: 1 })
    expect(await collect(store.entries({ at: 's' }))).toEqual([
      ['a', 1],
      ['b', 1],
    ])
    expect(await collect(store.keys({ at: 's', reverse: true }))).toEqual(['b', 'a'])
    expect(await store.count({ at: 's' })).toBe(2)
    expect(store.getSync('a', { at: 's' })).toBe(1)
    expect(await store.getMany(['a', 'c'], { at: 's' })).toEqual(new Map([['a', 1]]))
    expect(await store.has('c', { at: 's' })).toBe(false)
    expect(store.revision).toBe(revision)
    expect(await store.load()).toEqual({ a: 2, b: 1, c: 2 })
  })

  it('[92] "latest" is the snapshot made last, also within a millisecond and with the clock set back', async () => {
    const store = await opened(kind.url())
    await store.set('a', 1)
    const made = await Promise.all(['z', 'y', 'x'].map((version) => store.snapshots.create({ version })))
    expect(made.map(({ version }) => version)).toEqual(['z', 'y', 'x'])
    expect((await store.snapshots.latest())?.version).toBe('x')
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 })
    await store.set('a', 2)
    await store.snapshots.create({ version: 'w', tags: ['t'] })
    expect((await store.snapshots.latest())?.version).toBe('w')
    vi.useRealTimers()
    const after = await reopened(kind, store)
    expect((await after.snapshots.latest())?.version).toBe('w')
    expect((await after.snapshots.list()).map(({ version }) => version)).toEqual(['z', 'y', 'x', 'w'])
  })

  it('[93] versions are unique and stable over a reopen; the list is in order of creation', async () => {
    const store = await opened(kind.url(), { maxSnapshots: 0 })
    const made: string[] = []
    for (let i = 0; i < 30; i++) {
      if (i % 3 > 0) await store.set('n', i)
      made.push((await store.snapshots.create()).version)
    }
    expect(new Set(made).size).toBe(made.length)
    expect((await store.snapshots.list()).map(({ version }) => version)).toEqual(made)
    const after = await reopened(kind, store, { maxSnapshots: 0 })
    expect((await after.snapshots.list()).map(({ version }) => version)).toEqual(made)
    expect(made[1]).toBe('v1')
  })

  it('[94] a listed snapshot has its version, time, tags, description, user data, checksum, sizes and maker', async () => {
    const store = await opened(kind.url(), { actor: 'ann' })
    await store.setMany({ a: 1, b: 'x'.repeat(1_000) })
    const start = Date.now()
    const options = {
      version: 'r1',
      tags: ['b', 'a'],
      description: 'the first',
      meta: { build: 7, at: new Date(0) },
    }
    const made = await store.snapshots.create(options)
    const [listed] = await (await reopened(kind, store)).snapshots.list()
    expect(listed).toEqual(made)
    expect(listed).toMatchObject({
      version: 'r1',
      revision: 1,
      description: 'the first',
      meta: { build: 7, at: new Date(0) },
      createdBy: 'ann',
      keys: 2,
      auto: false,
    })
    expect(listed?.tags.toSorted()).toEqual(['a', 'b'])
    expect(listed?.createdAt).toBeInstanceOf(Date)
    expect(Math.abs((listed?.createdAt.getTime() ?? 0) - start)).toBeLessThan(5_000)
    expect(listed?.bytes).toBeGreaterThanOrEqual(1_000)
    expect(listed?.bytes).toBeLessThan(1_100)
    expect(listed?.checksum).toMatch(/^[0-9a-f]+$/)
  })

  it('[95] changing lists and entries that went in or came out does not change what is stored', async () => {
    const store = await opened(kind.url())
    await store.set('a', 1)
    const tags = ['a']
    const meta = { list: [1] }
    const made = await store.snapshots.create({ version: 's', tags, meta })
    tags.push('b')
    meta.list.push(2)
    const [listed] = await store.snapshots.list()
    for (const snapshot of [made, listed] as { -readonly [K in keyof Snapshot]: Snapshot[K] }[]) {
      for (const change of [
        () => (snapshot.tags as string[]).push('c'),
        () => (snapshot.meta['list'] as number[]).push(3),
        () => (snapshot.version = 'other'),
        () => snapshot.createdAt.setTime(0),
      ]) {
        try {
          change()
        } catch {
          // Frozen is as good.
        }
      }
    }
    const after = await store.snapshots.get('s')
    expect(after).toMatchObject({ version: 's', tags: ['a'], meta: { list: [1] } })
    expect(after.createdAt.getTime()).toBeGreaterThan(0)
    expect(await store.snapshots.list({ tag: 'b' })).toEqual([])
  })

  it('[96] a tag given twice counts once; tags that are not a list are refused', async () => {
    const store = await opened(kind.url())
    await store.set('a', 1)
    const snapshot = await store.snapshots.create({ tags: ['a', 'a'] })
    expect(snapshot.tags).toEqual(['a'])
    expect(await store.snapshots.tags()).toEqual(new Map([['a', 1]]))
    await expect(store.snapshots.create({ tags: 'prod' as never })).rejects.toThrow(VarveError)
    await expect(store.snapshots.create({ tags: [5] as never })).rejects.toThrow(VarveError)
    expect(await store.snapshots.list()).toHaveLength(1)
  })

  it('[97] adding a tag twice and removing one that is not there break nothing', async () => {
    const store = await opened(kind.url())
    await store.set('a', 1)
    await store.snapshots.create({ version: 's', tags: ['a'] })
    expect((await store.snapshots.tag('s', 'a', 'b', 'b')).tags.toSorted()).toEqual(['a', 'b'])
    expect((await store.snapshots.untag('s', 'none')).tags.toSorted()).toEqual(['a', 'b'])
    expect((await store.snapshots.untag('s', 'a', 'a')).tags).toEqual(['b'])
    expect(await (await reopened(kind, store)).snapshots.tags()).toEqual(new Map([['b', 1]]))
  })

  it('[98] tags are listed with the number of snapshots that bear them', async () => {
    const store = await opened(kind.url())
    await store.set('a', 1)
    await store.snapshots.create({ version: 's1', tags: ['a', 'b'] })
    await store.snapshots.create({ version: 's2', tags: ['a'] })
    await store.snapshots.create({ version: 's3' })
    expect(await store.snapshots.tags()).toEqual(
      new Map([
        ['a', 2],
        ['b', 1],
      ]),
    )
    await store.snapshots.untag('s1', 'b')
    await store.snapshots.delete('s2')
    expect(await store.snapshots.tags()).toEqual(new Map([['a', 1]]))
  })

  it('[99] a version that exists is refused, and the old snapshot is unchanged', async () => {
    const store = await opened(kind.url())
    await store.set('a', 1)
    const first = await store.snapshots.create({ version: 's', tags: ['first'] })
    await store.set('a', 2)
    await expect(store.snapshots.create({ version: 's', tags: ['second'] })).rejects.toThrow(VarveError)
    expect(await store.snapshots.list()).toEqual([first])
    expect(await store.get('a', { at: 's' })).toBe(1)
  })
})

/** A schema that lets numbers up to a limit through. */
function atMost(limit: number): {
  '~standard': {
    version: 1
    vendor: string
    validate(value: unknown): { value: unknown } | { issues: { message: string }[] }
  }
} {
  return {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) =>
        typeof value === 'number' && value <= limit
          ? { value }
          : { issues: [{ message: `more than ${limit}` }] },
    },
  }
}

it('[100] a version with path parts is refused or kept safely inside the store', async () => {
  for (const version of ['../../x', '/etc/x', 'a/b', '..', 'a\\b']) {
    const url = freshPath()
    const store = await opened(url)
    await store.set('a', 1)
    try {
      await store.snapshots.create({ version })
      await store.set('a', 2)
      expect(await store.get('a', { at: version })).toBe(1)
      expect((await store.snapshots.get(version)).version).toBe(version)
    } catch (error) {
      expect(error).toBeInstanceOf(VarveError)
    }
    expect(readdirSync(dirname(url))).toEqual(['store'])
    await store.close()
  }
})

it('[101] snapshots of every kind of value are read back with type and value', async () => {
  const values = [
    null,
    5,
    true,
    '123',
    'hello',
    '',
    new Uint8Array([1, 2]),
    [1, [2]],
    'true',
    '{"a":1}',
    'null',
  ]
  for (const kind of kinds) {
    const store = await opened(kind.url())
    for (const [i, value] of values.entries()) {
      await store.set('k', value)
      await store.snapshots.create({ version: `s${i}` })
    }
    await store.delete('k')
    const after = await reopened(kind, store)
    for (const [i, value] of values.entries()) {
      expect(await after.get('k', { at: `s${i}` })).toStrictEqual(value)
      await after.restore(`s${i}`)
      expect(await after.get('k')).toStrictEqual(value)
    }
  }
})
