import { describe, expect, it } from 'vitest'
import { realContext } from '../../src/context.ts'
import { findDriver, type Driver } from '../../src/engines/sqlite/driver.ts'
import { openIn } from '../../src/open.ts'
import { Telemetry } from '../../src/telemetry/telemetry.ts'
import { UnavailableError, type Metrics, type Store } from '../../src/index.ts'
import { faultyContext } from '../../src/testing/faults.ts'
import { freshPath } from '../support/folders.ts'
import { collect, failure, kinds, memory, opened, until } from '../support/stores.ts'

const totalOf = ({ operations }: Metrics): number =>
  Object.values(operations).reduce((sum, { count }) => sum + count, 0)

/** A telemetry whose clock is moved by hand. */
function clocked(): { telemetry: Telemetry; pass(ms: number): void } {
  let now = 1_000
  const context = { ...realContext(), ticks: () => now }
  const telemetry = new Telemetry(context, { url: 'memory:', logger: undefined, isSecret: () => false })
  return { telemetry, pass: (ms) => void (now += ms) }
}
const about = (): never => {
  throw new Error('nobody listens')
}

describe.each(kinds)('metrics on $name', (kind) => {
  it('[267] a fresh start: all counters are 0, and times are set', async () => {
    const before = Date.now()
    const metrics = (await opened(kind.url())).metrics()
    for (const [name, operation] of Object.entries(metrics.operations))
      expect(operation, name).toEqual({ count: 0, errors: 0, meanMs: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 })
    expect(metrics.bytes).toMatchObject({ read: 0, written: 0 })
    const { maxBytes: _, ...cache } = metrics.cache
    expect(Object.values(cache).every((value) => value === 0)).toBe(true)
    expect(metrics).toMatchObject({ snapshots: 0, keys: 0, revision: 0, oldestRevision: 0 })
    expect(metrics.since.getTime()).toBeGreaterThanOrEqual(before)
    expect(metrics.uptimeMs).toBeGreaterThan(0)
    expect(metrics.persistedAt).toBeUndefined()
  })

  it('[269] 2 sets, 2 gets and 1 delete are counted as such, with times', async () => {
    const store = await opened(kind.url())
    await store.set('a', 1)
    await store.set('b', 2)
    await store.get('a')
    store.getSync('b')
    await store.delete('a')
    const { operations } = store.metrics()
    expect([operations.set.count, operations.get.count, operations.delete.count]).toEqual([2, 2, 1])
    for (const name of ['set', 'get', 'delete', 'commit'] as const) {
      const { errors, meanMs, p50Ms, p99Ms, maxMs } = operations[name]
      expect(errors).toBe(0)
      expect(meanMs).toBeGreaterThan(0)
      expect(maxMs).toBeGreaterThanOrEqual(p99Ms)
      expect(p99Ms).toBeGreaterThanOrEqual(p50Ms)
    }
  })

  it('[270] as a record it has every field, and times are text', async () => {
    const store = await opened(kind.url())
    await store.set('a', 1)
    const record = JSON.parse(JSON.stringify(store.metrics())) as Record<string, unknown>
    expect(Object.keys(record).sort()).toEqual(
      'bytes cache delta keys oldestRevision operations persistedAt revision since snapshots uptimeMs'.split(
        ' ',
      ),
    )
    expect(record['since']).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    expect(record['persistedAt']).toMatch(/Z$/)
  })

  it('[271] [trap 10] after real work no figure is stuck at zero', async () => {
    const store = await opened(kind.url(), { cache: { maxEntries: 2 } })
    store.watch('**', () => undefined)
    await store.save({ a: 1, b: 2, c: 3 })
    await store.load()
    for (const key of ['a', 'b', 'c', 'c']) store.getSync(key)
    await store.delete('b')
    await store.set('t', 'x', { ttl: '1h' })
    await store.snapshots.create()
    await store.restore(1)
    await store.diff(0).toArray()
    await until(() => store.metrics().operations.deliver.count >= 4)
    const { operations, bytes, cache, snapshots, keys, revision, delta } = store.metrics()
    for (const [name, { count, maxMs }] of Object.entries(operations)) {
      if (name === 'publish') continue // There are no topics yet.
      expect(count, name).toBeGreaterThan(0)
      expect(maxMs, name).toBeGreaterThan(0)
    }
    expect(Math.min(bytes.read, bytes.written, bytes.disk)).toBeGreaterThan(0)
    for (const name of ['size', 'bytes', 'hits', 'misses', 'sets', 'evictions', 'hitRatio'] as const)
      expect(cache[name], name).toBeGreaterThan(0)
    expect([snapshots, keys, revision]).toEqual([1, 3, 4])
    // Past values are whole so far, so that there is nothing to be counted.
    expect(delta).toEqual({ count: 0, fullBytes: 0, storedBytes: 0, ratio: 0 })
  })

  it('[273] [274] [trap 103] a remembered null, falsy value or absence is a hit, and ratios are from 0 to 1', async () => {
    const store = await opened(kind.url())
    await store.setMany({ null: null, zero: 0, text: '' })
    const keys = ['null', 'zero', 'text', 'absent']
    for (const key of keys) store.getSync(key)
    expect(store.metrics().cache).toMatchObject({ hits: 0, misses: 4, hitRatio: 0 })
    for (const key of keys) for (let i = 0; i < 3; i++) store.getSync(key)
    expect(store.metrics().cache).toMatchObject({ hits: 12, misses: 4, hitRatio: 0.75 })
  })

  it('[275] a value of 50 MB shows as at least 50 MB, also where it is stored compressed', async () => {
    const store = await opened(kind.url(), { cache: { maxBytes: 0 }, durability: 'process' })
    await store.set('big', 'x'.repeat(50e6))
    store.getSync('big')
    expect(store.metrics().cache.bytes).toBeGreaterThanOrEqual(50e6)
    const whole = await opened(kind.url(), { compression: false, durability: 'process' })
    await whole.set('big', 'x'.repeat(50e6))
    expect(whole.metrics().bytes.disk).toBeGreaterThanOrEqual(50e6)
    expect(whole.metrics().bytes.written).toBeGreaterThanOrEqual(50e6)
  })

  it('[279] [trap 105] flush moves the time of the last persist, and so does each commit', async () => {
    const store = await opened(kind.url())
    await store.set('a', 1)
    const first = store.metrics().persistedAt?.getTime() ?? 0
    expect(first).toBeGreaterThan(0)
    await until(() => Date.now() > first)
    await store.flush()
    const second = store.metrics().persistedAt?.getTime() ?? 0
    expect(second).toBeGreaterThan(first)
    await until(() => Date.now() > second)
    await store.set('a', 2)
    expect(store.metrics().persistedAt?.getTime()).toBeGreaterThan(second)
  })

  it('[280] after a reset the counters are as fresh', async () => {
    const store = await opened(kind.url())
    await store.set('a', 1)
    for (let i = 0; i < 100; i++) store.getSync('a')
    const before = store.metrics()
    before.reset()
    const after = store.metrics()
    expect(totalOf(after)).toBe(0)
    expect(after.bytes).toMatchObject({ read: 0, written: 0 })
    expect(after.cache).toMatchObject({ hits: 0, misses: 0, sets: 0 })
    expect(after.since.getTime()).toBeGreaterThanOrEqual(before.since.getTime())
    // What was handed out stays what it was; what the store holds is no counter.
    expect(before.operations.get.count).toBe(100)
    expect(after).toMatchObject({ keys: 1, revision: 1 })
    store.getSync('a')
    expect(store.metrics().operations.get).toMatchObject({ count: 1 })
    expect(store.metrics().operations.get.maxMs).toBeGreaterThan(0)
  })

  it('[trap 95] writes that nobody watches queue nothing up, and leave health well', async () => {
    const store = await opened(kind.url(), { durability: 'process' })
    for (let round = 0; round < 15; round++)
      await Promise.all(Array.from({ length: 100 }, (_, i) => store.set(`k${i}`, 'x'.repeat(100))))
    const health = await store.health()
    expect(health.status).toBe('ok')
    expect(health.checks.lag.detail).toBe('Every handler has seen what there is.')
    expect(store.metrics().operations.deliver.count).toBe(0)
  })

  it('[215] a get is counted as a get: no commit, no event', async () => {
    const store = await opened(kind.url())
    await store.set('a', 1)
    const seen: unknown[] = []
    store.watch('**', (change) => void seen.push(change))
    store.metrics().reset()
    await store.get('a')
    expect(totalOf(store.metrics())).toBe(1)
    expect(store.metrics().bytes.written).toBe(0)
    expect(seen).toEqual([])
  })

  it('[277] a healthy store says so, each check with what was found', async () => {
    const store = await opened(kind.url())
    await store.set('a', 1)
    await store.get('a')
    const revision = store.revision
    const health = await store.health()
    expect(health.status).toBe('ok')
    expect(health.reasons).toEqual([])
    expect(health.at).toBeInstanceOf(Date)
    expect(Object.keys(health.checks)).toEqual(['engine', 'write', 'read', 'space', 'lag', 'snapshots'])
    for (const { ok, detail, ms } of Object.values(health.checks)) {
      expect(ok).toBe(true)
      expect(detail).toMatch(/\S.*\.$/)
      expect(ms).toBeGreaterThanOrEqual(0)
    }
    expect(store.metrics().cache.size).toBeGreaterThanOrEqual(1)
    expect(store.revision).toBe(revision)
    expect(await collect(store.log())).toHaveLength(1)
  })

  it('[68] [276] a handler that throws is counted and seen, the write stands, and health waits for the cure', async () => {
    const warnings: unknown[][] = []
    const store = await opened(kind.url(), {
      logger: { warn: (...details: unknown[]) => void warnings.push(details) },
    })
    const seen: unknown[] = []
    const watching = store.watch('**', ({ after }) => {
      seen.push(after)
      if (after === 'bad') throw new Error('handler\nbroke')
    })
    await store.set('a', 'bad')
    await until(() => store.metrics().operations.deliver.count === 1)
    expect(await store.get('a')).toBe('bad')
    expect(store.metrics().operations.deliver.errors).toBe(1)
    expect(warnings).toHaveLength(1)
    expect(warnings[0]?.[0]).toContain('"a"')
    expect(warnings[0]?.[1]).toMatchObject({ error: 'Error: handler\\nbroke', operation: 'watch "**"' })
    const ill = await store.health()
    expect(ill.status).toBe('degraded')
    expect(ill.checks.lag.ok).toBe(false)
    expect(ill.reasons.join()).toContain('watch "**" failed')
    await store.set('a', 'good')
    await until(() => seen.length === 2)
    await until(async () => (await store.health()).status === 'ok')
    await watching.unsubscribe()
  })

  it('[276] a handler that throws and is given up is no illness any more, however it was given up', async () => {
    const store = await opened(kind.url(), { logger: { warn() {} } })
    const aborting = new AbortController()
    const fail = (): never => {
      throw new Error('no')
    }
    const one = store.watch('a', fail)
    const two = store.watch('b', fail, { signal: aborting.signal })
    await store.setMany({ a: 1, b: 1 })
    await until(() => store.metrics().operations.deliver.errors === 2)
    expect((await store.health()).checks.lag.detail).toMatch(/watch "a" failed.*watch "b" failed/)
    await one.unsubscribe()
    aborting.abort()
    await Promise.all([one.done, two.done])
    expect((await store.health()).status).toBe('ok')
  })

  it('[67] a schema that throws stops the write, and the writer gets that very error', async () => {
    const veto = new RangeError('not today')
    const validate = (): never => {
      throw veto
    }
    const store = await opened(kind.url(), {
      schema: { 'a.*': { '~standard': { version: 1, vendor: 'test', validate } } },
    })
    const seen: unknown[] = []
    store.watch('**', (change) => void seen.push(change))
    for (const write of [
      () => store.set('a.b', 1),
      () => store.setMany({ x: 1, 'a.b': 2 }),
      () => store.update('a.b', () => 3),
      () => store.transact((tx) => tx.set('a.b', 4)),
    ])
      expect(await failure(write)).toBe(veto)
    expect(store.revision).toBe(0)
    expect(seen).toEqual([])
    expect(store.metrics().operations.set).toMatchObject({ count: 4, errors: 4 })
    // It was the caller's doing: the store is well.
    expect((await store.health()).status).toBe('ok')
  })
})

