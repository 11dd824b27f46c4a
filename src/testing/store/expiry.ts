import assert from 'node:assert/strict'
import { InvalidOptionError, type Duration } from '../../index.ts'
import { collect, pairsOf, refuses, stateOf } from '../assertions.ts'
import type { Case, Group } from '../harness.ts'

/** Short enough to wait for; what must still be there gets a minute, so that a slow machine does not matter. */
const SOON = 40
const PAST_SOON = 80

export const expiryCases: Group = {
  title: 'time to live',
  cases(test) {
    ending(test)
    keeping(test)
    refusals(test)
  },
}

function ending(test: Case): void {
  test('a key with a ttl goes by itself, from every reading', async ({ store, pass }) => {
    await store.set('stays', 1)
    await store.set('goes', 1, { ttl: SOON })
    await pass(PAST_SOON)
    assert.equal(await store.get('goes'), undefined)
    assert.equal(await store.has('goes'), false)
    assert.equal((await store.getMany(['goes'])).has('goes'), false)
    assert.deepEqual(await collect(store.keys()), ['stays'])
    assert.deepEqual(await pairsOf(store), [['stays', 1]])
    assert.equal(await store.count(), 1)
    assert.deepEqual(Object.keys(await store.load()), ['stays'])
  })

  test(
    'getSync does not give what has ended',
    async ({ store, pass }) => {
      await store.set('goes', 1, { ttl: SOON })
      await pass(PAST_SOON)
      assert.equal(store.getSync('goes'), undefined)
    },
    { needs: ['sync'] },
  )

  test('expiresAt tells when a key goes, now and at a point of the past', async ({ store }) => {
    const first = await store.set('goes', 1, { ttl: '1h' })
    await store.set('stays', 1)
    const ends = (await store.expiresAt('goes'))?.getTime() ?? 0
    assert.ok(ends > 0)
    assert.equal(await store.expiresAt('stays'), undefined)
    assert.equal(await store.expiresAt('absent'), undefined)
    await store.set('goes', 2)
    assert.equal(await store.expiresAt('goes'), undefined)
    assert.equal((await store.expiresAt('goes', { at: first }))?.getTime(), ends)
  })

  test('inside a transaction it has ended too', async ({ store, pass }) => {
    await store.setMany({ a: 1, b: 1 }, { ttl: SOON })
    await pass(PAST_SOON)
    await store.transact(async (tx) => {
      assert.equal(await tx.get('a'), undefined)
      assert.deepEqual(await collect(tx.entries()), [])
    })
  })

  test('it ends for every way to write one', async ({ store, pass }) => {
    await store.set('set', 1, { ttl: `${SOON}ms` })
    await store.setMany({ many: 1, also: 1 }, { ttl: SOON })
    await store.update('update', () => 1, { ttl: SOON })
    await store.transact((tx) => tx.set('transact', 1, { ttl: SOON }))
    await pass(PAST_SOON)
    assert.deepEqual(await pairsOf(store), [])
  })

  test('to delete what has ended is to delete nothing', async ({ store, pass }) => {
    await store.set('goes', 1, { ttl: SOON })
    await pass(PAST_SOON)
    assert.equal(await store.delete('goes'), false)
  })

  test('for ifRevision and update it is absent', async ({ store, pass }) => {
    await store.setMany({ a: 'old', b: 'old' }, { ttl: SOON })
    await pass(PAST_SOON)
    await store.set('a', 'new', { ifRevision: 0 })
    await store.update('b', (current) => (current === undefined ? 'new' : 'still there'))
    assert.deepEqual(
      await stateOf(store),
      new Map([
        ['a', 'new'],
        ['b', 'new'],
      ]),
    )
  })

  test('its end is in its history', async ({ store, until }) => {
    await store.set('goes', { v: 1 }, { ttl: SOON })
    const newest = async (): Promise<string | undefined> =>
      (await collect(store.history('goes', { limit: 1 })))[0]?.type
    await until(async () => (await newest()) === 'expired', 'the end of the key is in its history')
    const [change] = await collect(store.history('goes'))
    assert.deepEqual([change?.before, change?.after], [{ v: 1 }, undefined])
    assert.equal(await store.get('goes'), undefined)
  })

  test('the past still has it', async ({ store, pass }) => {
    const revision = await store.set('goes', 1, { ttl: SOON })
    await pass(PAST_SOON)
    await store.set('other', 1)
    assert.equal(await store.get('goes', { at: revision }), 1)
    assert.deepEqual(await stateOf(store, revision), new Map([['goes', 1]]))
  })
}

