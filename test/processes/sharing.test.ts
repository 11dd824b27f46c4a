import { describe, expect, it } from 'vitest'
import { elsewhere, RemoteStore, start } from '../support/processes.ts'
import { collect, opened, pause, setting, sqlite, timings } from '../support/stores.ts'

const rounds = setting('VARVE_ROUNDS', 2_000)
const increments = setting('VARVE_INCREMENTS', 500)
const busySeconds = setting('VARVE_BUSY_SECONDS', 3)

it.each(['update', 'transact'])(
  '[248] [trap 48] two processes that add one to a counter by %s lose none',
  async (how) => {
    const url = sqlite.url()
    const programs = [0, 1].map(() => start('increment.mjs', [url, how, String(increments)]))
    await Promise.all(programs.map((program) => program.next()))
    expect(await Promise.all(programs.map((program) => program.ask('go')))).toEqual(['done', 'done'])
    const store = await opened(url)
    expect(await store.get('counter')).toBe(2 * increments)
    expect(store.revision).toBe(2 * increments)
    expect((await store.verify()).ok).toBe(true)
  },
  60_000,
)

it('[247] [trap 47] two processes that set 100 keys each at once make 200', async () => {
  const url = sqlite.url()
  const remotes = await Promise.all([elsewhere(url, { actor: 'a' }), elsewhere(url, { actor: 'b' })])
  const write = async (remote: RemoteStore, name: string): Promise<void> => {
    for (let i = 0; i < 100; i++) await remote.call('set', `${name}:${i}`, i)
  }
  await Promise.all(remotes.map((remote, i) => write(remote, `p${i}`)))
  for (const remote of remotes) expect(await remote.call('count')).toBe(200)
  const store = await opened(url)
  expect(await store.count()).toBe(200)
  const actors = (await collect(store.log())).map(({ actor }) => actor)
  expect(actors.filter((actor) => actor === 'a')).toHaveLength(100)
})

it('[trap 48] snapshots of two processes are all there for both', async () => {
  const url = sqlite.url()
  const remotes = await Promise.all([elsewhere(url), elsewhere(url)])
  await remotes[0]?.call('set', 'a', 1)
  for (let i = 0; i < 10; i++) {
    await Promise.all(remotes.map((remote, p) => remote.call('snapshots.create', { version: `p${p}-${i}` })))
  }
  for (const remote of remotes) expect(await remote.call<unknown[]>('snapshots.list')).toHaveLength(20)
})

it(`what one process has committed, the other reads at once, ${rounds} times, both ways`, async () => {
  const url = sqlite.url()
  const store = await opened(url, { durability: 'process' })
  const other = start('echo.mjs', [url])
  await other.next()
  let stale = 0
  for (let n = 1; n <= rounds; n++) {
    await store.set('there', n)
    const { seen } = await other.ask<{ n: number; seen: number }>(n)
    if (seen !== n) stale++
    if (store.getSync('here') !== n) stale++
  }
  expect(stale).toBe(0)
}, 120_000)

interface Busy {
  readonly writes: number
  readonly p50: number
  readonly p99: number
  readonly longest: number
  readonly longestGap: number
  readonly ticks: number
  readonly expectedTicks: number
}

