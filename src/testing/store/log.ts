import assert from 'node:assert/strict'
import { InvalidOptionError, NotFoundError } from '../../index.ts'
import { collect, refusesStream } from '../assertions.ts'
import type { Group } from '../harness.ts'

export const logCases: Group = {
  title: 'log',
  cases(test) {
    test('the log of a new store is empty', async ({ store }) => {
      assert.deepEqual(await collect(store.log()), [])
    })

    test('it has one commit per revision, oldest first', async ({ store }) => {
      await store.set('a', 1)
      await store.setMany({ b: 1, c: 1 })
      await store.delete('a')
      const commits = await collect(store.log())
      assert.deepEqual(
        commits.map(({ revision }) => revision),
        [1, 2, 3],
      )
      assert.deepEqual(
        commits.map(({ keys }) => [...keys].sort()),
        [['a'], ['b', 'c'], ['a']],
      )
      for (const { at } of commits) assert.ok(at instanceof Date && at.getTime() > 0)
    })

    test('a key written twice in one revision is named once', async ({ store }) => {
      await store.setMany([
        ['a', 1],
        ['b', 1],
        ['a', 2],
      ])
      const [commit] = await collect(store.log())
      assert.deepEqual([...(commit?.keys ?? [])].sort(), ['a', 'b'])
    })

    test('each commit has a hash of its own', async ({ store }) => {
      for (let n = 0; n < 5; n++) await store.set('a', 'the same')
      const hashes = (await collect(store.log())).map(({ hash }) => hash)
      for (const hash of hashes) assert.match(hash, /^[0-9a-f]{64}$/)
      assert.equal(new Set(hashes).size, 5)
    })

    test('hashes stand on what came before: another past, another hash', async ({ store, create }) => {
      const other = await create()
      await store.set('a', 1)
      await other.set('a', 2)
      await store.set('b', 1)
      await other.set('b', 1)
      const [mine, theirs] = [await collect(store.log()), await collect(other.log())]
      assert.notEqual(mine[1]?.hash, theirs[1]?.hash)
    })

    test('it tells who', async ({ store }) => {
      await store.as('ann').set('a', 1)
      await store.as('bob').clear()
      assert.deepEqual(
        (await collect(store.log())).map(({ actor }) => actor),
        ['ann', 'bob'],
      )
    })

    test('reverse gives the newest first', async ({ store }) => {
      for (let n = 0; n < 5; n++) await store.set('a', n)
      const forward = await collect(store.log())
      assert.deepEqual(await collect(store.log({ reverse: true })), [...forward].reverse())
    })

    test('limit, forwards and backwards', async ({ store }) => {
      for (let n = 0; n < 5; n++) await store.set('a', n)
      const revisions = async (options: Parameters<typeof store.log>[0]): Promise<number[]> =>
        (await collect(store.log(options))).map(({ revision }) => revision)
      assert.deepEqual(await revisions({ limit: 2 }), [1, 2])
      assert.deepEqual(await revisions({ limit: 2, reverse: true }), [5, 4])
      assert.deepEqual(await revisions({ limit: 100 }), [1, 2, 3, 4, 5])
    })

    test('from and to, both inclusive', async ({ store }) => {
      for (let n = 0; n < 6; n++) await store.set('a', n)
      const revisions = async (options: Parameters<typeof store.log>[0]): Promise<number[]> =>
        (await collect(store.log(options))).map(({ revision }) => revision)
      assert.deepEqual(await revisions({ from: 3 }), [3, 4, 5, 6])
      assert.deepEqual(await revisions({ to: 3 }), [1, 2, 3])
      assert.deepEqual(await revisions({ from: 2, to: 4 }), [2, 3, 4])
      assert.deepEqual(await revisions({ from: 2, to: 5, reverse: true, limit: 2 }), [5, 4])
      assert.deepEqual(await revisions({ from: 2, to: 2 }), [2])
    })

    test('from and to can be snapshots', async ({ store }) => {
      for (let n = 1; n <= 5; n++) {
        await store.set('a', n)
        if (n === 2) await store.snapshots.create({ version: 'start', tags: ['first'] })
        if (n === 4) await store.snapshots.create({ version: 'end' })
      }
      const commits = await collect(store.log({ from: 'first', to: 'end' }))
      assert.deepEqual(
        commits.map(({ revision }) => revision),
        [2, 3, 4],
      )
    })

    test('from an unknown point is not found', async ({ store }) => {
      await store.set('a', 1)
      await refusesStream(() => store.log({ from: 'nowhere' }), NotFoundError)
      await refusesStream(() => store.log({ to: 'nowhere' }), NotFoundError)
    })

    test('only a restore says what it brought back', async ({ store }) => {
      await store.set('a', 1)
      await store.set('a', 2)
      await store.restore(1)
      const commits = await collect(store.log())
      assert.deepEqual(
        commits.map(({ restoredFrom }) => restoredFrom),
        [undefined, undefined, 1],
      )
      assert.deepEqual(commits[2]?.keys, ['a'])
    })

    test('a long log comes complete, both ways', async ({ store }) => {
      await Promise.all(Array.from({ length: 1200 }, (_, n) => store.set(`k${n}`, n)))
      const forward = await collect(store.log())
      assert.deepEqual(
        forward.map(({ revision }) => revision),
        Array.from({ length: 1200 }, (_, n) => n + 1),
      )
      assert.ok(forward.every(({ keys }, index) => keys.length === 1 && keys[0] === `k${index}`))
      assert.equal((await collect(store.log({ reverse: true }))).length, 1200)
    })

    for (const [what, options] of [
      ['a negative limit', { limit: -1 }],
      ['an unknown option', { newest: true }],
      ['reverse of text', { reverse: 'yes' }],
    ] as const) {
      test(`${what} is refused by name`, async ({ store }) => {
        const error = await refusesStream(() => store.log(options as never), InvalidOptionError)
        assert.ok(error.message.includes(Object.keys(options)[0] ?? ''), error.message)
      })
    }

    test(
      'it is the same when it is opened again',
      async ({ store, reopen }) => {
        await store.set('a', 1)
        await store.clear()
        await store.restore(1)
        const before = await collect(store.log())
        const again = await reopen(store)
        assert.deepEqual(await collect(again.log()), before)
        await again.set('b', 1)
        assert.deepEqual((await collect(again.log())).slice(0, 3), before)
      },
      { needs: ['reopen'] },
    )
  },
}
