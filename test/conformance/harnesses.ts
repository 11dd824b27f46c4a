/** How the conformance suites get at the stores that they test. Each kind is a file of its own: they run side by side. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { cached, open, type OpenOptions, type Store } from 'varve'
import type { StoreHarness } from 'varve/testing'
import { afterAll } from 'vitest'
import { DRIVERS, findDriver, tryDriver, type Driver } from '../../src/engines/sqlite/driver.ts'
import { openIn as openWith } from '../../src/open.ts'

const scratch: string[] = []
afterAll(() => {
  for (const path of scratch) rmSync(path, { recursive: true, force: true })
})
/** A folder for exports and backups. */
function newFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'varve-conformance-files-'))
  scratch.push(path)
  return path
}

/** Stores in memory: nothing outlives them. */
export function inMemory(): StoreHarness {
  return {
    name: 'memory:',
    supports: { reopen: 'a store in memory is gone when it is closed' },
    create: (options) => open('memory:', options),
    destroy: (store) => store.close(),
    pass: (ms) => sleep(ms),
    folder: newFolder,
  }
}

/** Stores on disk, each in a folder of its own, at the URL that `urlIn` makes of that folder. */
function onDisk(
  name: string,
  urlIn: (folder: string) => string,
  durability: 'disk' | 'process',
  driver?: Driver,
): StoreHarness {
  const folders = new Map<Store, string>()
  const openIn = async (folder: string, given?: OpenOptions): Promise<Store> => {
    const url = urlIn(folder)
    const options: OpenOptions = { durability, ...given }
    const store = driver === undefined ? await open(url, options) : await openWith({ driver }, url, options)
    folders.set(store, folder)
    return store
  }
  return {
    name,
    async create(options) {
      const folder = mkdtempSync(join(tmpdir(), 'varve-conformance-'))
      try {
        return await openIn(folder, options)
      } catch (error) {
        rmSync(folder, { recursive: true, force: true })
        throw error
      }
    },
    async reopen(store, options) {
      await store.close()
      return openIn(folders.get(store) ?? '', options)
    },
    async destroy(store) {
      await store.close()
      rmSync(folders.get(store) ?? '', { recursive: true, force: true })
    },
    pass: (ms) => sleep(ms),
    folder: newFolder,
  }
}

/** The same through a scope: what holds for a store holds for a part of one. */
export function scoped(harness: StoreHarness): StoreHarness {
  const roots = new Map<Store, Store>()
  const scopeOf = (root: Store): Store => {
    const scope = root.scope('scoped:')
    roots.set(scope, root)
    return scope
  }
  const rootOf = (scope: Store): Store => roots.get(scope) ?? scope
  const { reopen } = harness
  return {
    name: `${harness.name}, in a scope`,
    supports: { ...harness.supports, whole: 'totals and the length of keys are those of the whole store' },
    create: async (options) => scopeOf(await harness.create(options)),
    ...(reopen && { reopen: async (scope, options) => scopeOf(await reopen(rootOf(scope), options)) }),
    destroy: (scope) => harness.destroy(rootOf(scope)),
    pass: (ms) => harness.pass(ms),
    folder: newFolder,
  }
}

/** The same through a cache: what one handle writes, it reads. */
export function readThrough(harness: StoreHarness): StoreHarness {
  const stores = new Map<Store, Store>()
  const cachedOf = (store: Store): Store => {
    const handle = cached(store, { ttl: '10s' })
    stores.set(handle, store)
    return handle
  }
  const storeOf = (handle: Store): Store => stores.get(handle) ?? handle
  const { reopen } = harness
  return {
    ...harness,
    name: `${harness.name}, through a cache`,
    supports: { ...harness.supports, counted: 'what the cache answers is no work of the store' },
    create: async (options) => cachedOf(await harness.create(options)),
    ...(reopen && { reopen: async (handle, options) => cachedOf(await reopen(storeOf(handle), options)) }),
    destroy: (handle) => harness.destroy(storeOf(handle)),
  }
}

export const folder = (): StoreHarness => onDisk('a plain path', (path) => join(path, 'state'), 'disk')
export const file = (): StoreHarness =>
  // One suite at 'disk' is enough: a flush takes longer than everything else.
  onDisk('sqlite:<file>', (path) => `sqlite:${join(path, 'state.db')}`, 'process')

/** Each driver that this machine offers beside the one that `open` takes. */
export function otherDrivers(): StoreHarness[] {
  const taken = findDriver()
  const peers = pathToFileURL(join(import.meta.dirname, '../../bench/peers.js')).href
  return DRIVERS.flatMap((name) => {
    const here = tryDriver(name)
    const driver = typeof here === 'string' ? tryDriver(name, peers) : here
    if (typeof driver === 'string' || driver.name === taken.name) return []
    return [onDisk(`a plain path, with ${name}`, (path) => join(path, 'state'), 'process', driver)]
  })
}
