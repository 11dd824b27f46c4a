import { NoCache, ReadCache } from './cache/read-cache.ts'
import { Watches } from './bus/watch.ts'
import { careOf } from './care/care.ts'
import { defaultActor, realContext, type Context } from './context.ts'
import type { Engine } from './engine.ts'
import { memoryEngine } from './engines/memory.ts'
import { sqliteEngine } from './engines/sqlite.ts'
import { DatabaseBackups } from './engines/sqlite/backups.ts'
import type { Driver } from './engines/sqlite/driver.ts'
import { InvalidOptionError } from './errors.ts'
import { Keeper } from './log/compact.ts'
import { Log } from './log/log.ts'
import { News } from './log/news.ts'
import { Writer } from './log/writer.ts'
import { placeOf } from './places.ts'
import { settingsOf, type Settings } from './options.ts'
import { AutoSnapshots } from './snapshots/auto.ts'
import { LogSnapshots } from './snapshots/snapshots.ts'
import { Locks } from './state/lock.ts'
import { Sweeper } from './state/expiry.ts'
import { Validator } from './state/schema.ts'
import { Telemetry } from './telemetry/telemetry.ts'
import { StoreHandle, type Core } from './store.ts'
import type { OpenOptions, Schema, Store } from './types.ts'

/**
 * Opens the store at `url`, creating it if it is not there.
 *
 * - `memory:` — nothing on disk
 * - `./state` (any plain path) — the embedded default: a folder with a SQLite database; any number of processes
 * - `sqlite:./state.db` — the same as one file where you say; a plain path of such a file, as `backup` makes them, means it too
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
  /** Milliseconds between two looks for what others have written, when nothing rings; Infinity: none. */
  readonly lookEvery?: number
  readonly driver?: Driver
}

/** `open` with the doors held by somebody else. */
export async function openIn(
  doors: Doors | undefined,
  url: string | URL,
  options: OpenOptions = {},
): Promise<Store> {
  const settings = settingsOf(options, defaultActor())
  const telemetry = new Telemetry(doors?.context ?? realContext(), { url: String(url), ...settings })
  // Before anything is opened: it may refuse its options.
  const readCache = new ReadCache(settings.cache.limits, telemetry.cache, telemetry.context)
  const cache = settings.cache.enabled ? readCache : new NoCache()
  const engine = engineAt(String(url), telemetry.context, settings, doors?.driver)
  const log = new Log(engine, telemetry, cache, {
    compression: settings.compression,
    delta: settings.delta,
    durability: settings.durability,
    readOnly: settings.readOnly,
    maxStaleness: settings.cache.maxStaleness,
    isSecret: settings.isSecret,
  })
  await log.open()
  telemetry.opened(engine.place, log.head.revision, settings.readOnly)
  const backups = new DatabaseBackups(telemetry.context, doors?.driver)
  return handleOn(String(url), log, settings, new News(log, doors?.lookEvery), backups)
}

function handleOn(url: string, log: Log, settings: Settings, news: News, backups: DatabaseBackups): Store {
  const writer = new Writer(log)
  const { readOnly, actor, maxSnapshots, autoSnapshot } = settings
  const watches = new Watches(log, news)
  const core: Core = {
    url,
    log,
    writer,
    validator: new Validator(settings.schema),
    maxSnapshots,
    sweeper: readOnly ? undefined : new Sweeper(log, writer),
    keeper: new Keeper(log, settings.keep),
    news,
    watches,
    care: careOf(log, { writer, watches, autoEvery: autoSnapshot?.every }),
    locks: new Locks(log, news),
    backups,
    auto: undefined,
    closing: undefined,
  }
  if (autoSnapshot !== undefined && !readOnly) {
    const snapshots = new LogSnapshots(log, writer, { actor, maxSnapshots, isOpen: () => undefined })
    core.auto = new AutoSnapshots(log, snapshots, autoSnapshot.every, autoSnapshot.tag)
  }
  return new StoreHandle(core, actor, '')
}

function engineAt(url: string, context: Context, settings: Settings, driver: Driver | undefined): Engine {
  const place = placeOf(context, url, driver)
  const { readOnly } = settings
  if (place.engine === 'memory') {
    if (readOnly)
      throw new InvalidOptionError('A store in memory begins empty; with readOnly it would stay so.')
    return memoryEngine()
  }
  const { path, folder } = place
  return sqliteEngine(context, path, { folder, readOnly, ...(driver === undefined ? {} : { driver }) })
}
