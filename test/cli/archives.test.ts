import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { open } from '../../src/index.ts'
import { temporaryFolder } from '../support/folders.ts'
import { hasTerminal, json, onTerminal, prepared, sharedFolder, start, varve, type Ran } from './support.ts'

const cwd = sharedFolder()
const how = { cwd }
const run = (...args: string[]): Promise<Ran> => varve(args, how)
const number = expect.any(Number) as number
const digest = expect.stringMatching(/^[0-9a-f]{64}$/) as string

describe('exports and imports', () => {
  test('a snapshot goes to another store, whole and in steps', async () => {
    await prepared(['set a 1', 'snapshot create --id one', 'set b 2', 'snapshot create --id two'], how)
    expect(await json(['snapshot', 'export', 'one', 'one.varve'], how)).toEqual([
      { path: join(cwd, 'one.varve'), revision: 1, bytes: number, checksum: digest, keys: 1 },
    ])
    expect(await json(['snapshot', 'export', 'two', 'step.varve', '--base', 'one'], how)).toMatchObject([
      { revision: 2, base: 1, keys: 2 },
    ])
    const there = ['--url', './there']
    // A step needs what it stands on.
    expect((await run('snapshot', 'import', 'step.varve', ...there)).code).not.toBe(0)
    const [made] = await json(['snapshot', 'import', 'one.varve', '-t', 'x', ...there], how)
    expect(made).toMatchObject({ version: 'one', keys: 1, tags: expect.arrayContaining(['x']) as string[] })
    expect((await run('snapshot', 'import', 'step.varve', '--id', 'deux', ...there)).code).toBe(0)
    expect((await run('get', 'b', '--at', 'deux', ...there)).out).toBe('2\n')
    // The state of that store is as it was.
    expect((await run('keys', ...there)).out).toBe('')
  })

  test('a damaged file is refused, and what is no file is told', async () => {
    appendFileSync(join(cwd, 'one.varve'), 'x')
    const { code, err } = await run('snapshot', 'import', 'one.varve')
    expect(code).toBe(6)
    expect(err).toContain('try: varve snapshot import --help')
    expect((await run('snapshot', 'import', 'nothing.varve')).code).not.toBe(0)
    expect((await run('snapshot', 'list')).out.trim().split('\n').length).toBe(2)
  })
})

describe('backups', () => {
  test('full and incremental, put back as a chain; what stood there is kept', async () => {
    await run('set', 'c', '3')
    const [full] = (await json(['backup', 'full.backup'], how)) as [{ revision: number }]
    expect(full).toEqual({
      path: join(cwd, 'full.backup'),
      revision: number,
      bytes: number,
      checksum: digest,
    })
    await run('set', 'd', '4')
    expect((await run('backup', 'more.backup', '--base', String(full.revision))).code).toBe(0)
    const back = ['restore-backup', 'full.backup', 'more.backup', '--to', './back']
    expect((await run(...back)).code).toBe(2)
    expect((await run('restore-backup', 'full.backup', '--yes')).err).toContain('--to')
    expect(await json([...back, '--dry-run'], how)).toEqual([
      {
        dryRun: true,
        plan: 'Put a chain of 2 backups back at ./back',
        details: { base: 'full.backup', step_1: 'more.backup', there_now: 'nothing' },
      },
    ])
    expect(existsSync(join(cwd, 'back'))).toBe(false)
    expect((await run(...back, '--yes')).code).toBe(0)
    expect((await run('keys', '-u', './back')).out).toBe('a\nb\nc\nd\n')
    const [again] = (await json(['restore-backup', 'full.backup', '--to', './back', '--yes'], how)) as [
      { kept: string },
    ]
    expect((await run('keys', '-u', './back')).out).toBe('a\nb\nc\n')
    expect((await run('keys', '-u', again.kept)).out).toBe('a\nb\nc\nd\n')
  })

  test('a chain in the wrong order and a damaged file are refused, and nothing changes', async () => {
    const wrong = await run('restore-backup', 'more.backup', 'full.backup', '--to', './back', '--yes')
    expect(wrong.code).toBe(6)
    expect(wrong.err).toContain('try: varve restore-backup --help')
    appendFileSync(join(cwd, 'full.backup'), 'x')
    expect((await run('restore-backup', 'full.backup', '--to', './back', '--yes')).code).toBe(6)
    expect((await run('keys', '-u', './back')).out).toBe('a\nb\nc\n')
  })
})

