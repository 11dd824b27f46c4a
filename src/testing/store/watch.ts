import assert from 'node:assert/strict'
import {
  CompactedError,
  InvalidOptionError,
  NotFoundError,
  type Change,
  type WatchOptions,
} from '../../index.ts'
import { collect, essence, refusesStream, stateOf } from '../assertions.ts'
import type { Case, Group, Trial } from '../harness.ts'

export const watchCases: Group = {
  title: 'watch',
  cases(test) {
    live(test)
    replay(test)
    handlers(test)
    endings(test)
    refusals(test)
  },
}

/** The next so many changes of a stream, which ends with them. */
async function take(stream: AsyncIterable<Change>, count: number): Promise<Change[]> {
  const changes: Change[] = []
  for await (const change of stream) if (changes.push(change) === count) break
  return changes
}

/** What a handler gets, and a way to wait for so many. */
function record({ store, until }: Pick<Trial, 'store' | 'until'>, pattern: string, options?: WatchOptions) {
  const changes: Change[] = []
  const subscription = store.watch(pattern, (change) => void changes.push(change), options)
  const got = async (count: number): Promise<Change[]> => {
    await until(async () => changes.length >= count, `the handler got ${count} changes`)
    return changes
  }
  return { changes, subscription, got }
}

function live(test: Case): void {
  test('each change comes once, in order, with what it was and is', async (trial) => {
    const { store } = trial
    await store.set('before', 1)
    const { got } = record(trial, '**')
    const revision = await store.as('ann').set('a', 1)
    await store.set('a', 2)
    await store.setMany({ b: 1, c: 1 })
    await store.delete('b')
    await store.delete('b')
    await store.set('end', 1)
    const changes = await got(6)
    assert.deepEqual(changes.map(essence), [
      { key: 'a', type: 'added', before: undefined, after: 1 },
      { key: 'a', type: 'changed', before: 1, after: 2 },
      { key: 'b', type: 'added', before: undefined, after: 1 },
      { key: 'c', type: 'added', before: undefined, after: 1 },
      { key: 'b', type: 'removed', before: 1, after: undefined },
      { key: 'end', type: 'added', before: undefined, after: 1 },
    ])
    assert.equal(changes[0]?.actor, 'ann')
    assert.equal(changes[0]?.revision, revision)
    assert.ok(changes[0].at instanceof Date)
  })

  test('clear, save and restore tell of the keys that changed, and of no others', async (trial) => {
    const { store } = trial
    const first = await store.setMany({ a: 1, b: 2, c: 3 })
    const { changes, got } = record(trial, '**')
    await store.save({ a: 1, b: 20, d: 4 })
    await store.restore(first)
    await store.clear()
    await store.set('end', 1)
    await got(10)
    assert.deepEqual(
      changes.map(({ key, type }) => `${key} ${type}`).sort(),
      [
        ['b changed', 'c removed', 'd added'],
        ['b changed', 'c added', 'd removed'],
        ['a removed', 'b removed', 'c removed'],
        'end added',
      ]
        .flat()
        .sort(),
    )
  })

  test('reading is no change', async (trial) => {
    const { store } = trial
    await store.set('a', 1)
    const { changes, got } = record(trial, '**')
    await store.get('a')
    await store.has('a')
    await store.load()
    await store.snapshots.create()
    await store.set('end', 1)
    await got(1)
    assert.deepEqual(changes.map(essence), [{ key: 'end', type: 'added', before: undefined, after: 1 }])
  })

  test('only what matches comes', async (trial) => {
    const { store } = trial
    const one = record(trial, 'user:*')
    const two = record(trial, 'user:**')
    await store.setMany({ 'user:a': 1, 'user:a:name': 1, users: 1, 'user:': 1 })
    await store.set('user:end', 1)
    await two.got(3)
    assert.deepEqual(
      one.changes.map(({ key }) => key),
      (await two.got(3)).map(({ key }) => key).filter((key) => !key.includes('name')),
    )
    assert.ok(one.changes.some(({ key }) => key === 'user:end'))
    assert.ok(!one.changes.some(({ key }) => key === 'users'))
  })

  test('an expiry is seen', async (trial) => {
    const { store, pass } = trial
    const { got } = record(trial, 'goes')
    await store.set('goes', 1, { ttl: 40 })
    await pass(100)
    const [, change] = await got(2)
    assert.deepEqual(change && essence(change), { key: 'goes', type: 'expired', before: 1, after: undefined })
  })

  test('in a scope, patterns and keys are relative', async (trial) => {
    const users = trial.store.scope('user:')
    const { got } = record({ ...trial, store: users }, 'a*')
    const all = record({ ...trial, store: users }, '**')
    await trial.store.setMany({ 'a*': 1, 'user:a*': 2, 'user:b': 3 })
    assert.deepEqual(
      (await got(1)).map(({ key, after }) => [key, after]),
      [['a*', 2]],
    )
    assert.deepEqual(
      (await all.got(2)).map(({ key }) => key),
      ['a*', 'b'],
    )
  })
}

