/** The embedded default. It is over 400 lines because each promise of the engine contract has its method here. */
import type { CommitRecord, Entry, Mark, NewChange, PastChange, Records } from '../change.ts'
import type { Context } from '../context.ts'
import type { BrokenChain, Engine, NoteChange, PageQuery, Plan, Supports, TrimStep } from '../engine.ts'
import { ClosedError, IntegrityError } from '../errors.ts'
import { syncPath, unavailable } from '../files.ts'
import { SqliteAsides } from './sqlite/asides.ts'
import { Bell } from './sqlite/bell.ts'
import { compressed } from '../log/codec.ts'
import { Connection } from './sqlite/connection.ts'
import { copyDatabase } from './sqlite/copy.ts'
import { findDriver, type Driver, type Row, type SqlValue } from './sqlite/driver.ts'
import { isBusy, patiently, translate } from './sqlite/failures.ts'
import { packedForm, unpacked, type Chain } from './packing.ts'
import { chainIn, pageAt, pastOf, removalBefore } from './sqlite/pages.ts'
import { prepareFiles, releaseFiles, storeFiles, type StoreFiles } from './sqlite/files.ts'
import { WriterQueue } from './sqlite/queue.ts'
import {
  type KeyChange,
  toKeyChange,
  fromCommit,
  fromMark,
  fromSqlKey,
  toCommit,
  toEntry,
  toMark,
  toReplaced,
  toPastChange,
  toSqlKey,
} from './sqlite/rows.ts'
import { Checkpoints, runApart } from './sqlite/checkpoints.ts'
import { AT_ONCE, SEAL, SQL } from './sqlite/schema.ts'
import { WalFlusher } from './sqlite/wal.ts'

export interface SqliteOptions {
  /** `true`: `path` is a folder of our own; else it is the database file. */
  readonly folder: boolean
  readonly readOnly: boolean
  /** Take this driver instead of the first that fits. */
  readonly driver?: Driver
}

/** A look at the size of the write-ahead log is due after so many commits. */
const SIZE_EVERY = 64
/** Databases up to this size are checked on the spot: a thread takes longer to start. */
const CHECK_HERE_BYTES = 4 * 2 ** 20

/** Notes stand in the table meta, under names of their own. */
const NOTE = 'note:'
/** What one row of `put` takes. */
const PUT_COLUMNS = 6
/** So many free pages are given back in one step. */
const SHRINK_PAGES = 256

class SqliteEngine implements Engine {
  readonly supports: Supports = {
    sync: true,
    multiProcess: true,
    persistent: true,
    durable: true,
    packs: true,
  }
  readonly #context: Context
  readonly #options: SqliteOptions
  readonly #files: StoreFiles
  readonly #driver: Driver
  readonly #db: Connection
  readonly #chain: Chain
  readonly #bell: Bell
  readonly asides: SqliteAsides
  #flusher: WalFlusher | undefined
  #queue: WriterQueue | undefined
  #dataVersion = -1
  /** Others have committed, and only a transaction of the engine's own has noticed. */
  #news = false
  #revision = 0
  #commits = 0
  #checkpoints: Checkpoints | undefined
  #lost: string | undefined
  #open = false
  /** Read-only, and nobody had it open for writing when we came. */
  #frozen = false
  /** It is a backup that nobody has written to yet. */
  #sealed = false