describe('how it is', () => {
  test('stats, its health, and for Prometheus', async () => {
    expect(await json(['stats'], how)).toEqual([
      { revision: number, oldestRevision: 0, keys: 4, snapshots: 2, bytes: { disk: number } },
    ])
    expect((await run('stats')).out).toMatch(
      /^revision\t\d+\noldest_revision\t0\nkeys\t4\nsnapshots\t2\ndisk\t\d+\n$/,
    )
    const [health] = await json(['stats', '--health'], how)
    const check = { ok: true, detail: expect.any(String) as string, ms: number }
    expect(health).toEqual({
      status: 'ok',
      at: expect.stringMatching(/Z$/) as string,
      reasons: [],
      checks: { engine: check, write: check, read: check, space: check, lag: check, snapshots: check },
    })
    expect((await run('stats', '--prometheus')).out).toMatch(/^# HELP varve_/)
  })

  test('doctor: whole, absent, damaged', async () => {
    const [told] = (await json(['doctor'], how)) as [
      { ok: boolean; checks: { name: string; ok: boolean; detail: string }[] },
    ]
    expect(told.ok).toBe(true)
    expect(told.checks.map(({ name }) => name)).toEqual([
      'program',
      'place',
      'permissions',
      'format',
      'engine',
      'write',
      'read',
      'space',
      'lag',
      'snapshots',
      'records',
    ])
    expect(told.checks.find(({ name }) => name === 'engine')?.detail).toMatch(/sqlite \d+\.\d+\.\d+ by /)
    const absent = await run('doctor', '-u', './absent')
    expect(absent.code).toBe(3)
    expect(absent.out).toMatch(/^place\tbad\t/m)
    expect(existsSync(join(cwd, 'absent'))).toBe(false)
    appendFileSync(join(cwd, 'broken.db'), 'no store at all '.repeat(20))
    const broken = await run('doctor', '-u', 'sqlite:broken.db', '--json')
    expect(broken.code).toBe(6)
    expect(JSON.parse(broken.out)).toMatchObject({ ok: false })
  })

  test('doctor changes nothing', async () => {
    const file = join(cwd, '.varve', 'store.db')
    const before = readFileSync(file)
    await run('doctor')
    expect(readFileSync(file).equals(before)).toBe(true)
  })
})

describe('long work', () => {
  const large = sharedFolder()
  const fill = async (): Promise<void> => {
    if (existsSync(join(large, '.varve'))) return
    const store = await open(join(large, '.varve'), { durability: 'process' })
    for (let i = 0; i < 6; i++)
      await store.setMany(
        Array.from({ length: 20_000 }, (_, j): [string, object] => [
          `k:${i}:${j}`,
          { j, text: 'x'.repeat(40) },
        ]),
      )
    await store.close()
  }

  test('Ctrl-C leaves no file, not even half of one', async () => {
    await fill()
    for (const args of [
      ['backup', 'a.file'],
      ['snapshot', 'export', '6', 'b.file'],
    ]) {
      const working = start(args, { cwd: large })
      const begun = Date.now()
      // As soon as the first bytes are there.
      while (
        Date.now() - begun < 10_000 &&
        readdirSync(large).length === 1 &&
        working.child.exitCode === null
      )
        await new Promise((resolve) => setTimeout(resolve, 2))
      working.child.kill('SIGINT')
      const { code } = await working.ended
      // It may have been quicker than we were; then the file is whole.
      if (code === 0) continue
      expect(code).toBe(130)
      expect(readdirSync(large)).toEqual(['.varve'])
    }
    expect((await varve(['verify'], { cwd: large })).code).toBe(0)
  })

  test.skipIf(!hasTerminal)('progress is shown on a terminal, and gone in the end', async () => {
    await fill()
    const { code, out } = await onTerminal(['verify'], { cwd: large, input: '' }).ended
    expect(code).toBe(0)
    const last = out.split('\r\u001b[K').at(-1) ?? ''
    expect(last).toContain('whole')
    expect(last).not.toContain('━')
    expect((await varve(['verify'], { cwd: large })).err).toBe('')
  })
})

test('it works from the package as it is published', async () => {
  const { files, bin } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    files: string[]
    bin: Record<string, string>
  }
  expect(files).toContain('dist')
  const main = new URL(`../../${bin['varve']}`, import.meta.url)
  expect(readFileSync(main, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
  expect((await varve(['--version'], { cwd: temporaryFolder() })).code).toBe(0)
})
