/** The public shapes. What they mean is said here once; the reference is made from it. */

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
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult | Promise<StandardResult>
  }
}
export type StandardResult =
  | { readonly value: unknown; readonly issues?: undefined }
  | {
      readonly issues: readonly { readonly message: string; readonly path?: readonly unknown[] | undefined }[]
    }
/** Called with how much is done, and of how much. */
export type Progress = (done: number, total: number) => void
/** Where a store tells what went wrong in the background. Any console-like or pino-like logger fits. */
export interface Logger {
  warn(message: string, ...details: unknown[]): void
}

/** How much of the past stays readable beside the snapshots; each given limit holds. */
export type Retention = 'all' | 'snapshots' | { readonly revisions?: number; readonly age?: Duration }
export type CacheStrategy = 'memory' | 'none'
export interface StoreCacheOptions {
  /** Default `'memory'`. */
  readonly strategy?: CacheStrategy
  /** At most this many keys stay decoded in memory. 0: no limit of this kind. Default 0. */
  readonly maxEntries?: number
  /** At most about this many bytes of decoded values. 0: no limit. Default 64 MiB. */
  readonly maxBytes?: number
  /**
   * `'strict'` (default): a read sees every commit, of any process, that finished before the current turn of the event loop
   * began. `{ maxStaleness }`: a read may be that old, and needs no look at the engine until then.
   */
  readonly consistency?: 'strict' | { readonly maxStaleness: Duration }
}

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
  /** Compresses large values. Default true. */
  readonly compression?: boolean
  /** Reads served from memory (default) or not. */
  readonly cache?: CacheStrategy | StoreCacheOptions
  /** Values are checked on every write: a schema per key pattern. */
  readonly schema?: Readonly<Record<Pattern, StandardSchemaV1>>
  /** Nothing is written, not even the files' times. */
  readonly readOnly?: boolean
  readonly logger?: Logger
}

export interface ReadOptions {
  /** Read the past: the state as it was at this point. */
  readonly at?: Ref
}
export interface WriteOptions {
  /** The key goes by itself after this time. */
  readonly ttl?: Duration
  /** Only if the key's last change has this revision (0: only if the key is absent); else `ConflictError`. */
  readonly ifRevision?: Revision
}
export interface Range {
  readonly prefix?: string
  readonly gte?: Key
  readonly gt?: Key
  readonly lte?: Key
  readonly lt?: Key
  readonly reverse?: boolean
  readonly limit?: number
  readonly at?: Ref
  readonly match?: Pattern
}

export interface Change {
  readonly key: Key
  readonly type: 'added' | 'changed' | 'removed' | 'expired'
  readonly before: Value
  readonly after: Value
  readonly revision: Revision
  readonly at: Date
  readonly actor: string
}
export interface Commit {
  readonly revision: Revision
  readonly at: Date
  readonly actor: string
  readonly keys: Key[]
  readonly restoredFrom?: Revision
  readonly hash: string
}
/** What changed between two points, in the order of the log. Read it as a stream, as an array, or only count. */
export interface Diff extends AsyncIterable<Change> {
  summary(): Promise<DiffSummary>
  toArray(): Promise<Change[]>
}
export interface DiffSummary {
  from: Revision
  to: Revision
  different: boolean
  added: number
  changed: number
  removed: number
}
export interface LogOptions {
  readonly from?: Ref
  readonly to?: Ref
  readonly reverse?: boolean
  readonly limit?: number
}
export interface Transaction {
  get<T = Value>(key: Key): Promise<T | undefined>
  set(key: Key, value: Value, options?: { readonly ttl?: Duration }): void
  delete(key: Key): void
  entries(range?: Range): AsyncIterable<readonly [Key, Value]>
}
export interface TransactOptions {
  /** How often `fn` may run again because somebody else got in between. Default 1,000. */
  readonly retries?: number
  readonly signal?: AbortSignal
}

export interface Snapshot {
  readonly version: string
  readonly revision: Revision
  readonly tags: readonly string[]
  readonly description?: string
  readonly meta: Record<string, Value>
  readonly createdAt: Date
  readonly createdBy: string
  readonly keys: number
  /** Of the state's keys and encoded values. */
  readonly bytes: number
  readonly checksum: string
  /** Taken by `autoSnapshot`. */
  readonly auto: boolean
  /** Of an imported delta file: the version that it stands on. */
  readonly base?: string
}
export interface SnapshotOptions {
  readonly tags?: string[]
  readonly description?: string
  readonly meta?: Record<string, Value>
  /** Default `v<revision>`. */
  readonly version?: string
}
/** Names for revisions. */
export interface Snapshots {
  /** Constant time and space, however large the store. */
  create(options?: SnapshotOptions): Promise<Snapshot>
  get(ref: Ref): Promise<Snapshot>
  /** The newest snapshot, or the newest with this tag. */
  latest(tag?: string): Promise<Snapshot | undefined>
  /** In order of creation. */
  list(filter?: { readonly tag?: string }): Promise<Snapshot[]>
  /** How many snapshots bear each tag. */
  tags(): Promise<Map<string, number>>
  tag(ref: Ref, ...tags: string[]): Promise<Snapshot>
  untag(ref: Ref, ...tags: string[]): Promise<Snapshot>
  delete(ref: Ref): Promise<void>
}

