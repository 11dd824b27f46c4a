import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { IntegrityError, open, restoreBackup } from '../src/index.ts'
import type { OpenOptions, Store } from '../src/index.ts'
import { randomFrom } from './support/damages.ts'
import { freshPath, temporaryFolder } from './support/folders.ts'
import { failure, opened, setting } from './support/stores.ts'

/** How many bytes of a full backup are changed, one after the other; 0: every one. */
const flips = setting('VARVE_FLIPS', 300)
const random = randomFrom(setting('VARVE_SEED', Math.floor(Math.random() * 2 ** 31)))

async function filled(options?: OpenOptions): Promise<Store> {
  const store = await opened('memory:', options)
  await store.setMany({ a: 1, text: 'said again and again. '.repeat(20), m: new Map([[1, new Date(2)]]) })
  await store.snapshots.create({ version: 'one', tags: ['t'], meta: { m: new Map() }, description: 'd' })
  await store.set('a', 2)
  await store.delete('text')
  return store
}

/** Every byte changed, every length, and something behind the end. */
function* damages(bytes: Buffer): Generator<[what: string, damaged: Buffer]> {
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes)
    damaged[at] = (bytes[at] ?? 0) ^ (1 + random(255))
    yield [`byte ${at} changed to ${damaged[at]}`, damaged]
  }
  for (let length = 0; length < bytes.length; length++) yield [`cut to ${length}`, bytes.subarray(0, length)]
  yield ['a byte too many', Buffer.concat([bytes, Buffer.from([0])])]
  yield ['twice', Buffer.concat([bytes, bytes])]
}

describe.each([true, false])('an archive, compressed: %s', (compression) => {
  it(
    '[145] an export with any byte altered, or cut off anywhere, is refused and changes nothing',
    { timeout: 120_000 },
    async () => {
      const store = await filled({ compression })
      const base = await store.snapshots.export('one', freshPath('base'))
      const delta = await store.snapshots.export(3, freshPath('delta'), { base: 'one' })
      const target = await opened('memory:')
      await target.snapshots.import(base.path)
      const { revision } = target
      const path = freshPath('damaged')
      let tried = 0
      for (const { path: good } of [base, delta])
        for (const [what, damaged] of damages(readFileSync(good))) {
          writeFileSync(path, damaged)
          const error = await failure(() => target.snapshots.import(path))
          expect(error, what).toBeInstanceOf(IntegrityError)
          expect((error as Error).message, what).toContain(path)
          tried++
        }
      expect(tried).toBeGreaterThan(1_500)
      expect(target.revision).toBe(revision)
      expect(await target.snapshots.list()).toHaveLength(1)
      // The same path with what belongs there is taken.
      writeFileSync(path, readFileSync(delta.path))
      await target.snapshots.import(path)
    },
  )

  it(
    '[260] an incremental backup with any byte altered, or cut off anywhere, is refused',
    { timeout: 120_000 },
    async () => {
      const store = await filled({ compression })
      const full = await store.backup(freshPath('full'))
      await store.set('b', 1)
      await store.snapshots.create({ version: 'two' })
      const increment = await store.backup(freshPath('increment'), { base: full.revision })
      const folder = temporaryFolder()
      const path = freshPath('damaged')
      for (const [what, damaged] of damages(readFileSync(increment.path))) {
        writeFileSync(path, damaged)
        const error = await failure(() => restoreBackup([full.path, path], join(folder, 'target')))
        expect(error, what).toBeInstanceOf(IntegrityError)
        expect((error as Error).message, what).toContain(path)
      }
      expect(readdirSync(folder)).toEqual([])
      await restoreBackup([full.path, increment.path], join(folder, 'target'))
    },
  )
})

it('[260] a full backup with any byte altered, or cut off, is refused', { timeout: 600_000 }, async () => {
  const store = await filled()
  const { path, bytes: size } = await store.backup(freshPath('full'))
  const good = readFileSync(path)
  const folder = temporaryFolder()
  const damagedPath = freshPath('damaged')
  const refused = async (what: string, damaged: Buffer): Promise<void> => {
    writeFileSync(damagedPath, damaged)
    const error = await failure(() => restoreBackup(damagedPath, join(folder, 'target')))
    expect(error, what).toBeInstanceOf(Error)
    expect((error as { code?: string }).code, what).toMatch(/^VARVE_(?:INTEGRITY|UNAVAILABLE)$/)
    expect((error as Error).message, what).toContain(damagedPath)
  }
  // Where the seal itself stands, and the header, nothing is left out.
  const seal = good.indexOf('varve-seal')
  const places = new Set<number>()
  for (let at = 0; at < 100; at++) places.add(at)
  for (let at = seal - 16; at < seal + 66; at++) places.add(at)
  if (flips === 0) for (let at = 0; at < size; at++) places.add(at)
  else while (places.size < Math.min(flips, size)) places.add(random(size))
  for (const at of places) {
    const damaged = Buffer.from(good)
    damaged[at] = (good[at] ?? 0) ^ (1 + random(255))
    await refused(`byte ${at} changed to ${damaged[at]}`, damaged)
  }
  for (let n = 0; n < (flips === 0 ? 200 : 60); n++) {
    const length = random(size)
    await refused(`cut to ${length}`, good.subarray(0, length))
  }
  await refused('a page too many', Buffer.concat([good, Buffer.alloc(2_048)]))
  expect(readdirSync(folder)).toEqual([])
  await restoreBackup(path, join(folder, 'target'))
  const back = await open(join(folder, 'target'))
  expect(await back.load()).toEqual(await store.load())
  await back.close()
})
