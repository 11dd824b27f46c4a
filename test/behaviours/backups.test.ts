import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { IntegrityError, open, restoreBackup, UnavailableError, VarveError } from '../../src/index.ts'
import { openDatabase } from '../support/driver.ts'
import { fingerprint, freshPath, inventory, temporaryFolder } from '../support/folders.ts'
import { elsewhere } from '../support/processes.ts'
import { failure, kinds, opened } from '../support/stores.ts'

/** What is in a folder, but for what an open or close of the database makes and removes beside it. */
function evidence(folder: string): Record<string, string | undefined> {
  const found = Object.entries(fingerprint(folder)).filter(([name]) => !/-(?:wal|shm)$/.test(name))
  return Object.fromEntries(found.map(([name, seen]) => [name, seen.startsWith('folder') ? 'folder' : seen]))
}

/** Opens a store, looks at it, and lets go of it. */
async function stateAt(url: string): Promise<unknown> {
  const store = await open(url)
  try {
    return await store.load()
  } finally {
    await store.close()
  }
}

describe.each([
  ['a folder', () => freshPath()],
  ['a file', () => `sqlite:${freshPath('state.db')}`],
])('backups of %s', (_, url) => {
  it('[257] [258] [trap 41] after a restore the data is that of the backup, and no key that came later is there', async () => {
    const place = url()
    const store = await open(place)
    await store.setMany({ a: 1, b: 2, gone: 3 })
    const { path } = await store.backup(freshPath('backup'))
    await store.setMany({ a: 'changed', later: 1 })
    await store.delete('gone')
    await store.close()
    await restoreBackup(path, place)
    expect(await stateAt(place)).toEqual({ a: 1, b: 2, gone: 3 })
  })

  it('[261] [trap 43] the state before a restore is kept under a name of its own, and restoring that brings it back', async () => {
    const place = url()
    const store = await open(place)
    await store.set('v', 'one')
    const { path } = await store.backup(freshPath('backup'))
    await store.set('v', 'two')
    await store.close()
    const kept = []
    for (let n = 0; n < 3; n++) kept.push((await restoreBackup(path, place)).kept ?? '')
    expect(new Set(kept).size).toBe(3)
    expect(await stateAt(place)).toEqual({ v: 'one' })
    expect(await stateAt(kept[1] ?? '')).toEqual({ v: 'one' })
    await restoreBackup(kept[0] ?? '', place)
    expect(await stateAt(place)).toEqual({ v: 'two' })
  })

  it('[260] [trap 42] a broken backup is refused before anything changes', async () => {
    const place = url()
    const store = await open(place)
    await store.set('v', 'mine')
    const { path } = await store.backup(freshPath('backup'))
    await store.set('v', 'newer')
    await store.close()
    const folder = dirname(place.replace('sqlite:', ''))
    const good = readFileSync(path)
    const broken: Record<string, Buffer | string> = {
      garbage: 'garbage',
      empty: '',
      cut: good.subarray(0, good.length - 2_048),
      half: good.subarray(0, good.length >> 1),
      longer: Buffer.concat([good, Buffer.alloc(2_048)]),
      changed: Buffer.from(good).fill(0x20, 5_000, 5_001),
    }
    for (const [name, content] of Object.entries(broken)) {
      const bad = freshPath(name)
      writeFileSync(bad, content)
      const before = evidence(folder)
      const error = (await failure(() => restoreBackup(bad, place))) as Error
      expect(error, name).toBeInstanceOf(IntegrityError)
      expect(error.message).toContain(bad)
      expect(evidence(folder)).toEqual(before)
    }
    expect(await stateAt(place)).toEqual({ v: 'newer' })
  })

  it('[48] a place that another process has open is refused, and its store goes on', async () => {
    const place = url()
    const store = await open(place)
    await store.set('v', 1)
    const { path } = await store.backup(freshPath('backup'))
    await store.close()
    const remote = await elsewhere(place)
    await remote.call('set', 'v', 2)
    const error = await failure(() => restoreBackup(path, place))
    expect(error).toBeInstanceOf(UnavailableError)
    expect(String(error)).toContain('in use')
    await remote.call('set', 'v', 3)
    await remote.call('close')
    // On some drivers a closed store is let go of only by the garbage collector, or by the end of the process.
    await remote.program.kill()
    expect(await stateAt(place)).toEqual({ v: 3 })
    await restoreBackup(path, place)
    expect(await stateAt(place)).toEqual({ v: 1 })
  })
})

it('the report is true: SHA-256 and size of the file, and nothing is beside it', async () => {
  const store = await opened(freshPath())
  await store.set('a', 1)
  const folder = temporaryFolder()
  const report = await store.backup(join(folder, 'copy.db'))
  const bytes = readFileSync(report.path)
  expect(report).toEqual({
    path: join(folder, 'copy.db'),
    revision: 1,
    bytes: bytes.length,
    checksum: createHash('sha256').update(bytes).digest('hex'),
  })
  expect(readdirSync(folder)).toEqual(['copy.db'])
  const again = await store.backup(join(folder, 'copy.db'))
  expect(again.revision).toBe(1)
  expect(readdirSync(folder)).toEqual(['copy.db'])
})

