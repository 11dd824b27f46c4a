/** The Store. It is over 400 lines because a store can do so much: each method is short and hands the work to a room. */
import type { Entry } from './change.ts'
import { ChangeStream, Watch, type Watches } from './bus/watch.ts'
import { ClosedError, ConflictError, InvalidOptionError } from './errors.ts'
import { parseDuration } from './duration.ts'
import { encode } from './log/codec.ts'
import type { Care } from './care/care.ts'
import type { BackupReport, CareOptions, CompactReport, Health, Metrics, VerifyReport } from './reports.ts'
import { compact, type Keeper } from './log/compact.ts'
import { checkKey } from './log/keys.ts'
import type { Log } from './log/log.ts'
import { commitsOf, historyOf } from './log/past.ts'
import { resolve } from './log/refs.ts'
import { selectionOf } from './log/selection.ts'
import type { News } from './log/news.ts'
import { verify } from './log/verify.ts'
import { putOp, removeOp, type Draft, type Op, type View } from './log/intent.ts'
import type { Writer } from './log/writer.ts'
import { checkActor, checkBoolean, checkCare, checkOptions } from './options.ts'
import type { AutoSnapshots } from './snapshots/auto.ts'
import { backup, type BackupFiles } from './snapshots/backup.ts'
import { diffOf, rangeFilter, restoring } from './snapshots/compare.ts'
import { LogSnapshots } from './snapshots/snapshots.ts'
import type { Sweeper } from './state/expiry.ts'
import { pairsOf, put } from './state/pairs.ts'
import type { Locks } from './state/lock.ts'
import { pages, pointOf, Scan } from './state/ranges.ts'
import { replacing } from './state/replace.ts'
import { Later, type Validator } from './state/schema.ts'
import { transact } from './state/transact.ts'
import { Update } from './state/update.ts'
import { eventOf, measured, measuredDiff, measuredStreams, type Measurable } from './telemetry/measured.ts'
import type { TraceEvent } from './telemetry/channels.ts'
import type { Meter } from './telemetry/meter.ts'
import { MEASURED, KEYED, STREAMS } from './telemetry/methods.ts'
import type {
  BackupOptions,
  Change,
  Commit,
  Diff,
  Lease,
  LockOptions,
  LogOptions,
  Range,
  ReadOptions,
  Ref,
  Snapshots,
  Store,
  Subscription,
  Transaction,
  TransactOptions,
  Value,
  WatchOptions,
  WriteOptions,
} from './types.ts'

/** What all handles of one open store share. */
export interface Core {
  readonly url: string
  readonly log: Log
  readonly writer: Writer
  readonly validator: Validator
  readonly maxSnapshots: number
  readonly sweeper: Sweeper | undefined
  readonly keeper: Keeper
  readonly news: News
  readonly watches: Watches
  readonly locks: Locks
  readonly care: Care
  readonly backups: BackupFiles
  auto: AutoSnapshots | undefined
  closing: Promise<void> | undefined
}

const READ_OPTIONS = ['at'] as const
const WRITE_OPTIONS = ['ttl', 'ifRevision'] as const

interface Writing {
  readonly expires: number
  readonly ifRevision: number | undefined
}

/** A handle on a store: for one actor, and under one prefix. It hands the work to the rooms. */
export class StoreHandle implements Store {
  static {
    const about = (handle: StoreHandle): Measurable => handle.#measurable
    measured(this.prototype, about, MEASURED, KEYED)
    measuredStreams(this.prototype, about, STREAMS, KEYED)
  }

  readonly snapshots: Snapshots
  readonly #measurable: Measurable
  readonly #gets: Meter
  readonly #core: Core
  readonly #log: Log
  readonly #actor: string
  readonly #prefix: string

  constructor(core: Core, actor: string, prefix: string) {
    this.#core = core
    this.#log = core.log
    this.#actor = actor
    this.#prefix = prefix
    const { telemetry } = core.log
    this.#measurable = { telemetry, actor, prefix }
    this.#gets = telemetry.meters.get
    this.snapshots = new LogSnapshots(core.log, core.writer, {
      actor,
      maxSnapshots: core.maxSnapshots,
      isOpen: () => this.#open(),
    })
  }

