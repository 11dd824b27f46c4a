import type { AsideEntry, AsideHead, Entry } from '../../change.ts'
import type { Asides, PageQuery } from '../../engine.ts'
import type { Connection } from './connection.ts'
import type { Row } from './driver.ts'
import { bounds } from './pages.ts'
import { fromSqlKey, toAsideHead, toEntry, toSqlKey } from './rows.ts'

const toAsideEntry = (row: Row): Entry => toEntry(fromSqlKey(row[0]), row, 1)

/** States beside the main line, in two tables of their own. */
export class SqliteAsides implements Asides {
  readonly #db: Connection
  readonly #transaction: (work: () => void) => Promise<void>

  constructor(db: Connection, transaction: (work: () => void) => Promise<void>) {
    this.#db = db
    this.#transaction = transaction
  }

  heads(): AsideHead[] {
    return this.#db.records(toAsideHead, 'asides')
  }

  get(aside: number, key: string): Entry | undefined {
    return this.#db.record(toAsideEntry, 'asideEntry', aside, toSqlKey(key))
  }

  page(aside: number, query: Omit<PageQuery, 'at'>): Entry[] {
    const name = query.reverse ? 'asidePageReverse' : 'asidePage'
    return this.#db.records(toAsideEntry, name, ...bounds(query), query.limit, aside)
  }

  async put(aside: number, at: number, begin: boolean, entries: readonly AsideEntry[]): Promise<boolean> {
    let there = begin
    await this.#transaction(() => {
      there = begin || this.#db.get('asideOpen', aside) !== undefined
      if (!there) return
      this.#db.run('putAside', aside, at)
      this.#putAll(aside, entries)
    })
    return there
  }

  #putAll(aside: number, entries: readonly AsideEntry[]): void {
    for (const { key, value, expires, sum } of entries) {
      if (value === undefined) this.#db.run('dropAsideEntry', aside, toSqlKey(key))
      else this.#db.run('putAsideEntry', aside, toSqlKey(key), value, expires === 0 ? null : expires, sum)
    }
  }

  /** Part of the transaction of a plan. */
  complete(aside: number, revision: number): void {
    this.#db.run('closeAside', aside, revision)
  }

  async drop(aside: number, limit: number): Promise<boolean> {
    let more = false
    await this.#transaction(() => {
      // First what readers are told, then what they can no longer find.
      this.#db.run('reopenAside', aside)
      this.#db.run('dropAsideEntries', aside, limit)
      more = this.#db.get('asideAny', aside) !== undefined
      if (!more) this.#db.run('dropAside', aside)
    })
    return more
  }
}
