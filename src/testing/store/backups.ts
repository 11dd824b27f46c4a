import assert from 'node:assert/strict'
import {
  CompactedError,
  IntegrityError,
  InvalidOptionError,
  open,
  restoreBackup,
  UnavailableError,
  type Store,
} from '../../index.ts'
import { assertHealthy, collect, refuses, stateOf } from '../assertions.ts'
import type { Case, Group } from '../harness.ts'

export const backupCases: Group = {
  title: 'backups',
  cases(test) {
    whole(test)
    chains(test)
  },
}

const files = { needs: ['files', 'whole'] } as const

async function filled(store: Store): Promise<void> {
  await store.setMany({ a: 1, b: { x: [1, 2] }, m: new Map([[1, new Date(2)]]) })
  await store.snapshots.create({ version: 'one', tags: ['kept'], meta: { at: new Date(5) } })
  await store.delete('b')
  await store.set('b', 'again', { ttl: '1h' })
  await store.as('ann').set('a', 2)
}

/** Everything that a store can tell about itself. */
async function wholeOf(store: Store): Promise<unknown> {
  const points = Array.from({ length: store.revision + 1 }, (_, n) => n)
  return {
    revision: store.revision,
    states: await Promise.all(points.map((at) => stateOf(store, at))),
    snapshots: await store.snapshots.list(),
    log: await collect(store.log()),
    history: await collect(store.history('a')),
  }
}

async function opened<T>(url: string, look: (store: Store) => Promise<T>): Promise<T> {
  const store = await open(url, { maxSnapshots: 0 })
  try {
    await assertHealthy(store)
    return await look(store)
  } finally {
    await store.close()
  }
}

function whole(test: Case): void {
  test(
    'a backup opens as a store that has everything, and goes its own way from there',
    async ({ store, folder }) => {
      await filled(store)
      const expected = await wholeOf(store)
      const report = await store.backup(`${folder()}/deep/copy.db`)
      assert.equal(report.revision, store.revision)
      assert.match(report.checksum, /^[0-9a-f]{64}$/)
      assert.ok(report.bytes > 0)
      await store.set('later', 1)
      for (const url of [report.path, `sqlite:${report.path}`])
        assert.deepEqual(await opened(url, wholeOf), expected)
      await opened(report.path, (copy) => copy.set('mine', 1))
      assert.equal(await store.get('mine'), undefined)
      assert.equal(await opened(report.path, (copy) => copy.get('mine')), 1)
    },
    files,
  )

  test(
    'it is put back as it was, and what stood there is kept',
    async ({ store, folder }) => {
      await filled(store)
      const expected = await wholeOf(store)
      const place = folder()
      const { path } = await store.backup(`${place}/`)
      const target = `${place}/target`
      assert.equal((await restoreBackup(path, target)).kept, undefined)
      assert.deepEqual(await opened(target, wholeOf), expected)
      const later = await opened(target, async (there) => {
        await there.set('later', 1)
        return wholeOf(there)
      })
      const seen: number[] = []
      const report = await restoreBackup(path, target, {
        onProgress: (done, total) => seen.push(done / total),
      })
      assert.equal(seen.at(-1), 1)
      assert.deepEqual(await opened(target, wholeOf), expected)
      assert.ok(report.kept !== undefined)
      assert.deepEqual(await opened(report.kept, wholeOf), later)
      await restoreBackup(report.kept, target)
      assert.deepEqual(await opened(target, wholeOf), later)
    },
    files,
  )

  test(
    'a place that is in use, a store in memory and what is no backup are refused',
    async ({ store, folder }) => {
      await filled(store)
      const place = folder()
      const { path } = await store.backup(`${place}/`)
      const target = await open(`${place}/target`)
      await target.set('mine', 1)
      const error = await refuses(() => restoreBackup(path, `${place}/target`), UnavailableError)
      assert.match(error.message, /in use/)
      await target.set('mine', 2)
      await target.close()
      await refuses(() => restoreBackup(path, 'memory:'), InvalidOptionError)
      await refuses(() => restoreBackup([], `${place}/target`), InvalidOptionError)
      await refuses(() => restoreBackup(`${place}/nothing`, `${place}/target`), UnavailableError)
      const exported = await store.snapshots.export('one', `${place}/`)
      await refuses(() => restoreBackup(exported.path, `${place}/target`), IntegrityError)
      assert.equal(await opened(`${place}/target`, (there) => there.get('mine')), 2)
    },
    files,
  )
}

function chains(test: Case): void {
  test(
    'increments hold what came since: changes, snapshots made and deleted, imports',
    async ({ store, folder }) => {
      await filled(store)
      const place = folder()
      const chain = [await store.backup(`${place}/full`)]
      const { path } = await store.snapshots.export('one', `${place}/one`)
      const steps = [
        () => store.set('c', { n: 1 }),
        () => store.snapshots.import(path, { version: 'imported' }),
        () => store.snapshots.delete('one'),
        () => store.clear(),
        () => store.restore('imported'),
        () => store.snapshots.create({ version: 'last', meta: { m: new Map() } }),
      ]
      for (const [n, step] of steps.entries()) {
        await step()
        chain.push(await store.backup(`${place}/increment-${n}`, { base: chain.at(-1)?.revision ?? 0 }))
        const report = await restoreBackup(
          chain.map((one) => one.path),
          `${place}/target-${n}`,
        )
        assert.equal(report.revision, store.revision)
        assert.deepEqual(await opened(`${place}/target-${n}`, wholeOf), await wholeOf(store))
      }
    },
    files,
  )

  test(
    'a chain in the wrong order, with a gap, without its beginning or of another store is refused by name',
    async ({ store, create, folder }) => {
      await filled(store)
      const place = folder()
      const full = await store.backup(`${place}/full`)
      await store.set('a', 3)
      const first = await store.backup(`${place}/first`, { base: full.revision })
      await store.set('a', 4)
      const second = await store.backup(`${place}/second`, { base: first.revision })
      const other = await create()
      for (let n = 0; n < full.revision; n++) await other.set('a', n)
      const foreign = await other.backup(`${place}/foreign`)
      const target = `${place}/target`
      for (const chain of [
        [full, second, first],
        [full, second],
        [first, second],
        [foreign, first],
        [full, first, first],
      ]) {
        const paths = chain.map(({ path }) => path)
        const error = await refuses(() => restoreBackup(paths, target), IntegrityError)
        assert.ok(
          paths.some((path) => error.message.includes(path)),
          error.message,
        )
        await refuses(() => open(target, { readOnly: true }), UnavailableError)
      }
    },
    files,
  )

  test(
    'a base whose log is not kept any more is refused',
    async ({ create, folder }) => {
      const store = await create({ history: { revisions: 1 } })
      for (let n = 0; n < 5; n++) await store.set('a', n)
      await store.compact()
      const place = folder()
      await refuses(() => store.backup(`${place}/increment`, { base: 2 }), CompactedError)
      const full = await store.backup(`${place}/full`)
      await store.set('a', 5)
      const increment = await store.backup(`${place}/increment`, { base: full.revision })
      await restoreBackup([full.path, increment.path], `${place}/target`)
      assert.equal(await opened(`${place}/target`, (there) => there.get('a')), 5)
    },
    files,
  )
}
