import assert from 'node:assert/strict'
import {
  ConflictError,
  InvalidOptionError,
  NotFoundError,
  UnavailableError,
  VarveError,
  type Store,
} from '../../index.ts'
import { collect, differences, refuses, stateOf } from '../assertions.ts'
import type { Case, Group } from '../harness.ts'

export const archiveCases: Group = {
  title: 'export and import',
  cases(test) {
    bringing(test)
    beside(test)
    naming(test)
    standing(test)
  },
}

const values: Record<string, unknown> = {
  number: 1,
  nested: { list: [1, null, { deep: 'é' }] },
  when: new Date(5),
  map: new Map([['a', 1n]]),
  bytes: new Uint8Array([0, 1, 255]),
  long: 'again and again. '.repeat(2_000),
  'with a \u0000 in it': 1,
  __proto__2: true,
}

async function filled(store: Store): Promise<void> {
  await store.setMany(values)
  await store.snapshots.create({
    version: 'one',
    tags: ['kept', 'eu'],
    description: 'before\nthe move',
    meta: { build: 7, when: new Date(9) },
  })
}

const files = { needs: ['files'] } as const

function bringing(test: Case): void {
  test(
    'a snapshot goes into a file and comes back as it was, in another store too',
    async ({ store, create, folder }) => {
      await filled(store)
      const original = await store.snapshots.get('one')
      const seen: number[] = []
      const report = await store.snapshots.export('one', `${folder()}/deep/one.varve`, {
        onProgress: (done, total) => void seen.push(done / total),
      })
      assert.equal(report.keys, original.keys)
      assert.equal(report.revision, original.revision)
      assert.match(report.checksum, /^[0-9a-f]{64}$/)
      assert.equal(seen.at(-1), 1)
      for (const target of [store, await create()]) {
        const before = await stateOf(target)
        const got = await target.snapshots.import(report.path)
        assert.deepEqual(await stateOf(target), before, 'the state was touched')
        const { version: _, revision: __, tags: ___, ...rest } = original
        const { version, revision, tags, ...found } = got
        assert.deepEqual(found, rest)
        assert.deepEqual(tags, ['kept', 'eu', 'import'])
        assert.deepEqual(await stateOf(target, version), await stateOf(store, 'one'))
        assert.deepEqual(await stateOf(target, revision), await stateOf(store, 'one'))
        await target.restore(version)
        assert.deepEqual(await stateOf(target), await stateOf(store, 'one'))
        await target.restore(revision - 1)
        assert.deepEqual(await stateOf(target), before)
      }
    },
    files,
  )

  test(
    'the empty state too; and any revision, without a snapshot',
    async ({ store, create, folder }) => {
      await store.set('a', 1)
      await store.set('a', 2)
      const target = await create()
      for (const [revision, state] of [[], [['a', 1]], [['a', 2]]].entries()) {
        const { path } = await store.snapshots.export(revision, `${folder()}/`)
        const { version, keys } = await target.snapshots.import(path)
        assert.equal(keys, state.length)
        assert.deepEqual([...(await stateOf(target, version))], state)
      }
    },
    files,
  )

  test(
    'what was imported is exported again as the same state',
    async ({ store, create, folder }) => {
      await filled(store)
      const target = await create()
      const first = await store.snapshots.export('one', `${folder()}/`)
      const { checksum } = await target.snapshots.import(first.path)
      const second = await target.snapshots.export('one', `${folder()}/`)
      const third = await (await create()).snapshots.import(second.path)
      assert.equal(third.checksum, checksum)
    },
    files,
  )
}

