import type { CommitRecord, Entry, Mark, NewChange, PastChange, Replaced } from './change.ts'

/** A value now, or a promise of it: engines that live in this process answer at once. */
export type Awaitable<T> = T | Promise<T>

/** What an engine can do; the conformance suite reads it. */
export interface Supports {
  /** Every read answers without a promise. */
  readonly sync: boolean
  /** Several processes may have it open. */
  readonly multiProcess: boolean
  /** What is written is there after the process has ended. */
  readonly persistent: boolean
  /** It can make what is committed survive the loss of power. */
  readonly durable: boolean
}

/** Keys from `from` (inclusive) to `to` (exclusive), in the order of their UTF-8 bytes. */
export interface Span {
  readonly from: string | undefined
  readonly to: string | undefined
}

export interface PageQuery extends Span {
  readonly reverse: boolean
  readonly limit: number
  /** Show the state after this change. */
  readonly at: number
}

/** A chain of changes that ends before it got where it should: compacted, or damaged. The log knows which. */
export interface BrokenChain {
  readonly broken: true
  readonly key: string
  /** The change whose predecessor is missing. */
  readonly id: number
}

/** One engine transaction: everything in it is stored, or nothing. */
export interface Plan {
  /** Numbered on from the newest change. A removal is of a key that is there, and its `expires` is 0. */
  readonly changes: readonly NewChange[]
  /** Makes the revisions' records, once it is known what the changes replaced. */
  seal(replaced: readonly Replaced[]): readonly CommitRecord[]
  /** What is dropped goes before what is put. */
  readonly marks?: { readonly put?: readonly Mark[]; readonly drop?: readonly string[] }
}

/** What is to be kept of the past: see log/compact.ts. */
export interface TrimStep {
  /** Changes that nobody can ask for any more. */
  readonly drop: readonly number[]
  /** Changes that stay behind without their neighbours, so that they must be found by key. */
  readonly keep: readonly number[]
  /** Revisions whose records go. */
  readonly dropCommits: readonly number[]
  /** Revisions that stay without the one before: its hash is written down with them. */
  readonly keepCommits: readonly { readonly revision: number; readonly prior: string }[]
  /** Removed keys whose removal was at or before this change need not be remembered; undefined: all stay. */
  readonly forgetGone?: number
  /** The oldest revision from which everything is readable. */
  readonly horizon: number
}

/**
 * What a storage engine does. It stores records and finds them again; what they mean (encoding, checksums, revisions, who
 * and when, retention) is the log's business and written once.
 *
 * Promises: `commit` is atomic, isolated and ordered among all processes; what it stored is visible to everyone who asks
 * afterwards. Reads show committed records only. All failures are `VarveError`s; what `prepare` and `seal` throw comes out
 * as it is or as the `cause` of one. After `close` every call fails.
 */
export interface Engine {
  readonly name: string
  readonly supports: Supports
  /** Where it is, for messages. */
  readonly place: string

  open(): Promise<void>
  /** Idempotent. Leaves nothing that keeps the program alive. */
  close(): Promise<void>

  /** The newest revision's record; undefined in an empty store. */
  head(): Awaitable<CommitRecord | undefined>
  /** Whether anybody else may have committed since the last call. Cheap: it is asked once per turn. */
  poll(): boolean

  get(key: string): Awaitable<Entry | undefined>
  /** The key as it was after the change `at`. */
  getAt(key: string, at: number): Awaitable<Entry | BrokenChain | undefined>
  /** Of a key that was absent after the change `at`: the change that had removed it; 0: it had never been there. */
  removal(key: string, at: number): Awaitable<number>
  /** Entries in key order, one consistent view per call. */
  page(query: PageQuery): Awaitable<readonly (Entry | BrokenChain)[]>
  /** Entries that end at or before `now`, soonest first. */
  due(now: number, limit: number): Awaitable<readonly Entry[]>
  /** When the next entry ends; undefined: none does. */
  nextDue(): Awaitable<number | undefined>

  /** All keys in order, and the last change of each. */
  heads(
    from: string | undefined,
    limit: number,
  ): Awaitable<readonly { readonly key: string; readonly change: number }[]>
  /** Removed keys that are still remembered, in order, and the change that removed each. */
  gone(
    from: string | undefined,
    limit: number,
  ): Awaitable<readonly { readonly key: string; readonly change: number }[]>

  /** Rows of the log with after < id <= upTo, oldest first. */
  changes(after: number, upTo: number, limit: number): Awaitable<readonly PastChange[]>
  /** The keys of the changes with after < id, oldest first. */
  changedKeys(after: number, limit: number): readonly string[]
  /** Rows of the log of one key, newest first, from the newest with id <= `from`. */
  changesOf(key: string, from: number, limit: number): Awaitable<readonly PastChange[]>
  /** Records with from <= revision <= to; oldest first, or newest first. */
  commits(from: number, to: number, limit: number, reverse: boolean): Awaitable<readonly CommitRecord[]>

  marks(): Awaitable<readonly Mark[]>
  /** The oldest revision from which everything is readable: 0 until something was compacted. */
  horizon(): Awaitable<number>

  /**
   * Runs `prepare` against the newest state while nobody else can write, and stores what it returns as one transaction.
   * `prepare` is told whether somebody else committed since `poll` was last asked; it may read (this engine, synchronously),
   * must not wait, and returns undefined to store nothing.
   */
  commit(prepare: (moved: boolean) => Plan | undefined): Promise<void>
  /** The same without a promise; false: another process is writing just now, nothing happened. */
  tryCommit(prepare: (moved: boolean) => Plan | undefined): boolean
  /** Settles when all that is committed survives the loss of power. */
  sync(): Promise<void>
  /** The same at once, where a pause of the length of one disk flush does no harm. False: not now, use `sync`. */
  trySync(): boolean

  trim(step: TrimStep): Promise<void>
  /** Gives free space back, a little at a time; true: there is more. */
  shrink(): Promise<boolean>
  /** Damage that only the engine can see (its own structures): one sentence each. */
  check(): Promise<readonly string[]>
  /** Bytes that it takes on disk or in memory, and rows of history. */
  size(): Awaitable<{ bytes: number; records: number }>
}
