import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import type { OperationMetrics } from '../reports.ts'

/** One hour in nanoseconds: what takes longer counts as that in the percentiles, and as itself everywhere else. */
const LONGEST_NS = 3_600e9
/** Percentiles are right to a hundredth: with that a histogram takes 32 kB. */
const FIGURES = 2
/** The mean of late: each new time weighs an eighth. */
const OF_LATE = 1 / 8

/** What is known of one kind of work: how often, how often in vain, how long. */
export class Meter {
  /** Everything that was asked for, what failed included. Counted one by one, on the hot path by whoever works there. */
  count = 0
  errors = 0
  /** How many times were taken; every one, unless that would cost more than the work. */
  samples = 0
  sumMs = 0
  maxMs = 0
  /** The mean of the last few. */
  recentMs = 0
  #histogram: RecordableHistogram | undefined
  /** What succeeded before the last reset. */
  #before = 0

  /** How long one took. */
  time(ms: number): void {
    this.recentMs += (ms - this.recentMs) * (this.samples === 0 ? 1 : OF_LATE)
    this.samples++
    this.sumMs += ms
    if (ms > this.maxMs) this.maxMs = ms
    this.#histogram ??= createHistogram({ lowest: 1, highest: LONGEST_NS, figures: FIGURES })
    this.#histogram.record(Math.min(Math.max(Math.round(ms * 1e6), 1), LONGEST_NS))
  }

  /** How many did not fail, ever: a reset does not take them back. */
  get successes(): number {
    return this.#before + this.count - this.errors
  }

  percentile(percent: number): number {
    if (this.#histogram === undefined || this.samples === 0) return 0
    // A bucket's upper end may lie above the longest that was seen.
    return Math.min(this.#histogram.percentile(percent) / 1e6, this.maxMs)
  }

  report(): OperationMetrics {
    const { count, errors, samples, sumMs, maxMs } = this
    return {
      count,
      errors,
      meanMs: samples === 0 ? 0 : sumMs / samples,
      p50Ms: this.percentile(50),
      p99Ms: this.percentile(99),
      maxMs,
    }
  }

  reset(): void {
    this.#before = this.successes
    this.count = this.errors = this.samples = 0
    this.sumMs = this.maxMs = this.recentMs = 0
    this.#histogram?.reset()
  }
}
