/**
 * The public shapes. What they mean is said here once, with examples that are run: the reference is made from it. It is over
 * 400 lines because of them.
 */
import type {
  BackupReport,
  CareOptions,
  CompactReport,
  ExportReport,
  Health,
  Logger,
  Metrics,
  VerifyReport,
} from './reports.ts'

/** Any structured-cloneable data. Functions, symbols and class instances with behaviour are refused. */
export type Value = unknown
/** 1 to 1,024 bytes of UTF-8, ordered by their bytes. */
export type Key = string
/** Counts committed transactions: 1, 2, 3 … without gaps. 0 is the empty store. */
export type Revision = number
/** A point in a store's life: a revision, a time, a snapshot's version, or a tag (the newest snapshot that has it). */
export type Ref = Revision | Date | string
/** `'500ms' | '10s' | '5m' | '2h' | '30d'` or milliseconds. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`
/**
 * Names have parts, parted by `.`, `/` or `:`. `*` is exactly one part, `**` one or more parts; `**` alone is everything.
 * No other character is special.
 */
export type Pattern = string
/** The keys of a store and the types of their values: `open<{ user: User }>(…)`. */
export type Schema = Record<Key, Value>
/** A schema of any library that follows Standard Schema (zod, valibot, arktype …). */
export interface StandardSchemaV1 {
  /** Its version, who made it, and the check itself. */
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult | Promise<StandardResult>
  }
}
/** What a schema says about a value: the value to be stored, which may differ from what was given, or what is wrong with it. */
export type StandardResult =
  | { readonly value: unknown; readonly issues?: undefined }
  | {
      readonly issues: readonly { readonly message: string; readonly path?: readonly unknown[] | undefined }[]
    }
/** How much of the past stays readable beside the snapshots; each given limit holds. */
export type Retention = 'all' | 'snapshots' | { readonly revisions?: number; readonly age?: Duration }
/**
 * `'memory'`: what was read stays decoded in memory. `'tiered'`: what memory gives up stays on the local disk; every engine that
 * there is keeps the store there anyhow, so that this means the same. `'none'`: every read goes to the engine.
 */
export type CacheStrategy = 'memory' | 'tiered' | 'none'
/** How reads are served. */
export interface StoreCacheOptions {
  /** Default `'memory'`. */
  readonly strategy?: CacheStrategy
  /** Which key's value leaves memory when there is no room: see docs/caches.md. Default `'tinylfu'`. */
  readonly policy?: 'lru' | 'lfu' | 'fifo' | 'ttl' | 'sieve' | 's3fifo' | 'tinylfu'
  /** At most this many keys stay decoded in memory. 0: no limit of this kind. Default 0. */
  readonly maxEntries?: number
  /** At most about this many bytes of decoded values. 0: no limit. Default 64 MiB. */
  readonly maxBytes?: number
  /** A value stays in memory for so long after it was read from the engine; then it is read again. Default: no limit. */
  readonly ttl?: Duration
  /** A value leaves memory when nobody read it for so long. Default: no limit. */
  readonly maxIdle?: Duration
  /** The bytes of a value and its key, instead of our own measure. Values that are kept encoded are decoded for it. */
  readonly sizeOf?: (value: Value, key: string) => number
  /**
   * Told of every value that has left memory, and why, before anything else is awaited; in the store it is as it is. What it
   * throws is warned of.
   */
  readonly onEvict?: (
    key: string,
    value: Value,
    reason: 'size' | 'ttl' | 'idle' | 'delete' | 'replace',
  ) => void
  /**
   * `'strict'` (default): a read sees every commit, of any process, that finished before the current turn of the event loop
   * began. `{ maxStaleness }`: a read may be that old, and needs no look at the engine until then.
   */
  readonly consistency?: 'strict' | { readonly maxStaleness: Duration }
}

