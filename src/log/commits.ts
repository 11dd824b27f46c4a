import type { CommitRecord } from '../change.ts'
import type { Awaitable, Engine } from '../engine.ts'
import { IntegrityError } from '../errors.ts'
import { commitHash } from './checksum.ts'

/** The store before its first revision. */
export const EMPTY: CommitRecord = Object.freeze({
  revision: 0,
  last: 0,
  at: 0,
  actor: '',
  why: '',
  origin: 0,
  keys: 0,
  bytes: 0,
  sums: 0,
  hash: '',
})

/** The answer of an engine that lives in this process. */
export function now<T>(answer: Awaitable<T>): T {
  if (answer instanceof Promise)
    throw new TypeError('This engine answers with promises; use the asynchronous call.')
  return answer
}

/** What the cache asks of the log. */
export interface CommitSource {
  readonly engine: Engine
  horizon(): number
  forgetHorizon(): void
  compacted(revision: number, oldest: number): Error
}

/** A record's hash covers the one before, or what was written down of that when it was compacted away. */
export function checkHash(
  { engine }: CommitSource,
  record: CommitRecord,
  before: CommitRecord | undefined,
): void {
  const previous = record.revision <= 1 ? '' : (before?.hash ?? record.prior)
  if (record.revision > 0 && (previous === undefined || commitHash(previous, record) !== record.hash))
    throw new IntegrityError(
      `The record of revision ${record.revision} in ${engine.place} does not match its hash: damaged.`,
    )
}

/** Records are read in runs of so many: neighbours are asked for soon, and one look costs little more than one record. */
const RUN = 64
const MOST_RUNS = 512

/** The records of older revisions, which never change: read, checked against their hashes and remembered in runs. */
export class CommitCache {
  readonly #log: CommitSource
  readonly #runs = new Map<number, readonly CommitRecord[]>()

  constructor(log: CommitSource) {
    this.#log = log
  }

  clear(): void {
    this.#runs.clear()
  }

  get(revision: number): CommitRecord {
    const index = Math.floor(revision / RUN)
    let record = find(this.#runs.get(index), revision)
    if (record !== undefined) return record
    record = find(this.#read(index), revision)
    if (record !== undefined) return record
    // Another process may have compacted since the last look.
    this.#log.forgetHorizon()
    const oldest = this.#log.horizon()
    if (revision < oldest) throw this.#log.compacted(revision, oldest)
    throw new IntegrityError(
      `The record of revision ${revision} in ${this.#log.engine.place} is missing: damaged.`,
    )
  }

  #read(index: number): readonly CommitRecord[] {
    const start = index * RUN
    const records = now(this.#log.engine.commits(start - 1, start + RUN - 1, RUN + 1, false))
    const checked: CommitRecord[] = []
    for (const [i, record] of records.entries()) {
      if (record.revision < start) continue
      const before = records[i - 1]
      checkHash(this.#log, record, before?.revision === record.revision - 1 ? before : undefined)
      checked.push(record)
    }
    if (this.#runs.size >= MOST_RUNS) this.#runs.clear()
    this.#runs.set(index, checked)
    return checked
  }
}

function find(run: readonly CommitRecord[] | undefined, revision: number): CommitRecord | undefined {
  const first = run?.[0]
  if (run === undefined || first === undefined) return undefined
  // Without gaps as a rule, so that the place is known; after a compaction it has to be looked for.
  const record = run[revision - first.revision]
  return record?.revision === revision ? record : run.find((one) => one.revision === revision)
}