describe('times', () => {
  it('[268] operations of 0.1, 0.2 and 0.3 s: three, one of each, 0.2 s on average', async () => {
    const { telemetry, pass } = clocked()
    const { meters } = telemetry
    for (const [work, ms] of [
      ['get', 100],
      ['set', 200],
      ['delete', 300],
    ] as const)
      await telemetry.run(work, about, async () => pass(ms))
    const reports = [meters.get, meters.set, meters.delete].map((meter) => meter.report())
    expect(reports.map(({ count }) => count)).toEqual([1, 1, 1])
    expect(reports.map(({ meanMs }) => meanMs)).toEqual([100, 200, 300])
    expect(reports.reduce((sum, { meanMs }) => sum + meanMs, 0) / 3).toBe(200)
  })

  it('[272] nested and concurrent times are right, each for itself', async () => {
    const { telemetry, pass } = clocked()
    const { meters } = telemetry
    await telemetry.run('set', about, async () => {
      pass(10)
      await telemetry.run('delete', about, async () => pass(5))
      pass(10)
    })
    expect([meters.set.maxMs, meters.delete.maxMs]).toEqual([25, 5])
    let finish = (): void => undefined
    const long = telemetry.run('restore', about, () => new Promise<void>((resolve) => (finish = resolve)))
    pass(100)
    await telemetry.run('snapshot', about, async () => pass(7))
    pass(100)
    finish()
    await long
    expect([meters.restore.maxMs, meters.snapshot.maxMs]).toEqual([207, 7])
  })

  it('a stream is timed without the time of its reader', async () => {
    const { telemetry, pass } = clocked()
    async function* items(): AsyncGenerator<number> {
      for (let i = 0; i < 3; i++) {
        pass(10)
        yield i
      }
    }
    for await (const _ of telemetry.stream('scan', about, items)) pass(1_000)
    expect(telemetry.meters.scan).toMatchObject({ count: 1, maxMs: 30 })
  })

  it('percentiles are right to a hundredth', () => {
    const { telemetry } = clocked()
    const meter = telemetry.meters.commit
    for (let ms = 1; ms <= 1_000; ms++) meter.time(ms)
    expect(Math.abs(meter.percentile(50) - 500)).toBeLessThan(10)
    expect(Math.abs(meter.percentile(99) - 990)).toBeLessThan(15)
  })
})