/** How a store is opened. All of it belongs to the handle, not to the store: give every program the same. */
export interface OpenOptions {
  /** Who is writing. Default: the program's name and pid. */
  readonly actor?: string
  /**
   * When a write's promise settles. `'disk'` (default): it survives the loss of power. `'process'`: it survives the death
   * of this process; the operating system writes it out soon.
   */
  readonly durability?: 'disk' | 'process'
  /** How much of the past stays readable beside the snapshots. Default `'all'`. */
  readonly history?: Retention
  /** At most this many snapshots; automatic ones go first, then untagged ones, then the oldest. 0: no limit. Default 50. */
  readonly maxSnapshots?: number
  /** Takes a snapshot every so often, if anything changed. */
  readonly autoSnapshot?: { readonly every: Duration; readonly tag?: string }
  /**
   * How values of the past are kept beside the newer ones: `'auto'` (default) chooses per value, `'none'` keeps them whole.
   * Small values are kept whole anyway.
   */
  readonly delta?: DeltaStrategy
  /** Compresses large values. Default true. */
  readonly compression?: boolean
  /** Reads served from memory (default) or not. */
  readonly cache?: CacheStrategy | StoreCacheOptions
  /** Values are checked on every write: a schema per key pattern. */
  readonly schema?: Readonly<Record<Pattern, StandardSchemaV1>>
  /**
   * Keys whose values are shown as `[secret]` in history, diffs, watches, logs and exports. Whoever asks for the key itself
   * gets its value; backups hold it.
   */
  readonly secret?: readonly Pattern[]
  /** Nothing is written, not even the files' times. */
  readonly readOnly?: boolean
  /** Told what goes wrong in the background: `console`, pino, or the like. Default: a warning of the process. */
  readonly logger?: Logger
}

/** Of `get` and its like. */
export interface ReadOptions {
  /** Read the past: the state as it was at this point. */
  readonly at?: Ref
}
/** Of `set` and its like. */
export interface WriteOptions {
  /** The key goes by itself after this time. */
  readonly ttl?: Duration
  /** Only if the key's last change has this revision (0: only if the key is absent); else `ConflictError`. */
  readonly ifRevision?: Revision
}
/** Which keys, in which order, of which state. Every limit that is given holds. */
export interface Range {
  /** Keys that begin so. */
  readonly prefix?: string
  /** From this key on. */
  readonly gte?: Key
  /** Behind this key. */
  readonly gt?: Key
  /** Up to this key. */
  readonly lte?: Key
  /** Before this key. */
  readonly lt?: Key
  /** The last key first. */
  readonly reverse?: boolean
  /** At most so many. */
  readonly limit?: number
  /** Of the state at this point. */
  readonly at?: Ref
  /** Keys that fit this pattern. */
  readonly match?: Pattern
}

/** What happened to one key in one revision. */
export interface Change {
  /** In a scope: without the prefix. */
  readonly key: Key
  /** `'expired'`: its ttl had come. */
  readonly type: 'added' | 'changed' | 'removed' | 'expired'
  /** `undefined`: it was absent. */
  readonly before: Value
  /** `undefined`: it is gone. */
  readonly after: Value
  /** The revision that did it. */
  readonly revision: Revision
  /** When that was committed. */
  readonly at: Date
  /** Who did it. */
  readonly actor: string
}
/** One revision of the log. */
export interface Commit {
  /** Its number. */
  readonly revision: Revision
  /** When it was committed: never before the revision before. */
  readonly at: Date
  /** Who did it. */
  readonly actor: string
  /** The keys that it touched; in a scope: those under the prefix. */
  readonly keys: Key[]
  /** Of a restore: the revision that it brought back. */
  readonly restoredFrom?: Revision
  /** SHA-256 over the hash of the revision before and everything in this one. */
  readonly hash: string
}
/** A change between two points. */
export interface DiffChange extends Change {
  /** What is different within a value that changed, made when it is asked for. Not of keys that are marked secret. */
  readonly delta?: Delta
}
/**
 * What changed between two points, in the order of the log. Read it as a stream, as an array, or only count.
 *
 * @example
 * ```ts
 * import { open } from 'varve'
 * const store = await open('memory:')
 * await store.setMany({ a: 1, b: 1 })
 * await store.setMany({ a: 2, c: 2 })
 * for await (const { key, type, before, after } of store.diff(1)) console.log(key, type, before, after) // a changed 1 2, c added undefined 2
 * console.log(await store.diff(1).summary()) // { from: 1, to: 2, different: true, added: 1, changed: 1, removed: 0 }
 * console.log((await store.diff(1, 2, { prefix: 'c' }).toArray()).length) // 1
 * await store.close()
 * ```
 */
