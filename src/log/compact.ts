import type { AsideHead, CommitRecord, Keep } from '../change.ts'
import type { CareOptions, CompactReport } from '../reports.ts'
import type { Log } from './log.ts'
import { ChangeSet } from './change-set.ts'
import { beforeOf } from './past.ts'
import { marksOf, revisionOf } from './refs.ts'

/** Rows that one step looks at: short enough not to be felt by those who write beside it. */
const STEP = 1_000
/** Compaction by itself begins when the past has outgrown its limit by a quarter, and by so many revisions at least. */
const SLACK = 1_000

/** The oldest revision that stays readable. */
function newHorizon(log: Log, keep: Keep, current: number): number {
  const { revision } = log.head
  let horizon = current
  if (keep.revisions !== undefined) horizon = Math.max(horizon, revision - keep.revisions + 1)
  if (keep.age !== undefined) {
    const since = new Date(Math.floor(log.context.wall() - keep.age))
    const oldest = log.commitOf(Math.max(1, current))
    if (oldest.at <= since.getTime()) horizon = Math.max(horizon, revisionOf(log, since).revision)
  }
  return Math.min(horizon, revision)
}

/** Whether something at or after `prev` and before `id` is still asked for: `points` is sorted. */
function isNeeded(points: readonly number[], prev: number, id: number): boolean {
  let low = 0
  let high = points.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((points[middle] as number) < prev) low = middle + 1
    else high = middle
  }
  const point = points[low]
  return point !== undefined && point < id
}

/**
 * Drops what no kept snapshot and no retention can ask for, in small steps beside running work. Of the past before the new
 * horizon only those changes stay that hold what some key was at some kept snapshot.
 */
export async function compact(log: Log, keep: Keep, options: CareOptions = {}): Promise<CompactReport> {
  const { engine } = log
  log.fresh()
  const before = await engine.size()
  const current = log.horizon()
  const horizon = log.head.revision === 0 ? 0 : newHorizon(log, keep, current)
  const kept = new Map<number, number>()
  if (horizon > 0) {
    const end = log.commitOf(horizon)
    for (const mark of marksOf(log))
      if (mark.revision < horizon) kept.set(mark.revision, log.commitOf(mark.revision).last)
    for (const pin of log.pins) if (pin.revision < horizon) kept.set(pin.revision, pin.last)
    const points = [...kept.values(), end.last].toSorted((a, b) => a - b)
    const readable = new ChangeSet()
    await trimChanges(log, points, end, horizon, readable, options)
    // In this order: what is replaced while the heads are read is among the changes that are read after them.
    await addHeads(log, end.last, readable, options)
    await addReplaced(log, end.last, readable, options)
    await trimCommits(log, kept, readable, horizon, options)
  }
  await dropAsides(log, ({ revision }) => revision > 0 && revision < horizon && !kept.has(revision), options)
  while (await engine.shrink()) await nextTurn(log, options)
  const total = horizon > 0 ? log.commitOf(horizon).last : 0
  options.onProgress?.(total, total)
  return { before, after: await engine.size(), oldestRevision: horizon }
}

/** An import that has brought nothing for so long was killed. */
const ABANDONED_MS = 60_000

/** Drops the states beside the main line that nobody can read: left behind by an import that was killed, or `unneeded`. */
export async function dropAsides(
  log: Log,
  unneeded: (head: AsideHead) => boolean,
  options: CareOptions = {},
): Promise<void> {
  const { asides } = log.engine
  for (const head of await asides.heads()) {
    const abandoned = head.revision === 0 && Math.abs(log.context.wall() - head.at) > ABANDONED_MS
    if (!abandoned && !unneeded(head)) continue
    while (await asides.drop(head.aside, STEP)) await nextTurn(log, options)
  }
}

async function nextTurn(log: Log, { signal }: CareOptions): Promise<void> {
  signal?.throwIfAborted()
  await new Promise<void>((resolve) => log.context.turn(resolve))
}

