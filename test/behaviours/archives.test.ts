import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { IntegrityError, open, VarveError } from '../../src/index.ts'
import type { Store } from '../../src/index.ts'
import { openDatabase } from '../support/driver.ts'
import { fingerprint, freshPath, temporaryFolder } from '../support/folders.ts'
import { failure, kinds, opened } from '../support/stores.ts'
import { start } from '../support/processes.ts'
import { archiveOf, headerOf } from '../support/archives.ts'

async function states(store: Store): Promise<unknown> {
  return {
    load: await store.load(),
    a: await store.get('a'),
    sync: store.getSync('a'),
    keys: await store.count(),
  }
}

describe.each(kinds)('export and import on $name', (kind) => {
  it('[140] what was saved and exported, then cleared and imported, is there again for get and load', async () => {
    const store = await opened(kind.url())
    await store.save({ a: { n: [1, null] }, b: new Map([['x', 2n]]) })
    const before = await states(store)
    await store.snapshots.create({ version: 'out' })
    const { path } = await store.snapshots.export('out', freshPath('file'))
    await store.clear()
    const { version } = await store.snapshots.import(path)
    expect(await store.load()).toEqual({})
    expect(await store.load({ at: version })).toEqual({ a: { n: [1, null] }, b: new Map([['x', 2n]]) })
    expect(await store.get('a', { at: version })).toEqual({ n: [1, null] })
    await store.restore(version)
    expect(await states(store)).toEqual(before)
  })

  it('[141] an export says what it is, of when and in which version; its folder is made', async () => {
    const store = await opened(kind.url())
    await store.save({ a: 1 })
    const snapshot = await store.snapshots.create({
      version: 'out',
      tags: ['t'],
      description: 'd',
      meta: { n: 1 },
    })
    const path = join(temporaryFolder(), 'not', 'yet', 'there', 'file')
    const before = Date.now()
    await store.snapshots.export('out', path)
    const header = headerOf(path)
    expect(header).toMatchObject({ format: 'varve export', version: 1 })
    expect(Date.parse(String(header['exportedAt']))).toBeGreaterThanOrEqual(before)
    expect(Date.parse(String(header['exportedAt']))).toBeLessThanOrEqual(Date.now())
    expect(header['snapshot']).toEqual({
      ...snapshot,
      createdAt: snapshot.createdAt.toISOString(),
    })
  })

  it('[143] an import is a snapshot tagged "import", and the state before it can be restored', async () => {
    const store = await opened(kind.url())
    await store.save({ a: 'old' })
    const { path } = await store.snapshots.export(1, freshPath('file'))
    await store.save({ a: 'current', b: 1 })
    const before = store.revision
    await store.snapshots.import(path)
    const [imported] = await store.snapshots.list({ tag: 'import' })
    await store.restore(imported?.version ?? '')
    expect(await store.load()).toEqual({ a: 'old' })
    await store.restore(before)
    expect(await store.load()).toEqual({ a: 'current', b: 1 })
  })

  it('[144] [trap 52] what has not the structure of an export is refused by name, and nothing changes', async () => {
    const store = await opened(kind.url())
    await store.save({ a: 1 })
    const good = await store.snapshots.export(1, freshPath('good'))
    const [line = ''] = readFileSync(good.path, 'latin1').split('\n')
    const header = headerOf(good.path)
    const wrong: Record<string, Buffer | string> = {
      empty: '',
      text: 'hello, world\n'.repeat(100),
      json: JSON.stringify({ data: [1, 2] }),
      map: JSON.stringify({ data: { a: 2 }, version: 1 }),
      header: `${line}\n`,
      random: Buffer.from(Array.from({ length: 5_000 }, (_, i) => (i * 7919) % 256)),
      foreign: archiveOf({ ...header, format: 'varve something' }, []),
      newer: archiveOf({ ...header, version: 2 }, []),
      nothing: archiveOf({ format: 'varve export', version: 1 }, []),
      list: archiveOf({ ...header, snapshot: [1, 2] }, []),
      version: archiveOf(
        { ...header, snapshot: { ...(header['snapshot'] as object), version: '../up' } },
        [],
      ),
      fewer: archiveOf(header, []),
      other: archiveOf(header, [['a', '2']]),
      key: archiveOf(header, [['', '1']]),
    }
    for (const [name, content] of Object.entries(wrong)) {
      const path = freshPath(name)
      writeFileSync(path, content)
      const error = (await failure(() => store.snapshots.import(path))) as VarveError
      expect(error, name).toBeInstanceOf(VarveError)
      expect(error.code, name).toBe(name === 'newer' ? 'VARVE_UNAVAILABLE' : 'VARVE_INTEGRITY')
      expect(error.message).toContain(path)
      expect(await store.load()).toEqual({ a: 1 })
      expect(store.revision).toBe(1)
      expect(await store.snapshots.list()).toEqual([])
    }
  })

  it('[146] [trap 18] an import whose version exists gets another one, and the old snapshot is unchanged', async () => {
    const store = await opened(kind.url())
    await store.save({ a: 1 })
    const first = await store.snapshots.create({ version: 'v1', description: 'mine' })
    const { path } = await store.snapshots.export('v1', freshPath('file'))
    await store.save({ a: 2 })
    const { version } = await store.snapshots.import(path)
    expect(version).toBe('v1-2')
    expect(await store.snapshots.get('v1')).toEqual(first)
    expect(await store.snapshots.list()).toHaveLength(2)
  })

  it('[147] an imported snapshot keeps its time, tags, description and meta', async () => {
    const store = await opened(kind.url())
    await store.save({ a: 1 })
    const given = {
      version: 'out',
      tags: ['a', 'b'],
      description: 'über\n"alles"',
      meta: { m: new Map([[1, new Date(7)]]) },
    }
    const original = await store.as('ann').snapshots.create(given)
    const { path } = await store.snapshots.export('out', freshPath('file'))
    const target = await opened(kind.url())
    const imported = await target.snapshots.import(path, { tags: [] })
    expect(imported).toEqual({ ...original, revision: 1 })
    expect(await target.snapshots.get('out')).toEqual(imported)
  })

  it('[148] a delta snapshot that is exported without a base is self-contained', async () => {
    const store = await opened(kind.url())
    await store.save({ a: 1, b: 2 })
    await store.snapshots.create({ version: 'base' })
    await store.set('a', 'new')
    await store.snapshots.create({ version: 'next' })
    const base = await store.snapshots.export('base', freshPath('base'))
    const delta = await store.snapshots.export('next', freshPath('delta'), { base: 'base' })
    const target = await opened(kind.url())
    await target.snapshots.import(base.path)
    expect(await target.snapshots.import(delta.path)).toMatchObject({ version: 'next', base: 'base' })
    const whole = await target.snapshots.export('next', freshPath('whole'))
    const empty = await opened(kind.url())
    await empty.snapshots.import(whole.path)
    expect(await empty.load({ at: 'next' })).toEqual({ a: 'new', b: 2 })
  })

  it('[149] [trap 115] [trap 116] no code in an imported file can run', async () => {
    const marker = freshPath('ran')
    const code = `require('node:fs').writeFileSync(${JSON.stringify(marker)}, '')`
    const store = await opened(kind.url())
    await store.save({
      text: code,
      call: { toString: code, __reduce__: code, constructor: { name: code } },
      regexp: new RegExp(code.replace(/[^a-z]/g, '.')),
      error: Object.assign(new Error(code), { cause: code }),
    })
    await store.set('proto', JSON.parse(`{"__proto__":{"polluted":${JSON.stringify(code)}}}`))
    await store.snapshots.create({ version: 'out', description: code, meta: { code } })
    const { path } = await store.snapshots.export('out', freshPath('file'))
    const target = await opened(kind.url())
    const { version } = await target.snapshots.import(path)
    await target.restore(version)
    await target.load()
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    expect(existsSync(marker)).toBe(false)
  })

  it('[264] a backup of a store has its own data and nothing else', async () => {
    const other = await opened(kind.url())
    await other.set('other', 1)
    const store = await opened(kind.url())
    await store.set('mine', 1)
    const { path } = await store.backup(join(temporaryFolder(), 'copy'))
    expect(await (await opened(path)).load()).toEqual({ mine: 1 })
  })

  it('[262] [265] [trap 106] in one folder backups of two stores exist apart, also within one second', async () => {
    const place = join(temporaryFolder(), 'backups')
    const stores = [await opened(kind.url()), await opened(kind.url())]
    for (const [n, store] of stores.entries()) await store.set('n', n)
    const reports = await Promise.all(
      stores.flatMap((store) => [
        store.backup(`${place}/`),
        store.backup(`${place}/`),
        store.backup(`${place}/`, { base: 0 }),
      ]),
    )
    const today = new Date().toISOString().slice(0, 10).replaceAll('-', '')
    expect(new Set(reports.map(({ path }) => path)).size).toBe(6)
    expect(readdirSync(place)).toHaveLength(6)
    for (const { path } of reports) expect(basename(path)).toContain(`-1-${today}T`)
    for (const [i, n] of [0, 0, undefined, 1, 1].entries())
      if (n !== undefined) expect(await (await opened(reports[i]?.path ?? '')).get('n')).toBe(n)
  })

  it('[263] [trap 117] a version cannot lead a file out of its folder', async () => {
    const store = await opened(kind.url())
    await store.save({ a: 1 })
    expect(await failure(() => store.snapshots.create({ version: '../../escaped' }))).toBeInstanceOf(
      VarveError,
    )
    const place = temporaryFolder()
    await store.snapshots.create({ version: '..up..' })
    const { path } = await store.snapshots.export('..up..', place)
    expect(join(place, basename(path))).toBe(path)
    expect(readdirSync(place)).toHaveLength(1)
  })

  it('[266] nothing is written to the home directory', async () => {
    const home = (): Record<string, string> =>
      Object.fromEntries(readdirSync(homedir()).map((name) => [name, name]))
    const before = home()
    const store = await opened(kind.url())
    await store.save({ a: 1 })
    const place = temporaryFolder()
    const backup = await store.backup(`${place}/`)
    const { path } = await store.snapshots.export(1, `${place}/`)
    await store.snapshots.import(path)
    expect(backup.path.startsWith(place)).toBe(true)
    expect(home()).toEqual(before)
  })
})

