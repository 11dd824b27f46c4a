import type { Log } from '../log/log.ts'
import type { Health, Metrics } from '../reports.ts'
import { healthOf, type Beside } from './health.ts'
import { metricsOf } from './metrics.ts'

/** How a store is doing. */
export interface Care {
  metrics(): Metrics
  health(): Promise<Health>
}

/** What all handles of an open store answer when they are asked how they are doing. */
export function careOf(log: Log, beside: Beside): Care {
  return { metrics: () => metricsOf(log), health: () => healthOf(log, beside) }
}
