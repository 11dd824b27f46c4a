import { checkRange, spanOf } from './keys.ts'
import { compilePattern, literalPrefix } from './pattern.ts'
import type { Range } from '../types.ts'

/** A range, checked and ready, with the scope's prefix in its bounds. */
export interface Selection {
  readonly from: string | undefined
  readonly to: string | undefined
  readonly reverse: boolean
  readonly limit: number
  /** Of the whole key. */
  readonly matches: ((key: string) => boolean) | undefined
  readonly prefix: string
  readonly at: Range['at']
}

export function selectionOf(range: Range, prefix: string): Selection {
  checkRange(range)
  const { match, reverse = false, limit = Infinity, at } = range
  const pattern = match === undefined ? undefined : compilePattern(match)
  const narrowed =
    match === undefined ? range : { ...range, prefix: longer(range.prefix, literalPrefix(match)) }
  const { from, to } = spanOf(narrowed, prefix)
  return {
    from,
    to,
    reverse,
    limit,
    matches: pattern && ((key) => pattern(key.slice(prefix.length))),
    prefix,
    at,
  }
}

/** Two prefixes that both have to hold: the longer says more, and if they disagree nothing matches either way. */
function longer(given: string | undefined, literal: string): string {
  return given !== undefined && given.length > literal.length ? given : literal
}

/** Whether a key lies in the selection, without regard to limits. */
export function inSelection(
  selection: Selection,
  range: Range,
  compare: (a: string, b: string) => number,
): (key: string) => boolean {
  const { from, to, matches, prefix } = selection
  const wanted = prefix + (range.prefix ?? '')
  return (key) =>
    key.startsWith(wanted) &&
    (from === undefined || compare(key, from) >= 0) &&
    (to === undefined || compare(key, to) < 0) &&
    (matches === undefined || matches(key))
}
