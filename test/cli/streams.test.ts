import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { open } from '../../src/index.ts'
import { sharedFolder, shell, start, varve } from './support.ts'

const cwd = sharedFolder()
const how = { cwd }
const many = 60_000

beforeAll(async () => {
  const store = await open(join(cwd, '.varve'), { durability: 'process' })
  await store.setMany(
    Array.from({ length: many }, (_, i): [string, number] => [`key:${String(i).padStart(6, '0')}`, i]),
  )
  await store.close()
})

describe('pipes', () => {
  test('one that closes early is no failure', async () => {
    const { code, out, err } = await shell('set -o pipefail; varve keys | head -1', how)
    expect({ code, out, err }).toEqual({ code: 0, out: 'key:000000\n', err: '' })
    expect(await shell('set -o pipefail; varve keys -v --json | head -1', how)).toEqual({
      code: 0,
      out: '{"key":"key:000000","value":0}\n',
      err: '',
    })
  })

  test('everything comes through to a slow reader', async () => {
    const { code, out } = await shell('set -o pipefail; varve keys | (sleep 0.5; wc -l)', how)
    expect({ code, out: out.trim() }).toEqual({ code: 0, out: String(many) })
  })

  test.skipIf(process.platform !== 'linux')('a full disk behind the output is a failure', async () => {
    const { code, err } = await shell('varve keys > /dev/full', how)
    expect(code).toBe(1)
    expect(err).toContain('ENOSPC')
  })

  test('values from standard input: JSON, text, bytes', async () => {
    const { out } = await shell(
      `echo '{"a": 1}' | varve set in:json - >/dev/null
       echo 'hello' | varve set in:text - >/dev/null
       echo 'exactly' | varve set in:exact - --text >/dev/null
       printf '\\377\\000\\n' | varve set in:bytes - --bytes >/dev/null
       varve keys 'in:*' --values; varve get in:bytes --raw | od -An -tx1
       printf '\\377' | varve set in:bad -; echo $?`,
      how,
    )
    expect(out).toBe(
      'in:bytes\t{"$bytes":"/wAK"}\nin:exact\t"exactly\\n"\nin:json\t{"a":1}\nin:text\t"hello"\n ff 00 0a\n2\n',
    )
  })

  test('one item a line, whatever its key is', async () => {
    await varve(['set', 'odd:a\nb\tc\\d\u001b[31m', 'x\ty'], how)
    expect((await varve(['keys', 'odd:**', '-v'], how)).out).toBe('odd:a\\nb\\tc\\\\d\\u001b[31m\t"x\\ty"\n')
    const { out } = await varve(['keys', 'odd:**', '--json'], how)
    expect(JSON.parse(out)).toEqual({ key: 'odd:a\nb\tc\\d\u001b[31m' })
    expect((await varve(['get', 'odd:\u001b[2J'], how)).err).not.toContain('\u001b')
  })
})

describe('live', () => {
  test('watch shows what another process does, at once; Ctrl-C ends it with 130', async () => {
    const watching = start(['watch', 'w:*', '--json'], how)
    // It says nothing when it is ready: the first write is tried until it is seen.
    let tries = 0
    while (watching.out === '' && tries++ < 40) {
      await varve(['set', 'w:1', String(tries), '--as', 'eve'], how)
    }
    await varve(['set', 'other', '1'], how)
    await varve(['delete', 'w:1', '--as', 'bob'], how)
    await watching.until(/removed/)
    watching.child.kill('SIGINT')
    const { code, out, err } = await watching.ended
    expect(code).toBe(130)
    expect(err).toContain('VARVE_INTERRUPTED')
    const changes = out
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(changes.every(({ key }) => key === 'w:1')).toBe(true)
    expect(changes[0]).toMatchObject({ actor: 'eve', key: 'w:1' })
    expect(changes.at(-1)).toMatchObject({ actor: 'bob', type: 'removed', key: 'w:1' })
  })

  test('watch --from goes on behind a revision; --limit ends it', async () => {
    const { code, out } = await varve(['watch', '--from', '0', '-n', '2'], how)
    expect(code).toBe(0)
    expect(out.split('\n').map((line) => line.split('\t')[4])).toEqual([
      'key:000000',
      'key:000001',
      undefined,
    ])
  })

  test('log --follow lists what is there and what comes', async () => {
    const following = start(['log', '-n', '1', '--follow', '--json'], how)
    await following.until(/\n/)
    await varve(['set', 'f:1', '1'], how)
    await varve(['set', 'f:2', '1'], how)
    await following.until(/f:2/)
    following.child.kill('SIGTERM')
    const { code, out } = await following.ended
    expect(code).toBe(143)
    const revisions = out
      .split('\n')
      .filter(Boolean)
      .map((line) => (JSON.parse(line) as { revision: number }).revision)
    const [first = 0] = revisions
    expect(revisions).toEqual([first, first + 1, first + 2])
  })

  test('Ctrl-C stops a long list, and one that waits for its input', async () => {
    const listing = start(['watch', '--from', 'start'], how)
    await listing.until(/key:/)
    listing.child.kill('SIGINT')
    expect((await listing.ended).code).toBe(130)
    const waiting = start(['set', 'never', '-'], how)
    waiting.type('half of a va')
    setTimeout(() => waiting.child.kill('SIGINT'), 700)
    expect((await waiting.ended).code).toBe(130)
    expect((await varve(['get', 'never'], how)).code).toBe(3)
  })
})

test('two processes write at once, and nothing is lost', async () => {
  const lines = (who: string): string =>
    Array.from({ length: 40 }, (_, i) => `set two:${who}:${i} ${i}`).join('\n')
  const [one, other] = await Promise.all([
    varve(['repl'], { cwd, input: lines('a') }),
    varve(['repl'], { cwd, input: lines('b') }),
  ])
  expect([one.code, other.code]).toEqual([0, 0])
  expect((await varve(['keys', 'two:**', '--count'], how)).out).toBe('80\n')
})