export interface Diff extends AsyncIterable<DiffChange> {
  /** Only counts. */
  summary(): Promise<DiffSummary>
  /** All at once. */
  toArray(): Promise<DiffChange[]>
}
/** How much is different between two points. */
export interface DiffSummary {
  /** The revision at which it begins. */
  from: Revision
  /** The revision at which it ends. */
  to: Revision
  /** Whether there is any difference. */
  different: boolean
  /** Keys that are there at the end only. */
  added: number
  /** Keys that are there at both ends, and not the same. */
  changed: number
  /** Keys that are there at the beginning only. */
  removed: number
}
/** Which commits, in which order. */
export interface LogOptions {
  /** From this point on, itself included. Default: the oldest that is kept. */
  readonly from?: Ref
  /** Up to this point, itself included. Default: now. */
  readonly to?: Ref
  /** The newest first. */
  readonly reverse?: boolean
  /** At most so many. */
  readonly limit?: number
}
/**
 * Several reads and writes that become one revision. Good for as long as its function runs.
 *
 * @example
 * ```ts
 * import { open } from 'varve'
 * const store = await open('memory:')
 * await store.setMany({ 'account:ann': 10, 'account:bob': 0 })
 * await store.transact(async (tx) => {
 *   const ann = await tx.get('account:ann')
 *   if (ann < 5) throw new Error('not enough') // nothing is written
 *   tx.set('account:ann', ann - 5)
 *   tx.set('account:bob', (await tx.get('account:bob')) + 5)
 * })
 * console.log(store.revision, await store.load()) // 2 { 'account:ann': 5, 'account:bob': 5 }
 * await store.close()
 * ```
 */
export interface Transaction {
  /** The value as of this transaction, its own writes included; a copy that may be changed. */
  get<T = Value>(key: Key): Promise<T | undefined>
  /** Checked and written when the function has come to its end. */
  set(key: Key, value: Value, options?: { readonly ttl?: Duration }): void
  /** No matter whether the key is there. */
  delete(key: Key): void
  /** In key order, its own writes included. */
  entries(range?: Range): AsyncIterable<readonly [Key, Value]>
}
/** Of `transact`. */
export interface TransactOptions {
  /** How often `fn` may run again because somebody else got in between. Default 1,000. */
  readonly retries?: number
  /** Stops it, unless it is being written already. */
  readonly signal?: AbortSignal
}

/** A name for a revision, and what was there. */
export interface Snapshot {
  /** Its name; no two have the same. */
  readonly version: string
  /** The revision that it names. */
  readonly revision: Revision
  /** Names that several snapshots can bear; as a point, a tag is the newest of them. */
  readonly tags: readonly string[]
  /** As it was given. */
  readonly description?: string
  /** As it was given. */
  readonly meta: Record<string, Value>
  /** When it was made. */
  readonly createdAt: Date
  /** Who made it. */
  readonly createdBy: string
  /** How many keys the state has. */
  readonly keys: number
  /** Of the state's keys and encoded values. */
  readonly bytes: number
  /** Equal for states with equal entries: keys, stored values and deadlines. */
  readonly checksum: string
  /** Taken by `autoSnapshot`. */
  readonly auto: boolean
  /** Of an imported delta file: the version that it stands on. */
  readonly base?: string
}
/** Of `snapshots.create`. */
export interface SnapshotOptions {
  /** Names that several snapshots can bear. */
  readonly tags?: string[]
  /** For people. */
  readonly description?: string
  /** For programs: any values. */
  readonly meta?: Record<string, Value>
  /** Default `v<revision>`. */
  readonly version?: string
}
/** Of `snapshots.export`. */
export interface ExportOptions extends CareOptions {
  /** Only what changed since then: a delta file, which can be imported where that state is. */
  readonly base?: Ref
}
/** Of `snapshots.import`. */
export interface ImportOptions extends CareOptions {
  /** Default: the version in the file, or the first of `<version>-2`, `<version>-3` … that is free. */
  readonly version?: string
  /** Added to those in the file. Default `['import']`. */
  readonly tags?: string[]
}
/** Of `backup`. */
export interface BackupOptions extends CareOptions {
  /** Only what came after this revision: an incremental backup, which stands on one that ends there. */
  readonly base?: Ref
}
/**
 * Names for revisions.
 *
 * @example
 * ```ts
 * import { open } from 'varve'
 * const store = await open('memory:')
 * await store.set('a', 1)
 * await store.snapshots.create({ tags: ['release'], description: 'the first' })
 * await store.set('a', 2)
 * const { version, revision, keys } = await store.snapshots.get('release')
 * console.log(version, revision, keys) // v1 1 1
 * console.log(await store.get('a', { at: version })) // 1
 * await store.snapshots.delete(version)
 * console.log(await store.snapshots.list()) // []
 * await store.close()
 * ```
 */
