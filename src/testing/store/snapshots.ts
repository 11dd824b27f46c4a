import assert from 'node:assert/strict'
import {
  InvalidOptionError,
  InvalidValueError,
  NotFoundError,
  VarveError,
  type Snapshot,
} from '../../index.ts'
import { refuses, stateOf } from '../assertions.ts'
import type { Case, Group } from '../harness.ts'

export const snapshotCases: Group = {
  title: 'snapshots',
  cases(test) {
    creating(test)
    finding(test)
    describing(test)
    measuring(test)
    refusing(test)
    deleting(test)
  },
}

const versions = (snapshots: readonly Snapshot[]): string[] => snapshots.map(({ version }) => version)

function creating(test: Case): void {
  test('a snapshot names the newest revision, v<revision> unless told otherwise', async ({ store }) => {
    await store.set('a', 1)
    await store.set('a', 2)
    const snapshot = await store.snapshots.create()
    assert.equal(snapshot.version, 'v2')
    assert.equal(snapshot.revision, 2)
    assert.equal(snapshot.auto, false)
    assert.deepEqual(snapshot.tags, [])
    assert.deepEqual({ ...snapshot.meta }, {})
    assert.equal(snapshot.description, undefined)
    assert.equal(snapshot.base, undefined)
    assert.ok(snapshot.createdAt instanceof Date)
    assert.ok(snapshot.createdBy.length > 0)
  })

  test('with all options', async ({ store }) => {
    await store.set('a', 1)
    const meta = { ticket: 7, when: new Date(5), nested: { list: [1, null] } }
    const given = { version: 'release-1.0', tags: ['stable', 'eu'], description: 'before the move', meta }
    const snapshot = await store.as('ann').snapshots.create(given)
    for (const seen of [
      snapshot,
      await store.snapshots.get('release-1.0'),
      (await store.snapshots.list())[0],
    ]) {
      assert.equal(seen?.version, 'release-1.0')
      assert.deepEqual([...(seen?.tags ?? [])].sort(), ['eu', 'stable'])
      assert.equal(seen?.description, 'before the move')
      assert.deepEqual({ ...seen?.meta }, meta)
      assert.equal(seen?.createdBy, 'ann')
      assert.equal(seen?.revision, 1)
    }
  })

  test('making one changes neither the state nor the revision', async ({ store }) => {
    await store.set('a', 1)
    await store.snapshots.create()
    assert.equal(store.revision, 1)
    assert.deepEqual(await stateOf(store), new Map([['a', 1]]))
    assert.equal(await store.set('b', 1), 2)
  })

  test('several of one revision are told apart', async ({ store }) => {
    await store.set('a', 1)
    const made = [
      await store.snapshots.create(),
      await store.snapshots.create(),
      await store.snapshots.create(),
    ]
    assert.equal(new Set(versions(made)).size, 3)
    assert.deepEqual(versions(await store.snapshots.list()), versions(made))
    for (const { version, revision } of made) {
      assert.equal(revision, 1)
      assert.equal(await store.get('a', { at: version }), 1)
    }
  })

  test('of an empty store', async ({ store }) => {
    const snapshot = await store.snapshots.create({ version: 'empty' })
    assert.deepEqual([snapshot.revision, snapshot.keys, snapshot.bytes], [0, 0, 0])
    await store.set('a', 1)
    assert.deepEqual(await stateOf(store, 'empty'), new Map())
    await store.restore('empty')
    assert.equal(await store.count(), 0)
  })

  test('its state is read without touching the present', async ({ store }) => {
    await store.setMany({ a: 1, b: 1 })
    await store.snapshots.create({ version: 'first' })
    await store.save({ a: 2 })
    assert.deepEqual(
      await stateOf(store, 'first'),
      new Map([
        ['a', 1],
        ['b', 1],
      ]),
    )
    assert.deepEqual({ ...(await store.load({ at: 'first' })) }, { a: 1, b: 1 })
    assert.deepEqual(await stateOf(store), new Map([['a', 2]]))
    assert.equal(store.revision, 2)
  })

  test(
    'snapshots are there when it is opened again',
    async ({ store, reopen }) => {
      await store.set('a', 1)
      const made = await store.snapshots.create({ tags: ['t'], description: 'd', meta: { m: new Set([1]) } })
      await store.set('a', 2)
      await store.snapshots.create({ version: 'second' })
      const before = await store.snapshots.list()
      const again = await reopen(store)
      assert.deepEqual(await again.snapshots.list(), before)
      assert.deepEqual(await again.snapshots.get('t'), made)
      assert.deepEqual(await again.snapshots.tags(), new Map([['t', 1]]))
      assert.equal(await again.get('a', { at: 'v1' }), 1)
    },
    { needs: ['reopen'] },
  )
}

