import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { open } from '../../src/index.ts'
import { temporaryFolder } from '../support/folders.ts'
import { prepared, sharedFolder, varve, type Ran } from './support.ts'

const cwd = sharedFolder()
const run = (...args: string[]): Promise<Ran> => varve(args, { cwd })

beforeAll(async () => {
  const store = await open(join(cwd, '.varve'))
  await store.set('a', 1)
  await store.close()
})

describe('lines that make no sense', () => {
  test.each([
    [['gte', 'a'], 'There is no command "gte". Did you mean get?', 'varve --help'],
    [['prune'], 'Did you mean snapshot prune?', 'varve --help'],
    [
      ['snapshot', 'lits'],
      'There is no command "snapshot lits". Did you mean snapshot list?',
      'varve snapshot --help',
    ],
    [['keys', '--prefx', 'a'], 'There is no option --prefx. Did you mean --prefix?', 'varve keys --help'],
    [['get', '-x', 'a'], 'There is no option -x.', 'varve get --help'],
    [['get'], '<key> is missing', 'varve get --help'],
    [['get', 'a', 'b'], '"b" is one word too many', 'varve get --help'],
    [['keys', '--limit'], '--limit needs a value', 'varve keys --help'],
    [['keys', '--limit', '--count'], '--limit needs a value', 'varve keys --help'],
    [['keys', '--limit', 'ten'], '--limit takes a whole number', 'varve keys --help'],
    [['keys', '--at', '1', '--at', '2'], '--at is there twice', 'varve keys --help'],
    [['keys', '--count=yes'], '--count takes no value', 'varve keys --help'],
    [['keys', '--at', '2026-13-45'], 'is no date', 'varve keys --help'],
    [['completion', 'tcsh'], 'is one of bash, zsh, fish', 'varve completion --help'],
    [['set', '', '1'], 'key', 'varve set --help'],
    [['get', 'a', '--url', 'ftp://x'], 'there is no engine ftp:', 'varve get --help'],
    [['stats', '--health', '--prometheus'], 'exclude each other', 'varve stats --help'],
    [['restore-backup', 'x', '--url', 'y'], 'There is no option --url', 'varve restore-backup --help'],
  ])('%j', async (args, message, next) => {
    const { code, out, err } = await run(...args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(message)
    expect(err).toMatch(/\((VARVE_USAGE|VARVE_INVALID_\w+)\)\n {2}try: /)
    expect(err).toContain(`try: ${next}\n`)
  })

  test('no command at all: the help as talk, and exit 2', async () => {
    const { code, out, err } = await run()
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain('Usage: varve <command>')
    expect((await run('snapshot')).code).toBe(2)
  })
})

describe('help', () => {
  test('of the program, of a group, of a command; asked for in three ways', async () => {
    const { code, out } = await run('--help')
    expect(code).toBe(0)
    expect(out).toContain('Usage: varve <command>')
    expect(out).not.toContain('__complete')
    expect((await run('snapshot', '-h')).out).toContain('varve snapshot <command>')
    const ofGet = await run('get', '--help')
    expect(ofGet.out).toMatch(/^varve get - print the value of a key\n\nUsage: varve get <key> \[options\]/)
    expect((await run('help', 'get')).out).toBe(ofGet.out)
    expect((await run('--version')).out).toMatch(/^\d+\.\d+\.\d+/)
  })
})

describe('what goes wrong', () => {
  test('a read never makes a store', async () => {
    const empty = { cwd: temporaryFolder() }
    const reads = [['get', 'a'], ['snapshot', 'list'], ['watch'], ['delete', 'a'], ['snapshot', 'create']]
    const codes = await Promise.all(reads.map(async (args) => (await varve(args, empty)).code))
    expect(codes).toEqual(reads.map(() => 3))
    expect(readdirSync(empty.cwd)).toEqual([])
    const { err } = await varve(['get', 'a'], empty)
    expect(err).toContain(`There is no store at ${join(empty.cwd, '.varve')}. (VARVE_NO_STORE)`)
    const elsewhere = await varve(['get', 'a'], { ...empty, env: { VARVE_URL: 'sqlite:./x.db' } })
    expect(elsewhere.err).toContain(join(empty.cwd, 'x.db'))
    expect(existsSync(join(empty.cwd, 'x.db'))).toBe(false)
  })

  test('the address: --url before VARVE_URL before ./.varve', async () => {
    const env = { VARVE_URL: './other' }
    await varve(['set', 'where', 'other'], { cwd, env })
    await prepared(['-u sqlite:third.db set where third', 'set where here'], { cwd })
    expect((await varve(['get', 'where'], { cwd, env })).out).toBe('other\n')
    expect((await varve(['get', 'where', '--url=sqlite:third.db'], { cwd, env })).out).toBe('third\n')
    expect((await varve(['get', 'where'], { cwd })).out).toBe('here\n')
  })

  test('with --json a failure is JSON', async () => {
    const { code, out, err } = await run('get', 'nobody', '--json')
    expect({ code, out }).toEqual({ code: 3, out: '' })
    expect(JSON.parse(err)).toEqual({ error: { code: 'VARVE_NO_KEY', message: 'There is no key "nobody".' } })
    expect(JSON.parse((await run('nonsense', '--json')).err)).toMatchObject({
      error: { code: 'VARVE_USAGE' },
    })
  })

  test('a stack only with --debug', async () => {
    expect((await run('get', 'nobody')).err).not.toContain(' at ')
    expect((await run('get', 'nobody', '--debug')).err).toMatch(/\n {4}at /)
  })

  test('what is no store is corrupt, and stays as it is', async () => {
    writeFileSync(join(cwd, 'notes.txt'), 'These are notes. '.repeat(20))
    const { code, err } = await run('get', 'a', '-u', 'sqlite:notes.txt')
    expect(code).toBe(6)
    expect(err).toContain('VARVE_INTEGRITY')
    expect((await run('verify', '-u', 'sqlite:notes.txt')).err).toContain('try: varve restore-backup')
  })

  test.skipIf(process.getuid?.() === 0 || process.platform === 'win32')(
    'a folder that cannot be written is unavailable (as root everything can)',
    async () => {
      const folder = join(cwd, 'locked')
      mkdirSync(folder)
      chmodSync(folder, 0o500)
      expect((await run('set', 'a', '1', '-u', join(folder, 'store'))).code).toBe(7)
    },
  )

  test('unknown points are a no', async () => {
    expect((await run('get', 'a', '--at', 'nowhere')).code).toBe(3)
    expect((await run('get', 'a', '--at', '99')).code).toBe(3)
    expect((await run('get', 'a', '--at', 'nowhere')).err).toContain('try: varve snapshot list')
  })
})