it('a backup that was written to since is checked by reading everything', async () => {
  const store = await opened('memory:')
  await store.set('a', 1)
  const { path } = await store.backup(freshPath('copy.db'))
  const copy = await open(path)
  await copy.set('b', 'a longer text')
  await copy.close()
  const place = freshPath()
  await restoreBackup(path, place)
  expect(await stateAt(place)).toEqual({ a: 1, b: 'a longer text' })
  const db = openDatabase(path)
  db.exec(`drop trigger state_changed; update state set value = replace(value, 'longer', 'lunger')`)
  db.close()
  const before = evidence(place)
  expect(await failure(() => restoreBackup(path, place))).toBeInstanceOf(IntegrityError)
  expect(evidence(place)).toEqual(before)
})

it('a backup that is open as a store is no backup just now', async () => {
  const store = await opened('memory:')
  await store.set('a', 1)
  const { path } = await store.backup(freshPath('copy.db'))
  const remote = await elsewhere(path)
  await remote.call('set', 'b', 1)
  expect(await failure(() => restoreBackup(path, freshPath()))).toBeInstanceOf(UnavailableError)
  expect(await failure(() => store.backup(path))).toBeInstanceOf(VarveError)
  await remote.call('close')
})

it('a live store, another program’s database and files beside them are never overwritten', async () => {
  const url = freshPath()
  const store = await opened(url)
  await store.set('a', 1)
  const closed = freshPath('closed.db')
  await (await open(`sqlite:${closed}`)).close()
  const foreign = freshPath('foreign.db')
  const db = openDatabase(foreign)
  db.exec('create table t (x)')
  db.close()
  const before = inventory(dirname(foreign))
  for (const path of [join(url, 'store.db'), closed, foreign]) {
    expect(await failure(() => store.backup(path)), path).toBeInstanceOf(VarveError)
    expect(await failure(() => store.backup(path, { base: 0 })), path).toBeInstanceOf(VarveError)
    expect(await failure(() => store.snapshots.export(1, path)), path).toBeInstanceOf(VarveError)
  }
  const { path } = await store.backup(freshPath('copy'))
  expect(await failure(() => restoreBackup(path, `sqlite:${foreign}`))).toBeInstanceOf(IntegrityError)
  expect(inventory(dirname(foreign))).toEqual(before)
  await store.set('a', 2)
  expect((await store.verify()).ok).toBe(true)
})

it('a damaged store can be replaced, and is kept as it is', async () => {
  const place = freshPath()
  const store = await open(place)
  await store.set('a', 1)
  const { path } = await store.backup(freshPath('copy'))
  await store.close()
  const file = join(place, 'store.db')
  const bytes = readFileSync(file)
  bytes.fill(0x55, 0, 200)
  writeFileSync(file, bytes)
  const { kept } = await restoreBackup(path, place)
  expect(await stateAt(place)).toEqual({ a: 1 })
  expect(readFileSync(join(kept ?? '', 'store.db'))).toEqual(bytes)
})

it('a read-only store is backed up and exported without a byte of it changing', async () => {
  const place = freshPath()
  const store = await open(place)
  await store.setMany({ a: 1, b: 2 })
  await store.close()
  const before = fingerprint(place)
  const reader = await opened(place, { readOnly: true })
  const { path } = await reader.backup(freshPath('copy'))
  await reader.snapshots.export(1, freshPath('file'))
  await reader.backup(freshPath('increment'), { base: 0 })
  expect(fingerprint(place)).toEqual(before)
  expect(await stateAt(path)).toEqual({ a: 1, b: 2 })
  expect(statSync(path).size).toBeGreaterThan(1_000)
})

it.each(kinds)(
  '[276] a backup or an export of $name to a path that cannot be fails by name, and health waits for one that works',
  async ({ url }) => {
    const store = await opened(url(), { logger: { warn() {} } })
    await store.set('a', 1)
    await store.snapshots.create({ version: 'v' })
    await store.set('a', 2)
    const file = freshPath('file')
    writeFileSync(file, 'plain')
    const to = (call: string, path: string): Promise<unknown> =>
      call === 'export'
        ? store.snapshots.export('v', path)
        : store.backup(path, call === 'backup' ? {} : { base: 'v' })
    for (const call of ['export', 'backup', 'increment'])
      for (const path of [
        join(file, 'x'),
        `${file}/`,
        ...[236, 250, 300].map((length) => freshPath('n'.repeat(length))),
      ]) {
        const error = await failure(() => to(call, path))
        expect(error, `${call} ${path}`).toBeInstanceOf(UnavailableError)
        const { status, checks } = await store.health()
        expect([status, checks.snapshots.ok]).toEqual(['degraded', false])
        await to(call, freshPath('fine'))
        expect((await store.health()).status).toBe('ok')
      }
    expect(readFileSync(file, 'utf8')).toBe('plain')
  },
)