describe('health', () => {
  it('[276] [trap 104] a failed set is counted, and health is not well until one succeeds', async () => {
    const context = faultyContext(realContext())
    const store = await openIn({ context }, freshPath())
    try {
      await store.set('a', 1)
      // The flush of the write-ahead log fails, as on a disk that is full.
      context.failNext('fdatasyncSync', 'ENOSPC', { times: Infinity })
      context.failNext('fdatasync', 'ENOSPC', { times: Infinity })
      expect(await failure(() => store.set('a', 2))).toBeInstanceOf(UnavailableError)
      const { operations } = store.metrics()
      expect(operations.set.errors).toBe(1)
      expect(operations.commit.errors).toBe(1)
      const health = await store.health()
      expect(health.status).toBe('down')
      expect(health.checks.write.ok).toBe(false)
      expect(health.reasons.join(' ')).toMatch(/set failed/)
    } finally {
      await store.close()
    }
  })

  it('[276] what fails on a full disk, also in the background, is seen until the same works again', async () => {
    let full = false
    const driver = findDriver()
    const filling: Driver = {
      ...driver,
      open(path, readOnly) {
        const db = driver.open(path, readOnly)
        return {
          exec: (sql) => db.exec(sql),
          close: () => db.close(),
          prepare(sql) {
            const statement = db.prepare(sql)
            return {
              get: (...params) => statement.get(...params),
              all: (...params) => statement.all(...params),
              run(...params) {
                if (full && /^begin immediate/i.test(sql))
                  throw Object.assign(new Error('database or disk is full'), {
                    errcode: 13,
                    code: 'SQLITE_FULL',
                  })
                statement.run(...params)
              },
            }
          },
        }
      },
    }
    const warnings: string[] = []
    const logger = { warn: (text: string) => void warnings.push(text) }
    const store = await openIn({ driver: filling }, freshPath(), { logger })
    try {
      await store.set('short', 1, { ttl: 30 })
      full = true
      expect(await failure(() => store.set('a', 1))).toBeInstanceOf(UnavailableError)
      await until(() => warnings.includes('Expired entries could not be removed.'))
      const ill = await store.health()
      expect(ill.status).toBe('down')
      for (const work of ['set', 'commit', 'expiry'])
        expect(ill.reasons.join(' ')).toContain(`${work} failed`)
      expect(warnings.filter((text) => text.startsWith('A set failed'))).toHaveLength(1)
      full = false
      // The counters begin again; what is wrong stays wrong.
      store.metrics().reset()
      // There is room again, and yet nobody has set anything since.
      expect((await store.health()).reasons.join(' ')).toContain('set failed')
      await store.set('a', 2)
      await until(async () => (await store.health()).status === 'ok')
      expect(store.metrics().operations.set).toMatchObject({ count: 1, errors: 0 })
    } finally {
      await store.close()
    }
  })

  it('an automatic snapshot that does not come is missed', async () => {
    let ahead = 0
    const real = realContext()
    const context = {
      ...real,
      later: () => () => undefined,
      ticks: () => real.ticks() + ahead,
      wall: () => real.wall() + ahead,
    }
    const store = await openIn({ context }, 'memory:', { autoSnapshot: { every: '1m' } })
    try {
      await store.set('a', 1)
      expect((await store.health()).status).toBe('ok')
      ahead += 300_000
      const health = await store.health()
      expect(health.status).toBe('degraded')
      expect(health.checks.snapshots.detail).toContain('overdue')
      await store.snapshots.create()
      expect((await store.health()).status).toBe('ok')
    } finally {
      await store.close()
    }
  })

  it('[278] slow commits, a handler that is far behind: degraded, with the reason', async () => {
    let ahead = 0
    const real = realContext()
    const context = { ...real, ticks: () => real.ticks() + (ahead += 1_100), wall: () => real.wall() + ahead }
    const store: Store = await openIn({ context }, 'memory:')
    try {
      let release = (): void => undefined
      const held = new Promise<void>((resolve) => (release = resolve))
      store.watch('**', () => held)
      for (let i = 0; i < 10; i++) await store.set('a', i)
      ahead += 100_000
      const health = await store.health()
      expect(health.status).toBe('degraded')
      expect(health.checks.write.ok).toBe(false)
      expect(health.checks.lag.detail).toMatch(/10 revisions .* behind; more than 60 s is too long/)
      expect(health.reasons.join(' ')).toMatch(/took \d+ ms/)
      release()
    } finally {
      await store.close()
    }
  })

  it('too little space on the disk is told', async () => {
    const real = realContext()
    const fs = {
      ...real.fs,
      statfs: ((_: string, done: (error: null, stats: object) => void) =>
        done(null, { bavail: 10, bsize: 4096 })) as unknown as typeof real.fs.statfs,
    }
    const store = await openIn({ context: { ...real, fs } }, freshPath())
    try {
      const health = await store.health()
      expect(health.status).toBe('degraded')
      expect(health.checks.space.detail).toMatch(/Only 0\.0 MiB are free/)
    } finally {
      await store.close()
    }
  })

  it('a store that is only read says that nothing is written', async () => {
    const url = freshPath()
    await (await opened(url)).close()
    const store = await opened(url, { readOnly: true })
    const health = await store.health()
    expect(health.status).toBe('ok')
    expect(health.checks.write.detail).toContain('readOnly')
  })
})