export interface Snapshots {
  /** Constant time and space, however large the store. */
  create(options?: SnapshotOptions): Promise<Snapshot>
  /** The snapshot of this version, tag, revision or time; `NotFoundError` if there is none. */
  get(ref: Ref): Promise<Snapshot>
  /** The newest snapshot, or the newest with this tag. */
  latest(tag?: string): Promise<Snapshot | undefined>
  /** In order of creation. */
  list(filter?: { readonly tag?: string }): Promise<Snapshot[]>
  /** How many snapshots bear each tag. */
  tags(): Promise<Map<string, number>>
  /** Adds tags. */
  tag(ref: Ref, ...tags: string[]): Promise<Snapshot>
  /** Takes tags away. */
  untag(ref: Ref, ...tags: string[]): Promise<Snapshot>
  /** Forgets the name. What it named stays readable for as long as `history` says. */
  delete(ref: Ref): Promise<void>
  /**
   * Writes a state as one portable, checksummed file: whole or not at all. In a folder it gets a name with the time. Values of
   * keys that are marked secret are left out.
   */
  export(ref: Ref, path: string, options?: ExportOptions): Promise<ExportReport>
  /**
   * Adds the file's state as a snapshot of this store, without touching the newest state: `restore` brings it there. A delta
   * file needs the state that it stands on here.
   */
  import(path: string, options?: ImportOptions): Promise<Snapshot>
}

/** Where watching begins, and what ends it. */
export interface WatchOptions {
  /**
   * `'now'` (default), `'start'` (the oldest change that is kept), or a point of the past: what changed after it comes first.
   * The revision up to which everything was dealt with goes on exactly there.
   */
  readonly from?: 'now' | 'start' | Ref
  /** Ends it, as `unsubscribe` and leaving the loop do. */
  readonly signal?: AbortSignal
}
/**
 * A handler at work, until it is unsubscribed or the store is closed.
 *
 * @example
 * ```ts
 * import { open } from 'varve'
 * const store = await open('memory:')
 * const subscription = store.watch('**', ({ key }) => console.log(key))
 * await store.set('a', 1)
 * await subscription.unsubscribe()
 * await subscription.done // no call is running any more
 * await store.close()
 * ```
 */
export interface Subscription extends AsyncDisposable {
  /** Its own, for logs. */
  readonly id: string
  /** As it was given. */
  readonly pattern: Pattern
  /** No further call begins. One that is running just now comes to its end: see `done`. Idempotent. */
  unsubscribe(): Promise<void>
  /** Resolves at its end; rejects if it could not go on: `CompactedError` if the next change is not kept any more. */
  readonly done: Promise<void>
}

/** Of `lock`. */
export interface LockOptions {
  /** How long the lease outlives a holder that was killed or stopped. It is renewed long before. Default 10 s. */
  readonly ttl?: Duration
  /** How long to wait for the lock; then `UnavailableError`. Default: for ever. */
  readonly timeout?: Duration
  /** Stops the waiting. */
  readonly signal?: AbortSignal
}
/** A lock, for as long as it is held. */
export interface Lease {
  /** Grows with every holder of any lock of the store: hand it to what the lock protects, and let that refuse smaller ones. */
  readonly token: Revision
  /** Aborts when the lease is lost: when this process was stopped for longer than the ttl, or the store was closed. */
  readonly signal: AbortSignal
}

/**
 * State, its past and its snapshots: one log, seen from all sides.
 *
 * @example
 * ```ts
 * import { open } from 'varve'
 * const store = await open('memory:', { actor: 'ann' })
 * await store.set('plan', 'free')
 * await store.snapshots.create({ tags: ['before'] })
 * await store.as('bob').set('plan', 'pro')
 * for await (const { actor, key } of store.diff('before')) console.log(actor, key) // bob plan
 * await store.restore('before')
 * console.log(await store.get('plan')) // free
 * await store.close()
 * ```
 */
export interface Store<S extends Schema = Schema> extends AsyncDisposable {
  /** As it was given to `open`. */
  readonly url: string
  /** The newest revision that this handle has seen. */
  readonly revision: Revision
  /** Names for revisions. */
  readonly snapshots: Snapshots

