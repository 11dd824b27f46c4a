import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { hasTerminal, onTerminal, varve } from './support.ts'

describe('from a pipe', () => {
  test('runs each line on one open store; the exit code is that of the last failure', async () => {
    const cwd = temporaryFolder()
    const input = `# what a script has
set "two words" '{"a": 1}'
get 'two words'

varve keys
get nobody
snapshot create --id one
clear
set x "unclosed
set y -
exit
set never 1
`
    const { code, out, err } = await varve(['repl', '--as', 'eve'], { cwd, input })
    expect(out.split('\n').slice(0, 3)).toEqual(['1', '{"a":1}', 'two words'])
    expect(code).toBe(2)
    for (const said of ['VARVE_NO_KEY', 'needs --yes', 'never closed', 'standard input'])
      expect(err).toContain(said)
    expect((await varve(['keys'], { cwd })).out).toBe('two words\n')
    expect((await varve(['log'], { cwd })).out).toMatch(/\teve\t/)
  })

  test('a store in memory lasts as long as the repl; --json holds for all lines', async () => {
    const how = { cwd: temporaryFolder(), input: 'set a 1\nget a\nkeys\n' }
    const { code, out } = await varve(['repl', '-u', 'memory:', '--json'], how)
    expect(code).toBe(0)
    expect(out).toBe('{"key":"a","revision":1}\n{"key":"a","value":1,"revision":1}\n{"key":"a"}\n')
  })
})

describe.skipIf(!hasTerminal)('on a terminal (needs script of util-linux)', () => {
  test('completes, asks, keeps its history, stops a command but not itself', async () => {
    const cwd = temporaryFolder()
    await varve(['set', 'user:ann', 'Ann'], { cwd })
    const env = { NO_COLOR: '1' }
    const repl = onTerminal(['repl'], { cwd, env })
    await repl.until(/varve \.\/\.varve> /)
    repl.type('get us\t')
    await repl.until(/get user:ann/)
    repl.type('\n')
    await repl.until(/Ann/)
    repl.type('watch\n')
    await new Promise((resolve) => setTimeout(resolve, 500))
    repl.type('\u0003')
    await repl.until(/VARVE_INTERRUPTED/)
    repl.type('clear\n')
    await repl.until(/Go on\?/)
    repl.type('y\n')
    await repl.until(/cleared at revision 2/)
    repl.type(' set secret 1\n')
    await repl.until(/set secret at/)
    repl.type('\u0004')
    expect((await repl.ended).code).toBe(0)
    expect(readFileSync(join(cwd, 'state', 'varve', 'repl-history'), 'utf8')).toBe(
      'get user:ann\nwatch\nclear\n',
    )
  })
})