function replay(test: Case): void {
  test("'start' brings everything, and goes on with what comes", async ({ store }) => {
    await store.set('a', 1)
    await store.set('b', 2)
    const stream = store.watch('**', { from: 'start' })
    await store.set('c', 3)
    assert.deepEqual(
      (await take(stream, 3)).map(({ key }) => key),
      ['a', 'b', 'c'],
    )
  })

  test('a revision, a date or a tag begins after that point', async ({ store, pass }) => {
    await store.set('a', 1)
    const revision = await store.set('b', 2)
    await store.snapshots.create({ version: 'v', tags: ['t'] })
    await pass(5)
    const date = new Date((await take(store.watch('**', { from: 'start' }), 2))[1]?.at ?? 0)
    await store.setMany({ c: 3, d: 4 })
    for (const from of [revision, 'v', 't', date]) {
      const keys = (await take(store.watch('**', { from }), 2)).map(({ key }) => key)
      assert.deepEqual(keys, ['c', 'd'], String(from))
    }
  })

  test('who goes on from the last revision misses nothing and gets nothing twice', async ({ store }) => {
    const seen: number[] = []
    let from = 0
    for (let n = 1; n <= 30; n++) await store.set(`key:${n % 4}`, n)
    while (seen.length < 30) {
      for (const { after, revision } of await take(store.watch('**', { from }), 7).then(
        (changes) => changes,
        () => [],
      )) {
        seen.push(after as number)
        from = revision
      }
      if (seen.length === 28)
        await store.setMany({ 'key:a': 31, 'key:b': 32, 'key:c': 33, 'key:d': 34, 'key:e': 35 })
    }
    assert.deepEqual(
      seen.slice(0, 35),
      Array.from({ length: 35 }, (_, i) => i + 1),
    )
  })

  test('all changes from the start add up to the state', async ({ store }) => {
    for (let n = 0; n < 60; n++) {
      if (n % 7 === 3) await store.delete(`k${n % 5}`)
      else if (n % 11 === 5) await store.clear()
      else if (n % 13 === 6) await store.restore(n >> 1)
      else if (n % 5 === 2) await store.setMany({ [`k${n % 3}`]: n, [`l${n % 4}`]: n })
      else await store.set(`k${n % 9}`, { n })
    }
    await store.set('end', 1)
    const state = new Map<string, unknown>()
    for await (const { key, after, before } of store.watch('**', { from: 'start' })) {
      assert.deepEqual(state.get(key), before)
      if (after === undefined) state.delete(key)
      else state.set(key, after)
      if (key === 'end') break
    }
    assert.deepEqual(Object.fromEntries(state), Object.fromEntries(await stateOf(store)))
  })

  test(
    'what was compacted away is said, not skipped',
    async ({ store }) => {
      for (let n = 0; n < 10; n++) await store.set('a', n)
      await store.compact()
      assert.equal((await refusesStream(() => store.watch('**', { from: 1 }), CompactedError)).oldest, 10)
      const subscription = store.watch('**', () => undefined, { from: 1 })
      await assert.rejects(subscription.done, CompactedError)
      await store.set('b', 1)
      assert.deepEqual(
        (await take(store.watch('**', { from: 'start' }), 1)).map(({ key }) => key),
        ['b'],
      )
    },
    { options: { history: 'snapshots' }, needs: ['whole'] },
  )
}

