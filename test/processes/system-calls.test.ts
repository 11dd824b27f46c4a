import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { open } from '../../src/index.ts'
import { temporaryFolder } from '../support/folders.ts'
import { run } from '../support/mounts.ts'
import { Program, programPath, start } from '../support/processes.ts'
import { setting, until } from '../support/stores.ts'
import { checkPrefix, readAcks } from './prefix.ts'

const points = setting('VARVE_POINTS', 10)

function whyNoStrace(): string | undefined {
  try {
    run('strace', '-qq', '-o', '/dev/null', 'true')
    return undefined
  } catch {
    return 'needs strace, and to be allowed to trace'
  }
}

describe('what the operating system is asked to do', () => {
  it('[45] [trap 46] every awaited write at durability "disk" is flushed to the device, at "process" hardly any', (context) => {
    const reason = whyNoStrace()
    if (reason !== undefined) context.skip(reason)
    const flushes = (durability: string, writes = 50): number => {
      const folder = temporaryFolder()
      const trace = join(folder, 'trace')
      const strace = ['-f', '-qq', '-o', trace, '-e', 'trace=fsync,fdatasync']
      const program = [
        process.execPath,
        programPath('syncs.mjs'),
        join(folder, 'store'),
        durability,
        String(writes),
      ]
      run('strace', ...strace, ...program)
      return readFileSync(trace, 'utf8').match(/(fsync|fdatasync)\(/g)?.length ?? 0
    }
    expect(flushes('disk')).toBeGreaterThanOrEqual(50)
    // What it takes to make a store counts in both.
    expect(flushes('process', 150) - flushes('process', 50)).toBeLessThan(10)
  })

  it('[36] [trap 36] [trap 37] after a flush that failed nothing is acknowledged until a new open', async (context) => {
    const reason = whyNoStrace()
    if (reason !== undefined) context.skip(reason)
    for (const when of [1, 3, 10]) {
      const folder = temporaryFolder()
      const [url, acks] = [join(folder, 'store'), join(folder, 'acks')]
      const fail = `inject=fdatasync:error=EIO:when=${when}`
      const under = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'trace=fdatasync', '-e', fail] as const
      const writer = start('writer.mjs', [url, 'disk', acks, '10'], { under })
      const told = (): string => (existsSync(acks) ? readFileSync(acks, 'utf8') : '')
      await until(() => readAcks(told()).failures.length > 0, 20_000)
      expect(told()).toMatch(/^e VARVE_UNAVAILABLE UnavailableError: /m)
      // The operations that shared the flush fail with it; none behind the first failure is acknowledged.
      expect(told().slice(told().indexOf('e VARVE'))).not.toMatch(/^[0-9s]/m)
      writer.disconnect()
      await writer.exited
      const store = await open(url, { maxSnapshots: 0 })
      await checkPrefix(store, readAcks(told()))
      await store.set('afterwards', 1)
      await store.close()
    }
  }, 60_000)

  it(
    '[35] killed at the n-th system call that writes, the state is a prefix and nothing acknowledged is lost',
    async (context) => {
      const reason = whyNoStrace()
      if (reason !== undefined) context.skip(reason)
      const folder = temporaryFolder()
      const calls = 'pwrite64,write,ftruncate,fallocate,fsync,fdatasync,unlink,rename,link,mkdir'
      for (let point = 0; point < points; point++) {
        const url = join(folder, `store-${point}`)
        const acks = join(folder, `acks-${point}`)
        // The first calls make the store; later ones are anywhere.
        const when = point < points / 2 ? 1 + point * 3 : Math.floor(30 + Math.random() * 600)
        const kill = `inject=pwrite64,fdatasync,ftruncate,unlink:signal=KILL:when=${when}`
        const under = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', `trace=${calls}`, '-e', kill] as const
        const writer = new Program('writer.mjs', [url, point % 2 === 0 ? 'disk' : 'process', acks, '10'], {
          under,
        })
        expect((await writer.exited).signal).toBe('SIGKILL')
        const store = await open(url, { maxSnapshots: 0 })
        try {
          await checkPrefix(store, readAcks(existsSync(acks) ? readFileSync(acks, 'utf8') : ''))
        } finally {
          await store.close()
        }
      }
    },
    30_000 + points * 3_000,
  )
})
