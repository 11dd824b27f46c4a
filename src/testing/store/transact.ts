import assert from 'node:assert/strict'
import { InvalidKeyError, InvalidOptionError, InvalidValueError, type Transaction } from '../../index.ts'
import { collect, refuses, stateOf } from '../assertions.ts'
import type { Case, Group } from '../harness.ts'

export const transactCases: Group = {
  title: 'transactions',
  cases(test) {
    wholes(test)
    ownWrites(test)
    refusals(test)
  },
}

function wholes(test: Case): void {
  test('several writes are one revision', async ({ store }) => {
    await store.set('c', 1)
    await store.transact((tx) => {
      tx.set('a', 1)
      tx.set('b', 2)
      tx.delete('c')
    })
    assert.equal(store.revision, 2)
    assert.deepEqual(
      await stateOf(store),
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
    )
    const [, commit] = await collect(store.log())
    assert.deepEqual([...(commit?.keys ?? [])].sort(), ['a', 'b', 'c'])
  })

  test('it returns what the function returns', async ({ store }) => {
    assert.equal(await store.transact(() => 'plain'), 'plain')
    assert.equal(await store.transact(async (tx) => (await tx.get<string>('a')) ?? 'absent'), 'absent')
    assert.equal(await store.transact((tx) => tx.set('a', 1)), undefined)
  })

  test('a transaction that writes nothing makes no revision', async ({ store }) => {
    await store.set('a', 1)
    assert.equal(await store.transact((tx) => tx.get('a')), 1)
    assert.equal(store.revision, 1)
  })

  test('the last write of a key counts', async ({ store }) => {
    await store.transact((tx) => {
      tx.set('a', 1)
      tx.set('a', 2)
      tx.set('b', 1)
      tx.delete('b')
      tx.delete('c')
      tx.set('c', 3)
    })
    assert.deepEqual(
      await stateOf(store),
      new Map([
        ['a', 2],
        ['c', 3],
      ]),
    )
    assert.equal((await collect(store.history('a'))).length, 1)
  })

  test('nothing is visible outside before it ends', async ({ store }) => {
    await store.set('a', 1)
    await store.transact(async (tx) => {
      tx.set('a', 2)
      tx.set('b', 2)
      assert.equal(await store.get('a'), 1)
      assert.equal(await store.has('b'), false)
      assert.equal(await store.count(), 1)
    })
    assert.equal(await store.get('a'), 2)
  })

  test('a thrown error takes everything back, and comes through', async ({ store }) => {
    await store.set('a', 1)
    const mine = new RangeError('mine')
    const failing = (): Promise<unknown> =>
      store.transact((tx) => {
        tx.set('a', 2)
        tx.delete('a')
        tx.set('b', 1)
        throw mine
      })
    assert.equal(await refuses(failing, RangeError), mine)
    assert.deepEqual(await stateOf(store), new Map([['a', 1]]))
    assert.equal(store.revision, 1)
  })

  test('a rejected promise takes everything back too', async ({ store }) => {
    await store.set('a', 1)
    const mine = new RangeError('mine')
    const failing = (): Promise<unknown> =>
      store.transact(async (tx) => {
        tx.set('a', 2)
        await tx.get('a')
        await Promise.reject(mine)
      })
    assert.equal(await refuses(failing, RangeError), mine)
    assert.equal(await store.get('a'), 1)
    assert.equal(store.revision, 1)
  })

  test('the store can be read and written inside a transaction: nothing blocks', async ({ store }) => {
    await store.transact(async (tx) => {
      await store.set('beside', 1)
      tx.set('inside', await store.get('beside'))
      await store.transact((inner) => inner.set('nested', 1))
    })
    assert.deepEqual(
      await stateOf(store),
      new Map([
        ['beside', 1],
        ['inside', 1],
        ['nested', 1],
      ]),
    )
  })

  test('a write after the end of a transaction changes nothing', async ({ store }) => {
    let late: Transaction | undefined
    await store.transact((tx) => {
      late = tx
      tx.set('a', 1)
    })
    try {
      late?.set('a', 2)
      late?.delete('a')
    } catch (error) {
      assert.ok(error instanceof Error)
    }
    await store.set('b', 1)
    assert.deepEqual(
      await stateOf(store),
      new Map([
        ['a', 1],
        ['b', 1],
      ]),
    )
  })

  test(
    'a transaction is there as a whole when it is opened again',
    async ({ store, reopen }) => {
      await store.transact((tx) => {
        tx.set('a', 1)
        tx.set('b', { c: [2] })
      })
      const again = await reopen(store)
      assert.deepEqual(
        await stateOf(again),
        new Map<string, unknown>([
          ['a', 1],
          ['b', { c: [2] }],
        ]),
      )
      assert.equal(again.revision, 1)
    },
    { needs: ['reopen'] },
  )
}

