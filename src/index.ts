/** The front door: every public name and nothing else. */
export { open } from './open.ts'
export { restoreBackup } from './restore-backup.ts'
export { Cache } from './cache/cache.ts'
export type {
  CacheEntryMetadata,
  CacheOptions,
  CacheSetOptions,
  EvictionPolicy,
  EvictionReason,
} from './cache/cache-options.ts'
export { cached } from './cache/cached.ts'
export type { CachedOptions } from './cache/cached.ts'
export { PersistentCache } from './cache/persistent.ts'
export type { PersistentCacheOptions } from './cache/persistent.ts'
export { TieredCache } from './cache/tiered.ts'
export type { TieredCacheOptions, TieredSetOptions, TieredStats } from './cache/tiered-options.ts'
export { memoize } from './cache/memoize.ts'
export type { Memoized } from './cache/memoize.ts'
export type { MemoizeOptions } from './cache/memo-options.ts'
export { checksum } from './log/checksum.ts'
export { delta } from './deltas/delta.ts'
export { DeltaChain } from './deltas/chain.ts'
export {
  CacheEntryNotFoundError,
  CacheFullError,
  ClosedError,
  CompactedError,
  ConflictError,
  IntegrityError,
  InvalidKeyError,
  InvalidOptionError,
  InvalidValueError,
  NotFoundError,
  ReadOnlyError,
  UnavailableError,
  VarveError,
} from './errors.ts'
export type { VarveErrorCode } from './errors.ts'
export { createLogger } from './telemetry/logger.ts'
export type {
  LogFields,
  LoggerLevel,
  LoggerMethod,
  LoggerOptions,
  LogMessage,
  LogSink,
  NamedLogger,
} from './telemetry/logger.ts'
export type { LogRecord } from './telemetry/record.ts'
export type { CommitEvent, DeliverEvent, ExpireEvent, TraceEvent, WarnEvent } from './telemetry/channels.ts'
export type {
  BackupReport,
  CacheStats,
  CareOptions,
  CompactReport,
  ExportReport,
  Health,
  HealthCheck,
  Logger,
  Metrics,
  Operation,
  OperationMetrics,
  Progress,
  RestoreReport,
  VerifyReport,
} from './reports.ts'
export type {
  BackupOptions,
  CacheStrategy,
  Change,
  Commit,
  Delta,
  DeltaApi,
  DeltaChainOptions,
  DeltaChainStats,
  DeltaStrategy,
  Diff,
  DiffChange,
  DiffSummary,
  Duration,
  ExportOptions,
  ImportOptions,
  JsonPatchOperation,
  Key,
  Lease,
  LockOptions,
  LogOptions,
  OpenOptions,
  Pattern,
  Range,
  ReadOptions,
  Ref,
  Retention,
  Revision,
  Schema,
  Snapshot,
  SnapshotOptions,
  Snapshots,
  StandardResult,
  StandardSchemaV1,
  Store,
  Subscription,
  StoreCacheOptions,
  Transaction,
  TransactOptions,
  Value,
  WatchOptions,
  WriteOptions,
} from './types.ts'