function finding(test: Case): void {
  test('get finds by version, tag and revision', async ({ store }) => {
    await store.set('a', 1)
    await store.snapshots.create({ version: 'one', tags: ['t'] })
    await store.set('a', 2)
    await store.snapshots.create({ version: 'two', tags: ['t'] })
    await store.set('a', 3)
    assert.equal((await store.snapshots.get('one')).revision, 1)
    assert.equal((await store.snapshots.get('t')).version, 'two')
    assert.equal((await store.snapshots.get(1)).version, 'one')
    assert.equal((await store.snapshots.get(2)).version, 'two')
  })

  test('get of what is not there is not found', async ({ store }) => {
    await refuses(() => store.snapshots.get('nowhere'), NotFoundError)
    await store.set('a', 1)
    await store.set('a', 2)
    await store.snapshots.create()
    const error = await refuses(() => store.snapshots.get('nowhere'), NotFoundError)
    assert.match(error.message, /nowhere/)
    await refuses(() => store.snapshots.get(1), NotFoundError)
    await refuses(() => store.snapshots.get(99), NotFoundError)
  })

  test('latest is the one made last', async ({ store }) => {
    assert.equal(await store.snapshots.latest(), undefined)
    await store.set('a', 1)
    await store.snapshots.create({ version: 'b' })
    assert.equal((await store.snapshots.latest())?.version, 'b')
    await store.snapshots.create({ version: 'a' })
    assert.equal((await store.snapshots.latest())?.version, 'a')
  })

  test('latest with a tag', async ({ store }) => {
    await store.snapshots.create({ version: 'one', tags: ['t'] })
    await store.snapshots.create({ version: 'two', tags: ['t', 'u'] })
    await store.snapshots.create({ version: 'three' })
    assert.equal((await store.snapshots.latest('t'))?.version, 'two')
    assert.equal((await store.snapshots.latest('u'))?.version, 'two')
    assert.equal(await store.snapshots.latest('nowhere'), undefined)
  })

  test('list is in the order of creation', async ({ store }) => {
    assert.deepEqual(await store.snapshots.list(), [])
    for (const version of ['m', 'z', 'a', 'v100', 'v2']) {
      await store.set('a', version)
      await store.snapshots.create({ version })
    }
    assert.deepEqual(versions(await store.snapshots.list()), ['m', 'z', 'a', 'v100', 'v2'])
  })

  test('list by tag', async ({ store }) => {
    await store.snapshots.create({ version: 'one', tags: ['t'] })
    await store.snapshots.create({ version: 'two' })
    await store.snapshots.create({ version: 'three', tags: ['u', 't'] })
    assert.deepEqual(versions(await store.snapshots.list({ tag: 't' })), ['one', 'three'])
    assert.deepEqual(await store.snapshots.list({ tag: 'nowhere' }), [])
  })
}

