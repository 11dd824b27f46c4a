/** The disk of caches. It is over 400 lines because it has a method for each statement: each is short. */
import { join } from 'node:path'
import type { Context } from '../../context.ts'
import { IntegrityError } from '../../errors.ts'
import { Bell } from './bell.ts'
import { findDriver, type Driver, type Row, type SqlValue, type Statement } from './driver.ts'
import { translate } from './failures.ts'
import { fromSqlKey, toSqlKey } from './rows.ts'
import { ShelfDatabase } from './shelf-database.ts'
import {
  orNull,
  recordFits,
  sumOf,
  toShelved,
  type Shelved,
  type ShelfEntry,
  type Victim,
} from './shelf-rows.ts'
import { CLEAR, RANKING, shelfStatements, type ShelfPolicy, type ShelfStatement } from './shelf-schema.ts'

export type { ShelfPolicy } from './shelf-schema.ts'

/** What other processes have changed: so many keys that everything may have. */
export type ShelfNews = ReadonlySet<string> | 'everything'

export interface ShelfOptions {
  /** Which entry goes first; undefined: none is asked to. */
  readonly policy: ShelfPolicy | undefined
  /** The file grows to about so much. */
  readonly maxBytes: number
  /**
   * By several processes: they are woken by a bell, and the uses of an entry that gets another value go on from those that are
   * on the disk.
   */
  readonly shared: boolean
}

/** More changes than this are not worth telling one by one. */
const MOST_NEWS = 10_000
/** Keys that have gone are remembered for so many further changes, for those who have not looked for a while, */
const REMEMBERED = 10_000
const LEAST_REMEMBERED = 500
/** unless that would take more than a part of the disk. */
const GONE_BYTES = 150
const GONE_PART = 1 / 8

/**
 * The disk of a cache: entries in a SQLite database of its own, which any number of processes share. Each change has a number,
 * so that a process that looks knows what others have changed since its last look.
 */
export class Shelf {
  /** How often any shelf of this process was written. */
  static writes = 0
  readonly path: string
  readonly bell: Bell
  readonly #context: Context
  readonly #options: ShelfOptions
  readonly #db: ShelfDatabase
  #version: SqlValue | undefined
  /** The newest change that we know of; what others did after it is news. */
  #last = 0
  #floor = 0
  #age = 0
  #news: Set<string> | 'everything' = new Set()
  #buried = 0
  readonly #remembered: number
  #lastUse = 0
  #damagedRows = 0