  /**
   * The value of a key, of any type. Plain data is shared and frozen, everything else the reader's own.
   *
   * @example
   * ```ts
   * import { open } from 'varve'
   * const store = await open('memory:')
   * const revision = await store.set('user', { name: 'Ann', tags: new Set(['new']) })
   * console.log(await store.get('user')) // { name: 'Ann', tags: Set { 'new' } }
   * await store.delete('user')
   * console.log(await store.get('user')) // undefined
   * console.log((await store.get('user', { at: revision })).name) // Ann
   * await store.close()
   * ```
   */
  get<K extends keyof S & string>(key: K, options?: ReadOptions): Promise<S[K] | undefined>
  get<T = Value>(key: Key, options?: ReadOptions): Promise<T | undefined>
  /** The same without a promise, on engines that live in this process. */
  getSync<K extends keyof S & string>(key: K, options?: ReadOptions): S[K] | undefined
  getSync<T = Value>(key: Key, options?: ReadOptions): T | undefined
  /** Those of the keys that are there, of one state. */
  getMany(keys: Iterable<Key>, options?: ReadOptions): Promise<Map<Key, Value>>
  /** Whether the key is there. */
  has(key: Key, options?: ReadOptions): Promise<boolean>
  /** When the key goes by itself; undefined: it is absent, or has no ttl. */
  expiresAt(key: Key, options?: ReadOptions): Promise<Date | undefined>

  /**
   * Always recorded, also when the value is the same as before.
   *
   * @example
   * ```ts
   * import { open } from 'varve'
   * const store = await open('memory:')
   * await store.set('session', 'abc', { ttl: '30m' }) // goes by itself
   * const revision = await store.set('note', 'first', { ifRevision: 0 }) // only if it is absent
   * await store.set('note', 'second', { ifRevision: revision }) // only if nobody has changed it since
   * await store.close()
   * ```
   */
  set<K extends keyof S & string>(key: K, value: S[K], options?: WriteOptions): Promise<Revision>
  set(key: Key, value: Value, options?: WriteOptions): Promise<Revision>
  /** Many keys as one revision. */
  setMany(
    entries: Iterable<readonly [Key, Value]> | Readonly<Record<Key, Value>>,
    options?: WriteOptions,
  ): Promise<Revision>
  /** True if the key was there. */
  delete(key: Key, options?: Pick<WriteOptions, 'ifRevision'>): Promise<boolean>
  /** Removes every key (of the scope), as one revision. */
  clear(): Promise<Revision>
  /**
   * Read, change, write, safely beside any other writer: `fn` runs again if somebody else got in between.
   *
   * @example
   * ```ts
   * import { open } from 'varve'
   * const store = await open('memory:')
   * await Promise.all([1, 2, 3].map(() => store.update('n', (n = 0) => n + 1)))
   * console.log(await store.get('n')) // 3
   * await store.update('n', () => undefined) // removes it
   * await store.close()
   * ```
   */
  update<T = Value>(
    key: Key,
    fn: (current: T | undefined) => T | undefined,
    options?: WriteOptions,
  ): Promise<T | undefined>
  /** Several reads and writes as one revision: all or nothing, serialisable, retried on conflict. */
  transact<R>(fn: (tx: Transaction) => R | Promise<R>, options?: TransactOptions): Promise<R>

  /** In key order, streamed: one consistent state, never the whole store in memory. */
  keys(range?: Range): AsyncIterable<Key>
  /**
   * Keys with their values.
   *
   * @example
   * ```ts
   * import { open } from 'varve'
   * const store = await open('memory:')
   * await store.setMany({ 'user:1': 'Ann', 'user:2': 'Bob', 'order:1': 5 })
   * for await (const [key, name] of store.entries({ prefix: 'user:', reverse: true, limit: 1 })) console.log(key, name) // user:2 Bob
   * await store.close()
   * ```
   */
  entries(range?: Range): AsyncIterable<readonly [Key, Value]>
  /** How many keys there are. */
  count(range?: Range): Promise<number>
  /** The whole state as one plain object, and back: `save` replaces everything in one revision. */
  load(options?: ReadOptions): Promise<Record<Key, Value>>
  /** Replaces everything (in the scope); only what differs is written. */
  save(state: Readonly<Record<Key, Value>>): Promise<Revision>