function ownWrites(test: Case): void {
  test('get sees what the transaction itself wrote and deleted', async ({ store }) => {
    await store.setMany({ a: 1, b: 1 })
    await store.transact(async (tx) => {
      tx.set('a', { changed: true })
      tx.delete('b')
      tx.set('c', 3)
      assert.deepEqual(await tx.get('a'), { changed: true })
      assert.equal(await tx.get('b'), undefined)
      assert.equal(await tx.get('c'), 3)
      tx.set('b', 'again')
      assert.equal(await tx.get('b'), 'again')
    })
  })

  test('entries shows them too, in the order of keys', async ({ store }) => {
    await store.setMany({ a: 1, c: 1, e: 1, g: 1 })
    await store.transact(async (tx) => {
      tx.set('b', 2)
      tx.set('c', 2)
      tx.delete('e')
      tx.set('h', 2)
      assert.deepEqual(await collect(tx.entries()), [
        ['a', 1],
        ['b', 2],
        ['c', 2],
        ['g', 1],
        ['h', 2],
      ])
      assert.deepEqual(await collect(tx.entries({ reverse: true, limit: 2 })), [
        ['h', 2],
        ['g', 1],
      ])
      assert.deepEqual(await collect(tx.entries({ gt: 'a', lt: 'g' })), [
        ['b', 2],
        ['c', 2],
      ])
      assert.deepEqual(await collect(tx.entries({ limit: 3 })), [
        ['a', 1],
        ['b', 2],
        ['c', 2],
      ])
    })
  })

  test('entries takes prefix and match', async ({ store }) => {
    await store.setMany({ 'user:ann': 1, 'user:ann:age': 2, other: 3 })
    await store.transact(async (tx) => {
      tx.set('user:bob', 4)
      assert.deepEqual(await collect(tx.entries({ prefix: 'user:', limit: 2 })), [
        ['user:ann', 1],
        ['user:ann:age', 2],
      ])
      assert.deepEqual(await collect(tx.entries({ match: 'user:*' })), [
        ['user:ann', 1],
        ['user:bob', 4],
      ])
    })
  })

  test('entries of a large store comes complete', async ({ store }) => {
    const pairs = Array.from({ length: 2500 }, (_, n) => [`k${String(n).padStart(5, '0')}`, n] as const)
    await store.setMany(pairs)
    const sum = await store.transact(async (tx) => {
      tx.delete('k00000')
      tx.set('k02500', 2500)
      let total = 0
      for await (const [, value] of tx.entries()) total += value as number
      return total
    })
    assert.equal(sum, (2500 * 2501) / 2)
  })
}

function refusals(test: Case): void {
  test('a bad value or key refuses the whole transaction', async ({ store }) => {
    await store.set('a', 1)
    const bad: [(tx: Transaction) => void, typeof InvalidKeyError | typeof InvalidValueError][] = [
      [(tx) => tx.set('b', () => 1), InvalidValueError],
      [(tx) => tx.set('b', undefined), InvalidValueError],
      [(tx) => tx.set('', 1), InvalidKeyError],
      [(tx) => tx.delete(''), InvalidKeyError],
    ]
    for (const [write, kind] of bad) {
      const failing = (): Promise<void> =>
        store.transact((tx) => {
          tx.set('a', 2)
          write(tx)
        })
      await refuses(failing, kind)
    }
    assert.deepEqual(await stateOf(store), new Map([['a', 1]]))
    assert.equal(store.revision, 1)
  })

  for (const [what, options] of [
    ['negative retries', { retries: -1 }],
    ['half retries', { retries: 0.5 }],
    ['retries of text', { retries: '3' }],
    ['a signal that is none', { signal: 'stop' }],
    ['an unknown option', { retry: 1 }],
  ] as const) {
    test(`${what} is refused by name`, async ({ store }) => {
      let ran = false
      const error = await refuses(
        () => store.transact(() => void (ran = true), options as never),
        InvalidOptionError,
      )
      assert.ok(error.message.includes(Object.keys(options)[0] ?? ''), error.message)
      assert.equal(ran, false)
    })
  }

  test('a write option that does not exist in a transaction is refused', async ({ store }) => {
    await refuses(() => store.transact((tx) => tx.set('a', 1, { tll: 5 } as never)), InvalidOptionError)
    await refuses(() => store.transact((tx) => tx.set('a', 1, { ttl: 0 })), InvalidOptionError)
    assert.equal(store.revision, 0)
  })
}