  constructor(context: Context, folder: string, options: ShelfOptions, driver: Driver = findDriver()) {
    this.#context = context
    this.#options = options
    const { policy, maxBytes } = options
    this.path = join(folder, 'cache.db')
    const ranked = policy !== undefined
    const most = Math.floor((maxBytes * GONE_PART) / GONE_BYTES)
    this.#remembered = Math.min(REMEMBERED, Math.max(LEAST_REMEMBERED, most))
    this.#db = new ShelfDatabase(context, driver, this.path, shelfStatements(policy ?? 'fifo'), {
      ranked,
      maxBytes,
    })
    this.bell = new Bell(context, join(folder, 'cache.bell'))
  }

  /** Throws IntegrityError for what is damaged. */
  open(): void {
    try {
      this.#db.open()
      this.#version = this.#run('version').get()?.[0]
      this.#readTotals()
      this.#news = new Set()
      if (this.#options.shared) this.bell.open()
    } catch (error) {
      this.#discard()
      throw translate(error, this.path)
    }
  }

  /** As `open`; what is damaged begins anew. */
  openSafely(): void {
    try {
      this.open()
    } catch (error) {
      if (!(error instanceof IntegrityError)) throw error
      this.openAnew(error)
    }
  }

  /** Starts with nothing, in the place of what is damaged: a cache may be rebuilt, but says so. */
  openAnew(why: unknown): void {
    // What SQLite said; our own words are advice for stores.
    const cause = (why instanceof Error && why.cause) || why
    this.#context.warn(`The cache ${this.path} is damaged and begins empty.`, cause, 'cache')
    this.bell.close()
    this.#db.remove()
    this.open()
  }

  /** Whether somebody has put another file in the place of ours. */
  wasReplaced(): boolean {
    return this.#db.wasReplaced()
  }

  reopen(): void {
    this.#discard()
    this.open()
  }

  get isOpen(): boolean {
    return this.#db.isOpen
  }

  #run(name: ShelfStatement): Statement {
    return this.#db.run(name)
  }

  // ── reading ──

  /** Looks whether others have changed anything. What they have is told once. */
  look(): ShelfNews | undefined {
    return this.#db.translated(() => {
      const version = this.#run('version').get()?.[0]
      if (version !== this.#version) {
        this.#version = version
        this.#readTotals()
      }
      return this.takeNews()
    })
  }

  /** What others have changed before our own last change, which `transact` has seen. */
  takeNews(): ShelfNews | undefined {
    const news = this.#news
    if (news !== 'everything' && news.size === 0) return undefined
    this.#news = new Set()
    return news
  }

  #readTotals(): { readonly size: number; readonly bytes: number } {
    const [size, bytes, last, floor, age] = (this.#run('totals').get() ?? []).map(Number)
    if (last === undefined || floor === undefined || age === undefined)
      throw new IntegrityError(`${this.path} has lost its totals: damaged.`)
    if (last !== this.#last) {
      if (this.#last < floor || last < this.#last) this.#news = 'everything'
      else if (this.#news !== 'everything') {
        const rows = this.#run('changed').all(this.#last, MOST_NEWS + 1)
        if (rows.length > MOST_NEWS) this.#news = 'everything'
        else for (const [key] of rows) this.#news.add(fromSqlKey(key))
      }
      this.#last = last
    }
    this.#floor = floor
    this.#age = age
    return { size: size as number, bytes: bytes as number }
  }

  /** The entry; undefined also if it is damaged, which is told. */
  get(key: string): Shelved | undefined {
    return this.#db.translated(() => {
      const row = this.#run('get').get(toSqlKey(key))
      return row === undefined ? undefined : this.#entry(row)
    })
  }

  /** Entries in the order in which they were set, after the one with this number. They are not checked yet: see `recordFits`. */
  page(after: number, limit: number): { readonly entries: Shelved[]; readonly last: number | undefined } {
    return this.#db.translated(() => {
      const rows = this.#run('page').all(after, limit)
      return {
        entries: rows.map(toShelved),
        last: rows.length < limit ? undefined : Number(rows.at(-1)?.[7]),
      }
    })
  }

  /** Keys that are not over, in an order of their own, after this one. `last`: where to go on. */
  keys(
    after: string,
    limit: number,
    now: number,
  ): { readonly keys: string[]; readonly last: string | undefined } {
    return this.#db.translated(() => {
      const rows = this.#run('keys').all(toSqlKey(after), limit)
      const keys = rows.filter(([, due]) => due === null || Number(due) > now).map(([key]) => fromSqlKey(key))
      return { keys, last: rows.length < limit ? undefined : fromSqlKey(rows.at(-1)?.[0]) }
    })
  }

  /** The keys that bear a tag. */
  tagged(tag: string): string[] {
    return this.#run('tagged')
      .all(toSqlKey(tag))
      .map(([key]) => fromSqlKey(key))
  }

  totals(): { readonly size: number; readonly bytes: number } {
    return this.#db.translated(() => this.#readTotals())
  }

  note(name: string): Uint8Array | undefined {
    return this.#db.translated(() => {
      const value = this.#run('note').get(name)?.[0]
      return value instanceof Uint8Array ? value : undefined
    })
  }

  /** Tells of an entry that is damaged; such ones count as not there. */
  tellDamaged(key: string): void {
    if (this.#damagedRows++ > 0) return
    this.#context.warn(
      `${this.path} is damaged at ${JSON.stringify(key)}; such entries count as not there.`,
      undefined,
      'cache',
    )
  }

  #entry(row: Row): Shelved | undefined {
    const entry = toShelved(row)
    if (recordFits(entry.key, entry.value, entry.made, entry.ends, entry.sum)) return entry
    this.tellDamaged(entry.key)
    return undefined
  }

  // ── writing: all within `transact` ──

  /** All or nothing. Throws UnavailableError at once if another process is writing just now: the caller is patient. */
  transact<R>(work: () => R): R {
    return this.#db.translated(() => {
      this.#db.exec('begin immediate')
      let before: number | undefined
      try {
        this.#readTotals()
        before = this.#last
        const result = work()
        if (this.#buried > this.#remembered / 10) this.#forgetBuried()
        if (this.#last !== before) this.#run('advance').run(this.#last, this.#floor, this.#age)
        this.#db.exec('commit')
        Shelf.writes++
        this.#db.written()
        if (this.#last !== before) this.bell.ring()
        return result
      } catch (error) {
        try {
          this.#db.exec('rollback')
        } catch {
          // SQLite has rolled back by itself.
        }
        if (before !== undefined) this.#last = before
        // The totals are read anew.
        this.#version = undefined
        throw error
      }
    })
  }

  put({ key, value, made, ends, used, uses, bytes, due, tags }: ShelfEntry): number {
    const seq = ++this.#last
    const text = toSqlKey(key)
    this.#run('put').run(
      seq,
      text,
      value,
      Math.round(made),
      orNull(due),
      orNull(ends),
      this.#useOf(used),
      uses,
      Math.ceil(bytes),
      sumOf(key, value, made, ends),
      tags === undefined || tags.length === 0 ? 0 : 1,
      this.#options.shared ? 1 : 0,
    )
    for (const tag of tags ?? []) this.#run('tag').run(toSqlKey(tag), text)
    return seq
  }

  /** In microseconds, no two the same: the order of uses is that of their numbers. */
  #useOf(used: number): number {
    return (this.#lastUse = Math.max(this.#lastUse + 1, Math.round(used * 1000)))
  }

  /** Marks uses of an entry, if it is there. `idleAt`: when it ends if it is not used again. */
  use(key: string, used: number, uses: number, idleAt: number): void {
    this.#run('use').run(toSqlKey(key), this.#useOf(used), uses, orNull(idleAt))
  }

  /** Deletes a key, so that every process hears of it. True if it was there and not over. */
  bury(key: string, now: number): boolean {
    const state = this.state(key)
    this.#remove(key, ++this.#last)
    return state !== undefined && state.due > now
  }

  /**
   * Takes an entry off the shelf. Who has its value may go on using it, since nothing newer has taken its place; who has one
   * from before it hears of that.
   */
  drop(key: string): void {
    const state = this.state(key)
    if (state !== undefined) this.#remove(key, state.seq)
  }

  #remove(key: string, seq: number): void {
    const text = toSqlKey(key)
    this.#run('drop').run(text)
    if (!this.#options.shared) return
    this.#run('bury').run(text, seq)
    this.#buried++
  }

  /** What stands under a key. */
  state(key: string): { readonly seq: number; readonly due: number } | undefined {
    const row = this.#run('state').get(toSqlKey(key))
    return row && { seq: Number(row[0]), due: row[1] === null ? Infinity : Number(row[1]) }
  }

  /** Whether the disk has given up this set of a key, and nothing has happened to the key since. */
  gaveUp(key: string, seq: number): boolean {
    if (seq < this.#floor || this.state(key) !== undefined) return false
    return this.#run('wasHere').get(toSqlKey(key))?.[0] === seq
  }

  /** The number of the newest change that we know of; within `transact`, of all. */
  get last(): number {
    return this.#last
  }

  /** Those who go first, of what was set up to this number. */
  victims(limit: number, until: number): Victim[] {
    return this.#run('victims')
      .all(limit, until)
      .map((row) => ({
        key: fromSqlKey(row[0]),
        bytes: Number(row[6]),
        tagged: row[9] === 1,
        rank: Number(row[10]),
        entry: this.#entry(row),
      }))
  }

  /** What comes from now on ranks after what has gone. */
  agesTo(rank: number): void {
    this.#age = Math.max(this.#age, rank)
  }

  /** Within `transact`: as it stands now. */
  counts(): { readonly size: number; readonly bytes: number } {
    const [size, bytes] = this.#run('counts').get() ?? []
    return { size: Number(size), bytes: Number(bytes) }
  }

  /** Those whose time is over. */
  over(now: number, limit: number): Shelved[] {
    return this.#run('over')
      .all(Math.floor(now), limit)
      .map((row) => this.#entry(row))
      .filter((entry) => entry !== undefined)
  }

  /** When the next one ends. */
  nextDue(): number {
    const due = this.#run('nextDue').get()?.[0]
    return typeof due === 'number' ? due : Infinity
  }

  clear(): void {
    this.#db.forgetStatements()
    this.#db.exec(CLEAR)
    if (this.#options.policy !== undefined) this.#db.exec(RANKING)
    this.#floor = ++this.#last
    this.#age = 0
  }

  /** Gives the space of what is gone back to the file system. */
  shrink(): void {
    this.#db.translated(() => {
      this.#db.exec('pragma incremental_vacuum')
      this.#db.exec('pragma wal_checkpoint(truncate)')
    })
  }

  setNote(name: string, value: Uint8Array): void {
    this.#run('setNote').run(name, value)
  }

  dropNotesBut(names: readonly string[]): void {
    this.#run('dropNotes').run(JSON.stringify(names))
  }

  #forgetBuried(): void {
    this.#buried = 0
    const floor = this.#last - this.#remembered
    if (floor <= this.#floor) return
    this.#run('forget').run(floor)
    this.#floor = floor
  }

  // ── leases ──

  /** Who may bring the value of a key; undefined: nobody does. */
  lease(key: string): { readonly owner: string; readonly until: number } | undefined {
    return this.#db.translated(() => {
      const row = this.#run('lease').get(toSqlKey(key))
      return row && { owner: String(row[0]), until: Number(row[1]) }
    })
  }

  /** The keys whose values are being brought, and the tags that they will bear. */
  leases(): { readonly key: string; readonly tags: readonly string[] }[] {
    return this.#run('leases')
      .all()
      .map(([key, tags]) => ({ key: fromSqlKey(key), tags: JSON.parse(String(tags)) as string[] }))
  }

  take(key: string, owner: string, until: number, tags: readonly string[]): void {
    this.#run('take').run(toSqlKey(key), owner, until, JSON.stringify(tags))
  }

  release(key: string): void {
    this.#run('release').run(toSqlKey(key))
  }

  // ── the end ──

  async close(): Promise<void> {
    this.bell.close()
    await this.#db.close()
  }

  #discard(): void {
    this.bell.close()
    this.#db.discard()
  }
}
