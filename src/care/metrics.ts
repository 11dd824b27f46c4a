import { now } from '../log/commits.ts'
import type { Log } from '../log/log.ts'
import { marksOf } from '../log/refs.ts'
import type { CacheStats, Metrics, Operation, OperationMetrics } from '../reports.ts'
import { OPERATIONS } from '../telemetry/telemetry.ts'
import { toPrometheus } from './prometheus.ts'

type Numbers = Omit<Metrics, 'reset' | 'toPrometheus'>

/** The numbers of a store as they are now. What was handed out does not move any more. */
export function metricsOf(log: Log): Metrics {
  const { telemetry } = log
  log.fresh()
  telemetry.countReads()
  const { meters, bytes, deltas, since, openedAt, persistedAt } = telemetry
  const numbers: Numbers = {
    operations: Object.fromEntries(OPERATIONS.map((name) => [name, meters[name].report()])) as Record<
      Operation,
      OperationMetrics
    >,
    bytes: { read: bytes.read, written: bytes.written, disk: now(log.engine.bytes()) },
    cache: cacheStats(log),
    delta: { ...deltas, ratio: deltas.count === 0 ? 0 : deltas.storedBytes / deltas.fullBytes },
    snapshots: marksOf(log).length,
    keys: log.head.keys,
    revision: log.head.revision,
    oldestRevision: log.horizon(),
    uptimeMs: log.context.ticks() - openedAt,
    since: new Date(since),
    persistedAt: persistedAt === undefined ? undefined : new Date(persistedAt),
  }
  const times = Object.fromEntries(
    OPERATIONS.map((name) => [name, { samples: meters[name].samples, sumMs: meters[name].sumMs }]),
  ) as Record<Operation, { samples: number; sumMs: number }>
  // Not enumerable: what is left is plain data, to be sent or stored as it is.
  return Object.defineProperties(numbers as Metrics, {
    reset: { value: () => telemetry.reset() },
    toPrometheus: { value: () => toPrometheus(numbers, times, telemetry.store) },
  })
}

function cacheStats({ telemetry, cached }: Log): CacheStats {
  const { past, misses, sets, evictions, expirations } = telemetry.cache
  const hits = Math.max(0, telemetry.meters.get.count - past - misses)
  const { size, bytes, maxEntries, maxBytes } = cached
  return {
    size,
    bytes,
    ...(maxEntries === Infinity ? {} : { maxEntries }),
    ...(maxBytes === Infinity ? {} : { maxBytes }),
    hits,
    misses,
    hitRatio: hits + misses === 0 ? 0 : hits / (hits + misses),
    sets,
    evictions,
    expirations,
  }
}
