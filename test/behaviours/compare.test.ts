import { describe, expect, it } from 'vitest'
import { InvalidOptionError, NotFoundError } from '../../src/index.ts'
import type { Change, Range } from '../../src/index.ts'
import { collect, kinds, opened } from '../support/stores.ts'

const named = (changes: readonly Change[], type: Change['type']): string[] =>
  changes.filter((change) => change.type === type).map(({ key }) => key)

describe.each(kinds)('comparing on $name', (kind) => {
  it('[134] a diff of two snapshots names both revisions, what changed, who and when', async () => {
    const store = await opened(kind.url())
    await store.as('ann').setMany({ a: 1, b: 1 })
    const first = await store.snapshots.create({ version: 'one' })
    await store.as('bob').set('a', 2)
    const second = await store.snapshots.create({ version: 'two' })
    const diff = store.diff('one', 'two')
    expect(await diff.summary()).toEqual({
      from: first.revision,
      to: second.revision,
      different: true,
      added: 0,
      changed: 1,
      removed: 0,
    })
    expect(await diff.toArray()).toMatchObject([
      { key: 'a', type: 'changed', before: 1, after: 2, actor: 'bob', revision: 2 },
    ])
    expect(await collect(diff)).toEqual(await diff.toArray())
    expect(second.createdAt.getTime()).toBeGreaterThanOrEqual(first.createdAt.getTime())
  })

  it('[135] equal snapshots are not different, also after changes there and back', async () => {
    const store = await opened(kind.url())
    await store.setMany({ a: 1, b: [1] })
    await store.snapshots.create({ version: 'one' })
    await store.snapshots.create({ version: 'same' })
    await store.set('a', 2)
    await store.set('c', 2)
    await store.delete('c')
    await store.set('a', 1)
    await store.set('b', [1])
    await store.snapshots.create({ version: 'back' })
    for (const to of ['one', 'same', 'back']) {
      const diff = store.diff('one', to)
      expect(await diff.toArray()).toEqual([])
      expect(await diff.summary()).toMatchObject({ different: false, added: 0, changed: 0, removed: 0 })
    }
  })

  it('[136] added, changed and removed keys are named exactly, also under a prefix', async () => {
    const store = await opened(kind.url())
    await store.setMany({ 'u:same': 1, 'u:changed': { deep: [1, { x: 1 }] }, 'u:removed': 1, 'v:changed': 1 })
    await store.snapshots.create({ version: 'one' })
    await store.setMany({
      'u:changed': { deep: [1, { x: 2 }] },
      'u:added': null,
      'v:changed': 2,
      'u:brief': 1,
    })
    await store.delete('u:removed')
    await store.delete('u:brief')
    const changes = await store.diff('one').toArray()
    expect(named(changes, 'added')).toEqual(['u:added'])
    expect(named(changes, 'changed').toSorted()).toEqual(['u:changed', 'v:changed'])
    expect(named(changes, 'removed')).toEqual(['u:removed'])
    expect(changes.find(({ key }) => key === 'u:changed')).toMatchObject({
      before: { deep: [1, { x: 1 }] },
      after: { deep: [1, { x: 2 }] },
    })
    const inV = await store.diff('one', undefined, { prefix: 'v:' }).toArray()
    expect(inV.map(({ key }) => key)).toEqual(['v:changed'])
  })

  it('[137] the other way round added and removed swap, and so do before and after', async () => {
    const store = await opened(kind.url())
    await store.setMany({ changed: 1, removed: 1 })
    const one = store.revision
    await store.setMany({ changed: 2, added: 2 })
    await store.delete('removed')
    const two = store.revision
    const there = await store.diff(one, two).toArray()
    const back = await store.diff(two, one).toArray()
    expect(named(back, 'added')).toEqual(named(there, 'removed'))
    expect(named(back, 'removed')).toEqual(named(there, 'added'))
    for (const change of there) {
      const other = back.find(({ key }) => key === change.key)
      expect(other).toMatchObject({ before: change.after, after: change.before })
    }
    expect(back).toHaveLength(there.length)
    const [sumThere, sumBack] = [await store.diff(one, two).summary(), await store.diff(two, one).summary()]
    expect(sumBack).toMatchObject({ from: sumThere.to, to: sumThere.from, changed: 1, added: 1, removed: 1 })
  })

  it('[138] lists, and values of any type, are compared', async () => {
    const store = await opened(kind.url())
    const before = {
      list: [1, 2, 3],
      map: new Map([['a', 1]]),
      same: new Set([1]),
      date: new Date(0),
      type: 1,
    }
    await store.setMany(before)
    await store.setMany({
      list: [1, 3],
      map: new Map([['a', 2]]),
      same: new Set([1]),
      date: new Date(1),
      type: '1',
    })
    const changes = await store.diff(1).toArray()
    expect(named(changes, 'changed').toSorted()).toEqual(['date', 'list', 'map', 'type'])
    expect(changes.find(({ key }) => key === 'list')).toMatchObject({ before: [1, 2, 3], after: [1, 3] })
  })

  it('a diff can be limited, and told from its end', async () => {
    const store = await opened(kind.url())
    await store.setMany({ a: 1, b: 1, c: 1, d: 1 })
    await store.set('b', 2)
    await store.delete('a')
    const keys = async (range: Range): Promise<string[]> =>
      (await store.diff(0, undefined, range).toArray()).map(({ key }) => key)
    const all = await keys({})
    expect(all.toSorted()).toEqual(['b', 'c', 'd'])
    expect(await keys({ reverse: true })).toEqual(all.toReversed())
    expect(await keys({ limit: 2 })).toEqual(all.slice(0, 2))
    expect(await keys({ reverse: true, limit: 1 })).toEqual(all.slice(-1))
    expect(await keys({ limit: 0 })).toEqual([])
    expect(await store.diff(0, undefined, { limit: 2 }).summary()).toMatchObject({ added: 2, changed: 0 })
    expect(await store.diff(0, 1, { limit: 0 }).summary()).toMatchObject({ different: false })
    expect(() => store.diff(0, 1, { at: 1 })).toThrow(InvalidOptionError)
    expect(() => store.diff(0, 1, null as unknown as Range)).toThrow(InvalidOptionError)
  })

  it('[139] an unknown version is not found', async () => {
    const store = await opened(kind.url())
    await store.set('a', 1)
    await expect(store.diff('none').toArray()).rejects.toThrow(NotFoundError)
    await expect(store.diff(0, 'none').summary()).rejects.toThrow(NotFoundError)
    await expect(collect(store.diff('none', 'other'))).rejects.toThrow(NotFoundError)
  })
})
