import type { Entry, PastChange } from '../../change.ts'
import type { BrokenChain, PageQuery, Span } from '../../engine.ts'
import { IntegrityError } from '../../errors.ts'
import { compareKeys } from '../../log/keys.ts'
import type { Connection } from './connection.ts'
import type { Row } from './driver.ts'
import { unpacked, type Chain } from '../packing.ts'
import { fromSqlKey, toEntry, toPastChange, toSqlKey } from './rows.ts'

/** Sorts behind every text. */
const END = Buffer.alloc(0)
/** How many keys one round looks at. */
const ROUND = 512

/** Where packed values of a database are put together from: downwards from the next rung, or from the newest change. */
export function chainIn(db: Connection): Chain {
  return {
    newest: (key) => db.record((row) => toEntry(key, row), 'get', toSqlKey(key)),
    behind: (key, change) => db.records(toPastChange, 'chainTo', toSqlKey(key), change),
  }
}

/** What a key was after the change `at`, given that it has changed since (by `newest`, where the caller knows). */
export function pastOf(
  db: Connection,
  key: string,
  at: number,
  newest?: number,
): Entry | BrokenChain | undefined {
  const next = nextBehind(db, key, at, newest)
  if (next === undefined || 'broken' in next) return next
  if (next.before === undefined) return undefined
  const value = unpacked(chainIn(db), [next])[0]?.before ?? next.before
  return { key, value, change: next.prev, expires: next.expires, sum: next.sum }
}

/** The change that had removed a key which was absent after the change `at`. */
export function removalBefore(db: Connection, key: string, at: number): number {
  const next = nextBehind(db, key, at, undefined)
  if (next !== undefined) return 'broken' in next ? 0 : next.prev
  return Number(db.get('chainStart', toSqlKey(key))?.[0] ?? 0)
}

/** The first change of a key behind `at`: most looks go back by one change; for those that go further there are rungs. */
function nextBehind(
  db: Connection,
  key: string,
  at: number,
  newest: number | undefined,
): PastChange | BrokenChain | undefined {
  const sqlKey = toSqlKey(key)
  const start = newest ?? db.get('chainStart', sqlKey)?.[0]
  if (typeof start !== 'number' || start <= at) return undefined
  let next = db.record(toPastChange, 'change', start)
  if (next === undefined || next.prev > at) next = db.record(toPastChange, 'pastOf', sqlKey, at)
  if (next === undefined) return { broken: true, key, id: start }
  if (next.key !== key)
    throw new IntegrityError(
      `${db.path}: change ${next.id} does not belong to ${JSON.stringify(key)}: damaged.`,
    )
  return next.prev > at ? { broken: true, key, id: next.id } : next
}

/** Entries in key order, as they were after a change: all from one moment. */
export function pageAt(db: Connection, query: PageQuery): readonly (Entry | BrokenChain)[] {
  // One read transaction: what is looked up besides the page belongs to the same moment.
  const within = !db.inTransaction
  if (within) db.run('beginRead')
  try {
    if (Number(db.get('last')?.[0] ?? 0) <= query.at) {
      const page = current(db, query, query.limit)
      // Nothing can be newer than the newest revision, unless its record is damaged: then the long way finds out.
      if (page.every((entry) => entry.change <= query.at)) return page
    }
    return past(db, query)
  } finally {
    if (within) db.run('commit')
  }
}

/** A span as parameters of a statement. */
export function bounds({ from, to }: Span): [string, string | Uint8Array] {
  return [from === undefined ? '' : toSqlKey(from), to === undefined ? END : toSqlKey(to)]
}

function current(db: Connection, query: PageQuery, limit: number): Entry[] {
  const convert = (row: Row): Entry => toEntry(fromSqlKey(row[0]), row, 1)
  return db.records(convert, query.reverse ? 'pageReverse' : 'page', ...bounds(query), limit)
}

/** Today's keys and those that went since, in order; with the last key up to which nothing was left out, if there is more. */
function candidates(
  db: Connection,
  query: PageQuery,
): { found: (Entry | string)[]; seenTo: string | undefined } {
  const order = query.reverse ? -1 : 1
  const here = current(db, query, ROUND)
  const gone = db.records(
    (row) => fromSqlKey(row[0]),
    query.reverse ? 'gonePageReverse' : 'gonePage',
    ...bounds(query),
    ROUND,
    query.at,
  )
  const found = [...here, ...gone].toSorted((a, b) => order * compareKeys(keyOf(a), keyOf(b)))
  const lastHere = here.length === ROUND ? here.at(-1)?.key : undefined
  const lastGone = gone.length === ROUND ? gone.at(-1) : undefined
  const seenTo =
    lastHere !== undefined && lastGone !== undefined
      ? order * compareKeys(lastGone, lastHere) < 0
        ? lastGone
        : lastHere
      : (lastHere ?? lastGone)
  return { found, seenTo }
}

function keyOf(candidate: Entry | string): string {
  return typeof candidate === 'string' ? candidate : candidate.key
}

function past(db: Connection, query: PageQuery): (Entry | BrokenChain)[] {
  const { at, limit, reverse } = query
  const order = reverse ? -1 : 1
  const page: (Entry | BrokenChain)[] = []
  let { from, to } = query
  for (;;) {
    const { found, seenTo } = candidates(db, { ...query, from, to })
    for (const candidate of found) {
      const key = keyOf(candidate)
      if (seenTo !== undefined && order * compareKeys(key, seenTo) > 0) break
      const entry =
        typeof candidate === 'string'
          ? pastOf(db, key, at)
          : candidate.change > at
            ? pastOf(db, key, at, candidate.change)
            : candidate
      if (entry !== undefined && page.push(entry) === limit) return page
    }
    if (seenTo === undefined) return page
    if (reverse) to = seenTo
    else from = `${seenTo}\0`
  }
}
