import type {
  AsideEntry,
  AsideHead,
  CommitRecord,
  Entry,
  Mark,
  NewChange,
  PastChange,
  Records,
  Replaced,
} from './change.ts'

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
  /** It keeps past values as what is different from the next ones, where it is told to. */
  readonly packs: boolean
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
  /** States beside the main line that are whole now, and the revisions that show them. */
  readonly asides?: readonly { readonly aside: number; readonly revision: number }[]
}

/** States beside the main line: brought in row by row, seen by nobody until a plan says whose state each is. */
export interface Asides {
  heads(): Awaitable<readonly AsideHead[]>
  /** The entry as it was put; its `change` is 0. */
  get(aside: number, key: string): Awaitable<Entry | undefined>
  /** Entries in key order. */
  page(aside: number, query: Omit<PageQuery, 'at'>): Awaitable<readonly Entry[]>
  /** Begins one, or adds to one that is still being brought in: one transaction. False: there is none to add to any more. */
  put(aside: number, at: number, begin: boolean, entries: readonly AsideEntry[]): Promise<boolean>
  /**
   * Removes up to so many entries, and when none is left the aside itself; true: there is more. From the first step on it is
   * nobody's state any more: its head has revision 0 and time 0.
   */
  drop(aside: number, limit: number): Promise<boolean>
}

/** undefined stands for: there is none. */
export interface NoteChange {
  readonly name: string
  readonly expected: string | undefined
  readonly next: string | undefined
}

/** What is to be kept of the past: see log/compact.ts. */
export interface TrimStep {
  /** Changes that nobody can ask for any more. */
  readonly drop: readonly number[]
  /** Changes that stay, but not the change that replaced theirs, so that their value must be kept whole. */
  readonly whole?: readonly number[]
  /** Whether what is kept whole is compressed where that pays. */
  readonly compression?: boolean
  /** Changes that stay behind without their neighbours, so that they must be found by key. */
  readonly keep: readonly number[]
  /** Revisions whose records go. */
  readonly dropCommits: readonly number[]
  /** Revisions that stay without the one before: its hash is written down with them. */
  readonly keepCommits: readonly { readonly revision: number; readonly prior: string }[]
  /** Removed keys whose removal was at or before this change need not be remembered; undefined: all stay. */
  readonly forgetGone?: number
  /** The oldest revision from which everything is readable. It never goes back: another process may have compacted further. */
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
  readonly asides: Asides
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
  /**
   * Calls `heard` when another process may have committed. A call may come for nothing, or (rarely) not at all: who waits
   * also looks from time to time. The function that it returns stops it.
   */
  listen(heard: () => void): () => void
  /** Wakes those who listen in other processes, after a commit. Never fails. */
  ring(): void

  /** A small text beside the log, under a name, that makes no revision: a lease, a consumer's place. */
  note(name: string): Awaitable<string | undefined>
  /** Replaces notes if each of them is what it is expected to be; false: one was not, and nothing happened. */
  exchange(notes: readonly NoteChange[]): Promise<boolean>

  /** Settles when all that is committed survives the loss of power. */
  sync(): Promise<void>
  /** The same at once, where a pause of the length of one disk flush does no harm. False: not now, use `sync`. */
  trySync(): boolean

  trim(step: TrimStep): Promise<void>
  /** Gives free space back, a little at a time; true: there is more. */
  shrink(): Promise<boolean>
  /** Damage that only the engine can see (its own structures): one sentence each. */
  check(): Promise<readonly string[]>
  /** Bytes that it takes on disk or in memory. Cheap: nothing is counted for it. */
  bytes(): Awaitable<number>
  /**
   * Writes all that is committed, as of one moment, to a new file that opens as `sqlite:<path>`, while others write. An engine
   * that has no such file hands out its records instead. What is there when it fails is the caller's to remove.
   */
  copy(path: string): Promise<Records | undefined>
  /** Its bytes, and rows of history. */
  size(): Awaitable<{ bytes: number; records: number }>
}
