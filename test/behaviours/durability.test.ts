import { copyFileSync, cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ReadOnlyError, VarveError } from '../../src/index.ts'
import type { Store } from '../../src/index.ts'
import { openDatabase } from '../support/driver.ts'
import { fingerprint, freshPath, inventory, temporaryFolder } from '../support/folders.ts'
import { elsewhere, start } from '../support/processes.ts'
import { collect, failure, median, opened, sqlite, timings } from '../support/stores.ts'

async function everyRoute(store: Store): Promise<Record<string, unknown>[]> {
  const keys = await collect(store.keys())
  return [
    await store.load(),
    Object.fromEntries(await collect(store.entries())),
    Object.fromEntries(await store.getMany(keys)),
    Object.fromEntries(keys.map((key) => [key, store.getSync(key)])),
    Object.fromEntries(await Promise.all(keys.map(async (key) => [key, await store.get(key)] as const))),
    await store.transact(async (tx) => Object.fromEntries(await collect(tx.entries()))),
    await store.load({ at: store.revision }),
  ]
}

it('[30] writes after a snapshot are there after a reopen, by every reading route', async () => {
  const url = sqlite.url()
  const store = await opened(url)
  await store.set('a', 1)
  await store.snapshots.create()
  await store.set('b', 2)
  await store.set('a', 99)
  await store.close()
  const remote = await elsewhere(url)
  expect(await remote.call('load')).toEqual({ a: 99, b: 2 })
  for (const state of await everyRoute(await opened(url))) expect(state).toEqual({ a: 99, b: 2 })
})

it('[31] without any snapshot every acknowledged key is there after a reopen', async () => {
  const url = sqlite.url()
  const store = await opened(url)
  const expected: Record<string, number> = {}
  for (let i = 0; i < 100; i++) {
    await store.set(`key:${i}`, i)
    expected[`key:${i}`] = i
  }
  await store.close()
  expect(await (await elsewhere(url)).call('load')).toEqual(expected)
})

it('[33] deleted keys and cleared stores stay so after a reopen, although an older snapshot has them', async () => {
  const url = sqlite.url()
  const store = await opened(url)
  await store.setMany({ a: 1, b: 2 })
  await store.snapshots.create({ version: 'full' })
  await store.delete('a')
  await store.close()
  const second = await opened(url)
  expect(await second.load()).toEqual({ b: 2 })
  await second.clear()
  await second.close()
  const third = await opened(url)
  expect(await third.load()).toEqual({})
  expect(await third.load({ at: 'full' })).toEqual({ a: 1, b: 2 })
})

it('[40] what was flushed at durability "process" survives a kill', async () => {
  const url = sqlite.url()
  const program = start('ends.mjs', [url, 'flushed', 'process'])
  expect((await program.exited).signal).toBe('SIGKILL')
  const store = await opened(url)
  expect(await store.count()).toBe(101)
  expect((await store.verify()).ok).toBe(true)
})

it.each(['end', 'exit', 'throw', 'close'])(
  '[42] acknowledged writes are there after a program ends by "%s", with or without close',
  async (how) => {
    for (const durability of ['disk', 'process']) {
      const url = sqlite.url()
      const program = start('ends.mjs', [url, how, durability])
      expect(await program.exited).toEqual({ code: how === 'throw' ? 1 : 0, signal: null })
      const store = await opened(url)
      expect(await store.count()).toBe(101)
      expect(await store.get('key:99')).toBe(99)
      await store.close()
    }
  },
)

it('[43] no registry beside the store can be lost: the database file alone has every snapshot', async () => {
  const url = sqlite.url()
  const store = await opened(url)
  for (let i = 0; i < 5; i++) {
    await store.set('n', i)
    await store.snapshots.create({ version: `s${i}`, tags: ['kept'] })
  }
  const expected = await store.snapshots.list()
  await store.close()
  const copy = freshPath()
  mkdirSync(copy)
  copyFileSync(join(url, 'store.db'), join(copy, 'store.db'))
  const found = await opened(copy)
  expect(await found.snapshots.list()).toEqual(expected)
  for (let i = 0; i < 5; i++) expect(await found.get('n', { at: `s${i}` })).toBe(i)
})

