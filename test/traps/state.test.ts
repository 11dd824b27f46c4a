import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ClosedError, InvalidKeyError, InvalidValueError, open } from '../../src/index.ts'
import { collect, failure, kinds, opened, reopened, sqlite } from '../support/stores.ts'

it('[trap 24] get and load never tell two stories after a restart, nor after the next set', async () => {
  const url = sqlite.url()
  const store = await opened(url)
  await store.set('a', 1)
  await store.snapshots.create()
  await store.set('b', 2)
  await store.set('a', 99)
  await store.close()
  const second = await opened(url)
  expect([await second.get('a'), await second.get('b'), await second.load()]).toEqual([
    99,
    2,
    { a: 99, b: 2 },
  ])
  await second.set('c', 3)
  await second.close()
  expect(await (await opened(url)).load()).toEqual({ a: 99, b: 2, c: 3 })
})

it('[trap 25] [trap 26] a restart keeps all keys, with no snapshot, and with newer changes than the last snapshot', async () => {
  for (const snapshots of [0, 2]) {
    const url = sqlite.url()
    const store = await opened(url)
    for (let i = 0; i < 100; i++) await store.set(`k${i}`, i)
    for (let i = 0; i < snapshots; i++) {
      await store.snapshots.create({ version: `s${i}` })
      await store.set('k0', `changed ${i}`)
    }
    const expected = await store.load()
    await store.close()
    const second = await opened(url)
    expect(await second.load()).toEqual(expected)
    await second.set('z', 0)
    await second.close()
    expect(await (await opened(url)).load()).toEqual({ ...expected, z: 0 })
  }
})

it('[trap 27] nothing deleted or cleared comes back with a restart', async () => {
  const url = sqlite.url()
  const store = await opened(url)
  await store.setMany({ a: 1, b: 2, c: 3 })
  await store.snapshots.create()
  await store.delete('a')
  await store.close()
  const second = await opened(url)
  expect(await second.load()).toEqual({ b: 2, c: 3 })
  await second.clear()
  await second.close()
  const third = await opened(url)
  expect(await third.load()).toEqual({})
  expect(await third.has('b')).toBe(false)
})

