import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UnavailableError } from 'varve'
import { afterEach, expect, test } from 'vitest'
import { realContext } from '../context.ts'
import { openIn } from '../open.ts'
import { faultyContext, manualClock } from './faults.ts'

const folder = mkdtempSync(join(tmpdir(), 'varve-faults-'))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('a manual clock calls in order, what is put off by what it calls too', () => {
  const clock = manualClock(1_000)
  const called: string[] = []
  clock.later(30, () => called.push(`c at ${clock.steady()}`))
  clock.later(10, () => {
    called.push(`a at ${clock.steady()}`)
    clock.later(5, () => called.push(`b at ${clock.steady()}`))
  })
  const off = clock.later(20, () => called.push('never'))
  off()
  clock.advance(29)
  expect(called).toEqual(['a at 1010', 'b at 1015'])
  clock.advance(1)
  expect(called).toEqual(['a at 1010', 'b at 1015', 'c at 1030'])
})

test('the wall clock can be set, the steady clock cannot', () => {
  const clock = manualClock(1_000)
  clock.setWall(50)
  clock.advance(10)
  expect([clock.wall(), clock.steady()]).toEqual([60, 1_010])
})

test('a store in its hands: time passes when it is told to', async () => {
  const context = faultyContext(realContext())
  const store = await openIn({ context }, 'memory:')
  await store.set('a', 1, { ttl: '1h' })
  context.clock.setWall(context.clock.wall() + 2 * 3_600_000)
  expect(await store.get('a')).toBe(1)
  context.clock.advance(3_599_999)
  await new Promise(setImmediate)
  expect(await store.get('a')).toBe(1)
  context.clock.advance(1)
  await new Promise(setImmediate)
  expect(await store.get('a')).toBe(undefined)
  await store.close()
})

test('a store in its hands: the disk fails when it is told to', async () => {
  const context = faultyContext(realContext())
  const store = await openIn({ context }, join(folder, 'state'))
  await store.set('a', 1)
  context.failNext('fdatasync', 'ENOSPC', { times: Infinity })
  context.failNext('fdatasyncSync', 'ENOSPC', { times: Infinity })
  await expect(store.set('a', 2)).rejects.toThrow(UnavailableError)
  await store.close()
  context.heal()
  const again = await openIn({ context }, join(folder, 'state'))
  await again.set('a', 3)
  expect(await again.get('a')).toBe(3)
  await again.close()
})

test('calls fail by their callback or by throwing, after as many as were let through', async () => {
  const context = faultyContext(realContext())
  context.failNext('existsSync', 'EIO', { after: 1, times: 2 })
  const ask = (): unknown => {
    try {
      return context.fs.existsSync('/')
    } catch (error) {
      return (error as NodeJS.ErrnoException).code
    }
  }
  expect([ask(), ask(), ask(), ask()]).toEqual([true, 'EIO', 'EIO', true])
  expect(context.calls.get('existsSync')).toBe(4)

  const mine = new Error('mine')
  context.failNext('fdatasync', mine)
  expect(await new Promise((resolve) => context.fs.fdatasync(-1, resolve))).toBe(mine)
  context.warn('something', mine)
  expect(context.warnings).toEqual([{ message: 'something', cause: mine }])
})
