import assert from 'node:assert/strict'
import { collect, stateOf } from '../assertions.ts'
import type { Group } from '../harness.ts'

const times = <T>(count: number, make: (n: number) => T): T[] =>
  Array.from({ length: count }, (_, n) => make(n))

export const concurrencyCases: Group = {
  title: 'many at once',
  cases(test) {
    test('100 parallel updates count to 100', async ({ store }) => {
      const results = await Promise.all(times(100, () => store.update<number>('n', (n = 0) => n + 1)))
      assert.equal(await store.get('n'), 100)
      assert.deepEqual(
        [...results].sort((a, b) => (a ?? 0) - (b ?? 0)),
        times(100, (n) => n + 1),
      )
    })

    test('50 parallel transactions count to 50', async ({ store }) => {
      await Promise.all(
        times(50, () =>
          store.transact(async (tx) => {
            const n = (await tx.get<number>('n')) ?? 0
            await Promise.resolve()
            tx.set('n', n + 1)
          }),
        ),
      )
      assert.equal(await store.get('n'), 50)
      assert.equal(store.revision, 50)
    })

    test('parallel transfers lose nothing', async ({ store }) => {
      const accounts = times(5, (n) => `account:${n}`)
      await store.setMany(accounts.map((key) => [key, 100] as const))
      await Promise.all(
        times(60, (n) =>
          store.transact(async (tx) => {
            const [from, to] = [accounts[n % 5] ?? '', accounts[(n * 3 + 1) % 5] ?? '']
            const balance = (await tx.get<number>(from)) ?? 0
            tx.set(from, balance - 1)
            tx.set(to, ((await tx.get<number>(to)) ?? 0) + 1)
          }),
        ),
      )
      const balances = [...(await stateOf(store)).values()] as number[]
      assert.equal(
        balances.reduce((sum, balance) => sum + balance, 0),
        500,
      )
    })

    test('of two who each read what the other writes, one sees the other', async ({ store }) => {
      await store.setMany({ a: 0, b: 0 })
      await Promise.all([
        store.transact(async (tx) => {
          const b = (await tx.get<number>('b')) ?? 0
          tx.set('a', b + 1)
        }),
        store.transact(async (tx) => {
          const a = (await tx.get<number>('a')) ?? 0
          tx.set('b', a + 1)
        }),
      ])
      const sorted = ([...(await stateOf(store)).values()] as number[]).sort((a, b) => a - b)
      assert.deepEqual(sorted, [1, 2])
    })

    test('the order of calls is the order of revisions, and none is left out', async ({ store }) => {
      const revisions = await Promise.all(times(200, (n) => store.set(n % 3 ? `k${n}` : 'shared', n)))
      assert.deepEqual(
        revisions,
        times(200, (n) => n + 1),
      )
      assert.equal(await store.get('shared'), 198)
      const commits = await collect(store.log())
      assert.deepEqual(
        commits.map(({ revision }) => revision),
        revisions,
      )
    })

    test('writes of every kind at once: each has its own revision', async ({ store }) => {
      await Promise.all(
        times(20, (n) => [
          store.set(`set:${n}`, n),
          store.setMany({ [`many:${n}`]: n, [`also:${n}`]: n }),
          store.update(`update:${n}`, () => n),
          store.transact((tx) => tx.set(`transact:${n}`, n)),
        ]).flat(),
      )
      assert.equal(store.revision, 80)
      assert.equal(await store.count(), 100)
      const revisions = (await collect(store.log())).map(({ revision }) => revision)
      assert.deepEqual(
        revisions,
        times(80, (n) => n + 1),
      )
    })

    test('a read begun after a write was acknowledged sees it', async ({ store }) => {
      await Promise.all(
        times(5, async (worker) => {
          for (let n = 0; n < 40; n++) {
            await store.set(`worker:${worker}`, n)
            assert.equal(await store.get(`worker:${worker}`), n)
          }
        }),
      )
    })

    test('a reader sees all or nothing of a revision', async ({ store, pass }) => {
      await store.setMany({ a: 0, b: 0, c: 0 })
      const writing = (async () => {
        for (let n = 1; n <= 50; n++) await store.setMany({ a: n, b: n, c: n })
      })()
      let done = false
      void writing.then(() => (done = true))
      do {
        const values = new Set((await stateOf(store)).values())
        assert.equal(values.size, 1, `a torn state: ${[...values].join(', ')}`)
        const many = new Set((await store.getMany(['a', 'b', 'c'])).values())
        assert.equal(many.size, 1, `a torn read: ${[...many].join(', ')}`)
        // Reads that need no turn of the event loop would leave none to the writer.
        await pass(1)
      } while (!done)
      await writing
    })

    test('a snapshot taken while others write shows one revision', async ({ store }) => {
      await store.setMany({ a: 0, b: 0 })
      const writes = times(30, (n) => store.setMany({ a: n + 1, b: n + 1 }))
      const snapshots = await Promise.all(times(5, (n) => store.snapshots.create({ version: `s${n}` })))
      await Promise.all(writes)
      for (const { version, revision } of snapshots) {
        const state = await stateOf(store, version)
        assert.equal(state.get('a'), state.get('b'))
        assert.deepEqual(state, await stateOf(store, revision))
      }
    })
  },
}
