import assert from 'node:assert/strict'
import { InvalidKeyError, type Store } from '../../index.ts'
import { collect, differences, pairsOf, refuses, stateOf } from '../assertions.ts'
import type { Case, Group } from '../harness.ts'

const outside = { other: 'outside', user: 'outside', 'usex:a': 'outside', 'user;': 'outside' }
async function assertOutsideUntouched(store: Store): Promise<void> {
  for (const [key, value] of Object.entries(outside)) assert.equal(await store.get(key), value, key)
}

export const scopeCases: Group = {
  title: 'scopes',
  cases(test) {
    state(test)
    whole(test)
    past(test)
  },
}

function state(test: Case): void {
  test('keys in a scope are relative', async ({ store }) => {
    const users = store.scope('user:')
    await users.set('ann', 1)
    await store.set('user:bob', 2)
    assert.equal(await store.get('user:ann'), 1)
    assert.equal(await users.get('bob'), 2)
    assert.equal(await users.has('user:ann'), false)
    assert.deepEqual(await collect(users.keys()), ['ann', 'bob'])
    assert.deepEqual(await pairsOf(users), [
      ['ann', 1],
      ['bob', 2],
    ])
    assert.deepEqual(await users.getMany(['ann', 'nobody']), new Map([['ann', 1]]))
    assert.equal(await users.count(), 2)
    assert.equal(await users.delete('ann'), true)
    assert.equal(await store.has('user:ann'), false)
  })

  test(
    'getSync is relative too',
    async ({ store }) => {
      await store.set('user:ann', 1)
      assert.equal(store.scope('user:').getSync('ann'), 1)
    },
    { needs: ['sync'] },
  )

  test('ranges are relative', async ({ store }) => {
    await store.setMany({ ...outside, 'user:a': 1, 'user:b:1': 1, 'user:b:2': 1, 'user:c': 1 })
    const users = store.scope('user:')
    assert.deepEqual(await collect(users.keys({ prefix: 'b:' })), ['b:1', 'b:2'])
    assert.deepEqual(await collect(users.keys({ gt: 'a', lte: 'b:2' })), ['b:1', 'b:2'])
    assert.deepEqual(await collect(users.keys({ gte: 'b' })), ['b:1', 'b:2', 'c'])
    assert.deepEqual(await collect(users.keys({ lt: 'b' })), ['a'])
    assert.deepEqual(await collect(users.keys({ reverse: true, limit: 2 })), ['c', 'b:2'])
    assert.deepEqual(await collect(users.keys({ match: 'b:*' })), ['b:1', 'b:2'])
    assert.deepEqual(await collect(users.keys({ match: '*' })), ['a', 'c'])
    assert.equal(await users.count({ match: '**' }), 4)
  })

  test('setMany, update and transact are relative', async ({ store }) => {
    const users = store.scope('user:')
    await users.setMany({ ann: 1, bob: 1 })
    await users.update<number>('ann', (n = 0) => n + 1)
    await users.transact(async (tx) => {
      assert.equal(await tx.get('ann'), 2)
      tx.set('cid', 3)
      tx.delete('bob')
      assert.deepEqual(await collect(tx.entries()), [
        ['ann', 2],
        ['cid', 3],
      ])
    })
    assert.deepEqual(
      await stateOf(store),
      new Map([
        ['user:ann', 2],
        ['user:cid', 3],
      ]),
    )
  })

  test('scopes nest', async ({ store }) => {
    const deep = store.scope('a:').scope('b:')
    await deep.set('c', 1)
    assert.deepEqual(await collect(store.keys()), ['a:b:c'])
    assert.deepEqual(await collect(store.scope('a:').keys()), ['b:c'])
    assert.equal(await deep.get('c'), 1)
  })

  test('a bad key is refused in a scope as outside', async ({ store }) => {
    const users = store.scope('user:')
    for (const bad of ['', 5, 'x'.repeat(1020), 'a\ud83d']) {
      await refuses(() => users.set(bad as never, 1), InvalidKeyError)
      await refuses(() => users.get(bad as never), InvalidKeyError)
    }
    assert.equal(store.revision, 0)
  })

  test('ifRevision and revision are those of the store', async ({ store }) => {
    await store.set('other', 1)
    const users = store.scope('user:')
    assert.equal(users.revision, 1)
    assert.equal(await users.set('ann', 1, { ifRevision: 0 }), 2)
    assert.equal(await users.set('ann', 2, { ifRevision: 2 }), 3)
    assert.equal(store.revision, 3)
  })

  test('a ttl holds in a scope', async ({ store, pass }) => {
    const users = store.scope('user:')
    await users.set('ann', 1, { ttl: 30 })
    await pass(60)
    assert.equal(await users.has('ann'), false)
  })
}

