// @ts-check
/** The engines, each opened at the durability that a row asks for. Everything is loaded only where it is needed. */
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** A peer that is not there or does not load: its place in the table says so, and the run goes on. */
export class NotInstalled extends Error {}

/** @param {string} name @returns {Promise<any>} */
async function load(name) {
  try {
    return await import(name)
  } catch (cause) {
    throw new NotInstalled(`${name}: ${/** @type {Error} */ (cause).message.split('\n')[0]}`, { cause })
  }
}

const build = process.env.VARVE_BENCH_BUILD
const front =
  build === undefined
    ? new URL('../../dist/index.js', import.meta.url)
    : pathToFileURL(path.resolve(build, 'index.js'))

/** Where the build lies that is measured. */
export const buildFolder = path.dirname(fileURLToPath(front))

/** The built library. @returns {Promise<any>} */
export async function varve() {
  if (!fs.existsSync(front)) throw new NotInstalled('varve is not built; run `npm run build` first')
  return import(front.href)
}

/**
 * Opens a store of ours; `disk` is its default durability. @param {string} place @param {object} [options] @returns {Promise<any>}
 */
export async function openVarve(place, options) {
  return (await varve()).open(place, options)
}

/** A part of the public contract that this build does not have yet is no failure. @param {any} of @param {string} method */
export function needs(of, method) {
  if (typeof of[method] !== 'function') throw new NotInstalled(`varve: ${method} is not in this build`)
}

/** The drivers that a bare table is measured through; the third is the one that ours uses on Node 20. */
export const DRIVERS = /** @type {const} */ (['better-sqlite3', 'node:sqlite', '@photostructure/sqlite'])

/** @typedef {(typeof DRIVERS)[number]} Driver */

/**
 * @param {Driver} driver @param {string} file
 * @returns {Promise<any>} with `exec`, `prepare`, `close`: the part of the API that all the drivers share
 */
export async function openSqlite(driver, file) {
  if (driver === 'better-sqlite3') {
    const { default: Database } = await load(driver)
    return startDriver(() => new Database(file))
  }
  const { DatabaseSync } = await load(driver)
  return startDriver(() => new DatabaseSync(file))
}

/** A driver whose binary does not fit this Node fails only when it is used first. @param {() => any} start */
function startDriver(start) {
  try {
    return start()
  } catch (cause) {
    const error = /** @type {Error & { code?: string }} */ (cause)
    if (error.code === 'ERR_DLOPEN_FAILED' || error.message.includes('bindings file')) {
      throw new NotInstalled(error.message.split('\n')[0], { cause })
    }
    throw cause
  }
}

/**
 * One table, one index, prepared statements, JSON text: what an application would write by hand. No history.
 * @param {Driver} driver @param {string} file @param {{ full?: boolean }} [options] `full`: each commit waits for the disk
 */
export async function openBare(driver, file, { full = false } = {}) {
  const db = await openSqlite(driver, file)
  db.exec('pragma busy_timeout = 5000')
  db.exec('pragma journal_mode = wal')
  db.exec(`pragma synchronous = ${full ? 'full' : 'normal'}`)
  db.exec('create table if not exists kv (key text primary key, value text)')
  const select = db.prepare('select value from kv where key = ?')
  const upsert = db.prepare(
    'insert into kv values (?, ?) on conflict (key) do update set value = excluded.value',
  )
  const all = db.prepare('select key, value from kv order by key')
  const between = db.prepare('select key, value from kv where key >= ? and key < ? order by key')
  const begin = db.prepare('begin immediate')
  const commit = db.prepare('commit')
  return {
    db,
    /** @param {string} key */
    get(key) {
      const row = select.get(key)
      return row === undefined ? undefined : JSON.parse(row.value)
    },
    /** @param {string} key @param {unknown} value */
    set(key, value) {
      upsert.run(key, JSON.stringify(value))
    },
    /** All or nothing. @param {readonly (readonly [string, unknown])[]} entries */
    setMany(entries) {
      begin.run()
      for (const [key, value] of entries) upsert.run(key, JSON.stringify(value))
      commit.run()
    },
    /** @returns {Iterable<{ key: string, value: string }>} */
    rows: () => all.iterate(),
    /** @param {string} from @param {string} to @returns {Iterable<{ key: string, value: string }>} */
    range: (from, to) => between.iterate(from, to),
    close() {
      db.close()
    },
  }
}

/**
 * lmdb-js as its manual shows it, with its own encoding (msgpackr records).
 * @param {string} place @param {object} [options] e.g. `noSync`, `cache`
 */
export async function openLmdb(place, options) {
  const { open } = await load('lmdb')
  return open({ path: place, ...options })
}

/** @param {string} place */
export async function openLevel(place) {
  const { ClassicLevel } = await load('classic-level')
  const db = new ClassicLevel(place, { valueEncoding: 'json' })
  await db.open()
  return db
}

/** keyv in memory, its default. */
export async function openKeyv() {
  const { Keyv } = await load('keyv')
  return new Keyv()
}

/**
 * keyv on SQLite at our `'process'` level: WAL and synchronous=NORMAL, where its default syncs four times a write.
 * @param {string} file
 */
export async function openKeyvSqlite(file) {
  const { Keyv } = await load('keyv')
  const { KeyvSqlite } = await load('@keyv/sqlite')
  const sqlite = new KeyvSqlite(`sqlite://${file}`)
  const keyv = new Keyv({ store: sqlite })
  await sqlite.query('pragma journal_mode = wal')
  await sqlite.query('pragma synchronous = normal')
  return { keyv, sqlite }
}

/** conf rewrites, syncs and renames its file at each write. @param {string} folder */
export async function openConf(folder) {
  const { default: Conf } = await load('conf')
  return new Conf({ cwd: folder, accessPropertiesByDotNotation: false })
}

/**
 * lowdb rewrites and renames its file at each write. It does not sync it; `durable` does so after it, as the others do.
 * @param {string} file
 */
export async function openLowdb(file) {
  const { Low } = await load('lowdb')
  const { JSONFile } = await load('lowdb/node')
  const db = new Low(new JSONFile(file), {})
  await db.read()
  return {
    db,
    async durable() {
      await db.write()
      for (const place of [file, path.dirname(file)]) {
        const handle = await fs.promises.open(place, 'r')
        await handle.sync()
        await handle.close()
      }
    },
  }
}

/** The SQLite that ours runs on: the native module that this process has loaded, or the built-in one. @returns {Promise<string>} */
export async function driverInUse() {
  const report = /** @type {any} */ (process.report?.getReport())
  const loaded = /** @type {string[]} */ (report?.sharedObjects ?? []).filter((file) =>
    file.endsWith('.node'),
  )
  const driver = DRIVERS.find((name) => loaded.some((file) => file.includes(`/${name}/`))) ?? 'node:sqlite'
  const db = await openSqlite(driver, ':memory:')
  const { version } = db.prepare('select sqlite_version() as version').get()
  db.close()
  return `${driver} (SQLite ${version})`
}
