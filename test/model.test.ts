import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open, type OpenOptions } from 'varve'
import { compareWithModel } from 'varve/testing'
import { describe, it } from 'vitest'

/** To look again at a run that failed: VARVE_MODEL_SEED=<seed> npx vitest run test/model.test.ts */
const count = Number(process.env['VARVE_MODEL_OPERATIONS'] ?? 10_000)
const seed = Number(process.env['VARVE_MODEL_SEED'] ?? Date.now() % 2 ** 31)
/** A minute for 10,000 operations on a slow disk, and more for more. */
const timeout = 60_000 + count * 20

/** The whole count for what everybody uses, a part of it for the rest. */
const kinds: readonly (readonly [string, OpenOptions, number])[] = [
  ['with all history', {}, count],
  ['without a cache', { cache: 'none' }, count / 5],
  ['with a small cache', { cache: { maxEntries: 5 } }, count / 5],
  ['with a short history', { history: { revisions: 40 } }, count / 5],
]

describe.each(kinds)('random operations against the model, %s', (_, kind, operations) => {
  const options: OpenOptions = { ...kind, maxSnapshots: 0, durability: 'process' }
  const forgets = kind.history !== undefined

  it(`in memory, seed ${seed}`, { timeout }, async () => {
    const store = await open('memory:', options)
    await compareWithModel({ seed, count: operations, store, forgets })
    await store.close()
  })

  it(`on SQLite, seed ${seed}`, { timeout }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'varve-model-'))
    const path = join(folder, 'state')
    try {
      const store = await open(path, options)
      const reopen = async (old: typeof store): Promise<typeof store> => {
        await old.close()
        return open(path, options)
      }
      const last = await compareWithModel({ seed, count: operations, store, forgets, reopen })
      await last.close()
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
