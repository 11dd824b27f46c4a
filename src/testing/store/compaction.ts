import assert from 'node:assert/strict'
import { CompactedError, ConflictError, type OpenOptions, type Ref, type Store } from '../../index.ts'
import { collect, differences, refuses, refusesStream, stateOf } from '../assertions.ts'
import type { Group } from '../harness.ts'

const snapshotsOnly: OpenOptions = { history: 'snapshots' }

/** 30 revisions of a few keys, with snapshots at 10 and 20; the state at each is remembered. */
async function story(store: Store): Promise<Map<number, Map<string, unknown>>> {
  const states = new Map([[0, await stateOf(store)]])
  for (let n = 1; n <= 30; n++) {
    if (n % 7 === 0) await store.delete('k1')
    else if (n % 11 === 0) await store.save({ k0: n, saved: [n] })
    else await store.set(`k${n % 4}`, { n, text: 'some text '.repeat(n) })
    states.set(n, await stateOf(store))
    if (n % 10 === 0 && n < 30) await store.snapshots.create({ version: `at ${n}`, tags: ['kept'] })
  }
  return states
}

/** Asserts that a point is compacted: for each reading, with the oldest revision that is not. */
async function assertCompacted(store: Store, at: Ref, oldest: number): Promise<void> {
  for (const error of [
    await refuses(() => store.get('k0', { at }), CompactedError),
    await refuses(() => store.getMany(['k0'], { at }), CompactedError),
    await refuses(() => store.load({ at }), CompactedError),
    await refuses(() => store.count({ at }), CompactedError),
    await refusesStream(() => store.entries({ at }), CompactedError),
    await refusesStream(() => store.diff(at), CompactedError),
    await refuses(() => store.restore(at), CompactedError),
  ]) {
    assert.equal(error.code, 'VARVE_COMPACTED')
    assert.equal(error.oldest, oldest)
  }
}