function beside(test: Case): void {
  test(
    'a reader of the imported state sees it by every way of reading; history, log and watch see nothing',
    async ({ store, folder }) => {
      await store.setMany({ a: 1, b: 2, c: 3 })
      const { path } = await store.snapshots.export(1, `${folder()}/`)
      await store.setMany({ a: 'new', d: 4 })
      await store.delete('b')
      const { version, revision } = await store.snapshots.import(path, { version: 'in' })
      assert.equal(store.revision, revision + 1)
      assert.equal(await store.get('b', { at: version }), 2)
      assert.equal(await store.get('d', { at: version }), undefined)
      assert.equal(await store.has('b', { at: revision }), true)
      assert.deepEqual(await store.getMany(['a', 'd'], { at: version }), new Map([['a', 1]]))
      assert.deepEqual({ ...(await store.load({ at: version })) }, { a: 1, b: 2, c: 3 })
      assert.deepEqual(await collect(store.keys({ at: version, reverse: true, limit: 2 })), ['c', 'b'])
      assert.deepEqual(await collect(store.keys({ at: version, gt: 'a' })), ['b', 'c'])
      assert.equal(await store.count({ at: version, match: '*' }), 3)
      assert.deepEqual(
        (await collect(store.log())).slice(-2).map(({ keys }) => keys),
        [[], []],
      )
      assert.equal((await collect(store.history('a', { from: version }))).length, 2)
      assert.equal((await collect(store.history('a'))).length, 2)
    },
    files,
  )

  test(
    'it is compared with the main line and with another one, either way round',
    async ({ store, folder }) => {
      await store.setMany({ a: 1, b: 2, c: { x: 1 } })
      const first = await store.snapshots.export(1, `${folder()}/`)
      await store.setMany({ a: 'new', d: 4 })
      await store.delete('b')
      const second = await store.snapshots.export(3, `${folder()}/`)
      await store.snapshots.import(first.path, { version: 'one' })
      await store.snapshots.import(second.path, { version: 'two' })
      const forth = [
        { key: 'a', type: 'changed', before: 1, after: 'new' },
        { key: 'b', type: 'removed', before: 2, after: undefined },
        { key: 'd', type: 'added', before: undefined, after: 4 },
      ]
      assert.deepEqual(await differences(store.diff('one')), forth)
      assert.deepEqual(await differences(store.diff('one', 'two')), forth)
      assert.deepEqual(
        (await differences(store.diff('two', 'one'))).map(({ key, type }) => `${key} ${type}`),
        ['a changed', 'b added', 'd removed'],
      )
      assert.equal((await store.diff('one', 1).summary()).different, false)
      assert.deepEqual(await differences(store.diff('one', 'two', { prefix: 'd' })), forth.slice(2))
      await store.restore('one', { prefix: 'b' })
      assert.equal(await store.get('b'), 2)
      assert.equal(await store.get('a'), 'new')
    },
    files,
  )

  test(
    'a ttl that has ended does not come back to life',
    async ({ store, folder, pass }) => {
      await store.set('short', 1, { ttl: '1s' })
      const revision = await store.set('long', 1, { ttl: '1h' })
      const { path } = await store.snapshots.export(revision, `${folder()}/`)
      await store.clear()
      await pass(1_050)
      const { version } = await store.snapshots.import(path)
      await store.restore(version)
      assert.deepEqual([...(await stateOf(store)).keys()], ['long'])
    },
    files,
  )

  test(
    'writers go on meanwhile',
    async ({ store, create, folder }) => {
      const source = await create()
      await source.setMany(Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`key:${n}`, n])))
      const { path } = await source.snapshots.export(1, `${folder()}/`)
      let writes = 0
      let done = false
      const importing = store.snapshots.import(path).finally(() => (done = true))
      while (!done) await store.set('n', ++writes)
      const { version } = await importing
      assert.ok(writes > 3, `${writes} writes`)
      assert.equal(await store.get('n'), writes)
      assert.deepEqual([...(await stateOf(store))], [['n', writes]])
      assert.equal(await store.count({ at: version }), 5_000)
    },
    files,
  )
}

