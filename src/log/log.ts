/** It is over 400 lines because what is read and how fresh it is belong together. */
import type { CommitRecord, Entry, Mark } from '../change.ts'
import type { Context } from '../context.ts'
import type { Awaitable, BrokenChain, Engine, PageQuery } from '../engine.ts'
import { CompactedError, IntegrityError, NotFoundError } from '../errors.ts'
import { fits } from './checksum.ts'
import { checkAside } from './aside-check.ts'
import { eventOf, type Measurable } from '../telemetry/measured.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { decode, decodeFrozen, encodedBytes } from './codec.ts'
import { commitOfChange } from './commit-search.ts'
import { checkHash, CommitCache, EMPTY, now } from './commits.ts'
import { checkKey } from './keys.ts'
import type { DeltaStrategy } from '../types.ts'
import type { Slot, ValueCache } from './values.ts'

/** A point in the store's life that can be read. */
export interface Point {
  readonly revision: number
  /** Its last change. */
  readonly last: number
  /** Entries that end at or before this time are absent; 0: as the log says. */
  readonly asOf: number
  /** The state beside the main line that this revision shows, where it shows one: an import. */
  readonly aside?: number
  /** The snapshot that it was asked for by, for messages. */
  readonly snapshot?: string
}

/** A read inside one turn asks the clock this seldom, and the engine again after so long. */
const READS_PER_LOOK = 64
const TURN_MS = 1
/** More foreign changes than this are not picked out of the cache one by one. */
const PICK = 10_000

/** Counts the commits of all stores of this process: one handle's news are another's in the same turn. */
let commitsHere = 0

export interface LogOptions {
  readonly compression: boolean
  /** How past values are kept. */
  readonly delta: DeltaStrategy
  readonly durability: 'disk' | 'process'
  readonly readOnly: boolean
  /** Milliseconds that a read may lag behind other processes; 0: strict. */
  readonly maxStaleness: number
  /** Whether a key's value is never to be shown without having been asked for. */
  readonly isSecret: (key: string) => boolean
}

/**
 * The hall of the house: what is in the store, as of the newest revision, and as of any other. Keeps the decoded values in
 * front of the engine and drops exactly those that the log names.
 */
export class Log {
  readonly engine: Engine
  readonly context: Context
  readonly options: LogOptions
  readonly telemetry: Telemetry
  readonly #cache: ValueCache
  #head: CommitRecord = EMPTY
  /** `commitsHere` when the engine was last asked in this turn; -1: not yet. */
  #asked = -1
  #askedAt = 0
  #reads = 0
  /** Reads of keys until the next look, and how many there were to be: the difference is counted when somebody asks. */
  #left = 0
  #budget = 0
  #endOfTurn = false
  #marks: Mark[] | undefined
  #horizon: number | undefined
  readonly #commits: CommitCache
  readonly #pins = new Set<{ readonly revision: number; readonly last: number }>()
  /** When the next entry ends; undefined: to be asked. */
  #deadline: number | undefined
  readonly #listeners = new Set<() => void>()

  constructor(engine: Engine, telemetry: Telemetry, cache: ValueCache, options: LogOptions) {
    this.engine = engine
    this.telemetry = telemetry
    this.context = telemetry.context
    this.options = options
    this.#cache = cache
    this.#commits = new CommitCache(this)
    telemetry.countReads = (next) => this.#countReads(next)
  }

  async open(): Promise<void> {
    await this.engine.open()
    this.refresh()
  }

  get head(): CommitRecord {
    return this.#head
  }

  /** What the cache of decoded values holds. */
  get cached(): Pick<ValueCache, 'size' | 'bytes' | 'maxEntries' | 'maxBytes'> {
    return this.#cache
  }

  isSecret(key: string): boolean {
    return this.options.isSecret(key)
  }

  // ── freshness ──