export const compactionCases: Group = {
  title: 'compaction',
  cases(test) {
    test('with all history kept, compaction takes nothing away', async ({ store }) => {
      const states = await story(store)
      const report = await store.compact()
      assert.ok(report.after.records <= report.before.records)
      assert.ok(report.oldestRevision <= 1)
      for (const [revision, state] of states) assert.deepEqual(await stateOf(store, revision), state)
      assert.equal((await collect(store.log())).length, 30)
    })

    test('of an empty store it does nothing', async ({ store }) => {
      const report = await store.compact()
      assert.deepEqual([report.before.records, report.after.records], [0, 0])
      await store.set('a', 1)
      assert.equal(await store.get('a'), 1)
    })

    test(
      "history 'snapshots': what no snapshot names is gone, and told so",
      async ({ store }) => {
        const states = await story(store)
        const { oldestRevision } = await store.compact()
        assert.equal(oldestRevision, 30)
        for (const revision of [1, 5, 9, 11, 15, 19, 21, 25, 29]) await assertCompacted(store, revision, 30)
        assert.deepEqual(await stateOf(store), states.get(30))
        assert.deepEqual(await stateOf(store, 30), states.get(30))
      },
      { options: snapshotsOnly },
    )

    test(
      'snapshots are readable after compaction, by every name they have',
      async ({ store }) => {
        const states = await story(store)
        await store.compact()
        for (const n of [10, 20]) {
          assert.deepEqual(await stateOf(store, `at ${n}`), states.get(n))
          assert.deepEqual(await stateOf(store, n), states.get(n))
          for (const [key, value] of states.get(n) ?? [])
            assert.deepEqual(await store.get(key, { at: n }), value)
          assert.deepEqual(
            { ...(await store.load({ at: `at ${n}` })) },
            Object.fromEntries(states.get(n) ?? []),
          )
        }
        assert.deepEqual(await stateOf(store, 'kept'), states.get(20))
        assert.deepEqual(
          (await store.snapshots.list()).map(({ revision }) => revision),
          [10, 20],
        )
      },
      { options: snapshotsOnly },
    )

    test(
      'diff and restore work between what is kept',
      async ({ store, create }) => {
        const states = await story(store)
        const whole = await create()
        await story(whole)
        const pairs: readonly (readonly [string | number, string | number])[] = [
          ['at 10', 'at 20'],
          ['at 20', 'at 10'],
          ['at 10', 30],
          [30, 'at 20'],
        ]
        await store.compact()
        for (const [from, to] of pairs) {
          assert.deepEqual(await differences(store.diff(from, to)), await differences(whole.diff(from, to)))
          const [mine, theirs] = [await store.diff(from, to).summary(), await whole.diff(from, to).summary()]
          assert.deepEqual(mine, theirs)
        }
        await store.restore('at 10')
        assert.deepEqual(await stateOf(store), states.get(10))
        await store.restore('at 20')
        assert.deepEqual(await stateOf(store), states.get(20))
      },
      { options: snapshotsOnly },
    )

    test(
      'a snapshot from before a key was added is restored and compared, though the steps between are gone',
      async ({ store }) => {
        await store.set('old', 1)
        await store.snapshots.create({ version: 'before' })
        for (let n = 1; n <= 4; n++) await store.setMany({ fresh: n, gone: n })
        await store.delete('gone')
        await store.set('old', 2)
        await store.compact()
        const added = { key: 'fresh', type: 'added', before: undefined, after: 4 }
        const changed = { key: 'old', type: 'changed', before: 1, after: 2 }
        assert.deepEqual(await differences(store.diff('before')), [added, changed])
        assert.deepEqual(await store.diff(store.revision, 'before').summary(), {
          from: store.revision,
          to: 1,
          different: true,
          added: 0,
          changed: 1,
          removed: 1,
        })
        await store.restore('before')
        assert.deepEqual(await stateOf(store), new Map([['old', 1]]))
      },
      { options: snapshotsOnly },
    )

    test(
      'ifRevision means after it what it meant before',
      async ({ store }) => {
        const revision = await store.set('a', 1)
        await store.set('other', 1)
        await store.set('other', 2)
        await store.compact()
        for (const stale of [0, revision + 1, store.revision]) {
          const error = await refuses(() => store.set('a', 2, { ifRevision: stale }), ConflictError)
          assert.equal(error.actual, revision)
        }
        assert.equal(await store.set('a', 2, { ifRevision: revision }), 4)
      },
      { options: snapshotsOnly },
    )

    test(
      'diff from a snapshot still says who changed what, when and in which revision',
      async ({ store }) => {
        await store.setMany({ changed: 1, removed: 1 })
        await store.snapshots.create({ version: 'before' })
        await store.as('ann').set('changed', 2)
        await store.as('bob').delete('removed')
        await store.as('cid').set('added', 1)
        await store.as('dan').set('last', 1)
        const told = async (): Promise<unknown[]> =>
          (await store.diff('before').toArray()).map(({ key, revision, actor, at }) => [
            key,
            revision,
            actor,
            at,
          ])
        const before = await told()
        await store.compact()
        assert.deepEqual(await told(), before)
      },
      { options: snapshotsOnly },
    )

    test(
      'history and log tell what is kept, and never what is wrong',
      async ({ store, create }) => {
        const whole = await create()
        await story(store)
        await story(whole)
        await store.compact()
        const all = await collect(whole.history('k0'))
        for (const { revision, after } of await collect(store.history('k0'))) {
          assert.deepEqual(all.find((change) => change.revision === revision)?.after, after)
        }
        const revisions = (await collect(store.log())).map(({ revision }) => revision)
        assert.deepEqual(
          revisions,
          [...revisions].sort((a, b) => a - b),
        )
      },
      { options: snapshotsOnly },
    )

    test(
      'history { revisions: 5 }: the last five states stay readable',
      async ({ store }) => {
        const states = await story(store)
        const { oldestRevision } = await store.compact()
        assert.ok(oldestRevision >= 25 && oldestRevision <= 26, `oldest is ${oldestRevision}`)
        for (let revision = oldestRevision; revision <= 30; revision++) {
          assert.deepEqual(await stateOf(store, revision), states.get(revision))
        }
        for (const revision of [1, 9, 15, oldestRevision - 1])
          await assertCompacted(store, revision, oldestRevision)
        assert.deepEqual(await stateOf(store, 'at 10'), states.get(10))
        assert.deepEqual(await stateOf(store, 'at 20'), states.get(20))
      },
      { options: { history: { revisions: 5 } } },
    )

    test(
      'history { age }: what is younger stays readable',
      async ({ store }) => {
        const states = await story(store)
        await store.compact()
        for (const [revision, state] of states) assert.deepEqual(await stateOf(store, revision), state)
      },
      { options: { history: { age: '1h' } } },
    )

    test(
      'history { age }: what is older is compacted',
      async ({ store, pass }) => {
        await store.set('k0', 1)
        await store.set('k0', 2)
        await pass(120)
        await store.set('k0', 3)
        const { oldestRevision } = await store.compact()
        assert.ok(oldestRevision >= 2 && oldestRevision <= 3, `oldest is ${oldestRevision}`)
        await assertCompacted(store, 1, oldestRevision)
        assert.equal(await store.get('k0'), 3)
      },
      { options: { history: { age: 100 } } },
    )

    test(
      'it gives records back',
      async ({ store }) => {
        for (let n = 0; n < 200; n++) await store.set('a', { n, text: 'text '.repeat(100) })
        const { before, after } = await store.compact()
        assert.ok(before.records >= 200 && after.records < before.records, JSON.stringify({ before, after }))
        assert.ok(after.bytes <= before.bytes, JSON.stringify({ before, after }))
      },
      { options: snapshotsOnly },
    )

    test(
      'what a deleted snapshot named goes with the next compaction',
      async ({ store }) => {
        const states = await story(store)
        await store.compact()
        await store.snapshots.delete('at 10')
        await store.compact()
        await assertCompacted(store, 10, 30)
        assert.deepEqual(await stateOf(store, 'at 20'), states.get(20))
      },
      { options: snapshotsOnly },
    )

    test(
      'writing goes on after it, again and again',
      async ({ store }) => {
        for (let round = 1; round <= 5; round++) {
          await store.setMany({ a: round, [`k${round}`]: round })
          await store.delete(`k${round - 1}`)
          await store.snapshots.create({ version: `round ${round}` })
          await store.set('a', 'between')
          await store.compact()
        }
        for (let round = 1; round <= 5; round++) {
          const expected = new Map<string, unknown>([
            ['a', round],
            [`k${round}`, round],
          ])
          assert.deepEqual(await stateOf(store, `round ${round}`), expected)
        }
        assert.deepEqual(
          await stateOf(store),
          new Map<string, unknown>([
            ['a', 'between'],
            ['k5', 5],
          ]),
        )
      },
      { options: snapshotsOnly },
    )

    test(
      'it tells its progress, and stops when it is told to',
      async ({ store }) => {
        await story(store)
        const mine = new RangeError('enough')
        const aborted = (): Promise<unknown> => store.compact({ signal: AbortSignal.abort(mine) })
        assert.equal(await refuses(aborted, RangeError), mine)
        const seen: (readonly [number, number])[] = []
        await store.compact({ onProgress: (done, total) => seen.push([done, total]) })
        for (const [done, total] of seen) assert.ok(done >= 0 && done <= total, `${done} of ${total}`)
      },
      { options: snapshotsOnly },
    )

    test(
      'reading while it runs is never wrong',
      async ({ store, pass }) => {
        const states = await story(store)
        let done = false
        const compacting = store.compact().finally(() => (done = true))
        do {
          assert.deepEqual(await stateOf(store, 'at 10'), states.get(10))
          assert.deepEqual(await stateOf(store), states.get(30))
          // Reads that need no turn of the event loop would leave none to what runs beside them.
          await pass(1)
        } while (!done)
        await compacting
      },
      { options: snapshotsOnly },
    )

    test(
      'what is compacted stays so when it is opened again, and what is kept stays kept',
      async ({ store, reopen }) => {
        const states = await story(store)
        await store.compact()
        const again = await reopen(store, snapshotsOnly)
        await assertCompacted(again, 15, 30)
        assert.deepEqual(await stateOf(again, 'at 10'), states.get(10))
        assert.deepEqual(await stateOf(again, 'at 20'), states.get(20))
        assert.deepEqual(await stateOf(again), states.get(30))
      },
      { options: snapshotsOnly, needs: ['reopen'] },
    )
  },
}
