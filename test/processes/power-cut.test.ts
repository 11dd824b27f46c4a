import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { LoopDisk, whyNoPowerCut } from '../support/mounts.ts'
import { elsewhere, Program } from '../support/processes.ts'
import { pause, setting } from '../support/stores.ts'
import { checkPrefix, lookAt, readAcks } from './prefix.ts'
import type { Acks } from './prefix.ts'

/**
 * The disk is a file with a file system of its own. Cutting its power shuts that down at once: what was written but not
 * synced never gets there. Honest about order and flushes; it does not model a drive that lies.
 */
const cuts = setting('VARVE_CUTS', 5)
const cutsPerStore = 3
const mountOptions = [undefined, 'commit=1', 'data=writeback']

function acksIn(path: string): Acks {
  return readAcks(existsSync(path) ? readFileSync(path, 'utf8') : '')
}

/**
 * Writes until the power goes; what was acknowledged is known from another disk. Only what was known before the cut
 * began counts: a flush that is on its way at that moment may still be answered with success by the file system that is
 * being shut down (a bare write and fdatasync are, in about 3 of 100 cuts), and after a real cut nobody would hear it.
 */
async function cutWhileWriting(
  disk: LoopDisk,
  durability: string,
  round: number,
  path: string,
): Promise<{ readonly before: Acks; readonly failures: readonly string[] }> {
  disk.mount(mountOptions[round % mountOptions.length])
  const writer = new Program('writer.mjs', [
    join(disk.path, 'store'),
    durability,
    path,
    String(1 + ((round * 7) % 40)),
  ])
  let before: Acks
  try {
    // Now and then it is cut while the store is made or opened.
    if (round % 4 === 3) {
      await pause(60 + Math.random() * 150)
    } else {
      await writer.next()
      await pause(Math.random() * 300)
    }
    before = acksIn(path)
    disk.cut()
  } finally {
    await writer.kill()
    await disk.unmount()
  }
  return { before, failures: acksIn(path).failures }
}

describe.each(['disk', 'process'])(
  'the power is cut while a store writes at durability "%s"',
  (durability) => {
    const promise =
      durability === 'disk'
        ? 'nothing acknowledged is missing'
        : 'the state is one that the store has had, whole and sound'
    it(`[34] [35] [45] ${promise}`, { timeout: 30_000 + cuts * 15_000 }, async (context) => {
      const reason = await whyNoPowerCut()
      if (reason !== undefined) context.skip(reason)
      const folder = temporaryFolder()
      const disk = new LoopDisk(folder)
      let acknowledged = 0
      for (let round = 0; round < cuts; round++) {
        if (round % cutsPerStore === 0) disk.format()
        const acksPath = join(folder, `acks-${round}`)
        const { before, failures } = await cutWhileWriting(disk, durability, round, acksPath)
        // What a disk that is gone answers to a read, SQLite takes for damage.
        for (const line of failures) expect(line).toMatch(/^e VARVE_(UNAVAILABLE|INTEGRITY) /)
        acknowledged += before.count
        disk.mount()
        try {
          const store = await elsewhere(join(disk.path, 'store'), { maxSnapshots: 0 })
          try {
            await checkPrefix(await lookAt(store), before, durability === 'disk' ? before.last : 0)
            await store.call('close')
          } finally {
            await store.program.kill()
          }
        } finally {
          await disk.unmount()
        }
      }
      expect(acknowledged).toBeGreaterThan(cuts)
    })
  },
)