describe('Prometheus', () => {
  it('the text follows the format: HELP and TYPE once before their samples, labels escaped', async () => {
    const store = await opened(memory.url(), { actor: 'ann' })
    await store.set('user:1', 1)
    await store.get('user:1')
    const text = store.metrics().toPrometheus()
    expect(text.endsWith('\n')).toBe(true)
    const types = new Map<string, string>()
    for (const line of text.trimEnd().split('\n')) {
      const type = /^# TYPE (\w+) (counter|gauge|summary)$/.exec(line)
      if (type !== null) {
        expect(types.has(type[1] as string)).toBe(false)
        types.set(type[1] as string, type[2] as string)
        continue
      }
      if (/^# HELP \w+ \S/.test(line)) continue
      const sample = /^([a-z_:][\w:]*)\{(.*)\} (NaN|[+-]?(?:\d+\.?\d*(?:e[+-]?\d+)?))$/.exec(line)
      expect(sample, line).not.toBeNull()
      expect(types.has((sample?.[1] ?? '').replace(/_(?:sum|count)$/, ''))).toBe(true)
      expect(sample?.[2]).toMatch(/^\w+="(?:[^"\\\n]|\\.)*"(?:,\w+="(?:[^"\\\n]|\\.)*")*$/)
    }
    expect(text).toContain('varve_operations_total{store="memory:",operation="get"} 1')
    // No series is born with a key or an actor.
    expect(text).not.toMatch(/user:1|ann/)
  })

  it('a place with quotes, backslashes and line breaks is escaped', async () => {
    const folder = `${freshPath()} "q" \\ \n x`
    const store = await opened(folder)
    const line = store
      .metrics()
      .toPrometheus()
      .split('\n')
      .find((one) => one.startsWith('varve_keys'))
    expect(line).toMatch(/"q\\"|\\"q\\" \\\\ \\n x"\} 0$/)
  })
})
