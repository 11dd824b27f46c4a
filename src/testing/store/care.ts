import assert from 'node:assert/strict'
import { ConflictError, ClosedError } from '../../index.ts'
import { collect, refuses } from '../assertions.ts'
import type { Group } from '../harness.ts'

export const careCases: Group = {
  title: 'metrics and health',
  cases(test) {
    test(
      'what is done is counted, what fails too, and every handle knows it',
      async ({ store }) => {
        store.metrics().reset()
        await store.set('a', 1)
        await store.as('ann').setMany({ b: 2, c: 3 })
        await store.get('a')
        store.getSync('a')
        await store.scope('x:').get('a')
        await store.delete('a')
        await collect(store.keys())
        await store.diff(store.revision).toArray()
        await store.snapshots.create()
        await store.restore(store.revision)
        await refuses(() => store.set('b', 1, { ifRevision: store.revision + 99 }), ConflictError)
        const { operations, bytes, cache } = store.metrics()
        const counts = Object.entries(operations).map(([name, { count, errors }]) => [name, count, errors])
        const expected = { get: 3, set: 3, delete: 1, scan: 1, snapshot: 1, restore: 1, diff: 1 }
        for (const [name, count] of Object.entries(expected))
          assert.deepEqual(
            counts.find(([one]) => one === name),
            [name, count, name === 'set' ? 1 : 0],
          )
        assert.ok(operations.commit.count >= 3 && operations.commit.errors === 0)
        for (const { count, meanMs, p50Ms, p99Ms, maxMs } of Object.values(operations)) {
          assert.equal(count > 0, maxMs > 0)
          assert.ok(p50Ms <= p99Ms && p99Ms <= maxMs && meanMs <= maxMs)
        }
        assert.ok(bytes.written > 0)
        assert.equal(cache.hits + cache.misses, 3)
        assert.ok(cache.hitRatio >= 0 && cache.hitRatio <= 1)
      },
      { needs: ['counted'] },
    )

    test('the figures of the store are those of the store', async ({ store }) => {
      const before = store.metrics()
      await store.setMany({ a: 1, b: 2 })
      await store.snapshots.create()
      const after = store.metrics()
      assert.equal(after.keys, before.keys + 2)
      assert.equal(after.snapshots, before.snapshots + 1)
      assert.equal(after.revision, store.revision)
      assert.equal(after.oldestRevision, before.oldestRevision)
      assert.ok(after.bytes.disk > 0)
      assert.ok(after.uptimeMs >= before.uptimeMs)
      assert.ok(after.persistedAt instanceof Date)
      // What was handed out does not move.
      assert.equal(before.revision, after.revision - 1)
    })

    test('a reset begins again at 0', async ({ store }) => {
      await store.set('a', 1)
      await store.get('a')
      store.metrics().reset()
      const { operations, bytes, cache } = store.metrics()
      for (const { count, errors, maxMs } of Object.values(operations))
        assert.deepEqual([count, errors, maxMs], [0, 0, 0])
      assert.deepEqual([bytes.read, bytes.written, cache.hits, cache.misses], [0, 0, 0, 0])
    })

    test('metrics are data, and text for Prometheus', async ({ store }) => {
      await store.set('a', 1)
      const metrics = store.metrics()
      assert.deepEqual(structuredClone(metrics), { ...metrics })
      const text = metrics.toPrometheus()
      assert.match(text, /^varve_operations_total\{store="[^\n]*",operation="set"\} \d+$/m)
      assert.match(text, /^# TYPE varve_operation_duration_seconds summary$/m)
    })

    test('a store that works is healthy, and asking makes no revision', async ({ store }) => {
      await store.set('a', 1)
      const { revision } = store
      const health = await store.health()
      assert.deepEqual([health.status, health.reasons], ['ok', []])
      for (const { ok, detail } of Object.values(health.checks)) assert.ok(ok && detail.length > 0)
      assert.equal(store.revision, revision)
    })

    test('what is asked of the store wrongly does not make it ill', async ({ store }) => {
      await refuses(() => store.set('a', 1, { ifRevision: 99 }), ConflictError)
      await assert.rejects(store.get(''))
      await assert.rejects(store.set('a', () => 1))
      assert.equal((await store.health()).status, 'ok')
    })

    test('several ask for the health at the same time', async ({ store }) => {
      const all = await Promise.all(Array.from({ length: 5 }, () => store.health()))
      for (const { status } of all) assert.equal(status, 'ok')
    })

    test('metrics and health of a closed store are refused', async ({ store }) => {
      await store.close()
      assert.throws(() => store.metrics(), ClosedError)
      await refuses(() => store.health(), ClosedError)
    })
  },
}
