import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { open, type OpenOptions, type Store } from 'varve'
import { engineSuite, storeSuite, type StoreHarness } from 'varve/testing'
import { describe, it } from 'vitest'
import { realContext } from '../src/context.ts'
import type { Engine } from '../src/engine.ts'
import { sqliteEngine } from '../src/engines/sqlite.ts'
import { DRIVERS, findDriver, tryDriver, type Driver } from '../src/engines/sqlite/driver.ts'
import { openIn as openWith } from '../src/open.ts'

/** Stores in memory: nothing outlives them. */
function inMemory(): StoreHarness {
  return {
    name: 'memory:',
    supports: { reopen: 'a store in memory is gone when it is closed' },
    create: (options) => open('memory:', options),
    destroy: (store) => store.close(),
    pass: (ms) => sleep(ms),
  }
}

/** Stores on disk, each in a folder of its own, at the URL that `urlIn` makes of that folder. */
function onDisk(name: string, urlIn: (folder: string) => string, driver?: Driver): StoreHarness {
  const folders = new Map<Store, string>()
  const openIn = async (folder: string, options?: OpenOptions): Promise<Store> => {
    const url = urlIn(folder)
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
  }
}

/** The same through a scope: what holds for a store holds for a part of one. */
function scoped(harness: StoreHarness): StoreHarness {
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
  }
}

const folder = (): StoreHarness => onDisk('a plain path', (path) => join(path, 'state'))
const file = (): StoreHarness => onDisk('sqlite:<file>', (path) => `sqlite:${join(path, 'state.db')}`)

/** Each driver that this machine offers beside the one that `open` takes. */
function otherDrivers(): StoreHarness[] {
  const taken = findDriver()
  const peers = pathToFileURL(join(import.meta.dirname, '../bench/peers.js')).href
  return DRIVERS.flatMap((name) => {
    const here = tryDriver(name)
    const driver = typeof here === 'string' ? tryDriver(name, peers) : here
    if (typeof driver === 'string' || driver.name === taken.name) return []
    return [onDisk(`a plain path, with ${name}`, (path) => join(path, 'state'), driver)]
  })
}

for (const harness of [...otherDrivers(), inMemory(), folder(), file(), scoped(inMemory()), scoped(file())]) {
  storeSuite({ describe, it }, harness)
}

const folders = new Map<Engine, string>()
async function engineIn(path: string): Promise<Engine> {
  const engine = sqliteEngine(realContext(), join(path, 'state'), { folder: true, readOnly: false })
  await engine.open()
  folders.set(engine, path)
  return engine
}

engineSuite(
  { describe, it },
  {
    name: 'sqlite',
    create: () => engineIn(mkdtempSync(join(tmpdir(), 'varve-engine-'))),
    async reopen(engine) {
      await engine.close()
      return engineIn(folders.get(engine) ?? '')
    },
    async destroy(engine) {
      await engine.close()
      rmSync(folders.get(engine) ?? '', { recursive: true, force: true })
    },
  },
)
