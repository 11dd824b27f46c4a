import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { open } from '../../src/index.ts'
import { freshPath, temporaryFolder } from '../support/folders.ts'
import { Program } from '../support/processes.ts'
import { opened, pause, setting } from '../support/stores.ts'
import { checkPrefix, readAcks } from './prefix.ts'

/** Both durabilities together; 200 is what a release is held to. */
const kills = setting('VARVE_KILLS', 40)
const perDurability = Math.ceil(kills / 2)
/** A new store now and then, so that its creation is cut too. */
const killsPerStore = 8

it.each(['disk', 'process'])(
  '[34] [35] [44] [trap 35] [trap 51] killed at any moment at "%s": all that was acknowledged is whole',
  async (durability) => {
    const folder = temporaryFolder()
    let acknowledged = 0
    let url = ''
    let acks = ''
    const launch = (round: number): Program => {
      if (round % killsPerStore === 0) {
        url = join(folder, `store-${round}`)
        acks = join(folder, `acks-${round}`)
      }
      return new Program('writer.mjs', [url, durability, acks, String(1 + (round % 30))])
    }
    for (let round = 0; round < perDurability; round++) {
      const writer = launch(round)
      try {
        // Some are killed at any moment after their start, also while they make or open the store.
        if (round % 4 > 0) await writer.next()
        await pause(Math.random() * (round % 4 > 0 ? 60 : 200))
      } finally {
        await writer.kill()
      }
      const known = existsSync(acks) ? readAcks(readFileSync(acks, 'utf8')) : readAcks('')
      expect(known.failures).toEqual([])
      const store = await open(url, { maxSnapshots: 0 })
      try {
        await checkPrefix(store, known)
      } finally {
        await store.close()
      }
      acknowledged += known.count
    }
    expect(acknowledged).toBeGreaterThan(perDurability)
  },
  60_000 + kills * 2_000,
)

it('[35] opening while another process is killed succeeds and shows complete transactions', async () => {
  for (let round = 0; round < 8; round++) {
    const url = freshPath()
    const acks = freshPath('acks')
    const writer = new Program('writer.mjs', [url, 'process', acks, '10'])
    try {
      await writer.next()
      await pause(Math.random() * 20)
      const [store] = await Promise.all([opened(url, { maxSnapshots: 0 }), writer.kill()])
      await checkPrefix(store, readAcks(readFileSync(acks, 'utf8')))
      await store.set('afterwards', round)
      expect(await store.get('afterwards')).toBe(round)
      await store.close()
    } finally {
      await writer.kill()
    }
  }
}, 60_000)
