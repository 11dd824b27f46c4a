import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { faultyContext } from 'varve/testing'
import type { FaultyContext } from 'varve/testing'
import { realContext } from '../src/context.ts'
import { sqliteEngine } from '../src/engines/sqlite.ts'
import { UnavailableError } from '../src/index.ts'
import type { Store } from '../src/index.ts'
import { openIn } from '../src/open.ts'
import { restoreBackupIn } from '../src/restore-backup.ts'
import { freshPath, temporaryFolder } from './support/folders.ts'
import { failure, opened } from './support/stores.ts'

const works = {
  export: (store: Store, path: string) => store.snapshots.export(1, path),
  backup: (store: Store, path: string) => store.backup(path),
  increment: (store: Store, path: string) => store.backup(path, { base: 0 }),
} as const

async function filled(context: FaultyContext): Promise<Store> {
  const store = await openIn({ context }, 'memory:')
  await store.setMany(
    Object.fromEntries(Array.from({ length: 3_000 }, (_, n) => [`key:${n}`, `${n * 7919} `.repeat(20)])),
  )
  return store
}

describe.each(Object.keys(works) as (keyof typeof works)[])('%s, when a file operation fails', (name) => {
  const calls =
    name === 'backup'
      ? (['writeSync', 'fsync', 'renameSync', 'fsyncSync'] as const)
      : (['openSync', 'writeSync', 'fsync', 'renameSync', 'fsyncSync'] as const)
  it.each(calls)(
    '%s: the old file stays, nothing is left behind, and the next time it succeeds',
    async (call) => {
      const context = faultyContext(realContext())
      const store = await filled(context)
      const folder = temporaryFolder()
      const path = join(folder, 'file')
      await works[name](store, path)
      const old = readFileSync(path)
      for (let after = 0; after < 3; after++) {
        context.failNext(call, 'ENOSPC', { after })
        const result = await works[name](store, path).catch((error: unknown) => error)
        context.heal()
        // Where it was not called so often, nothing failed.
        if (!(result instanceof Error)) continue
        expect(result).toBeInstanceOf(UnavailableError)
        expect(readdirSync(folder)).toEqual(['file'])
        // Once it has its name it is the new one: only the last flush, of the folder, comes after that.
        if (call !== 'fsyncSync') expect(readFileSync(path).length).toBe(old.length)
      }
      await works[name](store, path)
      expect(readdirSync(folder)).toEqual(['file'])
      await store.close()
    },
  )
})

it('short writes go on where they ended', async () => {
  const context = faultyContext(realContext())
  const { writeSync } = context.fs
  const short = {
    ...context,
    fs: new Proxy(context.fs, {
      get: (target, name) =>
        name === 'writeSync'
          ? (fd: number, bytes: Uint8Array, from = 0, length = bytes.length) =>
              writeSync(fd, bytes, from, Math.min(length, 1_000))
          : (Reflect.get(target, name) as unknown),
    }),
  }
  const store = await filled(short)
  const { path } = await store.snapshots.export(1, freshPath('file'))
  const target = await opened('memory:')
  const { version } = await target.snapshots.import(path)
  expect(await target.count({ at: version })).toBe(3_000)
  await store.close()
})

it('a restore that fails leaves the store that stood there', async () => {
  const place = freshPath()
  const store = await openIn({}, place)
  await store.set('v', 'old')
  const { path } = await store.backup(freshPath('copy'))
  await store.set('v', 'new')
  await store.close()
  for (const call of ['writeSync', 'fsync', 'renameSync', 'linkSync', 'fsyncSync', 'mkdirSync'] as const)
    for (let after = 0; after < 2; after++) {
      const context = faultyContext(realContext())
      context.failNext(call, 'EIO', { after })
      const result = await restoreBackupIn({ context }, path, place).catch((error: unknown) => error)
      const again = await openIn({}, place)
      // It has failed and changed nothing, or the call came too late to matter. The very last one flushes the folder's names.
      const seen = await again.get('v')
      if (call === 'fsyncSync') expect(['old', 'new']).toContain(seen)
      else expect(seen, call).toBe(result instanceof Error ? 'new' : 'old')
      expect((await again.verify()).ok).toBe(true)
      await again.set('v', 'new')
      await again.close()
      if (result instanceof Error) expect(result).toBeInstanceOf(UnavailableError)
      expect(readdirSync(place).filter((name) => name.includes('.new-'))).toEqual([])
    }
})

it('what a killed process left behind is removed when it is old, and nothing else is', async () => {
  const folder = temporaryFolder()
  const store = await opened('memory:')
  await store.set('a', 1)
  const old = new Date(Date.now() - 2 * 60 * 60_000)
  for (const name of [
    'x.new-0123456789abcdef',
    'x.new-0123456789abcdef-journal',
    'mine.new-file',
    'x.new-0123',
  ])
    writeFileSync(join(folder, name), '')
  for (const name of readdirSync(folder)) utimesSync(join(folder, name), old, old)
  writeFileSync(join(folder, 'y.new-0123456789abcdef'), '')
  await store.snapshots.export(1, join(folder, 'file'))
  expect(readdirSync(folder).sort()).toEqual([
    'file',
    'mine.new-file',
    'x.new-0123',
    'y.new-0123456789abcdef',
  ])
})

it('rows of an import that was killed go with the next import, or compaction; those of one that goes on stay', async () => {
  const place = freshPath()
  for (const care of [
    async (store: Store) => void (await store.compact()),
    async (store: Store) => {
      const { path } = await store.snapshots.export(store.revision, freshPath('file'))
      await store.snapshots.import(path)
    },
  ]) {
    const engine = sqliteEngine(realContext(), place, { folder: true, readOnly: false })
    await engine.open()
    const entry = { key: 'a', value: '1', expires: 0, sum: 1 }
    await engine.asides.put(7, Date.now() - 100_000, true, [entry])
    await engine.asides.put(9, Date.now(), true, [entry])
    await engine.close()
    const store = await openIn({}, place)
    await store.set('b', 1)
    await care(store)
    expect((await store.verify()).ok).toBe(true)
    await store.close()
    const after = sqliteEngine(realContext(), place, { folder: true, readOnly: false })
    await after.open()
    const left = (await after.asides.heads()).filter(({ revision }) => revision === 0)
    expect(left.map(({ aside }) => aside)).toEqual([9])
    await after.asides.drop(9, 10)
    await after.close()
  }
})

it('an import that stood still for too long does not come to life again', async () => {
  const context = faultyContext(realContext())
  const store = await filled(context)
  const { path } = await store.snapshots.export(1, freshPath('file'))
  let stopped = false
  const importing = store.snapshots.import(path, {
    onProgress() {
      if (stopped) return
      stopped = true
      context.clock.advance(100_000)
      void store.compact()
    },
  })
  expect(await failure(() => importing)).toBeInstanceOf(UnavailableError)
  expect(await store.snapshots.list()).toEqual([])
  await store.close()
})