it.each(['process', 'disk'])(
  'four processes that write all the time at durability "%s": no write is lost, none starves, no event loop stands still',
  async (durability) => {
    const url = sqlite.url()
    const names = ['a', 'b', 'c', 'd']
    const programs = names.map((name) =>
      start('busy.mjs', [url, name, String(busySeconds * 1_000), durability]),
    )
    await Promise.all(programs.map((program) => program.next()))
    const reports = await Promise.all(programs.map((program) => program.ask<Busy>('go')))
    const total = reports.reduce((sum, { writes }) => sum + writes, 0)
    const rounded = reports.map((report) =>
      Object.fromEntries(
        Object.entries(report).map(([name, value]) => [name, Math.round(Number(value) * 10) / 10]),
      ),
    )
    console.log(`four writers at "${durability}", ${busySeconds} s:`, JSON.stringify(rounded))
    const store = await opened(url)
    expect(store.revision).toBe(total)
    for (const [p, { writes }] of reports.entries()) {
      expect(writes).toBeGreaterThan(10)
      for (let i = Math.max(0, writes - 100); i < writes; i++) {
        expect(await store.get(`${names[p]}:${i % 100}`)).toBe(i)
      }
    }
    if (!timings) return
    for (const { p99, ticks, expectedTicks, longestGap } of reports) {
      expect(p99).toBeLessThanOrEqual(250)
      expect(ticks).toBeGreaterThan(expectedTicks / 2)
      expect(longestGap).toBeLessThanOrEqual(250)
    }
  },
  60_000,
)

it('eight processes that create one store at the same moment all use the same', async () => {
  for (let round = 0; round < 3; round++) {
    const url = sqlite.url()
    const remotes = Array.from({ length: 8 }, () => new RemoteStore(start('remote.mjs')))
    // All are up before the first of them opens.
    await Promise.all(remotes.map((remote) => remote.call('open', 'memory:')))
    await Promise.all(remotes.map((remote) => remote.call('open', url)))
    await Promise.all(remotes.map((remote, i) => remote.call('set', `from:${i}`, i)))
    const expected = Object.fromEntries(remotes.map((_, i) => [`from:${i}`, i]))
    for (const remote of remotes) expect(await remote.call('load')).toEqual(expected)
    const store = await opened(url)
    expect(store.revision).toBe(8)
    expect((await store.verify()).ok).toBe(true)
    await Promise.all(remotes.map((remote) => remote.program.kill()))
  }
}, 60_000)

describe('a reader beside a writer that never pauses', () => {
  it('[252] sees only complete transactions, in every way of reading', async () => {
    const url = sqlite.url()
    const writer = start('pairs.mjs', [url])
    await writer.next()
    const store = await opened(url)
    const end = performance.now() + 1_500
    let reads = 0
    let newest = 0
    const check = (left: unknown, right: unknown): void => {
      expect(left).toBe(right)
      expect(left).toBeGreaterThanOrEqual(newest)
      newest = Number(left)
      reads++
    }
    while (performance.now() < end) {
      const state = await store.load()
      check(state['left'], state['right'])
      const entries = new Map<string, unknown>()
      for await (const [key, value] of store.entries()) {
        entries.set(key, value)
        await pause(0)
      }
      check(entries.get('left'), entries.get('right'))
      const [left, right] = await store.transact(async (tx) => {
        const first = await tx.get('left')
        await new Promise((resolve) => void setImmediate(resolve))
        return [first, await tx.get('right')] as const
      })
      check(left, right)
      const many = await store.getMany(['left', 'right'])
      check(many.get('left'), many.get('right'))
      const past = await store.load({ at: store.revision })
      expect(past['left']).toBe(past['right'])
    }
    const written = await writer.ask<number>('stop')
    expect(written).toBeGreaterThan(100)
    expect(reads).toBeGreaterThan(10)
    expect(store.getSync('left')).toBe(written)
  })
})

it('a transaction stands on what it has read, whoever writes meanwhile', async () => {
  const url = sqlite.url()
  const store = await opened(url)
  const remote = await elsewhere(url)
  await store.setMany({ stock: 1, orders: 0 })
  let runs = 0
  const order = store.transact(async (tx) => {
    runs++
    const stock = Number(await tx.get('stock'))
    if (runs === 1) await remote.call('setMany', { stock: 0, orders: 1 })
    if (stock === 0) return 'sold out'
    tx.set('stock', stock - 1)
    tx.set('orders', Number(await tx.get('orders')) + 1)
    return 'ordered'
  })
  expect(await order).toBe('sold out')
  expect(runs).toBe(2)
  expect(await store.load()).toEqual({ stock: 0, orders: 1 })
})
