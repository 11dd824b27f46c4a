import assert from 'node:assert/strict'
import { CompactedError, IntegrityError, UnavailableError, type Store } from '../../index.ts'
import { refuses, stateOf } from '../assertions.ts'
import type { Case, Group } from '../harness.ts'

export const archiveCareCases: Group = {
  title: 'export and import, with care',
  cases(test) {
    refusing(test)
    keeping(test)
  },
}

const files = { needs: ['files'] } as const

async function filled(store: Store): Promise<void> {
  await store.setMany({ a: 1, b: 2 })
  await store.snapshots.create({ version: 'one' })
}

function refusing(test: Case): void {
  test(
    'values of secret keys do not leave, and the file says so',
    async ({ create, folder }) => {
      const store = await create({ secret: ['**.password'] })
      await store.setMany({ 'db.password': 'very-secret', 'db.host': 'here' })
      await store.snapshots.create({ version: 'one' })
      const { path } = await store.snapshots.export('one', `${folder()}/`)
      await store.set('db.password', 'changed')
      await store.snapshots.create({ version: 'two' })
      const delta = await store.snapshots.export('two', `${folder()}/`, { base: 'one' })
      const { version } = await store.snapshots.import(path)
      assert.equal(await store.get('db.password', { at: version }), '[secret]')
      assert.equal(await store.get('db.host', { at: version }), 'here')
      const next = await store.snapshots.import(delta.path)
      assert.equal(await store.get('db.password', { at: next.version }), '[secret]')
    },
    files,
  )

  test(
    'an abort leaves no file and no snapshot behind',
    async ({ store, create, folder }) => {
      await store.setMany(
        Object.fromEntries(Array.from({ length: 9_000 }, (_, n) => [`key:${n}`, `${n}`.repeat(9)])),
      )
      const place = folder()
      const whole = await store.snapshots.export(1, `${place}/whole`)
      const target = await create()
      const stopping = (): { signal: AbortSignal; onProgress: () => void } => {
        const stop = new AbortController()
        return { signal: stop.signal, onProgress: () => stop.abort() }
      }
      await refuses(() => store.snapshots.export(1, `${place}/stopped`, stopping()), Error)
      await refuses(() => store.backup(`${place}/stopped`, stopping()), Error)
      await refuses(() => store.backup(`${place}/stopped`, { base: 0, ...stopping() }), Error)
      await refuses(() => target.snapshots.import(whole.path, stopping()), Error)
      await refuses(() => store.snapshots.import(`${place}/stopped`), UnavailableError)
      assert.equal(target.revision, 0)
      assert.deepEqual(await target.snapshots.list(), [])
      const past = { signal: AbortSignal.abort(new RangeError('before')) }
      await refuses(() => store.snapshots.export(1, `${place}/never`, past), RangeError)
      await refuses(() => target.snapshots.import(whole.path, past), RangeError)
      await refuses(() => store.backup(`${place}/never`, past), RangeError)
    },
    files,
  )

  test(
    'an export is no incremental backup, and a backup is no export',
    async ({ store, folder }) => {
      await filled(store)
      const place = folder()
      const increment = await store.backup(`${place}/increment`, { base: 0 })
      const whole = await store.backup(`${place}/whole`)
      for (const { path } of [increment, whole]) {
        const error = await refuses(() => store.snapshots.import(path), IntegrityError)
        assert.ok(error.message.includes(path))
      }
      assert.equal(store.revision, 1)
    },
    files,
  )
}

function keeping(test: Case): void {
  test(
    'compaction keeps what a snapshot names, and drops it when none does',
    async ({ create, folder }) => {
      const store = await create({ history: { revisions: 2 } })
      await store.setMany({ a: 1, b: 2 })
      const { path } = await store.snapshots.export(1, `${folder()}/`)
      const { version, revision } = await store.snapshots.import(path)
      for (let n = 0; n < 5; n++) await store.set('a', n)
      await store.compact()
      assert.deepEqual(
        [...(await stateOf(store, version))],
        [
          ['a', 1],
          ['b', 2],
        ],
      )
      assert.equal((await store.verify()).ok, true)
      await store.snapshots.delete(version)
      await store.compact()
      await refuses(() => store.get('a', { at: revision }), CompactedError)
      assert.equal((await store.verify()).ok, true)
    },
    files,
  )

  test(
    'what was imported is there when the store is opened again, in a limited number of snapshots too',
    async ({ create, reopen, folder }) => {
      const store = await create({ maxSnapshots: 2 })
      await store.set('a', 1)
      const { path } = await store.snapshots.export(1, `${folder()}/`)
      for (let n = 0; n < 3; n++) await store.snapshots.import(path)
      const again = await reopen(store)
      const [first, second, ...rest] = await again.snapshots.list()
      assert.equal(rest.length, 0)
      for (const { version } of [first, second].filter((one) => one !== undefined))
        assert.equal(await again.get('a', { at: version }), 1)
    },
    { needs: ['files', 'reopen'] },
  )
}