it('[131] one byte of a stored snapshot is changed: an integrity error names the snapshot, and no data comes', async () => {
  const url = freshPath()
  const store = await open(url)
  await store.set('a', 'first value')
  const { path } = await store.snapshots.export(1, freshPath('file'))
  await store.snapshots.create({ version: 'old' })
  await store.set('a', 'second value')
  await store.snapshots.import(path, { version: 'imported' })
  await store.close()
  const db = openDatabase(join(url, 'store.db'))
  db.exec(
    `update changes set before = replace(before, 'first', 'farst'); update aside_entries set value = replace(value, 'first', 'farst')`,
  )
  db.close()
  const again = await opened(url)
  for (const version of ['old', 'imported']) {
    for (const read of [
      () => again.get('a', { at: version }),
      () => again.load({ at: version }),
      () => again.snapshots.export(version, freshPath('never')),
    ]) {
      const error = await failure(read)
      expect(error).toBeInstanceOf(IntegrityError)
      expect((error as Error).message).toContain(`snapshot "${version}"`)
    }
  }
  expect(await again.get('a')).toBe('second value')
})

it('[132] verify reports no fault of a healthy store, and exactly the damaged record of another', async () => {
  const url = freshPath()
  const store = await open(url)
  await store.setMany({ a: 1, b: 2, c: 3 })
  const { path } = await store.snapshots.export(1, freshPath('file'))
  await store.snapshots.import(path, { version: 'imported' })
  expect(await store.verify()).toMatchObject({ ok: true, damaged: [] })
  await store.close()
  const db = openDatabase(join(url, 'store.db'))
  db.exec(`update aside_entries set value = '9' where key = 'b'`)
  db.close()
  const { ok, damaged } = await (await opened(url)).verify()
  expect(ok).toBe(false)
  expect(damaged.map(({ where }) => where)).toEqual(['"b" in snapshot "imported"'])
})

