import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { candidates } from '../../src/cli/completion/candidates.ts'
import { entries } from '../../src/cli/registry.ts'
import { Stores } from '../../src/cli/stores.ts'
import type { Entry } from '../../src/cli/command.ts'
import { open } from '../../src/index.ts'
import { sharedFolder, shell, varve } from './support.ts'

const cwd = sharedFolder()
const how = { cwd }
const has = (name: string): boolean => spawnSync(name, ['-c', 'true']).status === 0

beforeAll(async () => {
  const store = await open(join(cwd, '.varve'))
  await store.setMany({ 'user:1': 1, 'user:2': 2, 'two words': 3, 'bad\u001b': 4 })
  await store.snapshots.create({ version: 'v-one', tags: ['release'] })
  await store.close()
})

const words = async (...line: string[]): Promise<string[]> => {
  const stores = new Stores({})
  const address = join(cwd, '.varve')
  const sources = { entries, address, open: (where: string) => stores.open(where, { mode: 'read' }) }
  try {
    const found = await candidates(line, sources)
    return [...found.words.map(({ word }) => word), ...(found.files ? [':files'] : [])]
  } finally {
    await stores.close()
  }
}

describe('what could come next', () => {
  test.each([
    [['snap'], ['snapshot']],
    [['snapshot', 're'], ['restore']],
    [
      ['get', 'user:'],
      ['user:1', 'user:2'],
    ],
    [
      ['get', ''],
      ['two words', 'user:1', 'user:2'],
    ],
    [['get', 'user:1', ''], []],
    [
      ['delete', 'user:1', 'user:'],
      ['user:1', 'user:2'],
    ],
    [['keys', '--pre'], ['--prefix']],
    [
      ['keys', '--at', ''],
      ['v-one', 'release'],
    ],
    [['keys', '--at=re'], ['--at=release']],
    [['snapshot', 'tag', 'v-one', ''], ['release']],
    [['snapshot', 'restore', 'v'], ['v-one']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['backup', ''], [':files']],
    [['-u', './nothing', 'get', ''], []],
    [['nonsense', ''], []],
    [['get', '--nonsense', ''], []],
  ])('%j', async (line, expected) => {
    expect(await words(...line)).toEqual(expected)
  })
})

describe('scripts', () => {
  test('they get a line for each candidate, and nothing that cannot be typed', async () => {
    expect((await varve(['__complete', 'fish', 'get', ''], how)).out).toBe(
      'two words\t\nuser:1\t\nuser:2\t\n',
    )
    expect((await varve(['__complete', 'zsh', 'backup', ''], how)).out).toBe(':files\t\n')
    expect((await varve(['__complete', 'zsh', 'snap'], how)).out).toMatch(/^snapshot\tnames for /)
    expect(await varve(['__complete', 'fish', 'get', ''], { cwd: join(cwd, '.varve') })).toEqual({
      code: 0,
      out: '',
      err: '',
    })
  })

  test('bash: keys with colons and blanks', async () => {
    const script = `source <(varve completion bash)
      try() { COMP_LINE="$1"; COMP_POINT=\${#1}; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _varve; printf '%s\\n' "\${COMPREPLY[@]}"; }
      try 'varve get user:' varve get user :
      try 'varve get tw' varve get tw
      try 'varve snapshot sh' varve snapshot sh`
    const { out, err } = await shell(script, how)
    expect({ out, err }).toEqual({ out: '1\n2\ntwo\\ words\nshow\n', err: '' })
  })

  test.each(['bash', 'zsh', 'fish'])('%s understands its own (where it is there)', async (name) => {
    const { code, out } = await varve(['completion', name], how)
    expect(code).toBe(0)
    expect(out).toContain('__complete')
    if (has(name)) expect(spawnSync(name, ['-n'], { input: out }).status).toBe(0)
  })
})

/** Every command by its words. */
const all = (list: readonly Entry[], before: readonly string[] = []): [string, Entry][] =>
  list.flatMap((entry) =>
    entry.commands === undefined
      ? [[[...before, entry.name].join(' '), entry] as [string, Entry]]
      : all(entry.commands, [...before, entry.name]),
  )

describe('every command', () => {
  test.each(all(entries))('%s has options that do not clash, and examples', async (name, entry) => {
    const command = await entry.load?.()
    const { optionsOf } = await import('../../src/cli/globals.ts')
    const specs = command === undefined ? [] : optionsOf(command)
    const names = specs.flatMap((spec) => [
      `--${spec.name}`,
      ...(spec.short === undefined ? [] : [`-${spec.short}`]),
    ])
    expect(new Set(names).size).toBe(names.length)
    expect(command?.examples.length).toBeGreaterThan(0)
    if (entry.hidden !== true)
      expect(command?.examples.some(([line]) => line.includes(`varve ${name}`))).toBe(true)
  })

  test('stands on the page of the command line', () => {
    const page = readFileSync(fileURLToPath(new URL('../../docs/cli.md', import.meta.url)), 'utf8')
    for (const [name, { hidden }] of all(entries))
      if (hidden !== true) expect(page).toContain(`varve ${name}`)
  })
})
