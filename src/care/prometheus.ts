import type { Metrics, Operation } from '../reports.ts'

type Numbers = Omit<Metrics, 'reset' | 'toPrometheus'>
type Times = Readonly<Record<Operation, { readonly samples: number; readonly sumMs: number }>>
type Labels = Readonly<Record<string, string>>

/**
 * Metrics in Prometheus' text format, version 0.0.4. The labels are the store and the operation: both have few values, so
 * that no series is born with each key or actor.
 */
export function toPrometheus(metrics: Numbers, times: Times, store: string): string {
  const lines: string[] = []
  const head = (name: string, type: 'counter' | 'gauge' | 'summary', help: string): void => {
    lines.push(`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${type}`)
  }
  const sample = (name: string, value: number, labels: Labels = {}): void => {
    lines.push(`${name}${labelText({ store, ...labels })} ${numberText(value)}`)
  }
  const one = (name: string, type: 'counter' | 'gauge', help: string, value: number): void => {
    head(name, type, help)
    sample(name, value)
  }
  const operations = Object.entries(metrics.operations) as [Operation, Metrics['operations'][Operation]][]

  head('varve_operations_total', 'counter', 'What was asked of the store, what failed included.')
  for (const [operation, { count }] of operations) sample('varve_operations_total', count, { operation })
  head('varve_operation_errors_total', 'counter', 'What was asked of the store and failed.')
  for (const [operation, { errors }] of operations)
    sample('varve_operation_errors_total', errors, { operation })
  head(
    'varve_operation_duration_seconds',
    'summary',
    'How long it took, of those that were timed: all, but of get the first and every 64th.',
  )
  for (const [operation, { p50Ms, p99Ms }] of operations) {
    const { samples, sumMs } = times[operation]
    const none = samples === 0
    const name = 'varve_operation_duration_seconds'
    sample(name, none ? Number.NaN : p50Ms / 1_000, { operation, quantile: '0.5' })
    sample(name, none ? Number.NaN : p99Ms / 1_000, { operation, quantile: '0.99' })
    sample(`${name}_sum`, sumMs / 1_000, { operation })
    sample(`${name}_count`, samples, { operation })
  }
  head('varve_operation_duration_max_seconds', 'gauge', 'The longest since the counters count.')
  for (const [operation, { maxMs }] of operations)
    sample('varve_operation_duration_max_seconds', maxMs / 1_000, { operation })

  const { bytes, cache, delta } = metrics
  one('varve_read_bytes_total', 'counter', 'Encoded values that came from the engine.', bytes.read)
  one('varve_written_bytes_total', 'counter', 'Encoded values that were stored.', bytes.written)
  one('varve_disk_bytes', 'gauge', 'What the store takes on disk, or in memory.', bytes.disk)
  one('varve_cache_entries', 'gauge', 'Decoded values in the read cache.', cache.size)
  one('varve_cache_bytes', 'gauge', 'About what they take.', cache.bytes)
  one('varve_cache_hits_total', 'counter', 'Reads that the cache answered.', cache.hits)
  one('varve_cache_misses_total', 'counter', 'Reads that it did not answer.', cache.misses)
  one('varve_cache_sets_total', 'counter', 'Values that were put into it.', cache.sets)
  one('varve_cache_evictions_total', 'counter', 'Values that had to go for others.', cache.evictions)
  one('varve_cache_expirations_total', 'counter', 'Values whose time was over.', cache.expirations)
  one('varve_deltas_total', 'counter', 'Past values that were stored as differences.', delta.count)
  one('varve_delta_full_bytes_total', 'counter', 'What they would take whole.', delta.fullBytes)
  one('varve_delta_stored_bytes_total', 'counter', 'What they take.', delta.storedBytes)
  one('varve_snapshots', 'gauge', 'Snapshots that are kept.', metrics.snapshots)
  one('varve_keys', 'gauge', 'Keys of the newest state.', metrics.keys)
  one('varve_revision', 'gauge', 'The newest revision.', metrics.revision)
  one('varve_oldest_revision', 'gauge', 'From here on everything is readable.', metrics.oldestRevision)
  one('varve_uptime_seconds', 'gauge', 'Since the store was opened here.', metrics.uptimeMs / 1_000)
  one(
    'varve_counters_since_timestamp_seconds',
    'gauge',
    'Since when the counters count.',
    metrics.since.getTime() / 1_000,
  )
  if (metrics.persistedAt !== undefined)
    one(
      'varve_persisted_timestamp_seconds',
      'gauge',
      'When what was written was last known to be as durable as asked.',
      metrics.persistedAt.getTime() / 1_000,
    )
  return `${lines.join('\n')}\n`
}

function labelText(labels: Labels): string {
  const escape = (text: string): string =>
    text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${escape(value)}"`)
    .join(',')}}`
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

function numberText(value: number): string {
  return Number.isNaN(value) ? 'NaN' : String(value)
}
