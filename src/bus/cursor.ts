import type { CommitRecord, Entry, PastChange } from '../change.ts'
import { IntegrityError } from '../errors.ts'
import { now } from '../log/commits.ts'
import type { Log } from '../log/log.ts'
import { beforeOf, toChange } from '../log/past.ts'
import { revisionOf } from '../log/refs.ts'
import type { Change, WatchOptions } from '../types.ts'

/** Changes that are looked at in one go. */
const PAGE = 256

/** A place in the log from which changes are read, oldest first, each once. */
export class Cursor {
  readonly #log: Log
  readonly #prefix: string
  readonly #matches: (key: string) => boolean
  /** The last change that was read. */
  #after: number
  /** The revision that it belongs to. */
  #commit: CommitRecord

  /** `matches` is asked about keys without the prefix. */
  constructor(log: Log, from: WatchOptions['from'], prefix: string, matches: (key: string) => boolean) {
    this.#log = log
    this.#prefix = prefix
    this.#matches = matches
    this.#commit = startOf(log, from ?? 'now')
    this.#after = this.#commit.last
  }

  /** The revision up to which everything was read. */
  get revision(): number {
    return this.#commit.revision
  }

  /** The next changes that match, or none of a run in which none did; undefined: that is all for now. */
  take(): Change[] | undefined {
    this.#log.fresh()
    const { last } = this.#log.head
    if (this.#after >= last) {
      this.#commit = this.#log.head
      return undefined
    }
    const rows = now(this.#log.engine.changes(this.#after, last, PAGE))
    this.#checkRun(rows)
    const next = new Map(rows.map((row) => [row.prev, row]))
    const changes: Change[] = []
    for (const row of rows) {
      if (row.key.startsWith(this.#prefix) && this.#matches(row.key.slice(this.#prefix.length)))
        changes.push(this.#changeOf(row, next))
      this.#after = row.id
    }
    return changes
  }

  #changeOf(row: PastChange, next: ReadonlyMap<number, PastChange>): Change {
    const before = beforeOf(this.#log, row)
    const after = this.#afterOf(row, next)
    if (before === undefined && after === undefined) throw this.#doesNotFit(row)
    return toChange(this.#log, row.key, before, after, this.#commitOf(row.id), this.#prefix.length)
  }

  /** What a change wrote is what the key's next change found; of the newest one, what is there now. */
  #afterOf(row: PastChange, next: ReadonlyMap<number, PastChange>): Entry | undefined {
    const follower = next.get(row.id)
    if (follower !== undefined) return beforeOf(this.#log, follower)
    const after = this.#log.entryAt(row.key, { revision: this.#commit.revision, last: row.id, asOf: 0 })
    if (after !== undefined && after.change !== row.id) throw this.#doesNotFit(row)
    return after
  }

  #doesNotFit(row: PastChange): IntegrityError {
    return new IntegrityError(
      `The history of ${JSON.stringify(row.key)} in ${this.#log.engine.place} does not fit at change ${row.id}: damaged.`,
    )
  }

  #commitOf(change: number): CommitRecord {
    if (change <= this.#commit.last) return this.#commit
    // As a rule it is the next one.
    const next = this.#log.commitOf(this.#commit.revision + 1)
    this.#commit = change <= next.last ? next : this.#log.commitOfChange(change)
    return this.#commit
  }

  /** Changes are numbered without gaps, unless somebody has compacted. */
  #checkRun(rows: readonly PastChange[]): void {
    let expected = this.#after
    for (const { id } of rows) {
      if (id !== ++expected) break
    }
    if (rows.length > 0 && rows.at(-1)?.id === expected) return
    this.#log.forgetHorizon()
    const horizon = this.#log.horizon()
    if (horizon > 0 && this.#log.commitOf(horizon).last > this.#after)
      throw this.#log.compacted(this.#commit.revision + 1, horizon)
    throw new IntegrityError(
      `Changes after ${expected - 1} in ${this.#log.engine.place} are missing: damaged.`,
    )
  }
}

/** The revision after which reading begins. */
function startOf(log: Log, from: NonNullable<WatchOptions['from']>): CommitRecord {
  log.fresh()
  if (from === 'now') return log.head
  const horizon = log.horizon()
  if (from === 'start') return log.commitOf(horizon)
  const record = revisionOf(log, from)
  if (record.revision < horizon) throw log.compacted(record.revision, horizon)
  return record
}
