import type { CommitRecord, Entry, PastChange } from '../change.ts'
import { VarveError } from '../errors.ts'
import type { CareOptions, VerifyReport } from '../reports.ts'
import { addSums, commitHash, unseal } from './checksum.ts'
import { encodedBytes } from './codec.ts'
import { EMPTY } from './commits.ts'
import type { BrokenChain } from '../engine.ts'
import type { Log, Point } from './log.ts'
import { beforeOf } from './past.ts'
import { markSum, pointAt } from './refs.ts'

const PAGE = 1_000
/** More findings than this say no more. */
const MOST = 1_000

/** What a run of records adds up to. */
interface Tally {
  keys: number
  bytes: number
  sums: number
}

function add(tally: Tally, entry: Entry): void {
  tally.keys++
  tally.bytes += encodedBytes(entry.key) + encodedBytes(entry.value)
  tally.sums = addSums(tally.sums, unseal(entry.sum, entry.change))
}

/**
 * Reads everything and checks every checksum, count and link. The revisions' running totals say what must be there, so that
 * what is missing is noticed too: each revision's new records must add up to what its totals say, wherever those records
 * are now (in the state, or as the value that a later change replaced).
 */
export async function verify(log: Log, options: CareOptions = {}): Promise<VerifyReport> {
  return await new Verifier(log, options).run()
}

class Verifier {
  readonly #log: Log
  readonly #options: CareOptions
  readonly #report: VerifyReport = { ok: true, revisions: 0, keys: 0, records: 0, damaged: [] }
  /** The revisions that are checked one by one, from the horizon on. */
  readonly #commits: CommitRecord[] = []
  /** What each of them wrote, and what it replaced. */
  #wrote: Tally[] = []
  #replaced: Tally[] = []
  #total = 0
  /** The last change before those that are all there. */
  #start = 0
  /** Changes behind `#start` that something points to: a later change, an entry, or the memory of a removed key. */
  #linked = 0

  constructor(log: Log, options: CareOptions) {
    this.#log = log
    this.#options = options
  }