describe.each(kinds)('state traps on $name', (kind) => {
  it('[trap 28] a read after save shows what was saved, also of keys that were read before', async () => {
    const store = await opened(kind.url())
    await store.setMany({ k: 1, dropped: 1 })
    expect([await store.get('k'), store.getSync('dropped')]).toEqual([1, 1])
    await store.save({ k: 2 })
    expect([await store.get('k'), store.getSync('k'), store.getSync('dropped')]).toEqual([2, 2, undefined])
    expect(await store.load()).toEqual({ k: 2 })
    await store.save({ k: 3 })
    expect(await store.load()).toEqual({ k: 3 })
  })

  it('[trap 29] one bad value poisons nothing', async () => {
    const store = await opened(kind.url())
    await failure(() => store.set('bad', () => 1))
    expect(await store.get('bad')).toBeUndefined()
    await store.set('good', 1)
    await store.snapshots.create()
    expect(await (await reopened(kind, store)).load()).toEqual({ good: 1 })
    if (kind.persistent) expect(readdirSync(store.url).filter((name) => name.includes('tmp'))).toEqual([])
  })

  it('[trap 30] a refused save changes neither memory nor disk', async () => {
    const store = await opened(kind.url())
    await store.save({ a: 1 })
    await failure(() => store.save({ a: 2, bad: Symbol('s') }))
    await failure(() => store.transact((tx) => (tx.set('a', 3), tx.set('bad', () => 1))))
    await failure(() =>
      store.transact((tx) => {
        tx.set('a', 4)
        throw new Error('on purpose')
      }),
    )
    expect(await store.load()).toEqual({ a: 1 })
    expect(await (await reopened(kind, store)).load()).toEqual({ a: 1 })
  })

  it('[trap 31] a key removed and added again is there in the diff, the past and the state', async () => {
    const store = await opened(kind.url())
    await store.setMany({ k: 1, x: 1 })
    await store.delete('k')
    await store.set('x', 2)
    await store.set('k', 2)
    expect(await store.load()).toEqual({ k: 2, x: 2 })
    const since = async (revision: number): Promise<Record<string, string>> =>
      Object.fromEntries((await store.diff(revision).toArray()).map(({ key, type }) => [key, type]))
    expect(await since(1)).toEqual({ k: 'changed', x: 'changed' })
    expect(await since(2)).toEqual({ k: 'added', x: 'changed' })
    expect((await store.diff(1).toArray()).map(({ after }) => after)).toEqual([2, 2])
    await store.restore(2)
    expect(await store.load()).toEqual({ x: 1 })
    await store.restore(4)
    expect(await store.load()).toEqual({ k: 2, x: 2 })
  })

  it('[trap 34] [trap 97] values, loaded states, changes and batches are copies', async () => {
    const store = await opened(kind.url())
    const nested = { list: [{ n: 1 }] }
    const batch = new Map([['b', nested]])
    await store.set('a', nested)
    await store.setMany(batch)
    await store.update<typeof nested>('a', (current) => {
      const copy = structuredClone(current) ?? nested
      copy.list.push({ n: 2 })
      return copy
    })
    nested.list.push({ n: 99 })
    const spoil = (value: unknown): void => {
      try {
        ;(value as typeof nested).list.push({ n: 98 })
      } catch {
        // Frozen is as good.
      }
    }
    spoil(await store.get('a'))
    spoil((await store.load())['a'])
    spoil((await store.getMany(['a'])).get('a'))
    for (const [, value] of await collect(store.entries())) spoil(value)
    for (const { before, after } of await collect(store.history('a'))) [before, after].forEach(spoil)
    for (const { before, after } of await store.diff(1).toArray()) [before, after].forEach(spoil)
    await store.transact(async (tx) => spoil(await tx.get('a')))
    const expected = { a: { list: [{ n: 1 }, { n: 2 }] }, b: { list: [{ n: 1 }] } }
    expect(await store.load()).toEqual(expected)
    expect(store.getSync('a')).toEqual(expected.a)
    expect((await collect(store.history('a')))[0]?.after).toEqual(expected.a)
  })

  it('[trap 53] a restore is a revision like any other and can be undone', async () => {
    const store = await opened(kind.url())
    await store.set('a', 1)
    await store.snapshots.create({ version: 's' })
    await store.set('unsaved', 1)
    const before = store.revision
    expect(await store.restore('s')).toBe(before + 1)
    expect(await store.load()).toEqual({ a: 1 })
    expect(await store.load({ at: before })).toEqual({ a: 1, unsaved: 1 })
    await store.restore(before)
    expect(await store.load()).toEqual({ a: 1, unsaved: 1 })
    expect(await store.snapshots.list()).toHaveLength(1)
  })

  it('[trap 98] there is one state: no view is left behind by another', async () => {
    const store = await opened(kind.url())
    const scoped = store.scope('app:')
    const named = store.as('ann')
    await store.set('app:n', 1)
    await named.set('app:n', true)
    await scoped.set('none', null)
    for (const view of [store, named]) {
      expect(await view.load()).toEqual({ 'app:n': true, 'app:none': null })
      expect(view.getSync('app:n')).toBe(true)
      expect(await view.has('app:none')).toBe(true)
    }
    expect(await scoped.load()).toEqual({ n: true, none: null })
    expect([store.revision, scoped.revision, named.revision]).toEqual([3, 3, 3])
  })

  it('[trap 99] delete leaves no key with null, and of a missing key it says false', async () => {
    const store = await opened(kind.url())
    await store.set('k', 1)
    expect([await store.delete('k'), await store.delete('k'), await store.delete('never')]).toEqual([
      true,
      false,
      false,
    ])
    expect(await store.load()).toEqual({})
    expect(await store.has('k')).toBe(false)
    expect(store.revision).toBe(2)
  })

  it('[trap 100] history and who did it are there after a restart', async () => {
    const store = await opened(kind.url())
    await store.as('ann').set('k', 1)
    await store.as('bob').delete('k')
    const after = await reopened(kind, store)
    expect((await collect(after.history('k'))).map(({ actor, type }) => [actor, type])).toEqual([
      ['bob', 'removed'],
      ['ann', 'added'],
    ])
  })

  it('[trap 101] keys that are not text are errors everywhere', async () => {
    const store = await opened(kind.url())
    const bad = [1, null, undefined, {}, [], true] as unknown as string[]
    for (const key of bad) {
      for (const call of [
        () => store.set(key, 1),
        () => store.setMany([[key, 1]]),
        () => store.get(key),
        () => store.getMany([key]),
        () => store.has(key),
        () => store.delete(key),
        () => store.update(key, () => 1),
        () => store.transact((tx) => tx.set(key, 1)),
        () => collect(store.history(key)),
      ]) {
        expect(await failure(call)).toBeInstanceOf(InvalidKeyError)
      }
    }
    expect(store.revision).toBe(0)
  })

  it('[trap 102] NaN and Infinity come back as themselves', async () => {
    const store = await opened(kind.url())
    await store.set('k', [Number.NaN, Infinity, -Infinity, -0])
    expect(await (await reopened(kind, store)).get('k')).toStrictEqual([Number.NaN, Infinity, -Infinity, -0])
  })

  it('[trap 103] a stored value that equals a default, or null, is a value', async () => {
    const store = await opened(kind.url())
    await store.setMany({ five: 5, nothing: null })
    expect((await store.get('five')) ?? 5).toBe(5)
    expect(await store.getMany(['five', 'nothing', 'none'])).toEqual(
      new Map<string, unknown>([
        ['five', 5],
        ['nothing', null],
      ]),
    )
    expect([await store.has('nothing'), await store.has('none')]).toEqual([true, false])
  })

  it('[trap 107] closed means closed', async () => {
    const store = await open(kind.url())
    const [named, scoped] = [store.as('ann'), store.scope('a:')]
    const running = store.set('last', 1)
    await store.close()
    expect(await running).toBe(1)
    for (const view of [store, named, scoped]) {
      await expect(view.set('k', 1)).rejects.toThrow(ClosedError)
      await expect(view.get('k')).rejects.toThrow(ClosedError)
    }
    if (kind.persistent) expect(await (await opened(store.url)).load()).toEqual({ last: 1 })
  })

  it('[trap 72] what is not data is refused, so that no checksum depends on an address', async () => {
    const store = await opened(kind.url())
    for (const value of [
      new WeakMap(),
      Promise.resolve(1),
      class {},
      new Proxy({ f: () => 1 }, {}),
      [Symbol.iterator],
    ]) {
      await expect(store.set('k', value)).rejects.toThrow(InvalidValueError)
    }
  })
})