  constructor(context: Context, path: string, options: SqliteOptions) {
    this.#context = context
    this.#options = options
    this.#files = storeFiles(path, options.folder)
    this.#driver = options.driver ?? findDriver()
    this.#db = new Connection(this.#driver, this.#files.db)
    this.#chain = chainIn(this.#db)
    this.#bell = new Bell(context, this.#files.bell)
    this.asides = new SqliteAsides(this.#db, (work) => this.#transaction(work))
  }

  /** With what a report of trouble has to say. */
  get name(): string {
    return `sqlite ${this.#driver.sqliteVersion} by ${this.#driver.name}`
  }

  get place(): string {
    return this.#files.db
  }

  async open(): Promise<void> {
    const { db: path } = this.#files
    const { readOnly } = this.#options
    prepareFiles(this.#context, this.#driver, this.#files, readOnly)
    this.#open = true
    try {
      await patiently(this.#context, () => this.#connect(path, readOnly))
    } catch (error) {
      await this.close()
      throw translate(error, path)
    }
  }

  #connect(path: string, readOnly: boolean): void {
    const { fs } = this.#context
    this.#frozen = readOnly && !fs.existsSync(this.#files.wal)
    const file = fs.statSync(path).ino
    this.#db.open(readOnly ? (this.#frozen ? 'frozen' : 'read') : 'write')
    // The first real look: recovers the write-ahead log after a crash, and makes the -wal file appear.
    this.poll()
    // From now on nobody can put another file here. Somebody may have done so between the opening and the look.
    if (fs.statSync(path).ino !== file) return this.#connect(path, readOnly)
    // So it is left by a restore of a backup that was killed while it kept others out.
    if (!readOnly && this.#db.get('journalMode')?.[0] !== 'wal') this.#db.exec('pragma journal_mode = wal')
    this.#revision = this.#newestRevision()
    if (readOnly) return
    this.#sealed = this.#db.get('meta', SEAL) !== undefined
    try {
      this.#bell.open()
      this.#queue ??= new WriterQueue(this.#context, this.#files.queue)
      this.#flusher ??= new WalFlusher(this.#context, this.#files.wal)
      this.#checkpoints ??= new Checkpoints(this.#context, this.#driver, this.#db, this.#flusher)
      syncPath(this.#context, this.#files.wal.slice(0, this.#files.wal.lastIndexOf('/') + 1) || '.')
    } catch (error) {
      throw unavailable(error, `The files beside ${path} cannot be opened`)
    }
    const mark = this.#queue.readMark()
    if (mark > this.#revision) {
      this.#lost = `revisions ${this.#revision + 1} to ${mark} had reached the disk and are gone`
      this.#context.warn(
        `${path}: ${this.#lost}: a file was cut off or put back. Run verify, and restore from a backup.`,
        undefined,
        'durability',
      )
    }
  }

  /** The revisions and the changes have to end together: else one of them has lost its end. */
  #newestRevision(): number {
    this.#db.run('beginRead')
    try {
      const head = this.head()
      const newest = Number(this.#db.get('newestChange')?.[0] ?? 0)
      const last = head?.last ?? 0
      if (newest > last || (newest < last && this.horizon() === 0))
        throw new IntegrityError(
          `${this.place} is damaged: its newest revision ends at change ${last} and its history at change ${newest}; restore it from a backup.`,
        )
      return head?.revision ?? 0
    } finally {
      this.#db.run('commit')
    }
  }

  async close(): Promise<void> {
    if (!this.#open) return
    this.#open = false
    await this.#checkpoints?.now()
    await this.#flusher?.close()
    this.#queue?.close()
    this.#queue = undefined
    this.#flusher = undefined
    this.#bell.close()
    await this.#db.close(this.#context)
    releaseFiles(this.#files)
  }

  // ── reads ──

  head(): CommitRecord | undefined {
    return this.#db.record(toCommit, 'head')
  }

  poll(): boolean {
    if (this.#frozen && this.#context.fs.existsSync(this.#files.wal)) {
      // Somebody has begun to write.
      this.#frozen = false
      this.#db.open('read')
      this.#dataVersion = -1
    }
    const version = Number(this.#db.get('dataVersion')?.[0])
    const moved = version !== this.#dataVersion || this.#news
    this.#news = false
    this.#dataVersion = version
    return moved
  }

  get(key: string): Entry | undefined {
    return this.#db.record((row) => toEntry(key, row), 'get', toSqlKey(key))
  }

  getAt(key: string, at: number): Entry | BrokenChain | undefined {
    const now = this.get(key)
    return now !== undefined && now.change <= at ? now : pastOf(this.#db, key, at, now?.change)
  }

  removal(key: string, at: number): number {
    return removalBefore(this.#db, key, at)
  }

  page(query: PageQuery): readonly (Entry | BrokenChain)[] {
    return pageAt(this.#db, query)
  }

  due(now: number, limit: number): readonly Entry[] {
    return this.#db.records((row) => toEntry(fromSqlKey(row[0]), row, 1), 'due', now, limit)
  }

  nextDue(): number | undefined {
    const at = this.#db.get('nextDue')?.[0]
    return typeof at === 'number' ? at : undefined
  }

  heads(from: string | undefined, limit: number): readonly KeyChange[] {
    return this.#db.records(toKeyChange, 'heads', from === undefined ? '' : toSqlKey(from), limit)
  }

  gone(from: string | undefined, limit: number): readonly KeyChange[] {
    return this.#db.records(toKeyChange, 'gone', from === undefined ? '' : toSqlKey(from), limit)
  }

  changes(after: number, upTo: number, limit: number): readonly PastChange[] {
    return unpacked(this.#chain, this.#db.records(toPastChange, 'changes', after, upTo, limit))
  }

  changedKeys(after: number, limit: number): readonly string[] {
    return this.#db.records((row) => fromSqlKey(row[0]), 'changedKeys', after, limit)
  }

  changesOf(key: string, from: number, limit: number): readonly PastChange[] {
    return unpacked(this.#chain, this.#db.records(toPastChange, 'changesOf', toSqlKey(key), from, limit))
  }

  commits(from: number, to: number, limit: number, reverse: boolean): readonly CommitRecord[] {
    return this.#db.records(toCommit, reverse ? 'commitsReverse' : 'commits', from, to, limit)
  }

  marks(): readonly Mark[] {
    return this.#db.records(toMark, 'marks')
  }

  horizon(): number {
    const value = this.#db.get('meta', 'horizon')?.[0]
    return typeof value === 'number' ? value : 0
  }

  // ── writes ──

  tryCommit(prepare: (moved: boolean) => Plan | undefined): boolean {
    const queue = this.#writable()
    if (!queue.mayGo()) return false
    try {
      this.#db.statement('begin').run()
    } catch (error) {
      if (isBusy(error)) return false
      throw translate(error, this.place)
    }
    this.#db.inTransaction = true
    try {
      const plan = prepare(this.poll())
      if (plan === undefined) {
        this.#db.run('rollback')
      } else {
        if (this.#sealed) this.#db.run('dropMeta', SEAL)
        this.#store(plan)
        this.#db.run('commit')
        this.#sealed = false
      }
    } catch (error) {
      try {
        this.#db.statement('rollback').run()
      } catch {
        // A failed commit has rolled back already.
      }
      throw translate(error, this.place)
    } finally {
      this.#db.inTransaction = false
      queue.wrote()
    }
    if (++this.#commits % SIZE_EVERY === 0) this.#checkpoints?.ifLarge()
    return true
  }

  async commit(prepare: (moved: boolean) => Plan | undefined): Promise<void> {
    if (this.tryCommit(prepare)) return
    const queue = this.#writable()
    const { turn, sleep, random, ticks } = this.#context
    try {
      for (let start = ticks(); ;) {
        queue.enter()
        // The first in the queue looks at every turn of the event loop for a while: the lock is held for a fraction of a
        // millisecond at a time. The others have longer to wait.
        if (queue.mayGo()) {
          if (this.tryCommit(prepare)) return
          if (ticks() - start < 20) await new Promise<void>((resolve) => turn(resolve))
          else await sleep(random() * 2)
        } else {
          await sleep(1 + random())
          start = ticks()
        }
      }
    } finally {
      queue.leave()
    }
  }

  #store(plan: Plan): void {
    const { changes, marks } = plan
    const first = changes[0]?.id
    this.#putAll(changes)
    const replaced =
      first === undefined ? [] : this.#db.all('replaced', first).map((row, i) => toReplaced(row, changes[i]))
    if (replaced.length !== changes.length)
      throw new IntegrityError(
        `${this.place}: ${changes.length} changes were written and ${replaced.length} were logged: damaged.`,
      )
    const commits = plan.seal(replaced)
    let next = 0
    for (; next + AT_ONCE <= commits.length; next += AT_ONCE)
      this.#db.run('addCommits', ...commits.slice(next, next + AT_ONCE).flatMap(fromCommit))
    for (const commit of commits.slice(next)) this.#db.run('addCommit', ...fromCommit(commit))
    for (const version of marks?.drop ?? []) this.#db.run('dropMark', version)
    for (const mark of marks?.put ?? []) this.#db.run('putMark', ...fromMark(mark))
    for (const { aside, revision } of plan.asides ?? []) this.asides.complete(aside, revision)
    this.#revision = commits.at(-1)?.revision ?? this.#revision
  }

  #putAll(changes: readonly NewChange[]): void {
    let rows: SqlValue[] = []
    const flush = (): void => {
      if (rows.length === AT_ONCE * PUT_COLUMNS) this.#db.run('putMany', ...rows)
      else
        for (let i = 0; i < rows.length; i += PUT_COLUMNS)
          this.#db.run('put', ...rows.slice(i, i + PUT_COLUMNS))
      rows = []
    }
    for (const { id, key, value, expires, sum, past } of changes) {
      const sqlKey = toSqlKey(key)
      if (value !== undefined && past !== undefined) {
        flush()
        this.#db.run('pack', sqlKey, id, packedForm(past.delta))
        this.#db.run('putPacked', sqlKey, value, id, expires === 0 ? null : expires, sum)
        continue
      }
      if (value !== undefined) {
        rows.push(sqlKey, value, id, expires === 0 ? null : expires, sum, 0)
        if (rows.length === AT_ONCE * PUT_COLUMNS) flush()
        continue
      }
      // A removal may be of a key that was put just before.
      flush()
      this.#db.run('removeChange', sqlKey, id)
      this.#db.run('removeState', sqlKey)
      this.#db.run('addGone', sqlKey, id, sum)
    }
    flush()
  }

  listen(heard: () => void): () => void {
    return this.#bell.listen(heard)
  }

  ring(): void {
    this.#bell.ring()
  }

  note(name: string): string | undefined {
    const value = this.#db.get('meta', NOTE + name)?.[0]
    return typeof value === 'string' ? value : undefined
  }

  async exchange(notes: readonly NoteChange[]): Promise<boolean> {
    let done = false
    await this.#transaction(() => {
      done = notes.every(({ name, expected }) => this.note(name) === expected)
      if (!done) return
      for (const { name, next } of notes) {
        if (next === undefined) this.#db.run('dropMeta', NOTE + name)
        else this.#db.run('putMeta', NOTE + name, next)
      }
    })
    return done
  }

  async sync(): Promise<void> {
    this.#writable()
    const revision = this.#revision
    await this.#flusher?.flush()
    this.#queue?.writeMark(revision)
  }

  trySync(): boolean {
    const queue = this.#writable()
    const revision = this.#revision
    if (this.#flusher?.flushNow() !== true) return false
    queue.writeMark(revision)
    return true
  }

  // ── care ──

  async trim(step: TrimStep): Promise<void> {
    await this.#transaction(() => {
      // First what readers are told, then what they can no longer find.
      this.#db.run('putMeta', 'horizon', Math.max(this.horizon(), step.horizon))
      for (const id of step.whole ?? []) this.#unpack(id, step.compression ?? false)
      for (const id of step.drop) this.#db.run('dropChange', id)
      for (const id of step.keep) this.#db.run('keepChange', id)
      for (const { revision, prior } of step.keepCommits)
        this.#db.run('keepCommit', revision, Buffer.from(prior, 'hex'))
      for (const revision of step.dropCommits) this.#db.run('dropCommit', revision)
      if (step.forgetGone !== undefined) this.#db.run('forgetGone', step.forgetGone)
    })
  }

  #unpack(id: number, compression: boolean): void {
    const [row] = unpacked(this.#chain, this.#db.records(toPastChange, 'change', id))
    if (row?.packed === true && row.before !== undefined)
      this.#db.run('unpackChange', id, compressed(row.before, { compression }))
  }

  async shrink(): Promise<boolean> {
    let left = 0
    await this.#transaction(() => {
      this.#db.exec(`pragma incremental_vacuum(${SHRINK_PAGES})`)
      left = Number(this.#db.get('freePages')?.[0] ?? 0)
    })
    if (left > 0) return true
    // The file gets shorter when the write-ahead log is brought into it.
    await this.#checkpoints?.now()
    return false
  }

  /** A transaction that makes no revision. */
  async #transaction(work: () => void): Promise<void> {
    await this.commit((moved) => {
      this.#news ||= moved
      work()
      return { changes: [], seal: () => [] }
    })
  }

  async check(): Promise<readonly string[]> {
    const { db: path } = this.#files
    let rows: Row[]
    try {
      const small = this.#context.fs.statSync(path).size <= CHECK_HERE_BYTES
      rows = small
        ? this.#db.all('integrityCheck')
        : (await runApart(this.#driver, path, [SQL.integrityCheck], true)).flat()
    } catch (error) {
      return [translate(error, path).message]
    }
    const findings = rows.map((row) => String(row[0])).filter((line) => line !== 'ok')
    const mark = this.#queue?.readMark() ?? 0
    if (mark > (this.head()?.revision ?? 0))
      findings.push(this.#lost ?? `revisions up to ${mark} had reached the disk and are gone`)
    return findings
  }

  async copy(path: string): Promise<Records | undefined> {
    const source = this.#frozen ? this.#db.frozenPlace : this.place
    await copyDatabase(this.#driver, source, this.#options.readOnly, path)
    return undefined
  }

  bytes(): number {
    const { fs } = this.#context
    const of = (path: string): number => fs.statSync(path, { throwIfNoEntry: false })?.size ?? 0
    return of(this.#files.db) + of(this.#files.wal)
  }

  size(): { bytes: number; records: number } {
    return { bytes: this.bytes(), records: Number(this.#db.get('countChanges')?.[0] ?? 0) }
  }

  // ── the driver's doors ──

  #writable(): WriterQueue {
    if (this.#queue === undefined || this.#flusher === undefined) throw new ClosedError()
    if (this.#flusher.failure) throw this.#flusher.failure
    return this.#queue
  }
}

/** The embedded default: one SQLite database, any number of processes, no server and no compiler. */
export function sqliteEngine(context: Context, path: string, options: SqliteOptions): Engine {
  return new SqliteEngine(context, path, options)
}
