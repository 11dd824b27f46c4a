import { checkRange, compareKeys, spanOf } from './keys.ts'
import { compilePattern } from './pattern.ts'
import type { Range } from '../types.ts'

/** A range, checked and ready, with the scope's prefix in its bounds. */
export interface Selection {
  readonly from: string | undefined
  readonly to: string | undefined
  readonly reverse: boolean
  readonly limit: number
  /** Of the whole key. */
  readonly matches: ((key: string) => boolean) | undefined
  readonly at: Range['at']
}

export function selectionOf(range: Range, prefix: string): Selection {
  checkRange(range)
  const { match, reverse = false, limit = Infinity, at } = range
  const pattern = match === undefined ? undefined : compilePattern(match)
  return {
    // What the pattern begins with narrows the span too.
    ...spanOf(range, prefix),
    reverse,
    limit,
    matches: pattern && ((key) => pattern(key.slice(prefix.length))),
    at,
  }
}

/** Whether a key lies in the selection, without regard to limits. */
export function inSelection({ from, to, matches }: Selection): (key: string) => boolean {
  return (key) =>
    (from === undefined || compareKeys(key, from) >= 0) &&
    (to === undefined || compareKeys(key, to) < 0) &&
    (matches === undefined || matches(key))
}
