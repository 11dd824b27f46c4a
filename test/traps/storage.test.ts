import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { freshPath } from '../support/folders.ts'
import { start } from '../support/processes.ts'
import { collect, kinds, opened, reopened, sqlite } from '../support/stores.ts'

it('[trap 108] no timer of an automatic snapshot outlives its store', async () => {
  const program = start('snapshotting.mjs', [sqlite.url()])
  expect(await program.next()).toBe('done')
  expect(await program.exited).toEqual({ code: 0, signal: null })
  expect(program.errors).toBe('')
})

describe.each(kinds)('storage traps on $name', (kind) => {
  it('[trap 109] everything can be listed and read while everything is written', async () => {
    const store = await opened(kind.url(), { maxSnapshots: 10, durability: 'process' })
    await store.setMany({ a: 0, b: 0 })
    let writing = true
    const write = async (): Promise<void> => {
      for (let n = 1; n <= 150; n++) {
        await Promise.all([
          store.setMany({ a: n, b: n }),
          store.set(`k${n % 20}`, n),
          n % 3 === 0
            ? store.snapshots.create({ version: `s${n}`, tags: ['t'] })
            : store.delete(`k${(n + 5) % 20}`),
        ])
        if (n % 50 === 0) await store.restore(n)
      }
      writing = false
    }
    const read = async (): Promise<void> => {
      while (writing) {
        const [state, list, keys, log] = await Promise.all([
          store.load(),
          store.snapshots.list(),
          collect(store.keys()),
          collect(store.log({ reverse: true, limit: 5 })),
        ])
        expect(state['a']).toBe(state['b'])
        expect(list.length).toBeLessThanOrEqual(10)
        expect(keys).toEqual([...new Set(keys)].toSorted())
        expect(log.map(({ revision }) => revision)).toEqual(log.map((_, i) => (log[0]?.revision ?? 0) - i))
        await collect(store.history('a', { limit: 5 }))
        await store.diff(Math.max(0, store.revision - 3)).toArray()
        await new Promise((resolve) => void setImmediate(resolve))
      }
    }
    await Promise.all([write(), read(), read(), read()])
    expect((await store.verify()).ok).toBe(true)
  })
})

it.skipIf(!existsSync('/proc/self/fd'))(
  '[trap 113] 50 saves, snapshots and scans leave no descriptor open',
  async () => {
    const url = sqlite.url()
    const open = (): number =>
      readdirSync('/proc/self/fd').filter((name) => {
        try {
          return readlinkSync(`/proc/self/fd/${name}`).startsWith(url)
        } catch {
          return false
        }
      }).length
    const store = await opened(url)
    await store.save({ n: 0 })
    await collect(store.entries())
    const before = open()
    for (let n = 0; n < 50; n++) {
      await store.save({ n })
      await store.snapshots.create({ version: `s${n}` })
      await collect(store.entries({ at: 1 }))
    }
    expect(open()).toBeLessThanOrEqual(before)
    await store.close()
  },
)

it('[trap 120] no name reaches the engine as anything but data', async () => {
  const evil = `x'); drop table state; delete from changes; --`
  for (const kind of kinds) {
    const store = await opened(kind.url(), { actor: evil })
    await store.set(evil, evil)
    await store.scope(evil).set('k', 1)
    await store.snapshots.create({ version: evil, tags: [evil], description: evil, meta: { [evil]: evil } })
    const after = await reopened(kind, store)
    expect(await after.load()).toEqual({ [evil]: evil, [`${evil}k`]: 1 })
    expect(await after.get(evil, { at: evil })).toBe(evil)
    expect(await collect(after.keys({ prefix: "x'" }))).toHaveLength(2)
    expect(await collect(after.keys({ match: evil }))).toEqual([evil])
    expect((await after.verify()).ok).toBe(true)
  }
})

it('[trap 13] a value edited behind the back of the store is found, and never served', async () => {
  const path = freshPath('state.db')
  const store = await opened(`sqlite:${path}`)
  await store.set('balance', { amount: 10_000 })
  await store.set('other', 1)
  await store.close()
  const bytes = readFileSync(path)
  const at = bytes.indexOf('{"amount":10000}')
  expect(at).toBeGreaterThan(0)
  bytes.write('{"amount":99999}', at)
  writeFileSync(path, bytes)
  const after = await opened(`sqlite:${path}`)
  await expect(after.get('balance')).rejects.toMatchObject({ code: 'VARVE_INTEGRITY' })
  expect(await after.get('other')).toBe(1)
  const report = await after.verify()
  expect(report.ok).toBe(false)
  expect(report.damaged.some(({ where, why }) => `${where} ${why}`.includes('balance'))).toBe(true)
})