  /**
   * Every kept change of a key, newest first: who, when, which revision, the value before and after.
   *
   * @example
   * ```ts
   * import { open } from 'varve'
   * const store = await open('memory:', { actor: 'ann' })
   * await store.set('plan', 'free')
   * await store.as('bob').set('plan', 'pro')
   * for await (const { revision, actor, before, after } of store.history('plan')) console.log(revision, actor, before, after) // 2 bob free pro, 1 ann undefined free
   * await store.close()
   * ```
   */
  history(key: Key, options?: { readonly limit?: number; readonly from?: Ref }): AsyncIterable<Change>
  /** What changed between two points; reads only what changed. `to` defaults to now. */
  diff(from: Ref, to?: Ref, range?: Range): Diff
  /**
   * Brings the state back to a point, as a new revision: the past stays, and a restore can itself be undone.
   *
   * @example
   * ```ts
   * import { open } from 'varve'
   * const store = await open('memory:')
   * await store.set('text', 'one')
   * await store.set('text', 'two')
   * await store.restore(1)
   * console.log(await store.get('text')) // one
   * await store.restore(store.revision - 1)
   * console.log(await store.get('text')) // two
   * await store.close()
   * ```
   */
  restore(ref: Ref, range?: Range): Promise<Revision>
  /** The log itself: every commit, oldest first. */
  log(options?: LogOptions): AsyncIterable<Commit>

  /** The same store, written as another actor. */
  as(actor: string): Store<S>
  /**
   * The same store under a prefix: keys are relative.
   *
   * @example
   * ```ts
   * import { open } from 'varve'
   * const store = await open('memory:')
   * const users = store.scope('user:')
   * await users.set('1', 'Ann')
   * console.log(await store.get('user:1')) // Ann
   * await store.close()
   * ```
   */
  scope(prefix: string): Store

  /**
   * Every change of the keys that match, once and in order, from any process. One call of the handler ends before the next
   * begins; one that throws is logged, and the next change comes.
   *
   * @example
   * ```ts
   * import { open } from 'varve'
   * const store = await open('memory:')
   * await store.set('job:1', 'open')
   * store.watch('job:*', ({ key, type, after }) => console.log(key, type, after)) // job:2 added open
   * await store.set('job:2', 'open')
   * for await (const { key } of store.watch('job:*', { from: 'start' })) {
   *   console.log(key) // job:1, job:2
   *   if (key === 'job:2') break
   * }
   * await store.close()
   * ```
   */
  watch(
    pattern: Pattern,
    handler: (change: Change) => void | Promise<void>,
    options?: WatchOptions,
  ): Subscription
  /** The same as a stream, read at the reader's own pace. */
  watch(pattern: Pattern, options?: WatchOptions): AsyncIterableIterator<Change>

  /**
   * Mutual exclusion across tasks and processes: `fn` runs while this one holds the lock `name`.
   *
   * @example
   * ```ts
   * import { open } from 'varve'
   * const store = await open('memory:')
   * const report = await store.lock(
   *   'nightly',
   *   async ({ token, signal }) => {
   *     signal.throwIfAborted() // the lease is lost: stop
   *     return `made with token ${token}`
   *   },
   *   { ttl: '30s', timeout: '5s' },
   * )
   * console.log(report) // made with token 1
   * await store.close()
   * ```
   */
  lock<R>(name: string, fn: (lease: Lease) => R | Promise<R>, options?: LockOptions): Promise<R>

  /** What the whole store has done in this process since it was opened (or since `reset`), and how large it is. */
  metrics(): Metrics
  /** Whether it works: each check is really done. Degraded work stays so until the same kind of work succeeds again. */
  health(): Promise<Health>
  /** Reads everything and checks every checksum, count and link; finds damage, never hides it. */
  verify(options?: CareOptions): Promise<VerifyReport>
  /** Gives back what no kept snapshot and no retention can ask for any more. */
  compact(options?: CareOptions): Promise<CompactReport>
  /**
   * A consistent copy of everything, of one moment, while others write: one file that `open` opens and `restoreBackup` puts
   * back. With `base`: only what came since.
   */
  backup(path: string, options?: BackupOptions): Promise<BackupReport>
  /** Waits until everything written so far is on disk. */
  flush(): Promise<void>
  /** Idempotent. */
  close(): Promise<void>
}

