import { createHash } from 'node:crypto'
import { cpSync, existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { IntegrityError, open } from '../src/index.ts'
import type { Store } from '../src/index.ts'
import { judge } from './support/damage-verdict.ts'
import type { Seen, Truth } from './support/damage-verdict.ts'
import { damageSomewhere, randomFrom } from './support/damages.ts'
import { fingerprint, temporaryFolder } from './support/folders.ts'
import { elsewhere, Program } from './support/processes.ts'
import { collect, failure, setting } from './support/stores.ts'

/** How often a store is damaged, half of them after a clean close; 1,000 is what a release is held to. */
const damages = setting('VARVE_DAMAGES', 150)
const seed = setting('VARVE_SEED', Math.floor(Math.random() * 2 ** 31))

const words = ['varve', 'layer', 'clay', 'silt', 'winter', 'summer', 'thaw', 'lake']
const text = (n: number, length: number): string =>
  Array.from({ length }, (_, i) => words[(n * 7 + i * i) % words.length]).join(' ')

/** A little of everything: small and large values, JSON and other, many versions, deletes, snapshots, a restore. */
async function fillStore(
  store: Pick<Store, 'set' | 'setMany' | 'delete' | 'restore' | 'snapshots'>,
): Promise<void> {
  for (let n = 0; n < 60; n++) {
    const key = `key:${n % 20}`
    if (n % 11 === 10) await store.delete(key)
    else if (n % 3 === 0)
      await store.set(key, { n, text: text(n, n % 30), list: [n, null, { deep: `${n}` }] })
    else if (n % 3 === 1)
      await store.set(
        key,
        new Map<string, unknown>([
          ['n', n],
          ['at', new Date(n)],
        ]),
      )
    else await store.setMany({ [key]: n, [`pair:${n}`]: text(n, 3) })
    if (n % 10 === 5) await store.set('large', { n, text: text(n, 900) })
    if (n % 12 === 0) await store.snapshots.create({ version: `s${n}`, tags: ['kept'], meta: { n } })
  }
  await store.restore('s36', { prefix: 'key:' })
  await store.set('last', 'one')
}

/** What must not change when a damaged store is looked at: the database and its write-ahead log. */
function evidence(place: string): string {
  const { 'store.db': database, 'store.db-wal': log = '' } = fingerprint(place)
  return `${database} ${log.startsWith(emptyHash) ? '' : log}`
}
const emptyHash = createHash('sha256').digest('hex')

/** A process that looks at stores, and is replaced when it is lost. */
class Prober {
  #program: Program | undefined

  async probe(
    url: string,
    keys: readonly string[],
    revisions: readonly number[],
    readOnly = false,
  ): Promise<Seen> {
    if (!this.#program) {
      this.#program = new Program('probe.mjs', [])
      await this.#program.next()
    }
    try {
      return await this.#program.ask<Seen>({ url, keys, revisions, readOnly })
    } catch (error) {
      this.#program = undefined
      throw error
    }
  }

  async end(): Promise<void> {
    await this.#program?.kill()
    this.#program = undefined
  }
}

async function truthOf(prober: Prober, url: string): Promise<Truth> {
  const store = await open(url, { readOnly: true })
  const keys = new Set(await collect(store.keys()))
  for await (const commit of store.log()) commit.keys.forEach((key) => keys.add(key))
  const revisions = Array.from({ length: store.revision + 1 }, (_, revision) => revision)
  await store.close()
  const names = [...keys, 'never there']
  const seen = await prober.probe(url, names, revisions, true)
  const states = new Map(seen.at.map(({ revision, entries }) => [revision, new Map(entries.items)] as const))
  const truth = { keys: names, seen, states }
  expect(judge(truth, seen, url, false)).toEqual([])
  expect(seen.verify.value).toMatchObject({ ok: true })
  expect(seen.snapshots.value?.length).toBe(5)
  return truth
}

describe('damage', () => {
  it(
    `[38] [39] [trap 39] ${damages} random damages (seed ${seed}): never a wrong value, never silence, never a crash`,
    { timeout: 60_000 + damages * 2_000 },
    async () => {
      const folder = temporaryFolder()
      const closed = join(folder, 'closed')
      const killed = join(folder, 'killed')
      const store = await open(closed, { maxSnapshots: 0 })
      await fillStore(store)
      await store.close()
      // The other one has a write-ahead log with its newest revisions: its writer was killed.
      cpSync(closed, killed, { recursive: true })
      const writer = await elsewhere(killed, { maxSnapshots: 0 })
      for (let n = 0; n < 30; n++) await writer.call('set', `key:${n % 25}`, { again: n, text: text(n, 20) })
      await writer.program.kill()
      expect(existsSync(join(killed, 'store.db-wal'))).toBe(true)

      const prober = new Prober()
      const verdicts: string[] = []
      const outcomes: Record<string, number> = {}
      try {
        const sources: { source: string; truth: Truth }[] = []
        for (const source of [closed, killed]) {
          const copy = `${source}-truth`
          cpSync(source, copy, { recursive: true })
          sources.push({ source, truth: await truthOf(prober, copy) })
        }
        for (let n = 0; n < damages; n++) {
          const { source, truth } = sources[n % 2] as { source: string; truth: Truth }
          const random = randomFrom(seed + n)
          const place = join(folder, `damaged-${n}`)
          cpSync(source, place, { recursive: true })
          const { file, what } = damageSomewhere(place, random)
          const readOnly = n % 3 === 0
          const before = evidence(place)
          const last = truth.seen.revision
          const revisions = [1, random(last), random(last), last]
          const label = `damage ${n} (seed ${seed + n}), ${file}: ${what}${readOnly ? ', read-only' : ''}`
          try {
            const seen = await prober.probe(place, truth.keys, revisions, readOnly)
            const wrong = judge(truth, seen, place, file.endsWith('-wal'))
            if (wrong.length > 0)
              verdicts.push(`${label}: ${wrong.slice(0, 3).join('; ')} (${wrong.length} in all)`)
            const outcome = seen.opened ? 'refused' : seen.verify.value?.ok === true ? 'harmless' : 'found'
            outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
          } catch (error) {
            verdicts.push(`${label}: the process died: ${String(error)}`)
          }
          if (readOnly && evidence(place) !== before)
            verdicts.push(`${label}: a read-only open changed the files`)
        }
      } finally {
        await prober.end()
      }
      console.log(`${damages} damages:`, JSON.stringify(outcomes))
      expect(verdicts).toEqual([])
      expect(outcomes['refused'] ?? 0).toBeLessThan(damages)
    },
  )

  it('[38] a blanked middle is found by verify or refused by name, and a read-only open leaves the file as it is', async () => {
    const url = join(temporaryFolder(), 'store')
    const store = await open(url)
    await fillStore(store)
    await store.close()
    const path = join(url, 'store.db')
    const bytes = readFileSync(path)
    bytes.fill(0xa5, 2_048, bytes.length - 2_048)
    writeFileSync(path, bytes)
    const before = fingerprint(url)
    const error = await failure(async () => {
      const damaged = await open(url, { readOnly: true })
      try {
        expect((await damaged.verify()).ok).toBe(false)
        await damaged.load()
      } finally {
        await damaged.close()
      }
    })
    expect(error).toBeInstanceOf(IntegrityError)
    expect(String(error)).toContain(url)
    expect(fingerprint(url)).toEqual(before)
  })

  it('[39] with the last record torn off, a store whose writer was killed opens with the records before it', async () => {
    for (const durability of ['process', 'disk'] as const) {
      const url = join(temporaryFolder(), 'store')
      const writer = await elsewhere(url, { durability })
      for (let n = 1; n <= 20; n++) await writer.call('set', 'n', n)
      await writer.program.kill()
      const log = join(url, 'store.db-wal')
      truncateSync(log, statSync(log).size - 100)
      const warnings: string[] = []
      // A slow machine warns of slow work, too.
      const warn = (message: string): void => void (/ are gone/.test(message) && warnings.push(message))
      const store = await open(url, { logger: { warn } })
      try {
        expect(await store.get('n')).toBe(store.revision)
        expect(store.revision).toBe(19)
        const { ok, damaged } = await store.verify()
        // What had reached the disk is missed, and said to be gone; the end of a log that had not can be torn.
        expect([ok, damaged.length, warnings.length]).toEqual(
          durability === 'disk' ? [false, 1, 1] : [true, 0, 0],
        )
        expect(warnings.join()).toContain(durability === 'disk' ? url : '')
        expect(await store.set('n', 'on')).toBe(store.revision)
      } finally {
        await store.close()
      }
    }
  })
})
