import type { Edit } from './edit.ts'
import { close } from './fingerprint.ts'
import type { Side } from './fingerprint.ts'
import { lanes } from './hash.ts'
import type { Sums } from './sums.ts'

/**
 * A walk over two values side by side. After each step the hash of the first value stands in `lanes`; that of the second one
 * in `low` and `high` if there is an edit, else it is the same.
 */
export interface Walk {
  readonly a: Side
  readonly b: Side
  /** Without hashes, what is one and the same object is not looked at. */
  hashing: boolean
  /** So many objects are still asked whether they have fields named by symbols. */
  unasked: number
  low: number
  high: number
  step(a: unknown, b: unknown, depth: number): Edit | undefined
}

/** Puts the hashes of both wholes where they belong. */
export function closeBoth(
  walk: Walk,
  low: number,
  high: number,
  count: number,
  lowAfter: number,
  highAfter: number,
  countAfter: number,
  kind: number,
): void {
  close(lowAfter | 0, highAfter | 0, kind, countAfter)
  walk.low = lanes[0] as number
  walk.high = lanes[1] as number
  close(low | 0, high | 0, kind, count)
}

export function closeSums(walk: Walk, sums: Sums, count: number, countAfter: number, kind: number): void {
  closeBoth(walk, sums.low, sums.high, count, sums.lowAfter, sums.highAfter, countAfter, kind)
}
