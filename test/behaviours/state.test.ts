import { statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { InvalidValueError, VarveError } from '../../src/index.ts'
import { fingerprint, folderSize } from '../support/folders.ts'
import { collect, failure, kinds, lives, opened, reopened, sqlite } from '../support/stores.ts'

const nested = {
  user: { name: 'Ada', langs: ['en', 'fr'], address: { city: 'London', zip: null } },
  numbers: [1, 2.5, -3, [4, [5]]],
  flags: { on: true, off: false },
  empty: { list: [], map: {}, text: '' },
}

describe.each(kinds)('state on $name', (kind) => {
  it('[1] a saved nested object comes back equal in every leaf', async () => {
    const store = await opened(kind.url())
    await store.save(nested)
    expect(await store.load()).toEqual(nested)
    expect(await (await reopened(kind, store)).load()).toEqual(nested)
  })

  it('[2] two keys set after an empty save are returned exactly', async () => {
    const store = await opened(kind.url())
    await store.save({})
    await store.set('key1', 'value1')
    await store.set('key2', { nested: 'value2' })
    expect(await store.get('key1')).toBe('value1')
    expect(await store.get('key2')).toStrictEqual({ nested: 'value2' })
  })

  it('[3] deleting a key reports true, and the key is absent', async () => {
    const store = await opened(kind.url())
    await store.set('key1', 1)
    expect(await store.delete('key1')).toBe(true)
    expect(await store.get('key1')).toBeUndefined()
    expect(await store.has('key1')).toBe(false)
  })

  it('[4] deleting a key that is not there reports false and writes nothing', async () => {
    const store = await opened(kind.url())
    await store.set('other', 1)
    const before = store.revision
    expect(await store.delete('none')).toBe(false)
    expect(store.revision).toBe(before)
    expect(await collect(store.log())).toHaveLength(before)
    expect(await collect(store.history('none'))).toEqual([])
  })

  it('[5] a default put in the place of an absent key is remembered nowhere', async () => {
    const store = await opened(kind.url())
    expect((await store.get<string>('none')) ?? 'D').toBe('D')
    expect(await store.get('none')).toBeUndefined()
    expect(store.getSync('none')).toBeUndefined()
    expect(await store.getMany(['none'])).toEqual(new Map())
    expect(store.revision).toBe(0)
  })

  it('[6] false, 0, "" and null are values; undefined is absence and is refused', async () => {
    const store = await opened(kind.url())
    const values = [false, 0, '', null]
    for (const [i, value] of values.entries()) await store.set(`k${i}`, value)
    const after = await reopened(kind, store)
    for (const [i, value] of values.entries()) {
      expect(await after.get(`k${i}`)).toBe(value)
      expect(after.getSync(`k${i}`)).toBe(value)
      expect(await after.has(`k${i}`)).toBe(true)
    }
    await expect(after.set('k0', undefined)).rejects.toThrow(InvalidValueError)
    expect(await after.get('k0')).toBe(false)
  })

  it('[7] save replaces the whole state', async () => {
    const store = await opened(kind.url())
    await store.set('k', 1)
    await store.set('other', 1)
    await store.save({ k: 2 })
    expect(await store.get('k')).toBe(2)
    expect(store.getSync('other')).toBeUndefined()
    expect(await store.load()).toEqual({ k: 2 })
  })

  it('[8] saving nothing empties the store', async () => {
    const store = await opened(kind.url())
    await store.set('k', 1)
    expect(await store.get('k')).toBe(1)
    await store.save({})
    expect(await store.get('k')).toBeUndefined()
    expect(await collect(store.keys())).toEqual([])
    expect(await store.count()).toBe(0)
  })

  it('[9] a load shows what was set since the one before', async () => {
    const store = await opened(kind.url())
    await store.set('a', 1)
    expect(await store.load()).toEqual({ a: 1 })
    await store.set('b', 2)
    expect(await store.load()).toEqual({ a: 1, b: 2 })
  })

  it('[10] clear leaves no key, also after a reopen', async () => {
    const store = await opened(kind.url())
    await store.setMany({ a: 1, b: 2 })
    await store.clear()
    for await (const view of lives(kind, store)) {
      expect(await collect(view.keys())).toEqual([])
      expect(await view.load()).toEqual({})
      expect(await view.get('a')).toBeUndefined()
      expect(view.getSync('b')).toBeUndefined()
      expect(await view.count()).toBe(0)
    }
  })

  it('[11] changing an object after it was set does not change what is stored', async () => {
    const store = await opened(kind.url())
    const mine = { list: [1], at: new Date(0) }
    const pending = store.set('k', mine)
    mine.list.push(2)
    await pending
    mine.list.push(3)
    mine.at.setTime(5)
    expect(await store.get('k')).toStrictEqual({ list: [1], at: new Date(0) })
    expect(await (await reopened(kind, store)).get('k')).toStrictEqual({ list: [1], at: new Date(0) })
  })

  it('[12] what was read cannot be used to change the store', async () => {
    const store = await opened(kind.url())
    await store.set('k', { list: [1], map: new Map([['a', { n: 1 }]]), bytes: new Uint8Array([1, 2]) })
    for (const read of [() => store.get('k'), () => store.getSync('k')]) {
      const got = (await read()) as { list: number[]; map: Map<string, { n: number }>; bytes: Uint8Array }
      for (const change of [
        () => got.list.push(2),
        () => got.map.set('b', { n: 2 }),
        () => (got.bytes[0] = 9),
      ]) {
        try {
          change()
        } catch {
          // A frozen value is as good as a copy.
        }
      }
      const expected = { list: [1], map: new Map([['a', { n: 1 }]]), bytes: new Uint8Array([1, 2]) }
      expect(await store.get('k')).toEqual(expected)
      expect(store.getSync('k')).toEqual(expected)
    }
    const after = await reopened(kind, store)
    expect(await after.get('k')).toHaveProperty('list', [1])
  })

  it('[13] a key added to a loaded state is not in the store', async () => {
    const store = await opened(kind.url())
    await store.set('a', { n: 1 })
    const state = await store.load()
    try {
      state['b'] = 2
      ;(state['a'] as { n: number }).n = 2
    } catch {
      // Frozen is as good.
    }
    expect(await store.load()).toEqual({ a: { n: 1 } })
    expect(await store.has('b')).toBe(false)
  })

  it('[14] a value that cannot be stored is refused with its key; nothing else changes', async () => {
    class Account {
      balance = 1
      pay(): void {}
    }
    const store = await opened(kind.url())
    await store.set('bad', 'before')
    await store.set('good', 1)
    const revision = store.revision
    for (const value of [() => 1, Symbol('s'), new Account(), { deep: [{ save: () => 1 }] }]) {
      const error = await failure(() => store.set('bad', value))
      expect(error).toBeInstanceOf(InvalidValueError)
      expect(String(error)).toContain('bad')
    }
    const deep = await failure(() => store.set('bad', { user: { save: () => 1 } }))
    expect((deep as InvalidValueError).path).toContain('user.save')
    expect(store.revision).toBe(revision)
    expect(await store.get('bad')).toBe('before')
    expect(await (await reopened(kind, store)).load()).toEqual({ bad: 'before', good: 1 })
  })

  it('[15] a good set after a refused one succeeds', async () => {
    const store = await opened(kind.url())
    await failure(() => store.set('k', () => 1))
    await store.set('k', 2)
    await store.snapshots.create()
    expect(await (await reopened(kind, store)).get('k')).toBe(2)
  })

  it('[16] save of something that is not a map of keys is refused', async () => {
    const store = await opened(kind.url())
    await store.set('k', 1)
    for (const state of [[1, 2], null, 'text', 5, new Map([['a', 1]]), undefined]) {
      expect(await failure(() => store.save(state as unknown as Record<string, unknown>))).toBeInstanceOf(
        VarveError,
      )
    }
    expect(await store.load()).toEqual({ k: 1 })
    expect(store.revision).toBe(1)
  })

  it('[17] save with one bad value applies nothing', async () => {
    const store = await opened(kind.url())
    await store.set('k', 1)
    await expect(store.save({ a: 1, bad: () => 1, z: 2 })).rejects.toThrow(InvalidValueError)
    await expect(store.save({ a: 1, '': 2 })).rejects.toThrow(VarveError)
    await expect(
      store.setMany([
        ['a', 1],
        ['bad', Symbol('s')],
      ]),
    ).rejects.toThrow(InvalidValueError)
    expect(await (await reopened(kind, store)).load()).toEqual({ k: 1 })
  })

  it('[18] each save makes a revision of its own', async () => {
    const store = await opened(kind.url())
    const first = await store.save({ a: 1 })
    const second = await store.save({ a: 1 })
    const third = await store.save({})
    expect([first, second, third]).toEqual([1, 2, 3])
    expect(store.revision).toBe(3)
  })

  it('[20] setting the same value again is recorded; the state stays the same', async () => {
    const store = await opened(kind.url())
    const first = await store.set('k', { v: 1 })
    const second = await store.set('k', { v: 1 })
    expect(second).toBe(first + 1)
    expect(await store.load()).toEqual({ k: { v: 1 } })
    expect(await collect(store.history('k'))).toHaveLength(2)
  })

  it('[21] keys lists each live key once, never deleted or expired ones', async () => {
    const store = await opened(kind.url())
    for (const key of ['c', 'a', 'd', 'b', 'a']) await store.set(key, 1)
    await store.delete('d')
    await store.set('short', 1, { ttl: 1 })
    await expect.poll(() => store.has('short')).toBe(false)
    expect(await collect(store.keys())).toEqual(['a', 'b', 'c'])
    expect(await collect((await reopened(kind, store)).keys())).toEqual(['a', 'b', 'c'])
  })

  it('[22] a prefix, a range or a pattern gives exactly the matching keys, in a stable order', async () => {
    const store = await opened(kind.url())
    const all = [
      'user:1',
      'user:10',
      'user:2',
      'user;',
      'user',
      'use',
      'users:1',
      'user:\u{1f600}',
      'user:\uffee',
    ]
    await store.setMany(all.map((key) => [key, key] as const))
    const bytewise = (keys: string[]): string[] =>
      keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    const inUser = bytewise(all.filter((key) => key.startsWith('user:')))
    expect(await collect(store.keys())).toEqual(bytewise(all))
    expect(await collect(store.keys({ prefix: 'user:' }))).toEqual(inUser)
    expect(await collect(store.keys({ prefix: 'user:' }))).toEqual(inUser)
    expect(await collect(store.keys({ prefix: 'user:', reverse: true }))).toEqual(inUser.toReversed())
    expect(await collect(store.keys({ prefix: 'user:', limit: 2 }))).toEqual(inUser.slice(0, 2))
    expect(await collect(store.keys({ gte: 'user:1', lt: 'user:2' }))).toEqual(['user:1', 'user:10'])
    expect(await collect(store.keys({ gt: 'user:1', lte: 'user:2' }))).toEqual(['user:10', 'user:2'])
    expect(await collect(store.keys({ match: 'user:*' }))).toEqual(inUser)
    expect(await store.count({ prefix: 'user:' })).toBe(inUser.length)
    expect((await collect(store.entries({ prefix: 'user:' }))).map(([key]) => key)).toEqual(inUser)
  })
})

describe('state on SQLite, by its bytes', () => {
  it('[19] a set writes bytes of the order of its value, not of the store', async () => {
    const url = sqlite.url()
    const store = await opened(url)
    const value = { text: 'x'.repeat(150), n: 0 }
    await store.setMany(Array.from({ length: 10_000 }, (_, i) => [`key:${i}`, { ...value, n: i }] as const))
    await store.flush()
    const before = folderSize(url)
    for (let i = 0; i < 50; i++) await store.set(`key:${i * 199}`, { ...value, n: -i })
    const perSet = (folderSize(url) - before) / 50
    expect(perSet).toBeLessThan(40_000)
    expect(before).toBeGreaterThan(1_500_000)
  })

  it('[25] opening and closing without a write changes no file', async () => {
    const url = sqlite.url()
    const store = await opened(url)
    await store.set('k', 1)
    await store.close()
    const before = fingerprint(url)['store.db']
    const again = await opened(url)
    expect(await again.get('k')).toBe(1)
    expect(await again.snapshots.list()).toEqual([])
    await again.close()
    expect(fingerprint(url)['store.db']).toBe(before)
    expect(statSync(join(url, 'store.db-wal'), { throwIfNoEntry: false })?.size ?? 0).toBe(0)
  })
})
