import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { open } from '../../src/index.ts'
import { temporaryFolder } from '../support/folders.ts'
import { json, prepared, sharedFolder, varve, type Ran } from './support.ts'

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

describe('snapshots', () => {
  const snapshots = { cwd: sharedFolder() }
  const snapshot = (...args: string[]): Promise<Ran> => varve(['snapshot', ...args], snapshots)

  test('create, list, show, tag, untag, diff', async () => {
    await varve(['set', 'a', '1'], snapshots)
    const all = ['create', '--id', 'one', '-t', 'x', '-t', 'y', '-d', 'the first', '--meta', '{"build":7}']
    const [made] = await json(['snapshot', ...all, '--as', 'ann'], snapshots)
    expect(made).toEqual({
      version: 'one',
      revision: 1,
      tags: ['x', 'y'],
      description: 'the first',
      meta: { build: 7 },
      createdAt: expect.stringMatching(ISO) as string,
      createdBy: 'ann',
      keys: 1,
      bytes: expect.any(Number) as number,
      checksum: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      auto: false,
    })
    expect(await json(['snapshot', 'show', 'y'], snapshots)).toEqual([made])
    expect((await snapshot('create', '--id', 'one')).code).toBe(4)
    await prepared(['set b 1', 'snapshot create'], snapshots)
    expect((await snapshot('list')).out.split('\n').map((line) => line.split('\t')[0])).toEqual([
      'one',
      'v2',
      '',
    ])
    expect(await json(['snapshot', 'list', '--tag', 'x'], snapshots)).toEqual([made])
    await prepared(['snapshot tag v2 z', 'snapshot untag one x'], snapshots)
    expect(await json(['snapshot', 'show', 'z'], snapshots)).toMatchObject([{ version: 'v2', tags: ['z'] }])
    expect((await snapshot('show', 'x')).code).toBe(3)
    expect(await json(['snapshot', 'diff', 'one'], snapshots)).toMatchObject([
      { from: { version: 'one', keys: 1 }, to: { version: 'v2', keys: 2 }, different: true, added: 1 },
    ])
    expect((await snapshot('diff', 'one', 'v2')).code).toBe(3)
    expect((await snapshot('diff', 'one', 'one')).code).toBe(0)
  })

  test('restore makes a snapshot first, so that it can be taken back', async () => {
    expect((await snapshot('restore', 'one')).code).toBe(2)
    const { out } = await snapshot('restore', 'one', '--dry-run')
    expect(out).toContain('goes\t1')
    const [told] = (await json(['snapshot', 'restore', 'one', '--yes'], snapshots)) as [{ before: string }]
    expect(told).toEqual({ revision: 3, before: 'v2-2' })
    expect((await varve(['keys'], snapshots)).out).toBe('a\n')
    await snapshot('restore', told.before, '--yes')
    expect((await varve(['keys'], snapshots)).out).toBe('a\nb\n')
    expect(await json(['log', '-n', '1'], snapshots)).toMatchObject([{ revision: 4, restoredFrom: 2 }])
  })

  test('delete and prune', async () => {
    expect((await snapshot('delete', 'v2-2', 'nobody', '--yes')).code).toBe(3)
    expect(await json(['snapshot', 'delete', 'v2-2', '--yes'], snapshots)).toEqual([{ deleted: 'v2-2' }])
    await prepared(['snapshot create', 'snapshot create'], snapshots)
    expect((await snapshot('prune')).code).toBe(2)
    expect(await json(['snapshot', 'prune', '--keep', '1', '--dry-run'], snapshots)).toMatchObject([
      { details: { v4: expect.stringMatching(ISO) as string } },
    ])
    expect((await snapshot('prune', '--keep', '1', '--yes')).out).toBe('v4\n')
    expect((await snapshot('prune', '--older-than', '1d', '--tagged', '--yes')).out).toBe('')
    expect((await snapshot('prune', '-k0', '--tagged', '-y')).out).toBe('one\nv2\nv3\n')
    expect((await snapshot('list')).out.split('\t')[0]).toBe('v4-2')
  })

  test('a visitor drops no snapshots, however many there are', async () => {
    const store = await open(join(snapshots.cwd, '.varve'), { maxSnapshots: 0 })
    for (let i = 0; i < 60; i++) await store.snapshots.create()
    await store.close()
    await snapshot('create')
    expect((await json(['snapshot', 'list'], snapshots)).length).toBe(62)
  })

  test('a version that looks like a number is named with name:', async () => {
    await snapshot('create', '--id', '17')
    expect((await snapshot('show', 'name:17')).code).toBe(0)
    expect((await snapshot('show', '17')).code).toBe(3)
  })
})

describe('care', () => {
  test('verify', async () => {
    const mine = { cwd: temporaryFolder() }
    await varve(['set', 'a', '1'], mine)
    expect(await json(['verify'], mine)).toEqual([
      {
        ok: true,
        revisions: expect.any(Number) as number,
        keys: expect.any(Number) as number,
        records: expect.any(Number) as number,
        damaged: [],
      },
    ])
    expect((await varve(['verify'], mine)).out).toMatch(/^ok\ttrue\n/)
  })

  test('compact asks first and says what stays', async () => {
    const mine = { cwd: temporaryFolder() }
    const store = await open(join(mine.cwd, '.varve'))
    for (let i = 0; i < 50; i++) await store.set('n', i)
    await store.close()
    expect((await varve(['compact', '--history', '10'], mine)).code).toBe(2)
    expect((await varve(['compact', '--history', 'some', '--yes'], mine)).code).toBe(2)
    expect((await varve(['compact', '--history', '10', '--dry-run'], mine)).out).toContain(
      'the newest 10 revisions',
    )
    const [report] = await json(['compact', '--history', '10', '--yes'], mine)
    expect(report).toEqual({
      before: { bytes: expect.any(Number) as number, records: expect.any(Number) as number },
      after: { bytes: expect.any(Number) as number, records: expect.any(Number) as number },
      oldestRevision: 41,
    })
    const { code, err } = await varve(['get', 'n', '--at', '5'], mine)
    expect(code).toBe(3)
    expect(err).toContain('VARVE_COMPACTED')
  })

  test('damage is exit code 6, and told', async () => {
    const mine = { cwd: temporaryFolder() }
    const store = await open(join(mine.cwd, '.varve'))
    await store.set('a', 'x'.repeat(500))
    await store.close()
    const file = join(mine.cwd, '.varve', 'store.db')
    const bytes = readFileSync(file)
    bytes.write('y', bytes.indexOf('xxxxxxxx') + 20)
    writeFileSync(file, bytes)
    const { code, out } = await varve(['verify', '--json'], mine)
    expect(code).toBe(6)
    expect(JSON.parse(out)).toMatchObject({ ok: false, damaged: [{ where: expect.any(String) as string }] })
    expect((await varve(['get', 'a'], mine)).code).toBe(6)
  })
})