function handlers(test: Case): void {
  test('one call ends before the next begins', async (trial) => {
    const { store, until } = trial
    let running = 0
    const seen: unknown[] = []
    store.watch('**', async ({ after }) => {
      assert.equal(++running, 1)
      await Promise.resolve()
      running--
      seen.push(after)
    })
    for (let n = 0; n < 20; n++) await store.set('n', n)
    await until(async () => seen.length === 20, 'all were handled')
    assert.deepEqual(
      seen,
      Array.from({ length: 20 }, (_, n) => n),
    )
  })

  test('one that throws does not stop itself, others or the writer', async (trial) => {
    const { store } = trial
    const { got } = record(trial, '**')
    let calls = 0
    store.watch('**', ({ after }) => {
      calls++
      if (after === 1) throw new Error('on purpose')
      if (after === 2) return Promise.reject(new Error('on purpose, later'))
      return undefined
    })
    for (const n of [1, 2, 3]) await store.set('a', n)
    assert.equal((await got(3)).length, 3)
    await trial.until(async () => calls === 3, 'the one that throws was called three times')
    assert.equal(await store.get('a'), 3)
  })

  test('one may set, watch and unsubscribe during its call; the order is kept', async (trial) => {
    const { store, until } = trial
    const log: string[] = []
    const first = store.watch('a', async ({ after }) => {
      log.push(`a ${String(after)}`)
      if (after !== 1) return
      await store.set('b', 1)
      store.watch('b', ({ after: b }) => void log.push(`b ${String(b)}`))
      await first.unsubscribe()
    })
    await store.set('a', 1)
    await first.done
    await store.set('a', 2)
    await store.set('b', 2)
    await until(async () => log.includes('b 2'), 'the inner one heard of b')
    assert.deepEqual(log, ['a 1', 'b 2'])
  })

  test('what a handler gets is its own: nothing that it does to it reaches the store', async (trial) => {
    const { store } = trial
    const { got } = record(trial, '**')
    store.watch('**', ({ after }) => {
      ;(after as { list: number[] }).list.push(9)
    })
    await store.set('a', { list: [1] })
    const [change] = await got(1)
    assert.deepEqual(change?.after, { list: [1] })
    assert.deepEqual(await store.get('a'), { list: [1] })
  })

  test('the same handler twice is two subscriptions', async (trial) => {
    const { store, until } = trial
    let calls = 0
    const count = (): void => void calls++
    const [one, two] = [store.watch('a', count), store.watch('a', count)]
    assert.notEqual(one.id, two.id)
    assert.equal(one.pattern, 'a')
    await store.set('a', 1)
    await until(async () => calls === 2, 'both were called')
    await one.unsubscribe()
    await store.set('a', 2)
    await until(async () => calls === 3, 'the other one was called')
  })
}

function endings(test: Case): void {
  test('unsubscribe ends it; done resolves; twice does no harm', async (trial) => {
    const { changes, subscription, got } = record(trial, '**')
    await trial.store.set('a', 1)
    await got(1)
    await subscription.unsubscribe()
    await subscription.unsubscribe()
    await subscription.done
    await trial.store.set('a', 2)
    await trial.pass(20)
    assert.equal(changes.length, 1)
  })

  test('a signal ends a handler, and the stream that waits', async (trial) => {
    const { store } = trial
    const stop = new AbortController()
    const { subscription } = record(trial, '**', { signal: stop.signal })
    const waiting = collect(store.watch('**', { signal: stop.signal }))
    stop.abort()
    await subscription.done
    assert.deepEqual(await waiting, [])
    assert.deepEqual(await collect(store.watch('**', { from: 'start', signal: AbortSignal.abort() })), [])
  })

  test(
    'close ends a handler, and the stream that waits',
    async (trial) => {
      const store = await trial.create()
      const { subscription } = record({ ...trial, store }, '**')
      const stream = store.watch('**')
      const waiting = collect(stream)
      await store.close()
      await subscription.done
      assert.deepEqual(await waiting, [])
      assert.deepEqual(await stream.next(), { done: true, value: undefined })
    },
    { needs: ['whole'] },
  )

  test('leaving the loop ends the stream', async ({ store }) => {
    await store.set('a', 1)
    const stream = store.watch('**', { from: 'start' })
    for await (const _ of stream) break
    assert.deepEqual(await stream.next(), { done: true, value: undefined })
  })

  test('several waits at once are answered in turn', async ({ store }) => {
    const stream = store.watch('**')
    const waits = [stream.next(), stream.next(), stream.next()]
    for (const n of [1, 2, 3]) await store.set('a', n)
    const results = await Promise.all(waits)
    assert.deepEqual(
      results.map(({ value }) => (value as Change).after),
      [1, 2, 3],
    )
    await stream.return?.()
  })
}

function refusals(test: Case): void {
  test('a pattern, a handler or an option that makes no sense is refused', async ({ store }) => {
    const wrong: (() => unknown)[] = [
      () => store.watch(1 as never, () => undefined),
      () => store.watch('', () => undefined),
      () => store.watch('**', () => undefined, { form: 'start' } as never),
      () => store.watch('**', () => undefined, { from: {} as never }),
      () => store.watch('**', { signal: 1 as never }),
      () => store.watch('**', 5 as never),
    ]
    for (const call of wrong) assert.throws(call, InvalidOptionError)
  })

  test('a point that does not exist is refused', async ({ store }) => {
    await refusesStream(() => store.watch('**', { from: 'no such tag' }), NotFoundError)
    await refusesStream(() => store.watch('**', { from: 99 }), NotFoundError)
    await assert.rejects(store.watch('**', () => undefined, { from: 99 }).done, NotFoundError)
  })
}