export interface CareOptions {
  readonly onProgress?: Progress
  readonly signal?: AbortSignal
}
export interface VerifyReport {
  ok: boolean
  revisions: number
  keys: number
  records: number
  damaged: { where: string; why: string }[]
}
export interface CompactReport {
  before: { bytes: number; records: number }
  after: { bytes: number; records: number }
  oldestRevision: Revision
}

/** State, its past and its snapshots: one log, seen from all sides. */
export interface Store<S extends Schema = Schema> extends AsyncDisposable {
  readonly url: string
  /** The newest revision that this handle has seen. */
  readonly revision: Revision
  readonly snapshots: Snapshots

  get<K extends keyof S & string>(key: K, options?: ReadOptions): Promise<S[K] | undefined>
  get<T = Value>(key: Key, options?: ReadOptions): Promise<T | undefined>
  /** The same without a promise, on engines that live in this process. */
  getSync<K extends keyof S & string>(key: K, options?: ReadOptions): S[K] | undefined
  getSync<T = Value>(key: Key, options?: ReadOptions): T | undefined
  getMany(keys: Iterable<Key>, options?: ReadOptions): Promise<Map<Key, Value>>
  has(key: Key, options?: ReadOptions): Promise<boolean>

  /** Always recorded, also when the value is the same as before. */
  set<K extends keyof S & string>(key: K, value: S[K], options?: WriteOptions): Promise<Revision>
  set(key: Key, value: Value, options?: WriteOptions): Promise<Revision>
  /** Many keys as one revision. */
  setMany(
    entries: Iterable<readonly [Key, Value]> | Readonly<Record<Key, Value>>,
    options?: WriteOptions,
  ): Promise<Revision>
  /** True if the key was there. */
  delete(key: Key, options?: Pick<WriteOptions, 'ifRevision'>): Promise<boolean>
  clear(): Promise<Revision>
  /** Read, change, write, safely beside any other writer: `fn` runs again if somebody else got in between. */
  update<T = Value>(
    key: Key,
    fn: (current: T | undefined) => T | undefined,
    options?: WriteOptions,
  ): Promise<T | undefined>
  /** Several reads and writes as one revision: all or nothing, serialisable, retried on conflict. */
  transact<R>(fn: (tx: Transaction) => R | Promise<R>, options?: TransactOptions): Promise<R>

  /** In key order, streamed: one consistent state, never the whole store in memory. */
  keys(range?: Range): AsyncIterable<Key>
  entries(range?: Range): AsyncIterable<readonly [Key, Value]>
  count(range?: Range): Promise<number>
  /** The whole state as one plain object, and back: `save` replaces everything in one revision. */
  load(options?: ReadOptions): Promise<Record<Key, Value>>
  save(state: Readonly<Record<Key, Value>>): Promise<Revision>

  /** Every kept change of a key, newest first: who, when, which revision, the value before and after. */
  history(key: Key, options?: { readonly limit?: number; readonly from?: Ref }): AsyncIterable<Change>
  /** What changed between two points; reads only what changed. `to` defaults to now. */
  diff(from: Ref, to?: Ref, range?: Range): Diff
  /** Brings the state back to a point, as a new revision: the past stays, and a restore can itself be undone. */
  restore(ref: Ref, range?: Range): Promise<Revision>
  /** The log itself: every commit, oldest first. */
  log(options?: LogOptions): AsyncIterable<Commit>

  /** The same store, written as another actor. */
  as(actor: string): Store<S>
  /** The same store under a prefix: keys are relative. */
  scope(prefix: string): Store

  /** Reads everything and checks every checksum, count and link; finds damage, never hides it. */
  verify(options?: CareOptions): Promise<VerifyReport>
  /** Gives back what no kept snapshot and no retention can ask for any more. */
  compact(options?: CareOptions): Promise<CompactReport>
  /** Waits until everything written so far is on disk. */
  flush(): Promise<void>
  /** Idempotent. */
  close(): Promise<void>
}