  /**
   * Sees to it that a read shows every commit that finished before this turn of the event loop began. Inside a turn no news
   * from another process can arrive, so that asking once is as strict as asking always.
   */
  fresh(): void {
    if (this.#asked === commitsHere && --this.#reads > 0) return
    this.#ask()
  }

  #ask(): void {
    const { ticks } = this.context
    this.#reads = READS_PER_LOOK
    const { maxStaleness } = this.options
    const elapsed = ticks() - this.#askedAt
    // A turn that goes on reading asks again now and then, so that a loop that waits for somebody else's write ends.
    if (this.#asked === commitsHere && elapsed < TURN_MS) return
    if (maxStaleness > 0 && elapsed < maxStaleness && this.#askedAt > 0) return
    this.#askedAt = ticks()
    this.#asked = commitsHere
    if (this.engine.poll()) this.refresh()
    if (this.#endOfTurn) return
    this.#endOfTurn = true
    // Runs after this callback of the event loop and all its promise continuations, and before the next callback.
    process.nextTick(() => {
      this.#endOfTurn = false
      this.#asked = -1
    })
  }

  /** Takes note of what others have committed. */
  refresh(): void {
    this.#marks = undefined
    this.#horizon = undefined
    const before = this.#head
    const head = now(this.engine.head()) ?? EMPTY
    if (head.revision === before.revision && head.hash === before.hash) return
    // As a rule the one before is the one that was the newest until now.
    const previous =
      before.revision === head.revision - 1 && before.revision > 0
        ? before
        : now(this.engine.commits(head.revision - 1, head.revision - 1, 1, false))[0]
    checkHash(this, head, previous)
    this.#head = head
    this.#deadline = undefined
    if (head.revision < before.revision) this.#commits.clear()
    if (head.revision < before.revision || head.last - before.last > PICK) this.#cache.clear()
    else for (const key of now(this.engine.changedKeys(before.last, PICK))) this.#cache.delete(key)
    this.#tell()
  }

  /** Looks whether others have committed. */
  look(): void {
    this.#asked = -1
    this.#askedAt = 0
    this.#ask()
  }

  /** Calls `fn` whenever the log has grown. The function that it returns stops it. */
  onNews(fn: () => void): () => void {
    const listener = (): void => fn()
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Called when what this handle has committed is as durable as it was asked to be. */
  announce(): void {
    this.engine.ring()
    this.#tell()
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }

  /** Takes note of what this handle has committed. */
  advance(head: CommitRecord, keys: Iterable<string>, deadline: number): void {
    commitsHere++
    this.#head = head
    for (const key of keys) this.#cache.delete(key)
    if (this.#deadline !== undefined && deadline < this.#deadline) this.#deadline = deadline
    // Our own commit is no news to us: the turn goes on as it was.
    if (this.#asked >= 0) this.#asked = commitsHere
  }

  /** Takes note of the snapshots that this handle has made and deleted. */
  advanceMarks(put: readonly Mark[], drop: readonly string[]): void {
    if (this.#marks === undefined || (put.length === 0 && drop.length === 0)) return
    const marks = drop.length === 0 ? this.#marks : this.#marks.filter((mark) => !drop.includes(mark.version))
    for (const mark of put) {
      const place = marks.findLastIndex((one) => one.version === mark.version)
      if (place === -1) marks.push(mark)
      else marks[place] = mark
    }
    this.#marks = marks
  }

  /** All snapshots in the order of their creation, as they are stored. Remembered: thousands of them cost nothing. */
  marks(): readonly Mark[] {
    return (this.#marks ??= [...now(this.engine.marks())])
  }

  /** When the next entry ends; Infinity: none does. */
  deadline(): number {
    return (this.#deadline ??= now(this.engine.nextDue()) ?? Infinity)
  }

  /** To be asked again: entries have gone. */
  forgetDeadline(): void {
    this.#deadline = undefined
  }

  /** Keeps a revision readable for as long as this process reads it. The function that it returns lets go. */
  pin(point: Point): () => void {
    const pin = { revision: point.revision, last: point.last }
    this.#pins.add(pin)
    return () => void this.#pins.delete(pin)
  }

  /** The points that somebody in this process is reading just now. */
  get pins(): Iterable<{ readonly revision: number; readonly last: number }> {
    return this.#pins
  }

  // ── the newest state ──

  /**
   * The value of a key, shared and frozen where it is plain data. What counts the reads until the next look counts them for
   * the metrics, too, and what is to be timed or traced goes the way of those that look: so that the others pay nothing.
   */
  read(key: string, who: Measurable): unknown {
    if (--this.#left <= 0 || this.#asked !== commitsHere) return this.#lookAndRead(key, who)
    return this.#read(key)
  }

  #lookAndRead(key: string, who: Measurable): unknown {
    const { telemetry } = this
    this.#countReads(READS_PER_LOOK)
    this.#ask()
    const how = telemetry.nextRead()
    if (how === 'plain') return this.#read(key)
    if (how === 'timed') {
      const { ticks } = this.context
      const start = ticks()
      const value = this.#read(key)
      telemetry.timedRead(ticks() - start)
      return value
    }
    this.#left = this.#budget = 1
    return telemetry.read(
      () => eventOf(who, 'get', key),
      () => this.#read(key),
    )
  }

  /** `next`: so many reads may follow before the next look. */
  #countReads(next: number = this.#left): void {
    this.telemetry.meters.get.count += this.#budget - this.#left
    this.#left = this.#budget = next
  }

  #read(key: string): unknown {
    const slot = this.#cache.get(key) ?? this.#load(key)
    if (slot.expires !== 0 && slot.expires <= this.context.steady()) return this.#drop(key)
    return slot.encoded === undefined ? slot.value : decode(slot.encoded)
  }

  has(key: string): boolean {
    this.fresh()
    const slot = this.#cache.get(key) ?? this.#load(key)
    if (slot.expires !== 0 && slot.expires <= this.context.steady()) this.#drop(key)
    return slot.change > 0 && (slot.expires === 0 || slot.expires > this.context.steady())
  }

  /** What has ended is nothing that could be hit. */
  #drop(key: string): undefined {
    this.#cache.delete(key)
    this.telemetry.cache.expirations++
    this.telemetry.cache.misses++
  }

  #load(key: string): Slot {
    checkKey(key)
    const entry = this.entry(key)
    let slot: Slot
    if (entry === undefined) {
      slot = { value: undefined, encoded: undefined, change: 0, expires: 0, bytes: key.length }
    } else {
      const { value, shareable } = this.#decoded(entry)
      slot = {
        value: shareable ? value : undefined,
        encoded: shareable ? undefined : entry.value,
        change: entry.change,
        expires: entry.expires,
        // Decoded objects take about twice the bytes that they take encoded.
        bytes:
          key.length +
          (shareable ? encodedBytes(entry.value) * (typeof value === 'string' ? 1 : 2) : entry.value.length),
      }
    }
    this.#cache.set(key, slot)
    this.telemetry.cache.misses++
    return slot
  }

  #decoded(entry: Entry): { value: unknown; shareable: boolean } {
    try {
      return decodeFrozen(entry.value)
    } catch (error) {
      throw new IntegrityError(
        `The value of ${JSON.stringify(entry.key)} in ${this.engine.place} cannot be decoded: damaged.`,
        {
          cause: error,
        },
      )
    }
  }

  /** A live entry as it is stored, fresh from the engine; undefined: absent or expired. */
  entry(key: string): Entry | undefined {
    const entry = now(this.engine.get(key))
    if (entry === undefined) return undefined
    this.check(entry)
    return entry.expires !== 0 && entry.expires <= this.context.steady() ? undefined : entry
  }

  // ── any state ──

  /** The newest state. */
  present(): Point {
    this.fresh()
    return { revision: this.#head.revision, last: this.#head.last, asOf: this.context.steady() }
  }

  entryAt(key: string, point: Point): Entry | undefined {
    checkKey(key)
    const { aside } = point
    const entry = now(
      aside === undefined ? this.engine.getAt(key, point.last) : this.engine.asides.get(aside, key),
    )
    if (entry === undefined) checkAside(this, point)
    return entry === undefined ? undefined : this.#alive(entry, point)
  }

  /** Up to `query.limit` entries as stored, expired ones included as undefined; fewer mean that there are no more. */
  async page(
    query: Omit<PageQuery, 'at'>,
    point: Point,
  ): Promise<{ entries: Entry[]; last: string | undefined }> {
    return this.#livePage(await this.#found(query, point), query.limit, point)
  }

  pageNow(query: Omit<PageQuery, 'at'>, point: Point): { entries: Entry[]; last: string | undefined } {
    return this.#livePage(now(this.#found(query, point)), query.limit, point)
  }

  #found(query: Omit<PageQuery, 'at'>, { last, aside }: Point): Awaitable<readonly (Entry | BrokenChain)[]> {
    return aside === undefined
      ? this.engine.page({ ...query, at: last })
      : this.engine.asides.page(aside, query)
  }

  #livePage(
    found: readonly (Entry | BrokenChain)[],
    limit: number,
    point: Point,
  ): { entries: Entry[]; last: string | undefined } {
    checkAside(this, point)
    const entries: Entry[] = []
    for (const one of found) {
      const entry = this.#alive(one, point)
      if (entry !== undefined) entries.push(entry)
    }
    return { entries, last: found.length < limit ? undefined : found.at(-1)?.key }
  }

  #alive(found: Entry | BrokenChain, point: Point): Entry | undefined {
    if ('broken' in found) throw this.#explain(found, point)
    this.check(found, point.snapshot)
    return found.expires !== 0 && found.expires <= point.asOf ? undefined : found
  }

  #explain(chain: BrokenChain, point: Point): Error {
    // Another process may have compacted since the last look.
    this.#horizon = undefined
    const oldest = this.horizon()
    if (!this.isReadable(point.revision)) return this.compacted(point.revision, oldest)
    return new IntegrityError(
      `The history of ${JSON.stringify(chain.key)} in ${this.engine.place} has a gap before change ${chain.id}: damaged.`,
    )
  }

  /** The value of an entry: frozen where it is plain data, else the reader's own. */
  value(entry: Entry): unknown {
    return this.#decoded(entry).value
  }

  /** The value as a copy that the reader may change. */
  ownValue(entry: Entry): unknown {
    return decode(entry.value)
  }

  /** Refuses a record that is not what was written. */
  check(entry: Entry, snapshot?: string): void {
    this.telemetry.bytes.read += encodedBytes(entry.value)
    if (!fits(entry.key, entry.value, entry.expires, entry.change, entry.sum))
      throw new IntegrityError(
        `The record of ${JSON.stringify(entry.key)} (change ${entry.change}) in ${snapshot === undefined ? '' : `snapshot ${JSON.stringify(snapshot)} of `}${this.engine.place} does not match its checksum: damaged. Run verify, and restore it from a backup or its history.`,
      )
  }

  // ── revisions ──

  /** The oldest revision from which everything is readable. */
  horizon(): number {
    return (this.#horizon ??= now(this.engine.horizon()))
  }

  /** Somebody has compacted: what is readable is to be asked anew. */
  forgetHorizon(): void {
    this.#horizon = undefined
    this.#marks = undefined
  }

  isReadable(revision: number): boolean {
    return (
      revision >= this.horizon() ||
      revision === this.#head.revision ||
      this.marks().some((mark) => mark.revision === revision)
    )
  }

  compacted(revision: number, oldest: number): CompactedError {
    return new CompactedError(
      `Revision ${revision} of ${this.engine.place} has been compacted away; everything is readable from revision ${oldest} on, and every snapshot.`,
      oldest,
    )
  }

  /** The record of a revision, checked against the one before. Revision 0 is the empty store. */
  commitOf(revision: number): CommitRecord {
    if (revision === this.#head.revision) return this.#head
    if (revision === 0) return EMPTY
    if (revision > this.#head.revision || revision < 0)
      throw new NotFoundError(
        `There is no revision ${revision} in ${this.engine.place}; the newest is ${this.#head.revision}.`,
      )
    return this.#commits.get(revision)
  }

  /** The revision that a change belongs to: the first whose last change is not before it. */
  commitOfChange(change: number): CommitRecord {
    return commitOfChange(this, change)
  }
}
