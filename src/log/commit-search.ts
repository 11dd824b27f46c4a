import type { CommitRecord } from '../change.ts'
import { now } from './commits.ts'
import type { Engine } from '../engine.ts'

/** What the search asks of the log. */
export interface CommitsInOrder {
  readonly engine: Engine
  readonly head: CommitRecord
  horizon(): number
  commitOf(revision: number): CommitRecord
}

/** The same before the horizon, where only those records are left whose changes can still be read. */
function commitBefore(log: CommitsInOrder, change: number, horizon: number): CommitRecord {
  let low = 1
  let high = horizon
  while (low < high) {
    const middle = (low + high) >> 1
    const [next] = now(log.engine.commits(middle, horizon, 1, false))
    if (next === undefined || next.last >= change) high = middle
    else low = next.revision + 1
  }
  const [found] = now(log.engine.commits(low, horizon, 1, false))
  return log.commitOf(found?.revision ?? low)
}

/** The revision that a change belongs to: the first whose last change is not before it. */
export function commitOfChange(log: CommitsInOrder, change: number): CommitRecord {
  const horizon = log.horizon()
  if (horizon > 0 && change <= log.commitOf(horizon).last) return commitBefore(log, change, horizon)
  let low = Math.max(1, horizon)
  let high = log.head.revision
  let lowLast = 0
  let highLast = log.head.last
  // Changes are spread evenly over revisions as a rule, so that a guess by proportion lands near; halving bounds the rest.
  for (let step = 0; low < high; step++) {
    const share = highLast > lowLast ? (change - lowLast) / (highLast - lowLast) : 0.5
    const guess = step % 3 === 2 ? (low + high) >> 1 : low + Math.floor((high - low) * share)
    const middle = Math.min(high - 1, Math.max(low, guess))
    const { last } = log.commitOf(middle)
    if (last >= change) {
      high = middle
      highLast = last
    } else {
      low = middle + 1
      lowLast = last
    }
  }
  return log.commitOf(low)
}
