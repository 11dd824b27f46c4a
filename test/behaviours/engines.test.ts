import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { openDatabase } from '../support/driver.ts'
import { freshPath, temporaryFolder } from '../support/folders.ts'
import { elsewhere } from '../support/processes.ts'
import { collect, kinds, memory, opened, reopened, sqlite } from '../support/stores.ts'

it('[242] what is saved on one engine loads equal on the other', async () => {
  const state = { a: { deep: [1, null, 'x'] }, b: new Map([[1, new Date(5)]]), c: 2n, d: '' }
  const loaded: unknown[] = []
  for (const kind of kinds) {
    const store = await opened(kind.url())
    await store.save(state)
    loaded.push(await (await reopened(kind, store)).load())
  }
  expect(loaded[0]).toEqual(state)
  expect(loaded[1]).toEqual(loaded[0])
})

it('[243] a key deleted by somebody else is gone from the next load', async () => {
  const url = sqlite.url()
  const store = await opened(url)
  await store.setMany({ key1: 1, key2: 2 })
  expect(await store.load()).toEqual({ key1: 1, key2: 2 })
  const remote = await elsewhere(url)
  expect(await remote.call('delete', 'key1')).toBe(true)
  expect(store.getSync('key1')).toBeUndefined()
  expect(await store.load()).toEqual({ key2: 2 })
  expect(await (await opened(url)).load()).toEqual({ key2: 2 })
})

it('[244] all values return when the same file is opened again, as a folder or as one file', async () => {
  for (const url of [freshPath(), `sqlite:${freshPath('state.db')}`]) {
    const store = await opened(url)
    await store.save({ a: 1, b: { c: [2] }, d: null })
    await store.close()
    expect(await (await opened(url)).load()).toEqual({ a: 1, b: { c: [2] }, d: null })
  }
})

it('[244] the tables can be read with any SQLite tool', async () => {
  const path = freshPath('state.db')
  const store = await opened(`sqlite:${path}`)
  await store.set('user:1', { name: 'Ada' })
  await store.close()
  const database = openDatabase(path)
  const rows = database.prepare("select key, value ->> '$.name' as name from state").all()
  database.close()
  expect(rows).toEqual([{ key: 'user:1', name: 'Ada' }])
})

it('[245] an application state of three keys is recovered after a restart, and can be changed further', async () => {
  const url = sqlite.url()
  const first = await elsewhere(url)
  await first.call('setMany', { config: { theme: 'dark' }, users: ['ann', 'bob'], counter: 7 })
  await first.program.kill()
  const store = await opened(url)
  expect(await store.load()).toEqual({ config: { theme: 'dark' }, users: ['ann', 'bob'], counter: 7 })
  await store.update<number>('counter', (n) => (n ?? 0) + 1)
  await store.set('extra', true)
  expect(await (await elsewhere(url)).call('get', 'counter')).toBe(8)
})

it('[254] stores whose names differ only by extension share no file', async () => {
  const folder = temporaryFolder()
  const names = ['state.db', 'state.sqlite', 'state', 'state.json']
  const seen = new Set<string>()
  for (const name of names) {
    const store = await opened(`sqlite:${join(folder, name)}`)
    await store.set('who', name)
    await store.snapshots.create({ version: 's' })
    for (const file of readdirSync(folder)) {
      if (seen.has(file)) continue
      seen.add(file)
      expect(file === name || file.startsWith(`${name}-`), `${file} of ${name}`).toBe(true)
    }
  }
  for (const name of names) {
    expect(await (await opened(`sqlite:${join(folder, name)}`)).load()).toEqual({ who: name })
  }
})

it('[255] names with special characters are data, in paths, scopes, keys, actors, tags and versions', async () => {
  const odd = `a'b"c;drop table state;--%?#[x]`
  for (const url of [freshPath(odd), `sqlite:${freshPath(`${odd}.db`)}`]) {
    const store = await opened(url, { actor: odd })
    await store.scope(odd).set(odd, odd)
    await store.snapshots.create({ version: odd, tags: [odd], description: odd })
    await store.close()
    const again = await opened(url)
    expect(await again.load()).toEqual({ [odd + odd]: odd })
    expect(await again.scope(odd).get(odd)).toBe(odd)
    expect(await collect(again.keys({ prefix: odd }))).toEqual([odd + odd])
    expect((await collect(again.history(odd + odd)))[0]?.actor).toBe(odd)
    expect((await again.snapshots.get(odd)).tags).toEqual([odd])
    await again.close()
  }
})

it('[255] a path with special characters is used as it is written', async () => {
  const folder = temporaryFolder()
  for (const name of ['50% off', 'a#b', 'a?b=c', 'file:x', '\u00fc \u{1f600}']) {
    const store = await opened(join(folder, name))
    await store.set('a', 1)
    await store.close()
    expect(existsSync(join(folder, name, 'store.db')), name).toBe(true)
  }
})

/** How many files below a folder this process has open. */
function descriptors(folder: string): number {
  let count = 0
  for (const name of readdirSync('/proc/self/fd')) {
    try {
      if (readlinkSync(`/proc/self/fd/${name}`).startsWith(folder)) count++
    } catch {
      // Closed meanwhile: that of the listing itself.
    }
  }
  return count
}

describe.skipIf(!existsSync('/proc/self/fd'))('[256] descriptors', () => {
  it('[256] 10,000 operations leave no more files open than ten', async () => {
    const url = sqlite.url()
    const store = await opened(url, { durability: 'process' })
    const work = async (times: number): Promise<void> => {
      for (let i = 0; i < times; i++) {
        switch (i % 5) {
          case 0:
            await store.set(`k${i % 100}`, i)
            break
          case 1:
            await store.get(`k${i % 100}`, { at: store.revision })
            break
          case 2:
            await collect(store.keys({ limit: 3 }))
            break
          case 3:
            await collect(store.history('k0', { limit: 2 }))
            break
          default:
            await store.transact(async (tx) => tx.set('n', await tx.get('k0')))
        }
      }
    }
    await work(10)
    const before = descriptors(url)
    for (let round = 0; round < 2; round++) {
      await work(10_000)
      // SQLite keeps the descriptor of a checkpoint's connection back for the next one: one more, and never another. A
      // checkpoint that is running just now has its own.
      await vi.waitFor(() => expect(descriptors(url)).toBeLessThanOrEqual(before + 1), 10_000)
    }
  }, 60_000)

  it('[256] opening and closing 50 times leaves no more files open than a few times', async () => {
    const url = sqlite.url()
    for (let i = 0; i < 50; i++) {
      const store = await opened(url)
      await store.set('n', i)
      await collect(store.entries({ at: 1 }))
      await store.close()
    }
    // One driver keeps a closed connection's three files until it is collected; a few may wait for that.
    expect(descriptors(url)).toBeLessThanOrEqual(24)
  })
})

it('[254] two stores in memory share nothing', async () => {
  const first = await opened(memory.url())
  const second = await opened(memory.url())
  await first.set('a', 1)
  expect(await second.load()).toEqual({})
})