/** How a delta says what changed. Default `'auto'`: the smallest, at bounded cost. */
export type DeltaStrategy = 'auto' | 'structural' | 'binary' | 'compress' | 'none'
/**
 * The difference between two values: opaque, immutable, checksummed, bound to the value that it was made from. Small, and a
 * value itself: it can be stored, cloned and sent, and used again afterwards.
 */
export interface Delta {
  /** The one that was used; `'auto'` for a composition of unlike deltas. */
  readonly strategy: DeltaStrategy
  /** Bytes of its encoded form. */
  readonly bytes: number
  /** `bytes` by those of the whole value after it (about what it takes as JSON text). */
  readonly ratio: number
  /** Nothing changed. */
  readonly empty: boolean
  /** Its encoded form. Every use of a delta checks it. */
  readonly data: Uint8Array
}
/** One operation of RFC 6902. */
export interface JsonPatchOperation {
  /** What is done. */
  readonly op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test'
  /** Where, as a JSON pointer (RFC 6901). */
  readonly path: string
  /** Of `move` and `copy`: from where. */
  readonly from?: string
  /** Of `add`, `replace` and `test`. */
  readonly value?: Value
}
/**
 * `delta`: the difference between two values. Nothing here ever changes what it is given.
 *
 * @example
 * ```ts
 * import { delta } from 'varve'
 * const before = { name: 'Ann', tags: ['a', 'b'] }
 * const found = delta.diff(before, { name: 'Ann', tags: ['a', 'c', 'b'] })
 * console.log(delta.patch(before, found)) // { name: 'Ann', tags: [ 'a', 'c', 'b' ] }
 * console.log(delta.toJsonPatch(before, found)) // [ { op: 'add', path: '/tags/1', value: 'c' } ]
 * ```
 */
export interface DeltaApi {
  /** Throws `InvalidValueError` for what a store refuses, with the path to it. */
  diff(before: Value, after: Value, options?: { readonly strategy?: DeltaStrategy }): Delta
  /**
   * The value that the delta was made for; what did not change is shared with `before`. `IntegrityError` if `before` is not
   * what the delta was made from, or if the delta is damaged.
   */
  patch<T = Value>(before: Value, delta: Delta): T
  /** The delta that goes back. */
  invert(before: Value, delta: Delta): Delta
  /**
   * One delta for a whole run of them, each made from what the one before it makes (else `IntegrityError`). Without any, one
   * that changes nothing, whatever it is applied to.
   */
  compose(...deltas: Delta[]): Delta
  /** Compact, versioned and checksummed bytes. */
  encode(delta: Delta): Uint8Array
  /** `IntegrityError` for what `encode` has not made: no altered byte goes unnoticed. */
  decode(bytes: Uint8Array): Delta
  /**
   * The places that it touches, written as in error messages: `$.user.name`, `$.items[3]`. What a `'binary'` delta
   * touches is known as long as it is little; of `'compress'` and `'none'` nothing is known: `$`, the whole.
   */
  paths(delta: Delta): string[]
  /** RFC 6902. `InvalidValueError` for what JSON cannot say; the order of keys is not said. */
  toJsonPatch(before: Value, delta: Delta): JsonPatchOperation[]
  /** `InvalidOptionError` for operations that cannot be done, `IntegrityError` for a `test` that fails. */
  fromJsonPatch(before: Value, operations: readonly JsonPatchOperation[]): Delta
  /** RFC 7386. `InvalidValueError` for what it cannot say, such as a field that becomes null. */
  toMergePatch(before: Value, delta: Delta): Value
}
/** How a chain keeps its states. */
export interface DeltaChainOptions {
  /** How each step is said. Default `'auto'`. */
  readonly strategy?: DeltaStrategy
  /** So many steps at most lie between a state and the landing that it is read from. Default 32. */
  readonly maxLength?: number
  /** Rebases by itself after every `maxLength` steps. Default true; without it, reading takes as many steps as there are. */
  readonly rebase?: boolean
}
/** What a chain takes. */
export interface DeltaChainStats {
  /** How many states it holds. */
  readonly length: number
  /** What they take. */
  readonly bytes: number
  /** What they would take, each by itself. */
  readonly fullBytes: number
  /** `bytes` by `fullBytes`. */
  readonly ratio: number
  /** How often it was rebased. */
  readonly rebases: number
}