function whole(test: Case): void {
  test('clear clears nothing outside', async ({ store }) => {
    await store.setMany({ ...outside, 'user:a': 1, 'user:b': 1 })
    const users = store.scope('user:')
    await users.clear()
    assert.equal(await users.count(), 0)
    await assertOutsideUntouched(store)
    assert.equal(await store.count(), 4)
  })

  test('load gives nothing from outside', async ({ store }) => {
    await store.setMany({ ...outside, 'user:a': 1, 'user:b': { c: 2 } })
    assert.deepEqual({ ...(await store.scope('user:').load()) }, { a: 1, b: { c: 2 } })
    assert.deepEqual({ ...(await store.scope('nothing:').load()) }, {})
  })

  test('save replaces nothing outside', async ({ store }) => {
    await store.setMany({ ...outside, 'user:a': 1, 'user:b': 1 })
    const users = store.scope('user:')
    await users.save({ b: 2, c: 3 })
    assert.deepEqual({ ...(await users.load()) }, { b: 2, c: 3 })
    await assertOutsideUntouched(store)
    assert.equal(await store.has('user:a'), false)
  })

  test('restore brings nothing back outside', async ({ store }) => {
    await store.setMany({ ...outside, other: 'first', 'user:a': 1, 'user:b': 1 })
    await store.setMany({ ...outside, 'user:a': 2, 'user:c': 2 })
    await store.delete('user:b')
    const users = store.scope('user:')
    await users.restore(1)
    assert.deepEqual(
      await stateOf(users),
      new Map([
        ['a', 1],
        ['b', 1],
      ]),
    )
    await assertOutsideUntouched(store)
    await store.setMany({ 'user:a': 3, 'user:b': 3 })
    await users.restore(1, { prefix: 'a' })
    assert.deepEqual(
      await stateOf(users),
      new Map([
        ['a', 1],
        ['b', 3],
      ]),
    )
  })
}

function past(test: Case): void {
  test('at works in a scope', async ({ store }) => {
    const users = store.scope('user:')
    await users.set('ann', 1)
    await store.snapshots.create({ version: 'one' })
    await users.set('ann', 2)
    assert.equal(await users.get('ann', { at: 1 }), 1)
    assert.equal(await users.get('ann', { at: 'one' }), 1)
    assert.deepEqual(await stateOf(users, 1), new Map([['ann', 1]]))
    assert.deepEqual({ ...(await users.load({ at: 1 })) }, { ann: 1 })
  })

  test('history is relative', async ({ store }) => {
    await store.set('user:ann', 1)
    await store.scope('user:').set('ann', 2)
    const changes = await collect(store.scope('user:').history('ann'))
    assert.deepEqual(
      changes.map(({ key, after }) => [key, after]),
      [
        ['ann', 2],
        ['ann', 1],
      ],
    )
  })

  test('diff is relative and tells nothing from outside', async ({ store }) => {
    await store.setMany({ ...outside, 'user:a': 1 })
    await store.setMany({ other: 'changed', 'user:a': 2, 'user:b': 2 })
    const users = store.scope('user:')
    assert.deepEqual(await differences(users.diff(1)), [
      { key: 'a', type: 'changed', before: 1, after: 2 },
      { key: 'b', type: 'added', before: undefined, after: 2 },
    ])
    const summary = await users.diff(1, 2).summary()
    assert.deepEqual([summary.added, summary.changed, summary.removed], [1, 1, 0])
    assert.deepEqual(
      (await differences(users.diff(1, 2, { prefix: 'b' }))).map(({ key }) => key),
      ['b'],
    )
  })

  for (const prefix of [5, null, undefined, {}, 'a\ud83d']) {
    test(`a scope of ${JSON.stringify(prefix) ?? 'undefined'} is refused`, async ({ store }) => {
      await refuses(async () => store.scope(prefix as never), Error)
    })
  }
}
