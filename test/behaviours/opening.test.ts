import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ClosedError, InvalidOptionError, open, VarveError } from '../../src/index.ts'
import type { OpenOptions, Store } from '../../src/index.ts'
import { fingerprint, temporaryFolder } from '../support/folders.ts'
import { start } from '../support/processes.ts'
import { collect, failure, kinds, opened, reopened, sqlite } from '../support/stores.ts'

/** Every operation of a store that does something. */
const operations: Readonly<Record<string, (store: Store) => unknown>> = {
  get: (store) => store.get('a'),
  getSync: (store) => store.getSync('a'),
  getMany: (store) => store.getMany(['a']),
  has: (store) => store.has('a'),
  set: (store) => store.set('a', 2),
  setMany: (store) => store.setMany({ a: 2 }),
  delete: (store) => store.delete('a'),
  clear: (store) => store.clear(),
  update: (store) => store.update('a', () => 2),
  transact: (store) => store.transact((tx) => tx.set('a', 2)),
  keys: (store) => collect(store.keys()),
  entries: (store) => collect(store.entries()),
  count: (store) => store.count(),
  load: (store) => store.load(),
  save: (store) => store.save({ a: 2 }),
  history: (store) => collect(store.history('a')),
  diff: (store) => store.diff(0).toArray(),
  restore: (store) => store.restore(0),
  log: (store) => collect(store.log()),
  as: (store) => store.as('ann').set('a', 2),
  scope: (store) => store.scope('a').set('b', 2),
  verify: (store) => store.verify(),
  compact: (store) => store.compact(),
  flush: (store) => store.flush(),
  'snapshots.create': (store) => store.snapshots.create(),
  'snapshots.get': (store) => store.snapshots.get(1),
  'snapshots.latest': (store) => store.snapshots.latest(),
  'snapshots.list': (store) => store.snapshots.list(),
  'snapshots.tags': (store) => store.snapshots.tags(),
  'snapshots.tag': (store) => store.snapshots.tag('v1', 'x'),
  'snapshots.untag': (store) => store.snapshots.untag('v1', 'x'),
  'snapshots.delete': (store) => store.snapshots.delete('v1'),
}

describe.each(kinds)('closing on $name', (kind) => {
  it('[23] every operation of a closed store is refused, and nothing is written', async () => {
    const store = await opened(kind.url())
    await store.set('a', 1)
    const before = kind.persistent ? (await store.close(), fingerprint(store.url)) : await store.close()
    for (const [name, operation] of Object.entries(operations)) {
      expect(await failure(() => operation(store)), name).toBeInstanceOf(ClosedError)
    }
    if (kind.persistent) expect(fingerprint(store.url)).toEqual(before)
  })

  it('[24] closing twice does nothing the second time', async () => {
    const store = await open(kind.url())
    await store.set('a', 1)
    await Promise.all([store.close(), store.close()])
    await store.close()
    await store[Symbol.asyncDispose]()
    await expect(store.get('a')).rejects.toThrow(ClosedError)
  })
})

