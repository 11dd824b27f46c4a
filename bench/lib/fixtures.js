// @ts-check
/** Ready-made stores. Each is built once in a run, by a process of its own, and copied for every side that asks for it. */
import { fork } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { keyAt, keysUpTo, shuffled, valueAt } from './data.js'
import {
  DRIVERS,
  NotInstalled,
  needs,
  openBare,
  openConf,
  openKeyvSqlite,
  openLevel,
  openLmdb,
  openVarve,
} from './engines.js'

/**
 * @typedef {object} Fixture
 * @property {'varve' | 'varve-snapshots' | 'varve-export' | 'bare' | 'lmdb' | 'level' | 'keyv' | 'conf' | 'lowdb'} engine
 * @property {number} keys
 * @property {'sorted' | 'shuffled'} [order] in which the keys were written
 * @property {number | undefined} [snapshots]
 */

const BATCH = 1_000

/** @param {Fixture} spec */
export function nameOf({ engine, keys, order = 'sorted', snapshots }) {
  return `${engine}-${keys}-${order}${snapshots === undefined ? '' : `-${snapshots}`}`
}

/** Every key once, a thousand at a time. @param {Fixture} spec @returns {Generator<[string, object][]>} */
export function* batches({ keys, order = 'sorted' }) {
  const places = order === 'sorted' ? undefined : shuffled(keys, 99)
  for (let from = 0; from < keys; from += BATCH) {
    /** @type {[string, object][]} */
    const batch = []
    for (let i = from; i < Math.min(keys, from + BATCH); i += 1) {
      const place = places === undefined ? i : /** @type {number} */ (places[i])
      batch.push([keyAt(place), valueAt(place)])
    }
    yield batch
  }
}

/** By the first driver that is there. @param {string} file */
async function openAnyBare(file) {
  for (const driver of DRIVERS) {
    try {
      return await openBare(driver, file)
    } catch (error) {
      if (!(error instanceof NotInstalled)) throw error
    }
  }
  throw new NotInstalled('no SQLite driver')
}

/** The state as one object. @param {Fixture} spec */
function whole(spec) {
  return Object.fromEntries([...batches(spec)].flat())
}

/** @type {Record<Fixture['engine'], (place: string, spec: Fixture, base?: string) => Promise<void>>} */
const BUILD = {
  async varve(place, spec) {
    const store = await openVarve(place, { durability: 'process', maxSnapshots: 0 })
    for (const batch of batches(spec)) await store.setMany(batch)
    await store.close()
  },
  async 'varve-snapshots'(place, spec, base) {
    fs.cpSync(/** @type {string} */ (base), place, { recursive: true })
    const store = await openVarve(place, { durability: 'process', maxSnapshots: 0 })
    const keys = keysUpTo(Math.min(spec.keys, 1_000))
    for (let i = 0; i < (spec.snapshots ?? 0); i += 1) {
      await store.set(keys[i % keys.length], valueAt(i % keys.length))
      await store.snapshots.create({ version: `s${i}` })
    }
    await store.close()
  },
  async 'varve-export'(place, _spec, base) {
    fs.mkdirSync(place)
    const copy = path.join(place, 'store')
    fs.cpSync(/** @type {string} */ (base), copy, { recursive: true })
    const store = await openVarve(copy, { durability: 'process', maxSnapshots: 0 })
    needs(store.snapshots, 'export')
    const { version } = await store.snapshots.create({ version: 'to-export' })
    await store.snapshots.export(version, path.join(place, 'export.varve'))
    await store.close()
    fs.rmSync(copy, { recursive: true })
  },
  async bare(place, spec) {
    fs.mkdirSync(place)
    const table = await openAnyBare(path.join(place, 'kv.db'))
    for (const batch of batches(spec)) table.setMany(batch)
    table.close()
  },
  async lmdb(place, spec) {
    const db = await openLmdb(place)
    for (const batch of batches(spec)) {
      await db.batch(() => {
        for (const [key, value] of batch) db.put(key, value)
      })
    }
    await db.flushed
    await db.close()
  },
  async level(place, spec) {
    const db = await openLevel(place)
    for (const batch of batches(spec)) {
      await db.batch(batch.map(([key, value]) => ({ type: 'put', key, value })))
    }
    await db.close()
  },
  async keyv(place, spec) {
    fs.mkdirSync(place)
    const { keyv, sqlite } = await openKeyvSqlite(path.join(place, 'keyv.db'))
    await sqlite.query('begin')
    for (const batch of batches(spec)) for (const [key, value] of batch) await keyv.set(key, value)
    await sqlite.query('commit')
    await sqlite.close()
  },
  async conf(place, spec) {
    fs.mkdirSync(place)
    const conf = await openConf(place)
    conf.store = whole(spec)
  },
  async lowdb(place, spec) {
    fs.mkdirSync(place)
    fs.writeFileSync(path.join(place, 'db.json'), JSON.stringify(whole(spec)))
  },
}

const BASED_ON_VARVE = new Set(['varve-snapshots', 'varve-export'])

/** The fixtures of one run. @param {string} folder */
export function fixtures(folder) {
  /** @type {Map<string, Promise<string>>} */
  const made = new Map()

  /** @param {Fixture} spec @returns {Promise<string>} where it stands */
  const ready = (spec) => {
    const name = nameOf(spec)
    const known = made.get(name)
    if (known !== undefined) return known
    const making = (async () => {
      const place = path.join(folder, name)
      const base = BASED_ON_VARVE.has(spec.engine)
        ? await ready({ ...spec, engine: 'varve', snapshots: undefined })
        : undefined
      await buildApart(place, spec, base)
      return place
    })()
    made.set(name, making)
    return making
  }

  return {
    /** A copy of one, to be used up. @param {Fixture} spec @param {string} place */
    async copy(spec, place) {
      fs.cpSync(await ready(spec), place, { recursive: true, mode: fs.constants.COPYFILE_FICLONE })
    },
  }
}

/** @param {string} place @param {Fixture} spec @param {string | undefined} base @returns {Promise<void>} */
function buildApart(place, spec, base) {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), ['build', place, JSON.stringify(spec), base ?? ''], {
      execArgv: ['--no-warnings'],
    })
    /** @type {Error | undefined} */
    let told
    child.on('message', (/** @type {{ missing: boolean, message: string }} */ { missing, message }) => {
      told = missing ? new NotInstalled(message) : new Error(message)
    })
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      if (code === 0) resolve()
      else reject(told ?? new Error(`building ${nameOf(spec)} ended with ${signal ?? code}`))
    })
  })
}

if (process.argv[2] === 'build' && process.argv[1] === fileURLToPath(import.meta.url)) {
  const [place = '', spec = '{}', base = ''] = process.argv.slice(3)
  const fixture = /** @type {Fixture} */ (JSON.parse(spec))
  process.on('disconnect', () => process.exit(1))
  try {
    await BUILD[fixture.engine](place, fixture, base === '' ? undefined : base)
    process.exit(0)
  } catch (cause) {
    const error = /** @type {Error} */ (cause)
    process.send?.({ missing: error instanceof NotInstalled, message: error.stack ?? error.message }, () =>
      process.exit(1),
    )
  }
}