function keeping(test: Case): void {
  test('before its end it is there like any other', async ({ store }) => {
    await store.set('a', 1, { ttl: '1m' })
    assert.equal(await store.get('a'), 1)
    assert.equal(await store.has('a'), true)
    assert.deepEqual(await pairsOf(store), [['a', 1]])
    assert.equal(await store.count(), 1)
  })

  for (const ttl of ['60000ms', '60s', '1m', '1h', '1d', 60_000] as const) {
    test(`a ttl of ${ttl} is not over at once`, async ({ store, pass }) => {
      await store.set('a', 1, { ttl })
      await pass(5)
      assert.equal(await store.get('a'), 1)
    })
  }

  test('a write without a ttl takes the end away', async ({ store, pass }) => {
    await store.setMany({ set: 1, transact: 1, many: 1 }, { ttl: SOON })
    await store.set('set', 2)
    await store.transact((tx) => tx.set('transact', 2))
    await store.setMany({ many: 2 })
    await pass(PAST_SOON)
    assert.deepEqual(
      await stateOf(store),
      new Map([
        ['many', 2],
        ['set', 2],
        ['transact', 2],
      ]),
    )
  })

  test('a write with another ttl moves the end', async ({ store, pass }) => {
    await store.set('longer', 1, { ttl: SOON })
    await store.set('longer', 2, { ttl: '1m' })
    await store.set('shorter', 1, { ttl: '1m' })
    await store.set('shorter', 2, { ttl: SOON })
    await pass(PAST_SOON)
    assert.deepEqual(await stateOf(store), new Map([['longer', 2]]))
  })

  test('many keys with many ends: exactly those go whose time has come', async ({ store, pass }) => {
    await store.setMany(
      Array.from({ length: 500 }, (_, n) => [`soon:${n}`, n] as const),
      { ttl: SOON },
    )
    await store.setMany(
      Array.from({ length: 500 }, (_, n) => [`late:${n}`, n] as const),
      { ttl: '1h' },
    )
    await pass(PAST_SOON)
    assert.equal(await store.count(), 500)
    assert.equal(await store.count({ prefix: 'soon:' }), 0)
    assert.equal(await store.has('late:7'), true)
  })

  test(
    'a ttl goes on while the store is closed',
    async ({ store, reopen, pass }) => {
      await store.set('goes', 1, { ttl: SOON })
      await store.set('stays', 1, { ttl: '1m' })
      const again = await reopen(store)
      await pass(PAST_SOON)
      assert.deepEqual(await stateOf(again), new Map([['stays', 1]]))
      const oncemore = await reopen(again)
      assert.deepEqual(await stateOf(oncemore), new Map([['stays', 1]]))
    },
    { needs: ['reopen'] },
  )
}

function refusals(test: Case): void {
  const refused: unknown[] = [
    0,
    -5,
    NaN,
    Infinity,
    '60',
    '5 m',
    '-1s',
    '0s',
    '1w',
    'soon',
    '',
    null,
    true,
    {},
  ]
  for (const ttl of refused) {
    test(`a ttl of ${JSON.stringify(ttl) ?? String(ttl)} (${typeof ttl}) is refused by name`, async ({
      store,
    }) => {
      const options = { ttl: ttl as Duration }
      for (const write of [
        () => store.set('a', 1, options),
        () => store.setMany({ a: 1 }, options),
        () => store.update('a', () => 1, options),
        () => store.transact((tx) => tx.set('a', 1, options)),
      ]) {
        assert.match((await refuses(write, InvalidOptionError)).message, /ttl/)
      }
      assert.equal(store.revision, 0)
    })
  }
}
