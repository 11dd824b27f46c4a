import type { CommitRecord, Entry, PastChange } from '../change.ts'
import { VarveError } from '../errors.ts'
import type { CareOptions, VerifyReport } from '../reports.ts'
import {
  add,
  addDamaged,
  Balance,
  damagedRecord,
  noTally,
  rootsOf,
  type Damaged,
  type Tally,
} from './balance.ts'
import { fits } from './checksum.ts'
import { EMPTY } from './commits.ts'
import type { BrokenChain } from '../engine.ts'
import type { Log, Point } from './log.ts'
import { beforeOf } from './past.ts'
import { markSum, pointAt } from './refs.ts'
import { RevisionReader } from './revision-reader.ts'

const PAGE = 1_000
/** More findings than this say no more. */
const MOST = 1_000
/** Of so many damaged records it is found out which are only the consequences of others. */
const MOST_WEIGHED = 10_000

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
  #revisionsRead: RevisionReader | undefined
  #balance = new Balance([], 0, 0)
  /** Records that do not match their checksums; and by the change that wrote each, as it is stored. */
  readonly #damages: Damaged[] = []
  readonly #byChange = new Map<number, Damaged>()
  readonly #byPlace = new Map<number, Damaged>()
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
      for (const { revision } of this.#balance.wrong())
        this.#found(
          `revision ${revision}`,
          'what it wrote is not all there: its records do not add up to its totals',
        )
      await this.#part('the snapshots', () => this.#marks())
    } finally {
      release()
    }
    this.#options.onProgress?.(this.#total, this.#total)
    this.#report.ok = this.#report.damaged.length === 0
    return this.#report
  }

  async #head(): Promise<CommitRecord> {
    const { engine } = this.#log
    try {
      const head = (await engine.head()) ?? EMPTY
      // The log has to know of all that is checked, whoever wrote it.
      this.#log.look()
      // What the log remembers was checked when it came.
      const known = this.#log.head
      return known.revision === head.revision && known.hash === head.hash ? known : head
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
    const horizon = await this.#log.engine.horizon()
    const reader = new RevisionReader(
      this.#log.engine,
      horizon,
      (where, why) => this.#found(where, why),
      () => this.#breathe(0),
    )
    this.#revisionsRead = reader
    await reader.read(head.revision)
    this.#report.revisions = reader.count
    // The newest is known from elsewhere.
    const known = reader.bad.has(head.revision) && head === this.#log.head
    this.#start = reader.start
    this.#balance = new Balance(reader.line(known ? head : undefined), horizon, this.#start)
  }

  async #changes(head: CommitRecord): Promise<void> {
    const { engine } = this.#log
    // Before the horizon only single changes are kept, each checked by itself; behind it none may be missing.
    const start = this.#start
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
        this.#change(row, start)
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
    let before: Entry | undefined
    let damaged: Damaged | undefined
    try {
      if (row.prev >= row.id) throw new Error('its predecessor comes after it')
      before = beforeOf(this.#log, row)
    } catch (error) {
      const where = `change ${row.id} of ${JSON.stringify(row.key)}`
      damaged = this.#damaged(where, message(error), row, row.id - 1)
    }
    const { change } = damaged ?? { change: row.prev }
    if (change > start && change < row.id) this.#linked++
    if (row.before === undefined || row.id <= start) return
    const tallies = [this.#balance.replacedBy(row.id), this.#balance.wroteBy(change)]
    for (const tally of tallies) if (tally !== undefined) count(tally, before, damaged)
  }

  /** Is told of when it is known which of them are only the consequences of others. */
  #damaged(where: string, why: string, row: PastChange, most: number): Damaged {
    const damaged = damagedRecord(where, why, row, most, this.#byPlace.get(row.prev))
    if (this.#damages.length < MOST_WEIGHED) {
      this.#damages.push(damaged)
      this.#byChange.set(damaged.stored, damaged)
      this.#byPlace.set(damaged.at, damaged)
    }
    return damaged
  }

  async #state(head: CommitRecord): Promise<void> {
    const tally = noTally()
    try {
      await this.#scan('the state', { ...head, asOf: 0 }, tally, head.last, (entry) => {
        const where = `${JSON.stringify(entry.key)} in the state`
        let damaged: Damaged | undefined
        try {
          this.#log.check(entry)
        } catch (error) {
          const { value: before, change: prev } = entry
          const row = { ...entry, before, prev, id: Infinity }
          damaged = this.#damaged(where, message(error), row, head.last)
        }
        const { change } = damaged ?? entry
        if (change > this.#start) this.#linked++
        count(tally, entry, damaged)
        const wrote = this.#balance.wroteBy(change)
        if (wrote !== undefined) count(wrote, entry, damaged)
        this.#report.records++
      })
      this.#report.keys = tally.keys
    } finally {
      this.#balance.settle(this.#damages, tally, head)
      for (const { where, why } of rootsOf(this.#damages)) this.#found(where, why)
    }
    this.#compare('the state', tally, head)
  }

  /** Reads all entries of a state. */
  async #scan(
    where: string,
    point: Point,
    tally: Tally,
    done: number,
    look: (entry: Entry) => void,
  ): Promise<void> {
    for (let from: string | undefined; ;) {
      const query = { from, to: undefined, reverse: false, limit: PAGE }
      const { asides } = this.#log.engine
      const found: readonly (Entry | BrokenChain)[] = await (point.aside === undefined
        ? this.#log.engine.page({ ...query, at: point.last })
        : asides.page(point.aside, query))
      for (const one of found)
        this.#check(`${JSON.stringify(one.key)} in ${where}`, () => {
          if ('broken' in one) throw new Error(`its history has a gap before change ${one.id}`)
          look(one)
        })
      const last = found.at(-1)
      if (found.length < PAGE || last === undefined) return
      from = `${last.key}\0`
      await this.#breathe(done + tally.keys)
    }
  }

  #compare(where: string, tally: Tally, record: CommitRecord): void {
    if (tally.keys !== record.keys)
      this.#found(where, `${record.keys} keys belong there and ${tally.keys} were found`)
    else if (tally.sums !== record.sums || (tally.bytes !== record.bytes && !tally.unsure))
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
        if (change > this.#start && !removes(row, key))
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

  async #marks(): Promise<void> {
    const { engine } = this.#log
    const horizon = await engine.horizon()
    const scanned = new Set<number>()
    for (const mark of await engine.marks()) {
      const where = `snapshot ${JSON.stringify(mark.version)}`
      await this.#part(where, async () => {
        if (markSum(mark) !== mark.sum) throw new Error('its record does not match its checksum')
        // That has been said.
        if (this.#revisionsRead?.isLost(mark.revision) === true) return
        const record = this.#revisionsRead?.find(mark.revision) ?? this.#log.commitOf(mark.revision)
        // Later ones are covered by the history itself.
        if (mark.revision >= horizon && record.why !== 'import') return
        if (scanned.has(mark.revision)) return
        scanned.add(mark.revision)
        await this.#whole(where, record)
      })
    }
    // What was imported stays readable without its snapshot, until it is compacted away.
    for (const record of this.#revisionsRead?.good ?? [])
      if (record.why === 'import' && record.revision >= horizon && !scanned.has(record.revision)) {
        const where = `the import of revision ${record.revision}`
        await this.#part(where, () => this.#whole(where, record))
      }
  }

  async #whole(where: string, record: CommitRecord): Promise<void> {
    const tally = noTally()
    const point = pointAt(record)
    await this.#scan(where, point, tally, this.#total, (entry) => {
      // The same record as in the history or the state.
      const known = point.aside === undefined ? this.#byChange.get(entry.change) : undefined
      const damaged = known?.key === entry.key ? known : undefined
      count(tally, entry, damaged)
      if (damaged === undefined) this.#log.check(entry)
    })
    this.#compare(where, tally, record)
  }
}

function count(tally: Tally, entry: Entry | undefined, damaged: Damaged | undefined): void {
  if (damaged !== undefined) addDamaged(tally, damaged)
  else if (entry !== undefined) add(tally, entry)
}

/** A row whose name is damaged, which was said, still tells of it. */
function removes(row: PastChange | undefined, key: string): boolean {
  if (row?.before === undefined) return false
  return row.key === key || fits(key, row.before, row.expires, row.prev, row.sum)
}

function message(error: unknown): string {
  if (error instanceof VarveError || error instanceof Error) return error.message
  return String(error)
}