it('[145] an export with any byte altered is refused', async () => {
  // Every byte, and every length: test/archive-damage.test.ts.
  const store = await opened('memory:')
  await store.set('a', 1)
  const { path } = await store.snapshots.export(1, freshPath('file'))
  const bytes = readFileSync(path)
  bytes[bytes.length >> 1]! ^= 1
  writeFileSync(path, bytes)
  expect(await failure(() => store.snapshots.import(path))).toBeInstanceOf(IntegrityError)
})

it(
  '[150] memory stays bounded while 100,000 keys are exported and imported',
  { timeout: 120_000 },
  async () => {
    const folder = temporaryFolder()
    // The values take 180 MB. What is held counts, not what waits for the garbage collector.
    const env = { NODE_OPTIONS: '--max-semi-space-size=4' }
    const program = start('archiving.mjs', [folder, '100000'], { env })
    const grown = await program.next<{ exporting: number; importing: number; keys: number }>()
    expect(grown.keys).toBe(100_000)
    expect(grown.exporting).toBeLessThan(120)
    expect(grown.importing).toBeLessThan(120)
  },
)

it('[39] a refused import leaves no trace on the disk', async () => {
  const url = freshPath()
  const store = await open(url)
  await store.set('a', 1)
  const { path } = await store.snapshots.export(1, freshPath('file'))
  await store.close()
  const bytes = readFileSync(path)
  bytes[bytes.length - 5]! ^= 1
  writeFileSync(path, bytes)
  const before = fingerprint(url)['store.db']
  const again = await open(url)
  expect(await failure(() => again.snapshots.import(path))).toBeInstanceOf(IntegrityError)
  await again.close()
  expect(fingerprint(url)['store.db']?.split(' ')[0]).toBe(before?.split(' ')[0])
})