it('[46] opening a store of 100,000 keys does not depend on the number of snapshots', async () => {
  const url = sqlite.url()
  const store = await opened(url, { durability: 'process', maxSnapshots: 0 })
  for (let i = 0; i < 10; i++) {
    await store.setMany(Array.from({ length: 10_000 }, (_, k) => [`key:${i}:${k}`, k] as const))
  }
  await store.close()
  const opening = async (): Promise<number> => {
    const times: number[] = []
    for (let i = 0; i < 7; i++) {
      const start = performance.now()
      const again = await opened(url, { maxSnapshots: 0 })
      expect(await again.get('key:5:5')).toBe(5)
      times.push(performance.now() - start)
      await again.close()
    }
    return median(times)
  }
  const without = await opening()
  const many = await opened(url, { durability: 'process', maxSnapshots: 0 })
  await Promise.all(Array.from({ length: 500 }, (_, i) => many.snapshots.create({ version: `s${i}` })))
  await many.close()
  const withMany = await opening()
  expect(withMany).toBeLessThan(without * (timings ? 2 : 5) + 20)
}, 60_000)

it('[47] a store of a newer format is refused with both versions named, also where only its log says so', async () => {
  const url = sqlite.url()
  const remote = await elsewhere(url)
  await remote.call('set', 'a', 1)
  await remote.call('close')
  await remote.program.kill()
  // A second connection keeps the first from moving the change into the database at its end.
  const holder = openDatabase(join(url, 'store.db'))
  holder.prepare('select count(*) from state').all()
  const database = openDatabase(join(url, 'store.db'))
  database.exec('pragma user_version = 999')
  const inLog = freshPath()
  cpSync(url, inLog, { recursive: true, filter: (file) => !file.endsWith('-shm') })
  database.exec('pragma wal_checkpoint(truncate)')
  const inFile = freshPath()
  mkdirSync(inFile)
  cpSync(join(url, 'store.db'), join(inFile, 'store.db'))
  database.close()
  holder.close()
  for (const place of [inFile, inLog]) {
    const before = fingerprint(place)
    for (const readOnly of [true, false]) {
      const error = await failure(() => opened(place, { readOnly }))
      expect(error).toBeInstanceOf(VarveError)
      expect(String(error)).toMatch(/\b999\b/)
      expect(String(error)).toMatch(/\b1\b/)
    }
    if (place === inFile) expect(fingerprint(place)).toEqual(before)
  }
})

it.each(['closed', 'killed'])(
  '[48] a read-only open of a store whose writer was %s changes no byte and no time of the folder, neither while open nor afterwards',
  async (end) => {
    const url = sqlite.url()
    const writer = await elsewhere(url)
    await writer.call('setMany', { a: 1, b: 2 })
    await writer.call('snapshots.create', { version: 's' })
    await writer.call('set', 'a', 2)
    await writer.call('set', 'short', 1, { ttl: 1 })
    if (end === 'closed') await writer.call('close')
    await writer.program.kill()
    // After a clean close these two are empty, or not there at all: that depends on the driver.
    if (end === 'closed')
      for (const ending of ['-shm', '-wal']) rmSync(join(url, `store.db${ending}`), { force: true })
    // The index of a write-ahead log is memory that processes share, and holds nothing of the store.
    const without = (all: Record<string, string>): string[] =>
      Object.entries(all).flatMap(([name, what]) =>
        end === 'killed' && name.endsWith('-shm') ? [] : `${name} ${what}`,
      )
    const before = without(fingerprint(url))
    const files = without(inventory(url))
    const reader = await opened(url, { readOnly: true, autoSnapshot: { every: 1 } })
    expect(await reader.get('a')).toBe(2)
    expect(await reader.get('a', { at: 's' })).toBe(1)
    expect(await collect(reader.history('a'))).toHaveLength(2)
    expect((await reader.verify()).ok).toBe(true)
    await expect(reader.set('a', 3)).rejects.toThrow(ReadOnlyError)
    expect(without(inventory(url))).toEqual(files)
    await reader.close()
    expect(without(fingerprint(url))).toEqual(before)
  },
)

it('[48] a read-only open of a place where nothing is creates nothing', async () => {
  const folder = temporaryFolder()
  expect(await failure(() => opened(join(folder, 'none'), { readOnly: true }))).toBeInstanceOf(VarveError)
  expect(await failure(() => opened(`sqlite:${join(folder, 'none.db')}`, { readOnly: true }))).toBeInstanceOf(
    VarveError,
  )
  expect(readdirSync(folder)).toEqual([])
})
