import { describe, expect, it } from 'vitest'
import { CompactedError } from '../../src/index.ts'
import { collect, failure, kinds, opened, reopened } from '../support/stores.ts'

describe.each(kinds)('history on $name', (kind) => {
  it('[58] history names every change with time, revision, who, before and after, newest first', async () => {
    const store = await opened(kind.url())
    const start = Date.now()
    await store.as('ann').set('k', 1)
    await store.as('bob').set('k', 2)
    const changes = await collect(store.history('k'))
    expect(changes).toMatchObject([
      { key: 'k', type: 'changed', before: 1, after: 2, revision: 2, actor: 'bob' },
      { key: 'k', type: 'added', before: undefined, after: 1, revision: 1, actor: 'ann' },
    ])
    for (const { at } of changes) {
      expect(at).toBeInstanceOf(Date)
      expect(at.getTime()).toBeGreaterThanOrEqual(start - 1)
      expect(at.getTime()).toBeLessThanOrEqual(Date.now() + 1)
    }
    expect((await collect(store.history('k', { limit: 1 }))).map(({ actor }) => actor)).toEqual(['bob'])
    expect((await collect(store.history('k', { from: 1 }))).map(({ actor }) => actor)).toEqual(['ann'])
  })

  it('[59] without an actor the program and its pid are recorded', async () => {
    const store = await opened(kind.url())
    await store.set('k', 1)
    const [change] = await collect(store.history('k'))
    expect(change?.actor).toContain(String(process.pid))
    const [commit] = await collect(store.log())
    expect(commit?.actor).toBe(change?.actor)
    const named = await opened(kind.url(), { actor: 'ann' })
    await named.set('k', 1)
    expect((await collect(named.history('k')))[0]?.actor).toBe('ann')
  })

  it('[60] history is still there after a reopen', async () => {
    const store = await opened(kind.url(), { actor: 'ann' })
    await store.set('k', { n: 1 })
    await store.set('k', new Map([['n', 2]]))
    await store.delete('k')
    const before = await collect(store.history('k'))
    const log = await collect(store.log())
    const after = await reopened(kind, store)
    expect(await collect(after.history('k'))).toEqual(before)
    expect(await collect(after.log())).toEqual(log)
    expect(before).toHaveLength(3)
  })

  it('[61] a delete is recorded with the old value, and the key is not listed', async () => {
    const store = await opened(kind.url())
    await store.as('ann').set('k', 'old')
    await store.as('bob').delete('k')
    const [change] = await collect(store.history('k'))
    expect(change).toMatchObject({
      type: 'removed',
      before: 'old',
      after: undefined,
      actor: 'bob',
      revision: 2,
    })
    expect(await collect(store.keys())).toEqual([])
    await store.set('k', 'new')
    expect((await collect(store.history('k')))[0]).toMatchObject({
      type: 'added',
      before: undefined,
      after: 'new',
    })
  })

  it('[62] the same value set again by another actor is recorded', async () => {
    const store = await opened(kind.url())
    await store.as('ann').set('k', 1)
    await store.as('bob').set('k', 1)
    const changes = await collect(store.history('k'))
    expect(changes.map(({ actor, before, after }) => [actor, before, after])).toEqual([
      ['bob', 1, 1],
      ['ann', undefined, 1],
    ])
  })

  it('[63] 1 and then true is a change, and reads back as true', async () => {
    const store = await opened(kind.url())
    await store.set('k', 1)
    await store.set('k', true)
    const after = await reopened(kind, store)
    expect(await after.get('k')).toBe(true)
    expect((await collect(after.history('k')))[0]).toMatchObject({ before: 1, after: true })
    expect(await after.diff(1).toArray()).toMatchObject([
      { key: 'k', type: 'changed', before: 1, after: true },
    ])
  })

  it('[64] null on a fresh key makes the key with null', async () => {
    const store = await opened(kind.url())
    await store.set('k', null)
    const after = await reopened(kind, store)
    expect(await after.has('k')).toBe(true)
    expect(await after.get('k')).toBeNull()
    expect(await collect(after.entries())).toEqual([['k', null]])
    expect((await collect(after.history('k')))[0]).toMatchObject({ type: 'added', after: null })
  })

  it('[65] a key at a revision or a time is what it was then', async () => {
    const store = await opened(kind.url())
    const revisions: number[] = []
    for (let i = 1; i <= 60; i++) {
      revisions.push(i % 10 === 0 ? (await store.delete('k'), store.revision) : await store.set('k', { i }))
      await store.set('other', i)
    }
    const after = await reopened(kind, store)
    for (const [n, revision] of revisions.entries()) {
      const i = n + 1
      const expected = i % 10 === 0 ? undefined : { i }
      expect(await after.get('k', { at: revision })).toEqual(expected)
      expect(after.getSync('k', { at: revision })).toEqual(expected)
      expect(await after.has('k', { at: revision })).toBe(expected !== undefined)
    }
    expect(await after.get('k', { at: 0 })).toBeUndefined()
    const [newest] = await collect(after.log({ reverse: true, limit: 1 }))
    expect(await after.get('other', { at: newest?.at ?? 0 })).toBe(60)
    expect(await after.get('other', { at: new Date(Date.now() + 60_000) })).toBe(60)
  })

  it('[72] beyond its limit the oldest history goes, never a current value', async () => {
    const store = await opened(kind.url(), { history: { revisions: 5 } })
    await store.set('untouched', 'old')
    for (let i = 1; i <= 20; i++) await store.set('k', i)
    const report = await store.compact()
    expect(report.oldestRevision).toBeGreaterThan(1)
    expect(report.after.records).toBeLessThan(report.before.records)
    const after = await reopened(kind, store, { history: { revisions: 5 } })
    expect(await after.load()).toEqual({ k: 20, untouched: 'old' })
    const kept = await collect(after.history('k'))
    // Five readable revisions have four changes between them.
    expect(kept.length).toBeGreaterThanOrEqual(4)
    expect(kept.length).toBeLessThan(20)
    expect(kept[0]).toMatchObject({ before: 19, after: 20 })
    for (let revision = report.oldestRevision; revision <= 21; revision++) {
      expect(await after.load({ at: revision })).toEqual({ k: revision - 1, untouched: 'old' })
    }
    expect(await failure(() => after.get('k', { at: 2 }))).toBeInstanceOf(CompactedError)
    expect((await after.verify()).ok).toBe(true)
  })
})
