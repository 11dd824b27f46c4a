/** What a store tells about itself and its work: metrics, health, reports, and where it tells it. Types only. */

/** Called with how much is done, and of how much. */
export type Progress = (done: number, total: number) => void
/** Of long work. */
export interface CareOptions {
  /** Told from time to time how much is done. */
  readonly onProgress?: Progress
  /** Stops it. */
  readonly signal?: AbortSignal
}

/** One method of a logger. Console-like loggers take the text first, pino-like ones the fields: varve finds out which. */
type LogMethod = (...details: never[]) => unknown
/**
 * Where a store tells what it does and what went wrong in the background. Any console-like or pino-like logger fits; only
 * `warn` has to be there.
 */
export interface Logger {
  /** What is worth knowing when something is looked for. */
  readonly debug?: LogMethod
  /** What happened. */
  readonly info?: LogMethod
  /** What went wrong in the background, and goes on. */
  readonly warn: LogMethod
  /** What went wrong and does not go on. */
  readonly error?: LogMethod
  /** pino: `'debug'`, `'info'` … Below it nothing is made up, let alone told. May change at run time. */
  readonly level?: string
  /** pino: asked before anything is made up. */
  readonly isLevelEnabled?: (level: string) => boolean
  /** What tells a pino-like logger from a console-like one. */
  readonly child?: unknown
}

/** What `verify` has found. */
export interface VerifyReport {
  /** Nothing is damaged and nothing is missing. */
  ok: boolean
  /** Revisions that were checked one by one. */
  revisions: number
  /** Keys of the newest state. */
  keys: number
  /** Records that were checked: of the state and of the history. */
  records: number
  /** Each finding: where, and why. */
  damaged: { where: string; why: string }[]
}
/** What `compact` has given back. */
export interface CompactReport {
  /** As it was. */
  before: { bytes: number; records: number }
  /** As it is. */
  after: { bytes: number; records: number }
  /** The oldest revision from which everything is readable. */
  oldestRevision: number
}
/** `checksum`: SHA-256 of the file, in hex. */
export interface BackupReport {
  /** Where it is. */
  readonly path: string
  /** The newest revision in it. */
  readonly revision: number
  /** Its size. */
  readonly bytes: number
  /** SHA-256 of the file, in hex. */
  readonly checksum: string
  /** Of an incremental backup: it holds what came after this revision. */
  readonly base?: number
}
/** What `restoreBackup` has put back. */
export interface RestoreReport extends BackupReport {
  /** Where the store that stood there before was put; undefined: nothing stood there. */
  readonly kept?: string
}
/** What `snapshots.export` has written. */
export interface ExportReport extends BackupReport {
  /** How many keys the state has. */
  readonly keys: number
}

/** Of one kind of work in this process. `count` includes `errors`: everything that was asked for. */
export interface OperationMetrics {
  /** How often it was asked for. */
  count: number
  /** How often it failed. */
  errors: number
  /** The mean time. */
  meanMs: number
  /** Half took no longer. */
  p50Ms: number
  /** 99 of 100 took no longer. */
  p99Ms: number
  /** The longest. */
  maxMs: number
}
/**
 * - `get`: `get`, `getSync`, `has`, `getMany`; times are those of the first and every 64th `get`
 * - `set`: `set`, `setMany`, `update`, `transact`, `save`; with the time of the functions that they are given
 * - `delete`: `delete`, `clear`
 * - `scan`: `keys`, `entries`, `count`, `load`, `history`, `log`; without the time of those who read them
 * - `commit`: a transaction of the engine with one or more revisions, until it is as durable as it was asked to be
 * - `deliver`: a call of a handler that watches
 */
export type Operation =
  | 'get'
  | 'set'
  | 'delete'
  | 'scan'
  | 'commit'
  | 'snapshot'
  | 'restore'
  | 'diff'
  | 'publish'
  | 'deliver'

/** The numbers of a cache. Ratios are from 0 to 1. */
export interface CacheStats {
  /** Entries in it. */
  size: number
  /** About what they take in memory. */
  bytes: number
  /** At most so many. */
  maxEntries?: number
  /** At most about so many. */
  maxBytes?: number
  /** Reads that it has served, also of what is absent. */
  hits: number
  /** Reads that had to go further. */
  misses: number
  /** Hits in all reads. */
  hitRatio: number
  /** Entries that were put into it. */
  sets: number
  /** Entries that had to make room. */
  evictions: number
  /** Entries whose time had come. */
  expirations: number
}
/**
 * What a store has done in this process, and how large it is: plain data that does not move any more.
 *
 * @example
 * ```ts
 * import { open } from 'varve'
 *
 * const store = await open('memory:')
 * await store.set('a', 1)
 * const metrics = store.metrics()
 * console.log(metrics.operations.set.count, metrics.keys, metrics.revision) // 1 1 1
 * console.log(metrics.toPrometheus().split('\n')[0]) // # HELP …
 * metrics.reset()
 * await store.close()
 * ```
 */
export interface Metrics {
  /** Each kind of work. */
  operations: Record<Operation, OperationMetrics>
  /** Values read and written, and what lies on the disk. */
  bytes: { read: number; written: number; disk: number }
  /** The cache of decoded values in front of the engine. */
  cache: CacheStats
  /** How past values are kept. */
  delta: { count: number; fullBytes: number; storedBytes: number; ratio: number }
  /** How many there are. */
  snapshots: number
  /** Keys of the newest state. */
  keys: number
  /** The newest revision. */
  revision: number
  /** The oldest revision from which everything is readable. */
  oldestRevision: number
  /** Since the store was opened. */
  uptimeMs: number
  /** Since when the counters count: the opening, or the last reset. */
  since: Date
  /** When what had been written was last known to be as durable as asked: by a commit, or by `flush`. */
  persistedAt: Date | undefined
  /** All counters begin again at 0. */
  reset(): void
  /** The same numbers in Prometheus' text format. */
  toPrometheus(): string
}

/** What is looked at. */
export type HealthCheck = 'engine' | 'write' | 'read' | 'space' | 'lag' | 'snapshots'
/** Whether a store can do its work, and why not. */
export interface Health {
  /** `'degraded'`: it works, with something to look at; `'down'`: it does not. */
  readonly status: 'ok' | 'degraded' | 'down'
  /** When it was looked at. */
  readonly at: Date
  /** What is not as it should be, in words; empty if the status is `'ok'`. */
  readonly reasons: readonly string[]
  /** Each check: whether it went well, in words, and how long it took. */
  readonly checks: Record<HealthCheck, { readonly ok: boolean; readonly detail: string; readonly ms: number }>
}
