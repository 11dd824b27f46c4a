import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { delta } from '../src/index.ts'
import type { DeltaStrategy, OpenOptions, Store } from '../src/index.ts'
import { temporaryFolder } from './support/folders.ts'
import { collect, kinds, opened, reopened, setting, sqlite } from './support/stores.ts'

const rounds = setting('VARVE_PACKING_ROUNDS', 3)
const strategies: readonly DeltaStrategy[] = ['auto', 'binary', 'structural', 'compress', 'none']

/** Repeatable chance. */
function dice(seed: number): (below: number) => number {
  let state = Math.imul(seed + 1, 2_654_435_761) >>> 0
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const words = 'clay silt sand summer winter lake thaw layer varve flood'.split(' ')
/** Values of which the next is much like the one before: texts, documents, bytes, some of them compressed. */
function next(value: unknown, roll: (below: number) => number): unknown {
  if (value === undefined || roll(12) === 0) {
    const kind = roll(4)
    if (kind === 0) return 'short'
    if (kind === 1) return Array.from({ length: 200 }, () => words[roll(10)]).join(' ')
    if (kind === 2) return new Map(Array.from({ length: 60 }, (_, i) => [i, words[roll(10)]]))
    return { list: Array.from({ length: 10 + roll(300) }, (_, id) => ({ id, word: words[roll(10)] })) }
  }
  if (typeof value === 'string')
    return `${value.slice(0, roll(value.length))}${words[roll(10)]}${value.slice(roll(value.length))}`
  if (value instanceof Map) return new Map([...value, [roll(80), words[roll(10)]]])
  const { list } = value as { list: { id: number; word: string | undefined }[] }
  const place = roll(list.length + 1)
  return {
    list: [
      ...list.slice(0, place),
      { id: roll(1_000), word: words[roll(10)] },
      ...list.slice(place + roll(2)),
    ],
  }
}

async function checkPoint(
  store: Store,
  at: number | undefined,
  expected: ReadonlyMap<string, unknown>,
): Promise<void> {
  const state = new Map(await collect(store.entries(at === undefined ? {} : { at })))
  expect(state).toEqual(new Map([...expected].sort(([a], [b]) => (a < b ? -1 : 1))))
  for (const [key, value] of expected)
    expect(await store.get(key, at === undefined ? {} : { at })).toEqual(value)
}

describe.each(
  kinds.flatMap((kind) =>
    strategies.map((strategy) => ({ kind, strategy, name: `${kind.name}, ${strategy}` })),
  ),
)('values of the past on $name', ({ kind: engine, strategy }) => {
  it.each(Array.from({ length: rounds }, (_, i) => i))(
    'come back as they were, whatever is compacted: round %i',
    async (round) => {
      const roll = dice(round * 7 + strategies.indexOf(strategy) + setting('VARVE_SEED', 1))
      const kind = roll(3)
      const options: OpenOptions = {
        delta: strategy,
        durability: 'process',
        compression: roll(2) === 0,
        history: kind === 0 ? 'all' : kind === 1 ? 'snapshots' : { revisions: 15 },
      }
      let store = await opened(engine.url(), options)
      const now = new Map<string, unknown>()
      const snapshots = new Map<string, Map<string, unknown>>()
      for (let step = 0; step < 150; step++) {
        const key = `k${roll(4)}`
        const what = roll(20)
        if (what === 0) {
          await store.delete(key)
          now.delete(key)
        } else if (what < 3) {
          const { version } = await store.snapshots.create()
          snapshots.set(version, new Map(now))
        } else if (what === 3 && snapshots.size > 3) {
          const version = [...snapshots.keys()][roll(snapshots.size)] as string
          await store.snapshots.delete(version)
          snapshots.delete(version)
        } else if (what === 4) {
          await store.compact()
        } else if (what === 5 && snapshots.size > 0) {
          const [version, state] = [...snapshots][roll(snapshots.size)] as [string, Map<string, unknown>]
          await store.restore(version)
          now.clear()
          for (const [name, value] of state) now.set(name, value)
        } else if (what === 6) {
          store = await reopened(engine, store, options)
        } else {
          const writes = Array.from({ length: 1 + roll(3) }, (_, i) => `k${(roll(4) + i) % 4}`)
          for (const name of writes) now.set(name, next(now.get(name), roll))
          // In one transaction of the engine, so that some stand on others of the same group.
          await Promise.all(writes.map((name) => store.set(name, now.get(name))))
        }
      }
      const { ok, damaged } = await store.verify()
      expect([ok, damaged]).toEqual([true, []])
      await checkPoint(store, undefined, now)
      for (const [version, state] of snapshots)
        await checkPoint(store, (await store.snapshots.get(version)).revision, state)
      await store.compact()
      expect((await store.verify()).damaged).toEqual([])
      for (const [version, state] of snapshots)
        await checkPoint(store, (await store.snapshots.get(version)).revision, state)
    },
  )
})

it('[114] one leaf of a thousand changed inside one key takes less than 5 % of the whole', async () => {
  const leaves = Object.fromEntries(
    Array.from({ length: 1_000 }, (_, i) => [`leaf ${i}`, `value ${i * 7919}`]),
  )
  const sizes: number[] = []
  for (const strategy of ['auto', 'none'] as const) {
    const store = await opened(sqlite.url(), { delta: strategy, durability: 'process', compression: false })
    for (let n = 0; n < 7; n++) await store.set('state', { ...leaves, [`leaf ${n}`]: n })
    const { fullBytes, storedBytes, count } = store.metrics().delta
    if (strategy === 'auto') {
      expect(count).toBe(6)
      expect(storedBytes).toBeLessThan(fullBytes * 0.05)
      expect(await store.get('state', { at: 1 })).toEqual({ ...leaves, 'leaf 0': 0 })
    }
    sizes.push((await store.compact()).after.bytes)
  }
  const [auto = 0, whole = 0] = sizes
  expect(auto).toBeLessThan(whole / 2)
})

it('a diff tells what is different within a value, if it is asked', async () => {
  const store = await opened('memory:', { secret: ['password'] })
  await store.setMany({ doc: { a: 1, list: [1, 2, 3] }, gone: 1, password: { a: 1 } })
  await store.setMany({ doc: { a: 1, list: [1, 2, 4] }, come: 1, password: { a: 2 } })
  await store.delete('gone')
  const changes = new Map((await store.diff(1).toArray()).map((change) => [change.key, change]))
  const { before, after, delta: found } = changes.get('doc') ?? {}
  expect(found && delta.patch(before, found)).toEqual(after)
  expect(found && delta.paths(found)).toEqual(['$.list[2]'])
  expect(changes.get('doc')?.delta).toBe(found)
  expect(Object.keys(changes.get('doc') ?? {})).not.toContain('delta')
  for (const key of ['gone', 'come', 'password']) expect(changes.get(key)?.delta).toBeUndefined()
})

it.each(kinds)('a delta file on $name holds differences, and brings the values back', async (kind) => {
  const leaves = Object.fromEntries(
    Array.from({ length: 1_000 }, (_, i) => [`leaf ${i}`, `value ${i * 7919}`]),
  )
  const store = await opened(kind.url(), { compression: false })
  await store.setMany({ state: leaves, other: 'x'.repeat(5_000), gone: 1 })
  const { version: base } = await store.snapshots.create()
  await store.set('state', { ...leaves, 'leaf 7': 8 })
  await store.delete('gone')
  const { version, checksum } = await store.snapshots.create()
  const folder = temporaryFolder()
  const [whole, part] = [join(folder, 'whole'), join(folder, 'part')]
  await store.snapshots.export(base, whole)
  const { bytes } = await store.snapshots.export(version, part, { base })
  expect(bytes).toBeLessThan(2_000)
  const other = await opened(kind.url())
  await other.snapshots.import(whole)
  const imported = await other.snapshots.import(part)
  expect(imported.checksum).toBe(checksum)
  expect(await other.get('state', { at: imported.version })).toEqual({ ...leaves, 'leaf 7': 8 })
  expect((await other.verify()).damaged).toEqual([])
})
