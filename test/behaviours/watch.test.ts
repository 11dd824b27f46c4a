import { describe, expect, it } from 'vitest'
import type { Change, Store } from '../../src/index.ts'
import { kinds, opened, until } from '../support/stores.ts'

const brief = ({ key, type, before, after, actor, revision }: Change): unknown[] => [
  key,
  type,
  before,
  after,
  actor,
  revision,
]

/** The changes that come until the key `end` is set. */
async function changesDuring(store: Store, work: () => Promise<unknown>): Promise<Change[]> {
  const changes: Change[] = []
  store.watch('**', (change) => void changes.push(change))
  await work()
  await store.set('end', true)
  await until(() => changes.at(-1)?.key === 'end')
  return changes.slice(0, -1)
}

describe.each(kinds)('watch on $name', (kind) => {
  it('[214] set, delete, clear, save and restore give one change per key touched, with type, before, after, actor and revision', async () => {
    const store = await opened(kind.url(), { actor: 'ann' })
    const changes = await changesDuring(store, async () => {
      await store.set('a', 1)
      await store.as('bob').setMany({ a: 2, b: 1 })
      await store.delete('a')
      await store.delete('a')
      await store.save({ b: 1, c: 3 })
      await store.restore(2)
      await store.clear()
      await store.clear()
    })
    expect(changes.map(brief)).toEqual([
      ['a', 'added', undefined, 1, 'ann', 1],
      ['a', 'changed', 1, 2, 'bob', 2],
      ['b', 'added', undefined, 1, 'bob', 2],
      ['a', 'removed', 2, undefined, 'ann', 3],
      ['c', 'added', undefined, 3, 'ann', 4],
      ['a', 'added', undefined, 2, 'ann', 5],
      ['c', 'removed', 3, undefined, 'ann', 5],
      ['a', 'removed', 2, undefined, 'ann', 6],
      ['b', 'removed', 1, undefined, 'ann', 6],
    ])
  })

  it('[216] [trap 94] a handler that sets, watches and unsubscribes blocks nothing, and the order is kept', async () => {
    const store = await opened(kind.url())
    const order: unknown[] = []
    const first = store.watch('n', async ({ after }) => {
      order.push(after)
      if ((after as number) < 20) await store.update<number>('n', (n = 0) => n + 1)
      else await first.unsubscribe()
      const inner = store.watch('m', () => undefined)
      await inner.unsubscribe()
    })
    await store.set('n', 0)
    await first.done
    expect(order).toEqual(Array.from({ length: 21 }, (_, n) => n))
    await store.set('n', 99)
    expect(await store.get('n')).toBe(99)
  })

  it('[trap 3] [trap 95] a slow handler keeps nobody waiting, and what it has not taken yet waits in the log', async () => {
    const store = await opened(kind.url(), { durability: 'process' })
    let go = (): void => undefined
    const gate = new Promise<void>((resolve) => (go = resolve))
    const seen: unknown[] = []
    const other: unknown[] = []
    store.watch('**', async ({ after }) => {
      await gate
      seen.push(after)
    })
    store.watch('**', ({ after }) => void other.push(after))
    for (let n = 0; n < 500; n++) await store.set('n', n)
    await until(() => other.length === 500)
    expect(seen).toEqual([])
    go()
    await until(() => seen.length === 500)
    expect(seen).toEqual(other)
  })

  it('[trap 96] a read makes no revision and no change', async () => {
    const store = await opened(kind.url())
    await store.set('a', 1)
    const { revision } = store
    const changes = await changesDuring(store, async () => {
      expect(await store.get('a')).toBe(1)
      expect(await store.get('b')).toBeUndefined()
      expect(store.revision).toBe(revision)
    })
    expect(changes).toEqual([])
  })

  it('[trap 112] the same handler for two patterns is called for each, and ending one leaves the other', async () => {
    const store = await opened(kind.url())
    const calls: string[] = []
    const handler = ({ key }: Change): void => void calls.push(key)
    const [one] = [store.watch('a', handler), store.watch('*', handler)]
    await store.set('a', 1)
    await until(() => calls.length === 2)
    await one.unsubscribe()
    await store.set('a', 2)
    await until(() => calls.length === 3)
    expect(calls).toEqual(['a', 'a', 'a'])
  })
})

it('[276] a handler that always throws is not cured by another one of the same pattern', async () => {
  const store = await opened('memory:', { logger: { warn() {} } })
  let good = 0
  const bad = store.watch('*', () => {
    throw new Error('never')
  })
  store.watch('*', () => void good++)
  for (let n = 1; n <= 3; n++) {
    await store.set('a', n)
    await until(() => store.metrics().operations.deliver.count === 2 * n && good === n)
    const { status, checks } = await store.health()
    expect([status, checks.lag.ok]).toEqual(['degraded', false])
    expect(checks.lag.detail).toContain('watch "*" failed')
  }
  await bad.unsubscribe()
  await bad.done
  expect((await store.health()).status).toBe('ok')
})
