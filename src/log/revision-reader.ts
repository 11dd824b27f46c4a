import type { CommitRecord } from '../change.ts'
import type { Engine } from '../engine.ts'
import { IntegrityError } from '../errors.ts'
import { commitHash } from './checksum.ts'

const PAGE = 1_000
/** So many hashes that a damaged record may have had are tried. */
const MOST_HASHES = 4
/** If more records than this cannot be read in one run, it is not the records that are damaged. */
const MOST_UNREADABLE = 3

/** Reads all revisions for a check, each against the one before, so that what is wrong with one is not said of the next. */
export class RevisionReader {
  /** Those whose records are what was written, oldest first; and those whose records are not. */
  readonly good: CommitRecord[] = []
  readonly bad: Set<number> = new Set()
  /** How many there are from the horizon on. */
  count = 0
  readonly #engine: Engine
  readonly #horizon: number
  readonly #found: (where: string, why: string) => void
  readonly #breathe: () => Promise<void>
  readonly #missing: { readonly from: number; readonly to: number }[] = []
  #before: CommitRecord | undefined
  /** The hashes that the revision before may have had: the stored one, and where that does not match, those that would. */
  #hashes: readonly string[] = []
  /** The record of the horizon, as far as it can be relied on. */
  #first: CommitRecord | undefined

  constructor(
    engine: Engine,
    horizon: number,
    found: (where: string, why: string) => void,
    breathe: () => Promise<void>,
  ) {
    this.#engine = engine
    this.#horizon = horizon
    this.#found = found
    this.#breathe = breathe
  }

  async read(newest: number): Promise<void> {
    // Before the horizon single records are left, each with the hash of the one before; from it on none may be missing.
    let next = Math.max(1, this.#horizon)
    for (let from = 1; from <= newest;) {
      const { records, end } = await this.#page(from, newest)
      for (const record of records) {
        this.#miss(next, record.revision - 1)
        next = Math.max(next, record.revision + 1)
        this.#take(record)
      }
      from = end + 1
      await this.#breathe()
    }
    this.#miss(next, newest)
  }

  /** Where one record cannot be read, the others still can. */
  async #page(from: number, newest: number): Promise<{ records: readonly CommitRecord[]; end: number }> {
    try {
      const records = await this.#engine.commits(from, newest, PAGE, false)
      return { records, end: records.at(-1)?.revision ?? newest }
    } catch (error) {
      if (!(error instanceof IntegrityError)) throw error
      const records: CommitRecord[] = []
      const unread = new Map<number, string>()
      const end = Math.min(newest, from + PAGE - 1)
      for (let revision = from; revision <= end; revision++) {
        try {
          records.push(...(await this.#engine.commits(revision, revision, 1, false)))
        } catch (failure) {
          if (!(failure instanceof IntegrityError) || unread.size >= MOST_UNREADABLE) throw error
          unread.set(revision, failure.message)
        }
      }
      for (const [revision, why] of unread) {
        this.bad.add(revision)
        this.#found(`revision ${revision}`, why)
      }
      return { records, end }
    }
  }

  #miss(from: number, to: number): void {
    for (let start = from; start <= to; start++) {
      if (this.bad.has(start)) continue
      let end = start
      while (end < to && !this.bad.has(end + 1)) end++
      this.#missing.push({ from: start, to: end })
      this.#found(`revisions ${start} to ${end}`, 'their records are missing')
      start = end
    }
  }

  #take(record: CommitRecord): void {
    const { revision, prior } = record
    const before = this.#before?.revision === revision - 1 ? this.#before : undefined
    const hashes = revision === 1 ? [''] : before ? this.#hashes : prior === undefined ? [] : [prior]
    const makes = hashes.map((hash) => commitHash(hash, record))
    const match = makes.indexOf(record.hash)
    // Where the one before is missing, which is said, there is nothing to check by. Before the horizon it is written down.
    const unknown = hashes.length === 0 && (revision > this.#horizon || this.bad.has(revision - 1))
    const fits = match !== -1 || unknown
    this.#before = record
    this.#hashes = fits ? [record.hash] : [...new Set([record.hash, ...makes])].slice(0, MOST_HASHES)
    if (revision >= this.#horizon) {
      this.count++
      this.#first ??= record
    }
    // It was the hash of the record before that was damaged, and nothing else of it.
    if (before !== undefined && match > 0) this.#accept(before)
    if (fits) return this.#accept(record)
    this.bad.add(revision)
    this.#found(
      `revision ${revision}`,
      'its record does not match its hash, which covers the revision before',
    )
  }

  #accept(record: CommitRecord): void {
    const before = this.good.at(-1)
    if (before !== undefined && before.revision >= this.#horizon)
      if (record.at < before.at || record.last < before.last)
        this.#found(`revision ${record.revision}`, 'it goes back behind the revision before')
    this.good.push(record)
  }

  /** The last change of the horizon. */
  get start(): number {
    const sure = this.good.find(({ revision }) => revision >= this.#horizon)
    return this.#horizon === 0 ? 0 : Math.min(this.#first?.last ?? 0, sure?.last ?? 0)
  }

  /** The revisions whose totals can be relied on. Those of an import are of a state beside the main line, read for itself. */
  line(newest: CommitRecord | undefined): CommitRecord[] {
    const all = newest === undefined ? this.good : [...this.good, newest]
    return all.filter(({ revision, why }) => revision >= this.#horizon && why !== 'import')
  }

  /** The record of a revision, if it is what was written. */
  find(wanted: number): CommitRecord | undefined {
    let low = 0
    let high = this.good.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.good[middle] as CommitRecord).revision < wanted) low = middle + 1
      else high = middle
    }
    const record = this.good[low]
    return record?.revision === wanted ? record : undefined
  }

  /** Whether the record of a revision was reported. */
  isLost(revision: number): boolean {
    if (this.find(revision) !== undefined) return false
    return this.bad.has(revision) || this.#missing.some(({ from, to }) => from <= revision && revision <= to)
  }
}