  async run(): Promise<VerifyReport> {
    const log = this.#log
    await this.#part('the engine', async () => {
      for (const why of await log.engine.check()) this.#found(log.engine.place, why)
    })
    const head = await this.#head()
    const release = log.pin({ ...head, asOf: 0 })
    try {
      this.#total = head.last + head.keys
      await this.#part('the revisions', () => this.#revisions(head))
      await this.#part('the history', () => this.#changes(head))
      await this.#part('the state', () => this.#state(head))
      await this.#part('the removed keys', () => this.#gone(head))
      this.#balance()
      await this.#part('the snapshots', () => this.#marks())
    } finally {
      release()
    }
    this.#report.ok = this.#report.damaged.length === 0
    return this.#report
  }

  async #head(): Promise<CommitRecord> {
    try {
      const head = (await this.#log.engine.head()) ?? EMPTY
      // The log has to know of all that is checked, whoever wrote it.
      this.#log.look()
      return head
    } catch (error) {
      this.#found('the newest revision', message(error))
      return this.#log.head
    }
  }

  #found(where: string, why: string): void {
    if (this.#report.damaged.length < MOST) this.#report.damaged.push({ where, why })
  }

  async #part(where: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#options.signal?.throwIfAborted()
      this.#found(where, message(error))
    }
  }

  #check(where: string, work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#found(where, message(error))
    }
  }

  async #breathe(done: number): Promise<void> {
    this.#options.signal?.throwIfAborted()
    this.#options.onProgress?.(Math.min(done, this.#total), this.#total)
    await new Promise<void>((resolve) => this.#log.context.turn(resolve))
  }

  async #revisions(head: CommitRecord): Promise<void> {
    const { engine } = this.#log
    const horizon = await engine.horizon()
    await this.#keptRevisions(horizon)
    let before = horizon === 0 ? EMPTY : undefined
    for (let next = Math.max(1, horizon); next <= head.revision;) {
      const records = await engine.commits(next, head.revision, PAGE, false)
      for (const record of records) {
        const where = `revision ${record.revision}`
        if (record.revision !== next)
          this.#found(`revisions ${next} to ${record.revision - 1}`, 'their records are missing')
        else if (before !== undefined && commitHash(before.hash, record) !== record.hash)
          this.#found(where, 'its record does not match its hash, which covers the revision before')
        if (before !== undefined && (record.at < before.at || record.last < before.last))
          this.#found(where, 'it goes back behind the revision before')
        this.#commits.push(record)
        before = record
        next = record.revision + 1
      }
      if (records.length === 0) {
        this.#found(`revisions ${next} to ${head.revision}`, 'their records are missing')
        break
      }
      await this.#breathe(0)
    }
    this.#report.revisions = this.#commits.length
    const none = (): Tally => ({ keys: 0, bytes: 0, sums: 0 })
    this.#wrote = this.#commits.map(none)
    this.#replaced = this.#commits.map(none)
  }

  /** Before the horizon single records are left, each with the hash of the one before. */
  async #keptRevisions(horizon: number): Promise<void> {
    for (let from = 1; from < horizon;) {
      const records = await this.#log.engine.commits(from, horizon - 1, PAGE, false)
      for (const { revision } of records)
        this.#check(`revision ${revision}`, () => void this.#log.commitOf(revision))
      from = (records.at(-1)?.revision ?? horizon) + 1
      await this.#breathe(0)
    }
  }

  /** The place in `#commits` of the revision that a change belongs to; -1: before all of them. */
  #indexOf(change: number): number {
    const commits = this.#commits
    let low = 0
    let high = commits.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((commits[middle] as CommitRecord).last < change) low = middle + 1
      else high = middle
    }
    return low < commits.length ? low : -1
  }

  async #changes(head: CommitRecord): Promise<void> {
    const { engine } = this.#log
    // Before the horizon only single changes are kept, each checked by itself; behind it none may be missing.
    const start = (await engine.horizon()) === 0 ? 0 : (this.#commits[0]?.last ?? 0)
    this.#start = start
    let expected = start + 1
    for (let after = 0; ;) {
      let rows: readonly PastChange[]
      try {
        rows = await engine.changes(after, head.last, PAGE)
      } catch (error) {
        this.#found(`the history behind change ${after}`, message(error))
        return
      }
      for (const row of rows) {
        if (row.id > start && row.id !== expected)
          this.#found(`changes ${expected} to ${row.id - 1}`, 'they are missing')
        if (row.id > start) expected = row.id + 1
        this.#check(`change ${row.id} of ${JSON.stringify(row.key)}`, () => this.#change(row, start))
        this.#report.records++
      }
      const last = rows.at(-1)
      if (rows.length < PAGE || last === undefined) break
      after = last.id
      await this.#breathe(after)
    }
    if (expected <= head.last) this.#found(`changes ${expected} to ${head.last}`, 'they are missing')
  }

  #change(row: PastChange, start: number): void {
    if (row.prev >= row.id) throw new Error('its predecessor comes after it')
    if (row.prev > start) this.#linked++
    const before = beforeOf(this.#log, row)
    if (before === undefined || row.id <= start) return
    const replaced = this.#replaced[this.#indexOf(row.id)]
    if (replaced !== undefined) add(replaced, before)
    this.#credit(before)
  }

  /** A record counts for the revision that wrote it. */
  #credit(entry: Entry): void {
    const first = this.#commits[0]
    if (first === undefined || (entry.change <= first.last && first.revision > 1)) return
    const wrote = this.#wrote[this.#indexOf(entry.change)]
    if (wrote !== undefined) add(wrote, entry)
  }

  async #state(head: CommitRecord): Promise<void> {
    const tally = await this.#scan('the state', { ...head, asOf: 0 }, true, head.last)
    this.#report.keys = tally.keys
    this.#compare('the state', tally, head)
  }

  /** Reads all entries of a state. */
  async #scan(where: string, point: Point, credit: boolean, done: number): Promise<Tally> {
    const tally: Tally = { keys: 0, bytes: 0, sums: 0 }
    for (let from: string | undefined; ;) {
      const query = { from, to: undefined, reverse: false, limit: PAGE }
      const { asides } = this.#log.engine
      const found: readonly (Entry | BrokenChain)[] = await (point.aside === undefined
        ? this.#log.engine.page({ ...query, at: point.last })
        : asides.page(point.aside, query))
      for (const one of found) {
        this.#check(`${JSON.stringify(one.key)} in ${where}`, () => {
          if ('broken' in one) throw new Error(`its history has a gap before change ${one.id}`)
          add(tally, one)
          if (credit && one.change > this.#start) this.#linked++
          if (credit) this.#credit(one)
          this.#log.check(one)
        })
        if (credit) this.#report.records++
      }
      const last = found.at(-1)
      if (found.length < PAGE || last === undefined) return tally
      from = `${last.key}\0`
      await this.#breathe(done + tally.keys)
    }
  }

  #compare(where: string, tally: Tally, record: CommitRecord): void {
    if (tally.keys !== record.keys)
      this.#found(where, `${record.keys} keys belong there and ${tally.keys} were found`)
    else if (tally.bytes !== record.bytes || tally.sums !== record.sums)
      this.#found(where, 'its records do not add up to what revision ' + record.revision + ' says')
  }

  /** A removed key is found in the past through the change that removed it. */
  async #gone(head: CommitRecord): Promise<void> {
    const { engine } = this.#log
    let later = 0
    for (let from: string | undefined; ;) {
      const found = await engine.gone(from, PAGE)
      for (const { key, change } of found) {
        // Removed since this check began: its predecessor counts as an entry.
        if (change > head.last) {
          later++
          continue
        }
        if (change > this.#start) this.#linked++
        const [row] = await engine.changes(change - 1, change, 1)
        if (change > this.#start && (row?.key !== key || row.before === undefined))
          this.#found(
            `the removed key ${JSON.stringify(key)}`,
            `change ${change} does not tell of its removal`,
          )
      }
      const last = found.at(-1)
      if (found.length < PAGE || last === undefined) break
      from = `${last.key}\0`
      await this.#breathe(this.#total)
    }
    const newest = await engine.head()
    // Keys that came back meanwhile are no longer remembered as removed.
    if (later === 0 && newest?.revision === head.revision && this.#linked !== head.last - this.#start)
      this.#found(
        'the history',
        `${head.last - this.#start} changes lead somewhere, and ${this.#linked} are led to: a removed key or an entry is missing`,
      )
  }

  /** Each revision's totals against the records that it wrote and replaced. */
  #balance(): void {
    let before = this.#commits[0]?.revision === 1 ? EMPTY : undefined
    for (const [i, record] of this.#commits.entries()) {
      // Its totals are those of a state beside the main line, which is read for itself.
      if (record.why === 'import') continue
      const wrote = this.#wrote[i]
      const replaced = this.#replaced[i]
      if (before !== undefined && wrote !== undefined && replaced !== undefined) {
        const keys = before.keys + wrote.keys - replaced.keys
        const bytes = before.bytes + wrote.bytes - replaced.bytes
        const sums = addSums(addSums(before.sums, wrote.sums), -replaced.sums)
        if (keys !== record.keys || bytes !== record.bytes || sums !== record.sums)
          this.#found(
            `revision ${record.revision}`,
            'what it wrote is not all there: its records do not add up to its totals',
          )
      }
      before = record
    }
  }

  async #marks(): Promise<void> {
    const { engine } = this.#log
    const horizon = await engine.horizon()
    const scanned = new Set<number>()
    for (const mark of await engine.marks()) {
      const where = `snapshot ${JSON.stringify(mark.version)}`
      await this.#part(where, async () => {
        if (markSum(mark) !== mark.sum) throw new Error('its record does not match its checksum')
        const record = this.#log.commitOf(mark.revision)
        // Later ones are covered by the history itself.
        if ((mark.revision >= horizon && record.why !== 'import') || scanned.has(mark.revision)) return
        scanned.add(mark.revision)
        await this.#whole(where, record)
      })
    }
    // What was imported stays readable without its snapshot, until it is compacted away.
    for (const record of this.#commits)
      if (record.why === 'import' && !scanned.has(record.revision)) {
        const where = `the import of revision ${record.revision}`
        await this.#part(where, () => this.#whole(where, record))
      }
  }

  async #whole(where: string, record: CommitRecord): Promise<void> {
    this.#compare(where, await this.#scan(where, pointAt(record), false, this.#total), record)
  }
}

function message(error: unknown): string {
  if (error instanceof VarveError || error instanceof Error) return error.message
  return String(error)
}
