import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { realContext } from '../../src/context.ts'
import { collectClosed } from '../../src/engines/sqlite/lingering.ts'
import { PersistentCache, TieredCache, UnavailableError } from '../../src/index.ts'
import { freshPath, temporaryFolder } from '../support/folders.ts'
import { fill, Ramdisk, whyNoMount } from '../support/mounts.ts'
import { start, type Program } from '../support/processes.ts'
import { failure, pause, setting } from '../support/stores.ts'

const rounds = setting('VARVE_CACHE_ROUNDS', 150)
/** A release is held to 1,024. */
const megabytes = setting('VARVE_CACHE_MEGABYTES', 64)
const kills = setting('VARVE_CACHE_KILLS', 4)

async function ready(program: Program): Promise<Program> {
  expect(await program.next()).toBe('ready')
  return program
}

it(
  'what one process has set, deleted or cleared, the others see in their next read',
  { timeout: 60_000 },
  async () => {
    const folder = freshPath('cache')
    const mine = await TieredCache.open<number>(folder, { memory: { maxEntries: 100 } })
    onTestFinished(() => mine.close())
    const other = await ready(start('caching.mjs', ['answers', folder]))
    const ask = async (call: string, ...args: unknown[]): Promise<unknown> =>
      (await other.ask<{ value: unknown }>({ call, args })).value
    for (let i = 1; i <= rounds; i++) {
      // It is in the memory of both.
      await mine.set('a', i)
      expect(await ask('get', 'a')).toBe(i)
      await ask('set', 'a', -i)
      expect(await mine.get('a')).toBe(-i)
      if (i % 3 === 0) await ask('delete', 'a')
      if (i % 7 === 0) await ask('clear')
      expect(await mine.get('a')).toBe(i % 3 === 0 || i % 7 === 0 ? undefined : -i)
      await ask('set', 'tagged', i, { tags: ['t'] })
      expect(await mine.get('tagged')).toBe(i)
      expect(await ask('deleteByTag', 't')).toBe(1)
      expect(await mine.get('tagged')).toBeUndefined()
    }
  },
)

it('ten processes that want the same missing key at once compute it once', { timeout: 60_000 }, async () => {
  const folder = freshPath('cache')
  const programs = await Promise.all(
    Array.from({ length: 10 }, () => ready(start('caching.mjs', ['memoize', folder, '150']))),
  )
  let before = 0
  for (const key of ['first', 'second', 'third']) {
    const answers = await Promise.all(
      programs.map((program) => program.ask<{ value: string; runs: number }>(key)),
    )
    expect(new Set(answers.map(({ value }) => value)).size).toBe(1)
    const runs = answers.reduce((sum, answer) => sum + answer.runs, 0)
    expect(runs - before).toBe(1)
    before = runs
  }
  // All have it in memory, and for all it expires at the same moment.
  await pause(1_100)
  const answers = await Promise.all(
    programs.map((program) => program.ask<{ value: string; runs: number }>('third')),
  )
  expect(answers.reduce((sum, { runs }) => sum + runs, 0) - before).toBe(1)
})

it(
  'a process that is killed while it loads does not keep the others waiting for long',
  { timeout: 60_000 },
  async () => {
    const folder = freshPath('cache')
    const holder = start('caching.mjs', ['holds', folder])
    expect(await holder.next()).toBe('loading')
    const cache = await TieredCache.open<string>(folder)
    onTestFinished(() => cache.close())
    let loads = 0
    const waiting = cache.getOrSet('key', () => {
      loads++
      return 'mine'
    })
    await pause(50)
    expect(loads).toBe(0)
    const began = performance.now()
    await holder.kill()
    expect(await waiting).toBe('mine')
    expect(performance.now() - began).toBeLessThan(8_000)
  },
)

it('[182] a program that ends without closing its cache finds everything at its next start', async () => {
  const folder = freshPath('cache')
  for (let run = 0; run < 3; run++)
    expect(await start('caching.mjs', ['ends', folder]).exited).toEqual({ code: 0, signal: null })
  const cache = await PersistentCache.open(folder)
  onTestFinished(() => cache.close())
  expect([cache.get('runs'), cache.get('run 0'), cache.get('run 2'), cache.size]).toEqual([
    3,
    { runs: 0 },
    { runs: 2 },
    4,
  ])
})

it('a persistent cache whose process was killed is whole', { timeout: 60_000 + kills * 5_000 }, async () => {
  const folder = freshPath('cache')
  for (let kill = 0; kill < kills; kill++) {
    const program = start('caching.mjs', ['fills', folder])
    if (kill % 2 === 0) await program.next()
    await pause(Math.random() * 300)
    await program.kill()
    const cache = await PersistentCache.open<{ key: string; round: number; twice: number[] }>(folder, {
      maxEntries: 2_000,
      persistOnClose: false,
    })
    const keys = [...cache.keys()]
    if (kill > 0) expect(keys.length).toBeGreaterThan(1_000)
    expect(keys.length).toBeLessThanOrEqual(2_000)
    for (const key of keys) {
      const value = cache.get(key)
      expect(value).toEqual({ key, round: value?.round, twice: [value?.round, value?.round] })
    }
    await cache.close()
  }
})

it('[195] memory does not grow with what is on disk', { timeout: 60_000 + megabytes * 1_000 }, async () => {
  const env = { NODE_OPTIONS: '--max-semi-space-size=4' }
  const program = start('caching.mjs', ['grows', freshPath('cache'), String(megabytes)], { env })
  const { grown, disk } = await program.next<{ grown: number; disk: number }>()
  expect(disk).toBeGreaterThan(megabytes * 0.8)
  expect(grown).toBeLessThan(40)
})

it(
  'a full disk fails a tiered set, and costs a persistent cache its persistence until there is space',
  { timeout: 60_000 },
  async (context) => {
    const reason = whyNoMount()
    if (reason !== undefined) context.skip(reason)
    const disk = new Ramdisk(temporaryFolder(), '2m')
    onTestFinished(async () => {
      // With some drivers a closed database holds its files for a while.
      await collectClosed(realContext())
      await disk.unmount()
    })
    const tiered = await TieredCache.open<string>(join(disk.path, 'tiered'))
    const warnings: string[] = []
    const real = realContext()
    const persistent = await PersistentCache.open<string>(
      join(disk.path, 'persistent'),
      { persistEvery: Infinity },
      { ...real, warn: (message) => void warnings.push(message) },
    )
    await tiered.set('a', 'first')
    persistent.set('a', 'first')
    await persistent.persist()
    const filler = fill(disk)
    const block = 'x'.repeat(50_000)
    let refused = 0
    for (let n = 0; n < 40; n++) {
      const value = block + String(Math.random())
      const error = await tiered.set(`${n}`, value).catch((cause: unknown) => cause)
      if (error === undefined) continue
      refused++
      expect(error).toBeInstanceOf(UnavailableError)
      expect(await tiered.get(`${n}`)).toBeUndefined()
      persistent.set(`${n}`, value)
    }
    expect(refused).toBeGreaterThan(0)
    expect(await tiered.get('a')).toBe('first')
    expect(await failure(() => persistent.persist())).toBeInstanceOf(UnavailableError)
    expect(persistent.get('39')).toContain(block)
    rmSync(filler)
    await tiered.set('a', 'second')
    await persistent.persist()
    await Promise.all([tiered.close(), persistent.close()])
    expect(warnings).toEqual([])
    const again = await PersistentCache.open<string>(join(disk.path, 'persistent'))
    expect([again.get('a'), again.get('39')?.startsWith(block)]).toEqual(['first', true])
    await again.close()
  },
)