function describing(test: Case): void {
  test('what is given and what is returned is no door to the metadata', async ({ store }) => {
    const tags = ['t']
    const meta = { nested: { list: [1] } }
    const made = await store.snapshots.create({ version: 'one', tags, meta })
    tags.push('u')
    meta.nested.list.push(2)
    const deface = (snapshot: Snapshot = made): void => {
      for (const change of [
        () => (snapshot.tags as string[]).push('v'),
        () => (snapshot.meta as typeof meta).nested.list.push(3),
        () => Object.assign(snapshot, { version: 'other' }),
        () => snapshot.createdAt.setTime(0),
      ]) {
        try {
          change()
        } catch (error) {
          assert.ok(error instanceof TypeError)
        }
      }
    }
    deface(made)
    deface(await store.snapshots.get('one'))
    deface((await store.snapshots.list())[0])
    deface(await store.snapshots.latest())
    const seen = await store.snapshots.get('one')
    assert.equal(seen.version, 'one')
    assert.deepEqual([...seen.tags], ['t'])
    assert.deepEqual({ ...seen.meta }, { nested: { list: [1] } })
    assert.ok(seen.createdAt.getTime() > 0)
  })

  test('meta holds any value, and refuses what no store holds', async ({ store }) => {
    await store.snapshots.create({
      version: 'one',
      meta: { map: new Map([['a', 1n]]), bytes: new Uint8Array([1]) },
    })
    const { meta } = await store.snapshots.get('one')
    assert.deepEqual({ ...meta }, { map: new Map([['a', 1n]]), bytes: new Uint8Array([1]) })
    await refuses(
      () => store.snapshots.create({ version: 'two', meta: { call: () => 1 } }),
      InvalidValueError,
    )
    assert.equal((await store.snapshots.list()).length, 1)
  })

  test('two made in the same instant keep their order', async ({ store }) => {
    const made = await Promise.all(['c', 'a', 'b'].map((version) => store.snapshots.create({ version })))
    assert.deepEqual(versions(made), ['c', 'a', 'b'])
    assert.deepEqual(versions(await store.snapshots.list()), ['c', 'a', 'b'])
    assert.equal((await store.snapshots.latest())?.version, 'b')
  })
}

function measuring(test: Case): void {
  test(
    'keys and bytes are those of the state',
    async ({ store }) => {
      await store.setMany({ ab: 'hello', c: 1 })
      const { keys, bytes } = await store.snapshots.create()
      assert.deepEqual([keys, bytes], [2, 2 + '"hello"'.length + 1 + '1'.length])
      await store.set('ab', '\u00e9')
      assert.equal((await store.snapshots.create()).bytes, 2 + 4 + 1 + 1)
      await store.delete('ab')
      const last = await store.snapshots.create()
      assert.deepEqual([last.keys, last.bytes], [1, 2])
      await store.clear()
      const empty = await store.snapshots.create()
      assert.deepEqual([empty.keys, empty.bytes], [0, 0])
    },
    { needs: ['whole'] },
  )

  test('equal states have equal checksums, whatever the way there', async ({ store, create }) => {
    await store.setMany({ a: { x: 1 }, b: [2] })
    const first = await store.snapshots.create()
    await store.set('a', 'other')
    const second = await store.snapshots.create()
    await store.delete('b')
    await store.set('b', [2])
    await store.set('a', { x: 1 })
    const third = await store.snapshots.create()
    assert.equal(first.checksum, third.checksum)
    assert.notEqual(first.checksum, second.checksum)
    const other = await create()
    await other.as('somebody else').set('b', [2])
    await other.set('c', 1)
    await other.set('a', { x: 1 })
    await other.delete('c')
    assert.equal((await other.snapshots.create()).checksum, first.checksum)
  })

  test('states that differ a little have different checksums', async ({ store }) => {
    const checksums = new Set<string>()
    for (const state of [
      {},
      { a: 1 },
      { a: 2 },
      { b: 1 },
      { a: '1' },
      { a: 1, b: 1 },
      { a: null },
      { a: [1] },
      { a: true },
    ]) {
      await store.save(state)
      const { checksum } = await store.snapshots.create()
      assert.ok(checksum.length > 0)
      checksums.add(checksum)
    }
    assert.equal(checksums.size, 9)
  })

  test('a snapshot keeps its totals when the state goes on', async ({ store }) => {
    await store.setMany({ a: 1, b: 2 })
    const made = await store.snapshots.create({ version: 'one' })
    await store.clear()
    await store.set('c', 'long'.repeat(100))
    assert.deepEqual(await store.snapshots.get('one'), made)
  })
}

