import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { open } from '../../src/index.ts'
import { hasTerminal, onTerminal, sharedFolder, varve } from './support.ts'

const cwd = sharedFolder()
const how = { cwd }

beforeAll(async () => {
  const store = await open(join(cwd, '.varve'), { actor: 'ann' })
  await store.set('user:1', { name: 'Ann' })
  await store.set('bad\u001b]0;title\u0007', 'clear\u001b[2J\u202eme\nnext')
  await store.set('error', new Error('red\u001b[31m'))
  await store.snapshots.create({ tags: ['release'] })
  await store.set('user:1', { name: 'Ann', plan: 'pro' })
  await store.close()
})

/** The escapes that we write ourselves: colours, and clearing a line of progress. */
// oxlint-disable-next-line no-control-regex
const ours = /\u001b\[(?:\d+m|K)/g
const screen = async (args: string[], env: Record<string, string> = {}): Promise<string> =>
  (await onTerminal(args, { cwd, env, input: '' }).ended).out.replaceAll('\r\n', '\n')

describe.skipIf(!hasTerminal)('on a terminal (needs script of util-linux)', () => {
  test('lists are tables with heads, aligned, cut at the edge', async () => {
    const text = (await screen(['history', 'user:1'])).replace(ours, '')
    const [head = '', first = '', second = ''] = text.split('\n')
    expect(head).toMatch(/^REVISION {2}WHEN +ACTOR {2}WHAT +KEY +VALUE$/)
    expect(first).toMatch(
      /^ {7}4 {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}ann {4}changed {2}user:1 {2}\{ name: 'Ann' \} → /,
    )
    expect(first.indexOf('changed')).toBe(head.indexOf('WHAT'))
    expect(second.indexOf('added')).toBe(head.indexOf('WHAT'))
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100)
    expect(first).toMatch(/…$/)
  })

  test('colours, unless NO_COLOR', async () => {
    expect(await screen(['get', 'user:1'])).toMatch(ours)
    expect(await screen(['get', 'user:1'], { NO_COLOR: '1' })).toBe("{ name: 'Ann', plan: 'pro' }\n")
    expect(await screen(['--help'], { NO_COLOR: '1' })).not.toContain('\u001b')
  })

  test('what could command the terminal is shown, not done', async () => {
    for (const args of [
      ['get', 'bad\u001b]0;title\u0007'],
      ['get', 'error'],
      ['keys', '-v'],
      ['log'],
      ['history', 'bad\u001b]0;title\u0007'],
      ['get', 'no\u001b[2J'],
      ['\u001b[2J'],
    ]) {
      const text = (await screen(args)).replace(ours, '')
      // oxlint-disable-next-line no-control-regex
      expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
    }
    expect(await screen(['get', 'bad\u001b]0;title\u0007'])).toBe('clear\\u001b[2J\\u202eme\nnext\n')
  })

  test('before danger there is a plan and a question: no is the default', async () => {
    const asked = onTerminal(['snapshot', 'restore', 'release'], how)
    await asked.until(/Go on\? \[y\/N\]/)
    expect(asked.out).toContain('Restore ./.varve to revision 3')
    asked.type('\n')
    const declined = await asked.ended
    expect(declined.code).toBe(3)
    expect(declined.out).toContain('Nothing was changed.')
    const again = onTerminal(['snapshot', 'restore', 'release'], how)
    await again.until(/Go on/)
    again.type('y\n')
    expect((await again.ended).code).toBe(0)
    expect((await varve(['get', 'user:1'], how)).out).toBe('{"name":"Ann"}\n')
  })

  test('Ctrl-C at the question changes nothing', async () => {
    const asked = onTerminal(['clear'], how)
    await asked.until(/Go on/)
    asked.type('\u0003')
    expect((await asked.ended).code).toBe(130)
    expect((await varve(['keys', '--count'], how)).out).toBe('3\n')
  })

  test('--raw does not go to a terminal', async () => {
    expect((await onTerminal(['get', 'user:1', '--raw'], { cwd, input: '' }).ended).code).toBe(2)
  })
})

test('a pipe gets no colours, not even with FORCE_COLOR; what is said may have them', async () => {
  const env = { FORCE_COLOR: '1' }
  expect((await varve(['history', 'user:1'], { cwd, env })).out).not.toContain('\u001b')
  expect((await varve(['get', 'nobody'], { cwd, env })).err).toContain('\u001b[31m')
  expect((await varve(['get', 'nobody'], how)).err).not.toContain('\u001b')
})