function naming(test: Case): void {
  test(
    'a version that is taken is left alone; one that was asked for is a conflict',
    async ({ store, folder }) => {
      await filled(store)
      const { path } = await store.snapshots.export('one', `${folder()}/`)
      await store.set('number', 2)
      assert.equal((await store.snapshots.import(path)).version, 'one-2')
      assert.equal((await store.snapshots.import(path)).version, 'one-3')
      const { revision } = store
      await refuses(() => store.snapshots.import(path, { version: 'one' }), ConflictError)
      assert.equal(store.revision, revision)
      const named = await store.snapshots.import(path, { version: 'mine', tags: ['a', 'kept'] })
      assert.deepEqual([named.version, named.tags], ['mine', ['kept', 'eu', 'a']])
      assert.equal((await store.snapshots.get('one')).revision, 1)
    },
    files,
  )

  test(
    'in a folder a file gets a name of its own, also within one second',
    async ({ store, folder }) => {
      await filled(store)
      const place = folder()
      const paths = await Promise.all(
        [1, 2, 3].map(async () => (await store.snapshots.export('one', place)).path),
      )
      assert.equal(new Set(paths).size, 3)
      for (const path of paths) assert.ok(path.startsWith(place), path)
    },
    files,
  )

  test(
    'options that it does not know, and paths that are none, are refused',
    async ({ store, folder }) => {
      await filled(store)
      const place = folder()
      const wrong = { bse: 1 } as object
      await refuses(() => store.snapshots.export('one', place, wrong), InvalidOptionError)
      await refuses(() => store.snapshots.import(place, wrong), InvalidOptionError)
      await refuses(() => store.backup(place, wrong), InvalidOptionError)
      await refuses(() => store.snapshots.export('one', ''), InvalidOptionError)
      await refuses(() => store.snapshots.export('one', 7 as unknown as string), InvalidOptionError)
      await refuses(() => store.snapshots.import(''), InvalidOptionError)
      await refuses(() => store.snapshots.import(`${place}/x`, { version: '../up' }), InvalidOptionError)
      await refuses(() => store.snapshots.export('none', place), NotFoundError)
      await refuses(() => store.snapshots.import(`${place}/none`), UnavailableError)
      await refuses(() => store.snapshots.import(place), VarveError)
    },
    files,
  )
}

function standing(test: Case): void {
  test(
    'with a base only what changed is in the file, and it is whole where the base is',
    async ({ store, create, folder }) => {
      const many = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`key:${n}`, `value ${n}`]))
      await store.setMany(many)
      await store.snapshots.create({ version: 'base' })
      await store.delete('key:7')
      await store.setMany({ 'key:8': { changed: true }, new: 1 })
      await store.snapshots.create({ version: 'next' })
      const place = folder()
      const whole = await store.snapshots.export('base', `${place}/base`)
      const delta = await store.snapshots.export('next', `${place}/delta`, { base: 'base' })
      assert.equal(delta.base, 1)
      assert.ok(delta.bytes < whole.bytes / 2, `${delta.bytes} of ${whole.bytes} bytes`)
      const target = await create()
      await target.set('other', 1)
      const error = await refuses(() => target.snapshots.import(delta.path), NotFoundError)
      assert.match(error.message, /base/)
      assert.equal(target.revision, 1)
      await target.snapshots.import(whole.path)
      const got = await target.snapshots.import(delta.path)
      assert.equal(got.base, 'base')
      assert.equal((await target.snapshots.get('next')).base, 'base')
      assert.deepEqual(await stateOf(target, 'next'), await stateOf(store, 'next'))
      // It stands by itself from then on.
      await target.snapshots.delete('base')
      const again = await target.snapshots.export('next', `${place}/again`)
      const alone = await create()
      const { version, base } = await alone.snapshots.import(again.path)
      assert.equal(base, undefined)
      assert.deepEqual(await stateOf(alone, version), await stateOf(store, 'next'))
    },
    files,
  )

  test(
    'backwards too, between imports, and where nothing but a deadline or the spelling changed',
    async ({ store, create, folder }) => {
      await store.set('a', { x: 1, y: 2 })
      await store.set('t', 1)
      await store.snapshots.create({ version: 'old' })
      await store.set('a', { y: 2, x: 1 })
      await store.set('t', 1, { ttl: '1h' })
      await store.snapshots.create({ version: 'new' })
      const place = folder()
      const old = await store.snapshots.export('old', `${place}/old`)
      const forth = await store.snapshots.export('new', `${place}/forth`, { base: 'old' })
      const back = await store.snapshots.export('old', `${place}/back`, { base: 'new' })
      const target = await create()
      await target.snapshots.import(old.path)
      const { checksum } = await target.snapshots.import(forth.path)
      assert.equal(checksum, (await store.snapshots.get('new')).checksum)
      const returned = await target.snapshots.import(back.path, { version: 'returned' })
      assert.equal(returned.checksum, (await store.snapshots.get('old')).checksum)
      const between = await target.snapshots.export('new', `${place}/between`, { base: 'returned' })
      const last = await target.snapshots.import(between.path)
      assert.equal(last.checksum, checksum)
    },
    files,
  )
}
