import { isDeepStrictEqual } from 'node:util'
import type { CommitRecord, Entry, PastChange } from '../change.ts'
import { IntegrityError } from '../errors.ts'
import type { Change, Commit, Ref } from '../types.ts'
import { fits, GONE, seal } from './checksum.ts'
import { encodedBytes } from './codec.ts'
import { now } from './commits.ts'
import type { Log, Point } from './log.ts'
import { revisionOf } from './refs.ts'

const PAGE = 256

/** What a key was before and after something happened to it, as stored. */
export interface Difference {
  readonly key: string
  readonly before: Entry | undefined
  readonly after: Entry | undefined
  /** The last change of the key in between. */
  readonly change: number
}

/** What the key was until this change, checked. */
export function beforeOf(log: Log, change: PastChange): Entry | undefined {
  const { before, key, prev, expires, sum } = change
  if (before === undefined) {
    if (sum !== (prev === 0 ? 0 : seal(GONE, prev)))
      throw new IntegrityError(
        `Change ${change.id} of ${JSON.stringify(key)} in ${log.engine.place} does not match its checksum: damaged.`,
      )
    return undefined
  }
  log.telemetry.bytes.read += encodedBytes(before)
  if (!fits(key, before, expires, prev, sum))
    throw new IntegrityError(
      `The value of ${JSON.stringify(key)} before change ${change.id} in ${log.engine.place} does not match its checksum: damaged.`,
    )
  return { key, value: before, change: prev, expires, sum }
}

/**
 * The row of an added key says nothing that its checksum could cover but the key, so ask the key itself: what it was after
 * that change must have been written by it.
 */
function confirmAddition(log: Log, row: PastChange): void {
  const written = log.entryAt(row.key, { revision: log.head.revision, last: row.id, asOf: 0 })
  if (written?.change !== row.id) throw doesNotBelong(log, row)
}

function doesNotBelong(log: Log, row: PastChange): IntegrityError {
  return new IntegrityError(
    `Change ${row.id} in ${log.engine.place} does not belong to ${JSON.stringify(row.key)}: damaged.`,
  )
}

/** Whether two stored values are different data: texts that differ may still say the same, with the keys in another order. */
export function differs(log: Log, a: Entry | undefined, b: Entry | undefined): boolean {
  if (a === undefined || b === undefined) return a !== b
  if (a.value === b.value) return false
  if (typeof a.value === 'string' && typeof b.value === 'string' && a.value.length !== b.value.length)
    return true
  return !isDeepStrictEqual(log.value(a), log.value(b))
}

/**
 * What is different at `to` from what it was at `from`, in the order of the log: reads only what changed in between. The first
 * change of each key in between holds what the key was at `from`; it is the one whose predecessor lies before.
 */
export async function* differences(
  log: Log,
  from: Point,
  to: Point,
  inRange: (key: string) => boolean,
  differ: typeof differs = differs,
): AsyncGenerator<Difference> {
  let at = log.context.ticks()
  for (let after = from.last; ;) {
    const rows = await log.engine.changes(after, to.last, PAGE)
    for (const row of rows) {
      const found = differenceOf(log, row, from, to, inRange, differ)
      if (found !== undefined) yield found
    }
    const last = rows.at(-1)
    if (rows.length < PAGE || last === undefined) return
    after = last.id
    at = await breathe(log, at)
  }
}

/** The same without a pause. */
export function* differencesNow(
  log: Log,
  from: Point,
  to: Point,
  inRange: (key: string) => boolean,
): Generator<Difference> {
  for (let after = from.last; ;) {
    const rows = now(log.engine.changes(after, to.last, PAGE))
    for (const row of rows) {
      const found = differenceOf(log, row, from, to, inRange, differs)
      if (found !== undefined) yield found
    }
    const last = rows.at(-1)
    if (rows.length < PAGE || last === undefined) return
    after = last.id
  }
}

function differenceOf(
  log: Log,
  row: PastChange,
  from: Point,
  to: Point,
  inRange: (key: string) => boolean,
  differ: typeof differs,
): Difference | undefined {
  if (row.prev > from.last || !inRange(row.key)) return undefined
  const before = beforeOf(log, row)
  const newest = log.entryAt(row.key, to)
  if (before === undefined && newest?.change !== row.id) {
    // Behind the horizon the steps in between are gone; what is left must still have been written after the addition.
    if (row.id > log.commitOf(log.horizon()).last) confirmAddition(log, row)
    else if (newest !== undefined && newest.change <= from.last) throw doesNotBelong(log, row)
  }
  const then =
    before !== undefined && from.asOf !== 0 && before.expires !== 0 && before.expires <= from.asOf
      ? undefined
      : before
  if (!differ(log, then, newest)) return undefined
  return {
    key: row.key,
    before: then,
    after: newest,
    change: newest?.change ?? now(log.engine.removal(row.key, to.last)),
  }
}