function refusing(test: Case): void {
  test('a version that exists is refused, and stays what it was', async ({ store }) => {
    await store.set('a', 1)
    const first = await store.snapshots.create({ version: 'one' })
    await store.set('a', 2)
    const error = await refuses(() => store.snapshots.create({ version: 'one' }), VarveError)
    assert.match(error.message, /one/)
    assert.deepEqual(await store.snapshots.list(), [first])
    assert.equal(await store.get('a', { at: 'one' }), 1)
  })

  for (const bad of ['../../escaped', 'a/b', 'a\\b', '..', '.', '', 'a\u0000b', 'line\nbreak', 5, null, {}]) {
    test(`${JSON.stringify(bad)} is refused as a version and as a tag`, async ({ store }) => {
      await refuses(() => store.snapshots.create({ version: bad as never }), InvalidOptionError)
      await refuses(
        () => store.snapshots.create({ version: 'one', tags: [bad as never] }),
        InvalidOptionError,
      )
      await store.snapshots.create({ version: 'good' })
      await refuses(() => store.snapshots.tag('good', bad as never), InvalidOptionError)
      const [only, ...others] = await store.snapshots.list()
      assert.deepEqual([only?.version, only?.tags, others], ['good', [], []])
    })
  }

  for (const [what, options] of [
    ['an unknown option', { name: 'one' }],
    ['meta that is a list', { meta: [1] }],
    ['meta that is text', { meta: 'text' }],
    ['a description that is no text', { description: 5 }],
  ] as const) {
    test(`${what} is refused by name`, async ({ store }) => {
      const error = await refuses(() => store.snapshots.create(options as never), VarveError)
      assert.ok(error instanceof InvalidOptionError || error instanceof InvalidValueError, String(error))
      assert.ok(error.message.includes(Object.keys(options)[0] ?? ''), error.message)
      assert.deepEqual(await store.snapshots.list(), [])
    })
  }

  test('an unknown filter is refused by name', async ({ store }) => {
    assert.match(
      (await refuses(() => store.snapshots.list({ tags: 't' } as never), InvalidOptionError)).message,
      /tags/,
    )
  })
}

function deleting(test: Case): void {
  test('a deleted snapshot is not found, and the state is untouched', async ({ store }) => {
    await store.set('a', 1)
    await store.snapshots.create({ version: 'one' })
    await store.snapshots.create({ version: 'two', tags: ['t'] })
    await store.snapshots.delete('one')
    await refuses(() => store.snapshots.get('one'), NotFoundError)
    await refuses(() => store.get('a', { at: 'one' }), NotFoundError)
    assert.deepEqual(versions(await store.snapshots.list()), ['two'])
    await store.snapshots.delete('t')
    assert.deepEqual(await store.snapshots.list(), [])
    assert.deepEqual(await store.snapshots.tags(), new Map())
    assert.deepEqual(await stateOf(store), new Map([['a', 1]]))
    assert.equal(await store.get('a', { at: 1 }), 1)
  })

  test('deleting what is not there is not found', async ({ store }) => {
    await store.snapshots.create({ version: 'one' })
    await refuses(() => store.snapshots.delete('nowhere'), NotFoundError)
    await store.snapshots.delete('one')
    await refuses(() => store.snapshots.delete('one'), NotFoundError)
  })

  test('the name of a deleted snapshot is free again', async ({ store }) => {
    await store.set('a', 1)
    await store.snapshots.create({ version: 'one' })
    await store.snapshots.delete('one')
    await store.set('a', 2)
    await store.snapshots.create({ version: 'one' })
    assert.equal(await store.get('a', { at: 'one' }), 2)
  })
}
