import type { Entry } from '../change.ts'
import type { Log, Point } from '../log/log.ts'
import { breathe } from '../log/past.ts'
import { resolve } from '../log/refs.ts'
import type { Selection } from '../log/selection.ts'
import type { Range } from '../types.ts'

/** Entries that one look at the engine brings. The first pages are small: most scans end early. */
const FIRST_PAGE = 32
const PAGE = 512

/** The point that a selection reads: now, unless it says otherwise. */
export function pointOf(log: Log, at: Range['at']): Point {
  return at === undefined ? log.present() : resolve(log, at)
}

/** Entries in key order, page by page, all of one moment, letting the event loop run in between. */
export async function* scan(
  log: Log,
  selection: Selection,
  point: Point,
  wanted = '',
): AsyncGenerator<Entry> {
  const release = log.pin(point)
  try {
    let { from, to } = selection
    let left = selection.limit
    let at = log.context.ticks()
    for (let size = FIRST_PAGE; left > 0; size = PAGE) {
      // A limit bounds the page only if nothing is left out of it afterwards.
      const limit = selection.matches === undefined ? Math.min(size, left) : size
      const { entries, last } = await log.page({ from, to, reverse: selection.reverse, limit }, point)
      for (const entry of entries) {
        if (
          !entry.key.startsWith(wanted) ||
          (selection.matches !== undefined && !selection.matches(entry.key))
        )
          continue
        yield entry
        if (--left === 0) return
      }
      if (last === undefined) return
      if (selection.reverse) to = last
      else from = `${last}\0`
      at = await breathe(log, at)
    }
  } finally {
    release()
  }
}