/** Lets the event loop run now and then: a long read must not stop the program. */
export async function breathe(log: Pick<Log, 'context'>, since: number): Promise<number> {
  if (log.context.ticks() - since < 5) return since
  await new Promise<void>((resolve) => log.context.turn(resolve))
  return log.context.ticks()
}

/** What stands for a value that is marked secret, wherever it would be shown without having been asked for. */
export const SECRET = '[secret]'

/** `cut`: the length of the prefix that is not shown. */
export function toChange(
  log: Log,
  key: string,
  before: Entry | undefined,
  after: Entry | undefined,
  commit: CommitRecord,
  cut = 0,
): Change {
  const show = log.isSecret(key) ? (): unknown => SECRET : (entry: Entry): unknown => log.value(entry)
  return {
    key: cut === 0 ? key : key.slice(cut),
    type:
      after === undefined
        ? commit.why === 'expiry'
          ? 'expired'
          : 'removed'
        : before === undefined
          ? 'added'
          : 'changed',
    before: before === undefined ? undefined : show(before),
    after: after === undefined ? undefined : show(after),
    revision: commit.revision,
    at: new Date(commit.at),
    actor: commit.actor,
  }
}

/** Every kept change of a key up to a point, newest first. */
export async function* historyOf(log: Log, key: string, end: Point, limit: number): AsyncGenerator<Change> {
  // What was imported beside the main line stands in no history.
  const upTo = { revision: end.revision, last: end.last, asOf: end.asOf }
  const current = now(log.engine.get(key))
  if (current !== undefined) log.check(current)
  let after =
    current !== undefined && current.change <= upTo.last ? current : log.entryAt(key, { ...upTo, asOf: 0 })
  let left = limit
  let at = log.context.ticks()
  for (let from = upTo.last; left > 0;) {
    const rows = await log.engine.changesOf(key, from, Math.min(PAGE, left))
    // Behind the horizon only what snapshots need is left: enough to read, too little to tell what happened.
    const { last: oldest } = log.commitOf(log.horizon())
    for (const row of rows) {
      if (row.id <= oldest) return
      if (row.key !== key)
        throw new IntegrityError(
          `Change ${row.id} in ${log.engine.place} belongs to another key than ${JSON.stringify(key)}: damaged.`,
        )
      const before = beforeOf(log, row)
      if (after === undefined ? before === undefined : after.change !== row.id)
        throw new IntegrityError(
          `The history of ${JSON.stringify(key)} in ${log.engine.place} does not fit at change ${row.id}: damaged.`,
        )
      yield toChange(log, key, before, after, log.commitOfChange(row.id))
      after = before
      left--
    }
    const last = rows.at(-1)
    if (last === undefined || last.prev === 0) return
    if (rows.length < PAGE && last.prev > oldest && left > 0)
      throw new IntegrityError(
        `Change ${last.prev} of ${JSON.stringify(key)} in ${log.engine.place} is missing: damaged.`,
      )
    if (last.prev <= oldest) return
    from = last.prev
    at = await breathe(log, at)
  }
}

/** The commits of a run of revisions, with the keys that each touched. */
export async function* commitsOf(
  log: Log,
  from: Ref | undefined,
  to: Ref | undefined,
  reverse: boolean,
  limit: number,
): AsyncGenerator<Commit> {
  log.fresh()
  const horizon = log.horizon()
  // Of the horizon itself only the state is kept, not what changed in it.
  const oldest = horizon === 0 ? 1 : horizon + 1
  const first = from === undefined ? oldest : revisionOf(log, from).revision
  if (first < oldest && horizon > 0) throw log.compacted(first, horizon)
  let low = Math.max(first, oldest)
  let high = to === undefined ? log.head.revision : revisionOf(log, to).revision
  let left = limit
  let at = log.context.ticks()
  while (left > 0 && low <= high) {
    const records = await log.engine.commits(low, high, Math.min(PAGE, left), reverse)
    for (const { revision } of records) {
      yield await toCommit(log, log.commitOf(revision), log.commitOf(revision - 1).last)
      left--
    }
    const last = records.at(-1)
    if (last === undefined) return
    if (reverse) high = last.revision - 1
    else low = last.revision + 1
    at = await breathe(log, at)
  }
}

async function toCommit(log: Log, record: CommitRecord, start: number): Promise<Commit> {
  const keys: string[] = []
  for (let after = start; after < record.last;) {
    const rows = await log.engine.changes(after, record.last, 1_000)
    if (rows.length === 0)
      throw new IntegrityError(
        `Changes of revision ${record.revision} in ${log.engine.place} are missing: damaged.`,
      )
    for (const row of rows) {
      if (beforeOf(log, row) === undefined) confirmAddition(log, row)
      keys.push(row.key)
    }
    after = (rows.at(-1) as PastChange).id
  }
  const { revision, at, actor, hash } = record
  return {
    revision,
    at: new Date(at),
    actor,
    keys,
    ...(record.why === 'restore' ? { restoredFrom: record.origin } : {}),
    hash,
  }
}
