import { fileURLToPath } from 'node:url'
import { NoCache, ReadCache } from './cache/read-cache.ts'
import { defaultActor, realContext, type Context } from './context.ts'
import type { Engine } from './engine.ts'
import { memoryEngine } from './engines/memory.ts'
import { sqliteEngine } from './engines/sqlite.ts'
import type { Driver } from './engines/sqlite/driver.ts'
import { InvalidOptionError } from './errors.ts'
import { Keeper } from './log/compact.ts'
import { Log } from './log/log.ts'
import { Writer } from './log/writer.ts'
import { settingsOf, type Settings } from './options.ts'
import { AutoSnapshots } from './snapshots/auto.ts'
import { LogSnapshots } from './snapshots/snapshots.ts'
import { Sweeper } from './state/expiry.ts'
import { Validator } from './state/schema.ts'
import { StoreHandle, type Core } from './store.ts'
import type { OpenOptions, Schema, Store } from './types.ts'

/**
 * Opens the store at `url`, creating it if it is not there.
 *
 * - `memory:` — nothing on disk
 * - `./state` (any plain path) — the embedded default: a folder with a SQLite database; any number of processes
 * - `sqlite:./state.db` — the same as one file where you say
 *
 * @example
 * ```ts
 * import { open } from 'varve'
 *
 * const store = await open('./state', { actor: 'ann' })
 * await store.set('user:1', { name: 'Ann' })
 * console.log(await store.get('user:1')) // { name: 'Ann' }
 * await store.close()
 * ```
 */
export async function open<S extends Schema = Schema>(
  url: string | URL = 'memory:',
  options: OpenOptions = {},
): Promise<Store<S>> {
  return (await openIn(undefined, url, options)) as unknown as Store<S>
}

/** What only tests choose: the doors to the world, and the driver. */
export interface Doors {
  readonly context?: Context
  readonly driver?: Driver
}

/** `open` with the doors held by somebody else. */
export async function openIn(
  doors: Doors | undefined,
  url: string | URL,
  options: OpenOptions = {},
): Promise<Store> {
  const settings = settingsOf(options, defaultActor())
  const context = doors?.context ?? realContext(settings.warn)
  const engine = engineAt(String(url), context, settings, doors?.driver)
  const { maxEntries, maxBytes, enabled } = settings.cache
  const log = new Log(engine, context, enabled ? new ReadCache(maxEntries, maxBytes) : new NoCache(), {
    compression: settings.compression,
    durability: settings.durability,
    readOnly: settings.readOnly,
    maxStaleness: settings.cache.maxStaleness,
  })
  await log.open()
  return handleOn(String(url), log, settings)
}

function handleOn(url: string, log: Log, settings: Settings): Store {
  const writer = new Writer(log)
  const { readOnly, actor, maxSnapshots, autoSnapshot } = settings
  const core: Core = {
    url,
    log,
    writer,
    validator: new Validator(settings.schema),
    maxSnapshots,
    sweeper: readOnly ? undefined : new Sweeper(log, writer),
    keeper: new Keeper(log, settings.keep),
    auto: undefined,
    closing: undefined,
  }
  if (autoSnapshot !== undefined && !readOnly) {
    const snapshots = new LogSnapshots(log, writer, { actor, maxSnapshots, isOpen: () => undefined })
    core.auto = new AutoSnapshots(log, snapshots, autoSnapshot.every, autoSnapshot.tag)
  }
  return new StoreHandle(core, actor, '')
}

/** Where a URL leads. A scheme has two letters or more, so that C:\state is a path. */
function engineAt(url: string, context: Context, settings: Settings, driver: Driver | undefined): Engine {
  const [, scheme, rest] = /^([a-z][a-z0-9+.-]+):(.*)$/is.exec(url) ?? []
  const { readOnly } = settings
  const chosen = driver === undefined ? {} : { driver }
  switch (scheme?.toLowerCase()) {
    case 'memory':
      if (rest !== '')
        throw new InvalidOptionError(
          `${JSON.stringify(url)}: a store in memory has no path; say memory: alone.`,
        )
      if (readOnly)
        throw new InvalidOptionError('A store in memory begins empty; with readOnly it would stay so.')
      return memoryEngine()
    case undefined:
      if (url.trim() === '' || url.includes('\0'))
        throw new InvalidOptionError(`${JSON.stringify(url)} is no path of a store.`)
      return sqliteEngine(context, url, { folder: true, readOnly, ...chosen })
    case 'file':
      return sqliteEngine(context, fileURLToPath(url), { folder: true, readOnly, ...chosen })
    case 'sqlite':
      if (rest === undefined || rest.trim() === '' || rest.includes('\0'))
        throw new InvalidOptionError(
          `${JSON.stringify(url)} names no file; say sqlite:<file>, such as sqlite:./state.db.`,
        )
      return sqliteEngine(context, rest.replace(/^\/\/(?=\/)/, ''), { folder: false, readOnly, ...chosen })
    default:
      throw new InvalidOptionError(
        `${JSON.stringify(url)}: there is no engine ${scheme}:; use memory:, sqlite:<file>, or the path of a folder.`,
      )
  }
}
