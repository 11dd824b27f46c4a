import assert from 'node:assert/strict'
import { ClosedError, type Store } from '../../index.ts'
import { collect, refuses, refusesStream, stateOf } from '../assertions.ts'
import type { Group } from '../harness.ts'

/** Every operation that returns a promise. */
const operations: readonly (readonly [string, (store: Store) => Promise<unknown>])[] = [
  ['get', (store) => store.get('a')],
  ['get at a revision', (store) => store.get('a', { at: 1 })],
  ['getMany', (store) => store.getMany(['a'])],
  ['has', (store) => store.has('a')],
  ['set', (store) => store.set('a', 2)],
  ['setMany', (store) => store.setMany({ a: 2 })],
  ['delete', (store) => store.delete('a')],
  ['delete of an absent key', (store) => store.delete('absent')],
  ['clear', (store) => store.clear()],
  ['update', (store) => store.update('a', () => 2)],
  ['transact', (store) => store.transact((tx) => tx.set('a', 2))],
  ['a transaction that only reads', (store) => store.transact((tx) => tx.get('a'))],
  ['count', (store) => store.count()],
  ['load', (store) => store.load()],
  ['save', (store) => store.save({ a: 2 })],
  ['restore', (store) => store.restore(0)],
  ['diff summary', async (store) => store.diff(0).summary()],
  ['diff toArray', async (store) => store.diff(0).toArray()],
  ['verify', (store) => store.verify()],
  ['compact', (store) => store.compact()],
  ['flush', (store) => store.flush()],
  ['snapshots.create', (store) => store.snapshots.create()],
  ['snapshots.get', (store) => store.snapshots.get('v1')],
  ['snapshots.latest', (store) => store.snapshots.latest()],
  ['snapshots.list', (store) => store.snapshots.list()],
  ['snapshots.tags', (store) => store.snapshots.tags()],
  ['snapshots.tag', (store) => store.snapshots.tag('v1', 't')],
  ['snapshots.untag', (store) => store.snapshots.untag('v1', 't')],
  ['snapshots.delete', (store) => store.snapshots.delete('v1')],
]

const streams: readonly (readonly [string, (store: Store) => AsyncIterable<unknown>])[] = [
  ['keys', (store) => store.keys()],
  ['entries', (store) => store.entries()],
  ['entries at a revision', (store) => store.entries({ at: 1 })],
  ['history', (store) => store.history('a')],
  ['log', (store) => store.log()],
  ['diff', (store) => store.diff(0)],
]

async function closed(store: Store): Promise<Store> {
  await store.set('a', 1)
  await store.snapshots.create({ version: 'v1' })
  await store.close()
  return store
}