  get url(): string {
    return this.#core.url
  }

  get revision(): number {
    if (this.#core.closing === undefined) this.#log.fresh()
    return this.#log.head.revision
  }

  // ── reads ──

  async get<T = Value>(key: string, options?: ReadOptions): Promise<T | undefined> {
    return this.getSync<T>(key, options)
  }

  getSync<T = Value>(key: string, options?: ReadOptions): T | undefined {
    if (this.#core.closing !== undefined) throw new ClosedError()
    try {
      const full = this.#prefix === '' ? key : this.#checked(key)
      if (options === undefined) return this.#log.read(full, this.#measurable) as T | undefined
      return this.#getAt(full, options) as T | undefined
    } catch (error) {
      this.#log.telemetry.readFailed(error)
      throw error
    }
  }

  #getAt(full: string, options: ReadOptions): Value {
    this.#gets.count++
    const about = (): TraceEvent => eventOf(this.#measurable, 'get', full)
    return this.#log.telemetry.read(about, () => {
      const entry = this.#entry('get', full, options)
      return entry === undefined ? undefined : this.#log.value(entry)
    })
  }

  /** The whole key; with the prefix before it, what is no key of its own might look like one. */
  #checked(key: unknown): string {
    try {
      checkKey(key)
    } catch (error) {
      this.#gets.count++
      throw error
    }
    return this.#prefix + key
  }

  #entry(call: string, full: string, options: ReadOptions): Entry | undefined {
    checkOptions(call, options, READ_OPTIONS)
    const entry = this.#log.entryAt(full, pointOf(this.#log, options.at))
    this.#log.telemetry.cache.past++
    return entry
  }

  async getMany(keys: Iterable<string>, options: ReadOptions = {}): Promise<Map<string, Value>> {
    this.#open()
    checkOptions('getMany', options, READ_OPTIONS)
    if (
      typeof keys === 'string' ||
      typeof (keys as Iterable<string> | null)?.[Symbol.iterator] !== 'function'
    )
      throw new InvalidOptionError(`getMany takes a list of keys.`)
    const point = pointOf(this.#log, options.at)
    const found = new Map<string, Value>()
    for (const key of keys) {
      checkKey(key)
      const entry = this.#log.entryAt(this.#prefix + key, point)
      if (entry !== undefined) found.set(key, this.#log.value(entry))
    }
    this.#log.telemetry.cache.past++
    return found
  }

  async has(key: string, options?: ReadOptions): Promise<boolean> {
    this.#open()
    checkKey(key)
    const full = this.#prefix + key
    return options === undefined ? this.#log.has(full) : this.#entry('has', full, options) !== undefined
  }

  async expiresAt(key: string, options: ReadOptions = {}): Promise<Date | undefined> {
    this.#open()
    checkKey(key)
    const expires = this.#entry('expiresAt', this.#prefix + key, options)?.expires ?? 0
    return expires === 0 ? undefined : new Date(expires)
  }

  keys(range: Range = {}): AsyncIterableIterator<string> {
    return new Scan(
      () => this.#pages(range),
      (entry) => entry.key.slice(this.#prefix.length),
    )
  }

  entries(range: Range = {}): AsyncIterableIterator<readonly [string, Value]> {
    return new Scan(
      () => this.#pages(range),
      (entry) => [entry.key.slice(this.#prefix.length), this.#log.value(entry)],
    )
  }

  async count(range: Range = {}): Promise<number> {
    let count = 0
    for await (const page of this.#pages(range)) count += page.length
    return count
  }

  #pages(range: Range): AsyncGenerator<readonly Entry[]> {
    const about = (): TraceEvent => eventOf(this.#measurable, 'scan')
    return this.#log.telemetry.stream('scan', about, () => {
      this.#open()
      const selection = selectionOf(range, this.#prefix)
      return pages(this.#log, selection, pointOf(this.#log, selection.at))
    })
  }

  async load(options: ReadOptions = {}): Promise<Record<string, Value>> {
    checkOptions('load', options, READ_OPTIONS)
    const state: Record<string, Value> = {}
    for await (const page of this.#pages(options))
      for (const entry of page) put(state, entry.key.slice(this.#prefix.length), this.#log.value(entry))
    return state
  }

  // ── writes ──

  async set(key: string, value: Value, options: WriteOptions = {}): Promise<number> {
    this.#open()
    const full = this.#key(key)
    const writing = this.#writing('set', options)
    const valid = this.#core.validator.check(full, value)
    return this.#write(
      [putOp(full, this.#encode(key, valid instanceof Later ? await valid.value : valid), writing.expires)],
      writing,
    )
  }

  async setMany(
    entries: Iterable<readonly [string, Value]> | Readonly<Record<string, Value>>,
    options: WriteOptions = {},
  ): Promise<number> {
    this.#open()
    const writing = this.#writing('setMany', options)
    const ops = await this.#ops(pairsOf('setMany', entries), writing.expires)
    return ops.size === 0 ? this.revision : this.#write([...ops.values()], writing)
  }

  /** All are checked and encoded before anything is written; of a key that comes twice the last holds. */
  async #ops(pairs: Iterable<readonly [string, Value]>, expires: number): Promise<Map<string, Op>> {
    const ops = new Map<string, Op>()
    for (const [key, value] of pairs) {
      const full = this.#key(key)
      const valid = this.#core.validator.check(full, value)
      ops.set(
        full,
        putOp(full, this.#encode(key, valid instanceof Later ? await valid.value : valid), expires),
      )
    }
    return ops
  }

  async delete(key: string, options: Pick<WriteOptions, 'ifRevision'> = {}): Promise<boolean> {
    this.#open()
    const full = this.#key(key)
    checkOptions('delete', options, ['ifRevision'])
    const writing = this.#writing('delete', options)
    let existed = false
    await this.#submit((view) => {
      this.#expect(view, full, writing)
      existed = view.entry(full) !== undefined
      return existed ? this.#draft([removeOp(full)]) : undefined
    })
    return existed
  }

  async clear(): Promise<number> {
    this.#open()
    return this.#submit((view) => {
      const ops: Op[] = []
      for (const { key } of view.entries()) if (key.startsWith(this.#prefix)) ops.push(removeOp(key))
      return ops.length === 0 ? undefined : this.#draft(ops)
    })
  }

  async update<T = Value>(
    key: string,
    fn: (current: T | undefined) => T | undefined,
    options: WriteOptions = {},
  ): Promise<T | undefined> {
    this.#open()
    const full = this.#key(key)
    const writing = this.#writing('update', options)
    const updating = new Update(this.#log, this.#core.validator, full, fn as (current: unknown) => unknown)
    const build = (view: View): Draft | undefined => {
      this.#expect(view, full, writing)
      const op = updating.run(view, (value) => putOp(full, this.#encode(key, value), writing.expires))
      return op && this.#draft([op])
    }
    await this.#core.writer.submit({ userCode: true, build }).finally(() => this.#wrote(writing.expires))
    if (!updating.waits) return updating.result as T | undefined
    // A schema that has to wait cannot be asked while a revision is being made.
    return this.#transact(async (tx) => {
      const next = fn(await tx.get<T>(key))
      if (next === undefined) tx.delete(key)
      else tx.set(key, next, options.ttl === undefined ? {} : { ttl: options.ttl })
      return await tx.get<T>(key)
    }, {})
  }

  async transact<R>(fn: (tx: Transaction) => R | Promise<R>, options: TransactOptions = {}): Promise<R> {
    this.#open()
    return this.#transact(fn, options)
  }

  #transact<R>(fn: (tx: Transaction) => R | Promise<R>, options: TransactOptions): Promise<R> {
    const { log, writer, validator } = this.#core
    const context = { log, writer, validator, actor: this.#actor, prefix: this.#prefix }
    return transact(context, fn, options).finally(() => this.#wrote(0))
  }

  async save(state: Readonly<Record<string, Value>>): Promise<number> {
    this.#open()
    if (state instanceof Map || Symbol.iterator in Object(state))
      throw new InvalidOptionError('save takes an object of values by key, not a list.')
    const ops = await this.#ops(pairsOf('save', state), 0)
    return this.#submit((view) => this.#draft(replacing(this.#log, view, this.#prefix, ops)))
  }

  // ── the past ──

  async *history(
    key: string,
    options: { readonly limit?: number; readonly from?: Ref } = {},
  ): AsyncGenerator<Change> {
    this.#open()
    const full = this.#key(key)
    checkOptions('history', options, ['limit', 'from'])
    const limit = limitOf('history', options.limit)
    const upTo = pointOf(this.#log, options.from)
    for await (const change of historyOf(this.#log, full, upTo, limit)) yield { ...change, key }
  }

  diff(from: Ref, to?: Ref, range: Range = {}): Diff {
    this.#open()
    return measuredDiff(this.#measurable, diffOf(this.#log, this.#prefix, from, to, range))
  }

  async restore(ref: Ref, range: Range = {}): Promise<number> {
    this.#open()
    const inRange = rangeFilter('restore', range, this.#prefix)
    const point = resolve(this.#log, ref)
    const release = this.#log.pin(point)
    return this.#submit((view) => restoring(this.#log, view, point, inRange, this.#actor)).finally(release)
  }

  async *log(options: LogOptions = {}): AsyncGenerator<Commit> {
    this.#open()
    checkOptions('log', options, ['from', 'to', 'reverse', 'limit'])
    const { from, to, reverse = false } = options
    checkBoolean('reverse', reverse)
    const limit = limitOf('log', options.limit)
    for await (const commit of commitsOf(this.#log, from, to, reverse, limit))
      yield relative(commit, this.#prefix)
  }

  // ── events ──

  watch(
    pattern: string,
    handler: (change: Change) => void | Promise<void>,
    options?: WatchOptions,
  ): Subscription
  watch(pattern: string, options?: WatchOptions): ChangeStream
  watch(
    pattern: string,
    second?: ((change: Change) => void | Promise<void>) | WatchOptions,
    third?: WatchOptions,
  ): Subscription | ChangeStream {
    this.#open()
    const { watches } = this.#core
    const about = { pattern, prefix: this.#prefix }
    if (typeof second === 'function') return new Watch(watches, { ...about, options: third ?? {} }, second)
    if (third !== undefined)
      throw new InvalidOptionError('watch(pattern, handler, options): the handler is a function.')
    return new ChangeStream(watches, { ...about, options: second ?? {} })
  }

  async lock<R>(name: string, fn: (lease: Lease) => R | Promise<R>, options: LockOptions = {}): Promise<R> {
    this.#open()
    return this.#core.locks.run(this.#key(name), this.#actor, fn, options)
  }

  // ── who, where, care ──

  as(actor: string, ...rest: unknown[]): Store {
    this.#open()
    checkActor(actor)
    if (rest.length > 0)
      throw new InvalidOptionError('as(actor) takes no grants: this version cannot hold anybody to them.')
    return new StoreHandle(this.#core, actor, this.#prefix)
  }

  scope(prefix: string): Store {
    this.#open()
    if (typeof prefix !== 'string' || prefix === '' || !prefix.isWellFormed())
      throw new InvalidOptionError('A scope needs a prefix of one character or more, such as "user:".')
    checkKey(this.#prefix + prefix)
    return new StoreHandle(this.#core, this.#actor, this.#prefix + prefix)
  }

  metrics(): Metrics {
    this.#open()
    return this.#core.care.metrics()
  }

  async health(): Promise<Health> {
    this.#open()
    return this.#core.care.health()
  }

  async verify(options: CareOptions = {}): Promise<VerifyReport> {
    this.#open()
    checkCare('verify', options)
    return verify(this.#log, options)
  }

  async compact(options: CareOptions = {}): Promise<CompactReport> {
    this.#open()
    checkCare('compact', options)
    await this.#core.writer.drain()
    return compact(this.#log, this.#core.keeper.keep, options)
  }

  async backup(path: string, options: BackupOptions = {}): Promise<BackupReport> {
    this.#open()
    const { base: _, ...care } = options
    checkCare('backup', care, ['base'])
    if (!this.#log.options.readOnly) await this.#core.writer.drain()
    return backup(this.#log, this.#core.backups, path, options)
  }

  async flush(): Promise<void> {
    this.#open()
    await this.#core.writer.flush()
  }

  close(): Promise<void> {
    return (this.#core.closing ??= this.#close())
  }

  async #close(): Promise<void> {
    const { auto, sweeper, keeper, writer, log, watches, locks, news } = this.#core
    // What was accepted is finished; what comes from now on is refused.
    watches.close()
    await Promise.all([auto?.close(), sweeper?.close(), keeper.close(), locks.close()])
    news.close()
    await writer.close()
    await log.engine.close()
    log.telemetry.closed(log.head.revision)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  // ── small things ──

  #open(): void {
    if (this.#core.closing !== undefined) throw new ClosedError()
  }

  /** The whole key, checked with and without the prefix. */
  #key(key: string): string {
    checkKey(key)
    if (this.#prefix === '') return key
    const full = this.#prefix + key
    checkKey(full)
    return full
  }

  #writing(call: string, options: WriteOptions): Writing {
    checkOptions(call, options, WRITE_OPTIONS)
    const { ttl, ifRevision } = options
    if (ifRevision !== undefined && (!Number.isSafeInteger(ifRevision) || ifRevision < 0))
      throw new InvalidOptionError(
        `ifRevision is a revision (0: only if the key is absent), not ${String(ifRevision)}.`,
      )
    const expires = ttl === undefined ? 0 : Math.ceil(this.#log.context.steady() + parseDuration(ttl, 'ttl'))
    return { expires, ifRevision }
  }

  #encode(key: string, value: unknown): ReturnType<typeof encode> {
    return encode(value, this.#log.options, key)
  }

  #draft(ops: readonly Op[]): Draft {
    return { ops, actor: this.#actor }
  }

  #write(ops: readonly Op[], writing: Writing): Promise<number> {
    const draft = this.#draft(ops)
    if (writing.ifRevision === undefined) return this.#submit(() => draft, writing.expires)
    return this.#submit((view) => {
      for (const op of ops) this.#expect(view, op.key, writing)
      return draft
    }, writing.expires)
  }

  #submit(build: (view: View) => Draft | undefined, expires = 0): Promise<number> {
    const submitted = this.#core.writer.submit({ build })
    void submitted.then(
      () => this.#wrote(expires),
      () => undefined,
    )
    return submitted
  }

  #wrote(expires: number): void {
    this.#core.keeper.wrote()
    if (expires !== 0) this.#core.sweeper?.expects(expires)
  }

  #expect(view: View, full: string, { ifRevision }: Writing): void {
    if (ifRevision === undefined) return
    const actual = view.revisionOf(full)
    if (actual !== ifRevision)
      throw new ConflictError(
        `The last change of ${JSON.stringify(full.slice(this.#prefix.length))} has revision ${actual}, not ${ifRevision}${actual === 0 ? ': the key is absent' : ''}; read it again and decide anew.`,
        actual,
      )
  }
}

/** A commit as a scope shows it: its own keys only. */
function relative(commit: Commit, prefix: string): Commit {
  if (prefix === '') return commit
  const keys = commit.keys.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length))
  return { ...commit, keys }
}

function limitOf(call: string, limit: number | undefined): number {
  if (limit === undefined) return Infinity
  if (typeof limit === 'number' && Number.isSafeInteger(limit) && limit >= 0) return limit
  throw new InvalidOptionError(`The limit of ${call} is a whole number from 0 on, not ${String(limit)}.`)
}