/** Goes through the changes up to `end`, and drops those that no point asks for. The others' predecessors are readable. */
async function trimChanges(
  log: Log,
  points: readonly number[],
  end: CommitRecord,
  horizon: number,
  readable: ChangeSet,
  options: CareOptions,
): Promise<void> {
  const { engine } = log
  // Changes that stay, whose value is told by the change that replaced theirs: if that one goes, it has to be kept whole.
  const waiting = new Set<number>()
  for (let after = 0; ;) {
    const rows = await engine.changes(after, end.last, STEP)
    const drop: number[] = []
    const keep: number[] = []
    const whole: number[] = []
    for (const row of rows) {
      // What is damaged must not decide what goes.
      beforeOf(log, row)
      if (isNeeded(points, row.prev, row.id)) {
        keep.push(row.id)
        readable.add(row.prev)
        if (row.packed === true) waiting.add(row.id)
      } else {
        drop.push(row.id)
        if (waiting.has(row.prev)) whole.push(row.prev)
      }
      waiting.delete(row.prev)
    }
    const last = rows.at(-1)
    const done = rows.length < STEP || last === undefined
    await engine.trim({
      drop,
      keep,
      whole,
      compression: log.options.compression,
      dropCommits: [],
      keepCommits: [],
      horizon,
      // A removed key has to be remembered for as long as a point before its removal can be read.
      ...(done ? { forgetGone: points[0] ?? end.last } : {}),
    })
    log.forgetHorizon()
    if (done) return
    after = last.id
    options.onProgress?.(after, end.last)
    await nextTurn(log, options)
  }
}

/** The changes up to `last` whose records were replaced only afterwards: they are what the horizon shows. */
async function addReplaced(log: Log, last: number, readable: ChangeSet, options: CareOptions): Promise<void> {
  for (let after = last; ;) {
    const rows = await log.engine.changes(after, log.head.last, STEP)
    for (const { prev } of rows) if (prev <= last) readable.add(prev)
    const row = rows.at(-1)
    if (rows.length < STEP || row === undefined) return
    after = row.id
    await nextTurn(log, options)
  }
}

/** The changes up to `last` that wrote what is there now, or removed what is remembered as gone. */
async function addHeads(log: Log, last: number, readable: ChangeSet, options: CareOptions): Promise<void> {
  const { engine } = log
  for (const look of [engine.heads.bind(engine), engine.gone.bind(engine)])
    for (let from: string | undefined; ;) {
      const found = await look(from, STEP)
      for (const { change } of found) if (change <= last) readable.add(change)
      const key = found.at(-1)?.key
      if (found.length < STEP || key === undefined) break
      from = `${key}\0`
      await nextTurn(log, options)
    }
}

/** Of the revisions before the horizon those stay that a snapshot names, or that wrote something that can still be read. */
async function trimCommits(
  log: Log,
  kept: ReadonlyMap<number, number>,
  readable: ChangeSet,
  horizon: number,
  options: CareOptions,
): Promise<void> {
  const { engine } = log
  let before: CommitRecord | undefined
  let beforeStays = true
  for (let from = 1; from <= horizon;) {
    const records = await engine.commits(from, horizon, STEP, false)
    const dropCommits: number[] = []
    const keepCommits: { revision: number; prior: string }[] = []
    for (const record of records) {
      const stays =
        record.revision === horizon ||
        kept.has(record.revision) ||
        readable.hasBetween(before?.last ?? 0, record.last)
      if (!stays) dropCommits.push(record.revision)
      else if (!beforeStays && before?.revision === record.revision - 1)
        keepCommits.push({ revision: record.revision, prior: before.hash })
      before = record
      beforeStays = stays
    }
    const last = records.at(-1)
    if (last === undefined) return
    // The next one is looked at in the next step: until then it must not stand there without the hash before it.
    if (!beforeStays && last.revision < horizon)
      keepCommits.push({ revision: last.revision + 1, prior: last.hash })
    if (dropCommits.length > 0 || keepCommits.length > 0)
      await engine.trim({ drop: [], keep: [], dropCommits, keepCommits, horizon })
    from = last.revision + 1
    await nextTurn(log, options)
  }
}

/** Compacts by itself when the past has outgrown what is to be kept. */
export class Keeper {
  readonly #log: Log
  readonly #keep: Keep
  #at = 0
  #running: Promise<unknown> | undefined
  readonly #stop = new AbortController()

  constructor(log: Log, keep: Keep) {
    this.#log = log
    this.#keep = keep
  }

  get keep(): Keep {
    return this.#keep
  }

  /** Called after each write. */
  wrote(): void {
    const { revisions, age } = this.#keep
    if (revisions === undefined && age === undefined) return
    const { revision } = this.#log.head
    if (this.#at === 0) this.#at = revision
    const slack = Math.max(SLACK, revisions === undefined ? 0 : Math.floor(revisions / 4))
    if (revision - this.#at < slack || this.#running !== undefined) return
    this.#at = revision
    this.#running = compact(this.#log, this.#keep, { signal: this.#stop.signal })
      .then(() => this.#log.context.worked('compact'))
      .catch((error: unknown) => {
        if (!this.#stop.signal.aborted)
          this.#log.context.warn('Compaction in the background failed.', error, 'compact')
      })
      .finally(() => (this.#running = undefined))
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }
}
