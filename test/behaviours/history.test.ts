import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CompactedError, open } from '../../src/index.ts'
import { openDatabase } from '../support/driver.ts'
import { freshPath } from '../support/folders.ts'
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

/** Damages the database of a closed store, and says where verify finds what. */
async function foundAfter(url: string, damage: (path: string) => void): Promise<string[]> {
  const copy = freshPath()
  cpSync(url, copy, { recursive: true })
  damage(join(copy, 'store.db'))
  const store = await open(copy, { readOnly: true })
  const { ok, damaged } = await store.verify()
  await store.close()
  expect(ok).toBe(damaged.length === 0)
  return damaged.map(({ where, why }) => (why.includes('lost with it') ? `${where} and others` : where))
}

function by(...changes: readonly string[]): (path: string) => void {
  return (path) => {
    const db = openDatabase(path)
    // Else what replaces a value would be written down.
    db.exec('drop trigger state_changed')
    for (const change of changes) db.exec(change)
    db.close()
  }
}

it('[132] one damaged record of the history, or of a revision, is one finding, and two are two', async () => {
  const url = freshPath()
  const store = await open(url)
  await store.setMany({ a: 'aaa', b: 'MARKERB', c: 1 })
  await store.snapshots.create({ version: 'first' })
  await store.set('b', 'new')
  await store.set('a', 'new')
  await store.set('a', 'newer')
  // An open looks at the newest two revisions, and refuses them if they are damaged.
  await store.set('c', 2)
  await store.close()
  const flipped = (path: string): void => {
    const bytes = readFileSync(path)
    bytes[bytes.indexOf('MARKERB')]! ^= 1
    writeFileSync(path, bytes)
  }
  expect(await foundAfter(url, () => undefined)).toEqual([])
  expect(await foundAfter(url, flipped)).toEqual(['change 4 of "b"'])
  for (const column of ['sum = sum + 1', 'sum = sum + 123456789', 'prev = prev + 1', `key = key || 'x'`]) {
    const found = await foundAfter(url, by(`update changes set ${column} where id = 4`))
    expect(found, column).toEqual([column.startsWith('key') ? 'change 4 of "bx"' : 'change 4 of "b"'])
  }
  for (const column of [
    'keys = 9',
    'bytes = 9',
    'sums = 9',
    'at = 9',
    'last = 9',
    `actor = 'x'`,
    `why = 'x'`,
  ])
    for (const revision of [1, 2, 3]) {
      const found = await foundAfter(url, by(`update commits set ${column} where revision = ${revision}`))
      expect(found, column).toEqual([`revision ${revision}`])
    }
  expect(await foundAfter(url, by('update commits set hash = zeroblob(32) where revision = 2'))).toEqual([
    'revision 2',
  ])
  // What is wrong besides is found besides.
  const other = `update changes set before = '"wrong"' where id = 5`
  const sum = 'update changes set sum = 5 where id = 4'
  const total = 'update commits set sums = 9 where revision = 2'
  expect(await foundAfter(url, by(sum, other))).toEqual(['change 4 of "b"', 'change 5 of "a"'])
  expect(await foundAfter(url, by(total, other))).toEqual(['revision 2', 'change 5 of "a"'])
  expect(await foundAfter(url, by(total, sum))).toEqual(['revision 2', 'change 4 of "b"'])
  // Every record fits its checksum here, and two stand in each other's place.
  const exchanged = [
    'update changes set id = -4 where id = 4',
    'update changes set id = 4 where id = 5',
    'update changes set id = 5 where id = -4',
  ]
  expect(await foundAfter(url, by(...exchanged))).toEqual(['revision 2', 'revision 3'])
  expect(await foundAfter(url, by(`update changes set before = '"x"' where id = 6`, ...exchanged))).toEqual([
    'change 6 of "a"',
    'revision 2',
    'revision 3',
  ])
})

it('[132] of values that are kept as differences the first lost one is found, and names those that are lost with it', async () => {
  const url = freshPath()
  const store = await open(url, { delta: 'binary' })
  const text = (n: number): string =>
    Array.from({ length: 99 }, (_, i) => `word ${i === n ? n : i * 7}`).join()
  for (let n = 0; n < 7; n++) await store.set('text', text(n))
  await store.close()
  const broken = (id: number): string =>
    `update changes set before = unhex(substr(hex(before), 1, 2 * (length(before) - 1)) || '00') where id = ${id}`
  expect(await foundAfter(url, by(broken(2)))).toEqual(['change 2 of "text"'])
  expect(await foundAfter(url, by(broken(6)))).toEqual(['change 6 of "text" and others'])
  expect(await foundAfter(url, by(`update state set value = '"x"'`))).toEqual([
    '"text" in the state and others',
  ])
  // Here the value is right and only its checksum is not: nothing is lost with it, so that the other is one for itself.
  expect(await foundAfter(url, by('update changes set sum = 99999999 where id = 6', broken(5)))).toEqual([
    'change 5 of "text" and others',
    'change 6 of "text"',
  ])
})
