import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { start } from '../support/processes.ts'
import { opened, setting, sqlite } from '../support/stores.ts'

const holders = setting('VARVE_LOCKERS', 8)
const times = setting('VARVE_LOCK_TIMES', 10)

it(`${holders} processes take one lock ${times} times each: never two at once, and every token is greater than the one before`, async () => {
  const url = sqlite.url()
  const file = join(temporaryFolder(), 'order')
  writeFileSync(file, '')
  await opened(url)
  const programs = Array.from({ length: holders }, () => start('locking.mjs', [url, String(times), file]))
  for (const program of programs) await program.next()
  const ends = programs.map((program) => program.ask('go'))
  expect(await Promise.all(ends)).toEqual(programs.map(() => 'done'))

  const lines = readFileSync(file, 'utf8').trim().split('\n')
  expect(lines).toHaveLength(2 * holders * times)
  let last = 0
  for (let i = 0; i < lines.length; i += 2) {
    const [, token, pid] = (lines[i] ?? '').split(' ')
    expect(lines[i]).toBe(`in ${token} ${pid}`)
    expect(lines[i + 1]).toBe(`out ${token} ${pid}`)
    expect(Number(token)).toBeGreaterThan(last)
    last = Number(token)
  }
}, 300_000)

it('a holder that is killed loses the lock within its ttl', async () => {
  const url = sqlite.url()
  const store = await opened(url, { durability: 'process' })
  const holder = start('locking.mjs', [url, '1', '', 'hold'])
  await holder.next()
  const token = await holder.ask<number>('go')
  // It is renewed for as long as the holder lives.
  await expect(store.lock('the lock', () => 0, { timeout: '1500ms' })).rejects.toMatchObject({
    code: 'VARVE_UNAVAILABLE',
  })
  const next = store.lock('the lock', (lease) => ({ token: lease.token, at: performance.now() }), {
    ttl: '1s',
  })
  await holder.kill()
  const killed = performance.now()
  const taken = await next
  expect(taken.token).toBeGreaterThan(token)
  // A second is its ttl; the rest is for a machine that does other things as well.
  expect(taken.at - killed).toBeLessThan(1_900)
}, 30_000)

it('a holder that is stopped for longer than its ttl is told that the lock is lost', async () => {
  const url = sqlite.url()
  const store = await opened(url, { durability: 'process' })
  const holder = start('locking.mjs', [url, '1', '', 'hold'])
  await holder.next()
  const token = await holder.ask<number>('go')
  process.kill(holder.pid, 'SIGSTOP')
  const taken = await store.lock('the lock', ({ token: next }) => next)
  expect(taken).toBeGreaterThan(token)
  process.kill(holder.pid, 'SIGCONT')
  expect(await holder.next()).toBe('lost')
}, 30_000)