describe.each(kinds)('options on $name', (kind) => {
  it('[26] a store opened with defaults only saves, sets, deletes, refuses and goes on', async () => {
    const store = await opened(kind.url())
    await store.save({ a: { deep: [1, { two: 2 }] } })
    await store.set('b', false)
    await store.set('c', null)
    expect(await store.delete('none')).toBe(false)
    expect(await store.delete('c')).toBe(true)
    await failure(() => store.set('b', () => 1))
    await store.set('d', 'after')
    const expected = { a: { deep: [1, { two: 2 }] }, b: false, d: 'after' }
    expect(await store.load()).toEqual(expected)
    expect(await (await reopened(kind, store)).load()).toEqual(expected)
  })

  const documented: OpenOptions[] = [
    { actor: 'ann' },
    { durability: 'disk' },
    { durability: 'process' },
    { history: 'all' },
    { history: 'snapshots' },
    { history: { revisions: 10 } },
    { history: { age: '30d' } },
    { history: { revisions: 5, age: 1_000 } },
    { maxSnapshots: 0 },
    { maxSnapshots: 1 },
    { autoSnapshot: { every: '1h' } },
    { autoSnapshot: { every: 5_000, tag: 'auto' } },
    { compression: false },
    { compression: true },
    { cache: 'memory' },
    { cache: 'none' },
    { cache: { strategy: 'memory', maxEntries: 2, maxBytes: 100 } },
    { cache: { maxEntries: 0, maxBytes: 0 } },
    { cache: { policy: 'lru', maxEntries: 1 } },
    { cache: { ttl: '1s', maxIdle: 500 } },
    { cache: { sizeOf: () => 10, maxBytes: 100 } },
    { cache: { consistency: 'strict' } },
    { cache: { consistency: { maxStaleness: '1s' } } },
    { schema: {} },
    { readOnly: false },
    { logger: console },
  ]
  it.each(documented)('[27] the documented option %j works', async (options) => {
    const store = await opened(kind.url(), options)
    const text = 'ab'.repeat(5_000)
    await store.setMany({ a: 1, b: text, c: 3 })
    await store.set('a', 2)
    expect(await store.load()).toEqual({ a: 2, b: text, c: 3 })
    expect(await (await reopened(kind, store, options)).load()).toEqual({ a: 2, b: text, c: 3 })
  })

  const wrong: [name: string, options: unknown][] = [
    ['durability', { durability: 'bogus' }],
    ['durability', { durability: 1 }],
    ['history', { history: 'bogus' }],
    ['revisions', { history: { revisions: -5 } }],
    ['age', { history: { age: '60' } }],
    ['age', { history: { age: -1 } }],
    ['maxSnapshots', { maxSnapshots: -5 }],
    ['maxSnapshots', { maxSnapshots: 1.5 }],
    ['maxSnapshots', { maxSnapshots: '5' }],
    ['every', { autoSnapshot: { every: 0 } }],
    ['every', { autoSnapshot: { every: 'soon' } }],
    ['autoSnapshot', { autoSnapshot: {} }],
    ['cache', { cache: 'bogus' }],
    ['cache', { cache: { strategy: 'bogus' } }],
    ['maxEntries', { cache: { maxEntries: -5 } }],
    ['maxBytes', { cache: { maxBytes: Number.NaN } }],
    ['policy', { cache: { policy: 'arc' } }],
    ['ttl', { cache: { ttl: -1 } }],
    ['maxIdle', { cache: { maxIdle: 'soon' } }],
    ['sizeOf', { cache: { sizeOf: 5 } }],
    ['onEvict', { cache: { onEvict: 5 } }],
    ['cache', { cache: null }],
    ['consistency', { cache: { consistency: 'bogus' } }],
    ['maxStaleness', { cache: { consistency: { maxStaleness: -1 } } }],
    ['compression', { compression: 'yes' }],
    ['readOnly', { readOnly: 'yes' }],
    ['actor', { actor: 5 }],
    ['schema', { schema: { '**': {} } }],
    ['max_size', { max_size: -5 }],
    ['encryptionKeyy', { encryptionKeyy: 'x' }],
    ['maxSnapshot', { maxSnapshot: 5 }],
  ]
  it.each(wrong)('[28] a wrong %s is refused by name: %j', async (name, options) => {
    const url = kind.url()
    const error = await failure(async () => {
      const store = await open(url, options as OpenOptions)
      await store.close()
    })
    expect(error).toBeInstanceOf(InvalidOptionError)
    expect(String(error)).toContain(name)
  })

  const wrongCalls: [name: string, call: (store: Store) => unknown][] = [
    ['ttl', (store) => store.set('k', 1, { ttl: '60' as never })],
    ['ttl', (store) => store.set('k', 1, { ttl: -5 })],
    ['ttll', (store) => store.set('k', 1, { ttll: 5 } as never)],
    ['ifRevision', (store) => store.set('k', 1, { ifRevision: -1 })],
    ['ifRevision', (store) => store.set('k', 1, { ifRevision: '1' as never })],
    ['limit', (store) => collect(store.keys({ limit: -1 }))],
    ['prefixx', (store) => collect(store.keys({ prefixx: 'a' } as never))],
    ['retries', (store) => store.transact(() => 1, { retries: -1 })],
  ]
  it.each(wrongCalls)('[28] a wrong %s of a call is refused by name', async (name, call) => {
    const store = await opened(kind.url())
    const error = await failure(() => call(store))
    expect(error).toBeInstanceOf(InvalidOptionError)
    expect(String(error)).toContain(name)
    expect(store.revision).toBe(0)
  })
})

describe('places', () => {
  it('[28] an engine that is not there is refused by name', async () => {
    for (const url of ['bogus:thing', 'redis://host:1/0', 'json:./state.json']) {
      const error = await failure(() => open(url))
      expect(error).toBeInstanceOf(VarveError)
      expect(String(error)).toContain(url.split(':')[0])
    }
  })

  it('[29] a store in memory leaves nothing behind', async () => {
    const folder = temporaryFolder()
    const program = start('places.mjs', [], { cwd: folder })
    expect(await program.next()).toBe('done')
    await program.exited
    expect(readdirSync(folder)).toEqual([])
  })

  it('[29] a closed store leaves its own files and nothing else', async () => {
    const url = sqlite.url()
    const store = await opened(url)
    await store.set('a', 1)
    await store.close()
    const own = ['bell', 'queue', 'store.db', 'store.db-shm', 'store.db-wal']
    expect(readdirSync(url)).toContain('store.db')
    expect(readdirSync(url).filter((file) => !own.includes(file))).toEqual([])
    // All of it is in the database: nothing of value is left in a file that looks passing.
    expect(statSync(join(url, 'store.db-wal'), { throwIfNoEntry: false })?.size ?? 0).toBe(0)
  })
})