export const lifecycleCases: Group = {
  title: 'closing',
  cases(test) {
    for (const [what, operation] of operations) {
      test(`${what} on a closed store is refused`, async ({ store }) => {
        const error = await refuses(async () => operation(await closed(store)), ClosedError)
        assert.equal(error.code, 'VARVE_CLOSED')
      })
    }

    for (const [what, stream] of streams) {
      test(`${what} on a closed store is refused`, async ({ store }) => {
        await closed(store)
        await refusesStream(() => stream(store), ClosedError)
      })
    }

    test(
      'getSync on a closed store is refused',
      async ({ store }) => {
        await closed(store)
        assert.throws(() => store.getSync('a'), ClosedError)
      },
      { needs: ['sync'] },
    )

    test('to close twice is to close once', async ({ store }) => {
      await store.set('a', 1)
      await Promise.all([store.close(), store.close()])
      assert.equal(await store.close(), undefined)
    })

    test('await using closes it', async ({ store }) => {
      await store[Symbol.asyncDispose]()
      await refuses(() => store.get('a'), ClosedError)
      await store[Symbol.asyncDispose]()
    })

    test('closing settles every write that is under way', async ({ store }) => {
      const writes = [
        ...Array.from({ length: 30 }, (_, n) => store.set(`k${n}`, n)),
        store.setMany({ a: 1, b: 2 }),
        store.update('c', () => 3),
        store.transact((tx) => tx.set('d', 4)),
        store.delete('k0'),
      ]
      await Promise.all([store.close(), Promise.allSettled(writes)])
      for (const outcome of await Promise.allSettled(writes)) {
        if (outcome.status === 'rejected')
          assert.ok(outcome.reason instanceof ClosedError, String(outcome.reason))
      }
    })

    test(
      'what was acknowledged before or while closing is there when it is opened again',
      async ({ store, reopen }) => {
        const writes = Array.from({ length: 50 }, (_, n) => store.set(`k${n}`, n))
        const closing = store.close()
        const outcomes = await Promise.allSettled(writes)
        await closing
        const again = await reopen(store)
        const state = await stateOf(again)
        for (const [n, { status }] of outcomes.entries()) {
          assert.equal(state.get(`k${n}`), status === 'fulfilled' ? n : undefined)
        }
      },
      { needs: ['reopen'] },
    )

    test('a stream that is being read when it closes is told so, not cut short', async ({ store }) => {
      await store.setMany(Array.from({ length: 5000 }, (_, n) => [`k${n}`, n] as const))
      let seen = 0
      try {
        for await (const key of store.keys()) {
          if (++seen === 1) await store.close()
          assert.ok(key.startsWith('k'))
        }
        assert.equal(seen, 5000)
      } catch (error) {
        assert.ok(error instanceof ClosedError, String(error))
      }
    })

    test('a transaction that is under way when it closes stores nothing', async ({ store }) => {
      const transacting = store.transact(async (tx) => {
        tx.set('a', 1)
        await store.close()
      })
      await refuses(() => transacting, ClosedError)
    })

    test('handles of another actor and of a scope close with it', async ({ store }) => {
      const [ann, scope] = [store.as('ann'), store.scope('s:')]
      await store.close()
      await refuses(() => ann.get('a'), ClosedError)
      await refuses(() => scope.set('a', 1), ClosedError)
    })

    test('what was read stays what it was', async ({ store }) => {
      await store.set('a', { n: 1 })
      const value = await store.get('a')
      const history = await collect(store.history('a'))
      await store.close()
      assert.deepEqual(value, { n: 1 })
      assert.deepEqual(history[0]?.after, { n: 1 })
    })

    test('opening and closing writes nothing', async ({ store }) => {
      assert.equal(store.revision, 0)
      assert.deepEqual(await store.snapshots.list(), [])
      assert.deepEqual(await collect(store.log()), [])
    })

    test(
      'opening and closing many times changes nothing',
      async ({ store, reopen }) => {
        await store.set('a', 1)
        await store.snapshots.create({ version: 'one' })
        let again = store
        for (let n = 0; n < 5; n++) again = await reopen(again)
        assert.equal(again.revision, 1)
        assert.equal((await again.snapshots.list()).length, 1)
        assert.equal((await collect(again.log())).length, 1)
      },
      { needs: ['reopen'] },
    )

    test('it has a url, and says so in text', async ({ store }) => {
      assert.equal(typeof store.url, 'string')
      assert.ok(store.url.length > 0)
    })

    test('verify reports what it looked at', async ({ store }) => {
      await store.setMany({ a: 1, b: 2 })
      await store.delete('a')
      const seen: (readonly [number, number])[] = []
      const report = await store.verify({ onProgress: (done, total) => seen.push([done, total]) })
      assert.deepEqual([report.ok, report.revisions, report.keys, report.damaged], [true, 2, 1, []])
      assert.ok(report.records >= 3)
      for (const [done, total] of seen) assert.ok(done >= 0 && done <= total, `${done} of ${total}`)
    })

    test('verify stops when it is told to', async ({ store }) => {
      await store.set('a', 1)
      const mine = new RangeError('enough')
      assert.equal(await refuses(() => store.verify({ signal: AbortSignal.abort(mine) }), RangeError), mine)
    })
  },
}
