import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { TestContext } from 'vitest'
import { fingerprint, temporaryFolder } from '../support/folders.ts'
import { fill, Ramdisk, whyNoMount } from '../support/mounts.ts'
import { elsewhere } from '../support/processes.ts'
import type { RemoteStore } from '../support/processes.ts'

const block = 'x'.repeat(20_000)

/** Sets values until one is refused; how many were taken. */
async function setUntilRefused(store: RemoteStore, name: string): Promise<{ taken: number; error: Error }> {
  for (let taken = 0; taken < 1_000; taken++) {
    try {
      await store.call('set', `${name}:${taken}`, `${taken}${block}`)
    } catch (error) {
      return { taken, error: error as Error }
    }
  }
  throw new Error('The disk never filled up.')
}

describe('a disk that is full or cannot be written', () => {
  let disk: Ramdisk | undefined

  beforeEach((context: TestContext) => {
    const reason = whyNoMount()
    if (reason !== undefined) context.skip(reason)
  })
  afterEach(async () => {
    await disk?.unmount()
    disk = undefined
  })

  it('[36] [37] [trap 30] [trap 37] a full disk refuses the write and keeps the state; with space again the next succeeds', async () => {
    disk = new Ramdisk(temporaryFolder(), '2m')
    const url = join(disk.path, 'store')
    // In a process of its own: a full disk must not end it either.
    const store = await elsewhere(url)
    await store.call('setMany', { a: 1, b: { deep: [1, 2] } })
    await store.call('snapshots.create', { version: 's' })
    const filler = fill(disk)
    const first = await setUntilRefused(store, 'first')
    expect(first.error).toMatchObject({ name: 'UnavailableError', code: 'VARVE_UNAVAILABLE' })
    const expected: Record<string, unknown> = { a: 1, b: { deep: [1, 2] } }
    for (let i = 0; i < first.taken; i++) expected[`first:${i}`] = `${i}${block}`
    for (let i = 0; i < 2; i++) {
      const many = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`many:${n}`, n + block]))
      await expect(store.call('setMany', many)).rejects.toMatchObject({ code: 'VARVE_UNAVAILABLE' })
      await expect(store.call('set', 'a', block)).rejects.toMatchObject({ code: 'VARVE_UNAVAILABLE' })
    }
    expect(await store.call('load')).toEqual(expected)
    expect(await store.call('getSync', 'a')).toBe(1)
    expect(await store.call('get', 'a', { at: 's' })).toBe(1)
    rmSync(filler)
    await store.call('set', 'a', 2)
    expected['a'] = 2
    expect(await store.call('load')).toEqual(expected)
    await store.call('close')
    const again = await elsewhere(url)
    expect(await again.call('load')).toEqual(expected)
    expect(await again.call('verify')).toMatchObject({ ok: true, damaged: [] })
    expect(await again.call('revision')).toBe(2 + first.taken)
    await again.program.kill()
    await store.program.kill()
  })

  it('[36] a store that cannot be made for want of space says so, and can be made afterwards', async () => {
    disk = new Ramdisk(temporaryFolder(), '1m')
    const url = join(disk.path, 'store')
    const filler = fill(disk)
    await expect(elsewhere(url)).rejects.toMatchObject({ code: 'VARVE_UNAVAILABLE' })
    rmSync(filler)
    const store = await elsewhere(url)
    await store.call('set', 'a', 1)
    expect(await store.call('load')).toEqual({ a: 1 })
    await store.program.kill()
  })

  it('[36] killed while the disk is full, the store opens with everything that was acknowledged', async () => {
    disk = new Ramdisk(temporaryFolder(), '2m')
    const url = join(disk.path, 'store')
    const store = await elsewhere(url)
    await store.call('set', 'a', 1)
    const filler = fill(disk)
    const { taken } = await setUntilRefused(store, 'first')
    await store.program.kill()
    const full = await elsewhere(url, { readOnly: true })
    expect(await full.call('get', 'a')).toBe(1)
    expect(await full.call('count')).toBe(1 + taken)
    await full.program.kill()
    rmSync(filler)
    const again = await elsewhere(url)
    expect(await again.call('count')).toBe(1 + taken)
    expect(await again.call('verify')).toMatchObject({ ok: true })
    await again.program.kill()
  })

  it('[36] [48] a folder that cannot be written is refused for writing and can be read', async () => {
    disk = new Ramdisk(temporaryFolder(), '2m')
    const url = join(disk.path, 'store')
    const store = await elsewhere(url)
    await store.call('set', 'a', 1)
    await store.call('close')
    await store.program.kill()
    // As the last close of a driver that holds no file back leaves it.
    for (const ending of ['-shm', '-wal']) rmSync(join(url, `store.db${ending}`), { force: true })
    const before = fingerprint(disk.path)
    disk.remount('ro')
    const refusal = { code: 'VARVE_UNAVAILABLE', message: expect.stringContaining(disk.path) as string }
    const write = async (place: string): Promise<void> => {
      const writer = await elsewhere(place)
      try {
        await writer.call('set', 'a', 2)
      } finally {
        await writer.program.kill()
      }
    }
    await expect(write(url)).rejects.toMatchObject(refusal)
    await expect(write(join(disk.path, 'new'))).rejects.toMatchObject(refusal)
    const reader = await elsewhere(url, { readOnly: true })
    expect(await reader.call('load')).toEqual({ a: 1 })
    expect(await reader.call('verify')).toMatchObject({ ok: true })
    await expect(reader.call('set', 'a', 2)).rejects.toMatchObject({ code: 'VARVE_READ_ONLY' })
    await reader.program.kill()
    disk.remount('rw')
    expect(fingerprint(disk.path)).toEqual(before)
    const again = await elsewhere(url)
    await again.call('set', 'a', 3)
    await again.program.kill()
    expect(readdirSync(url)).toContain('store.db')
  })
})
