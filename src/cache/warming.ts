import type { Context } from '../context.ts'
import type { Shelf } from '../engines/sqlite/shelf.ts'
import type { Entries } from './entries.ts'
import type { Persister } from './persister.ts'
import { readNote, readSeed, type PolicyNote } from './policy-note.ts'
import { Sleeping } from './sleeping.ts'

/** So many entries come in one turn: a few milliseconds. */
const SLICE = 1000

/** Brings the entries of a cache back from the disk, in the background. What has been set meanwhile is newer, and stays. */
export class Warming {
  readonly #context: Context
  readonly #shelf: Shelf
  readonly #entries: Entries
  readonly #persister: Persister
  readonly #done: () => void
  #note: PolicyNote | undefined
  readonly #places = new Map<number, number>()
  /** Keys that were set or deleted meanwhile. */
  readonly #newer = new Set<string>()
  /** Keys that were read from the disk meanwhile. */
  readonly #early: string[] = []
  #after: number | undefined
  #over = false

  constructor(context: Context, shelf: Shelf, entries: Entries, persister: Persister, done: () => void) {
    this.#context = context
    this.#shelf = shelf
    this.#entries = entries
    this.#persister = persister
    this.#done = done
    // Before anything else comes.
    const seed = readSeed(shelf)
    if (seed !== undefined) entries.reseed(seed)
    context.turn(() => this.#slice())
  }

  /** An entry that has not come yet. */
  find(key: string, counts: boolean): Sleeping | undefined {
    if (typeof key !== 'string' || this.#newer.has(key)) return undefined
    const entry = this.#shelf.get(key)
    if (entry === undefined || entry.ends <= this.#context.steady()) return undefined
    if (counts) this.#early.push(key)
    return new Sleeping(entry)
  }

  /** What is on the disk of this key is not wanted any more. */
  forget(key: string): void {
    this.#newer.add(key)
  }

  #slice(): void {
    if (this.#over) return
    try {
      this.#bringSome()
    } catch (error) {
      this.#context.warn(
        'The entries of a cache could not be read; it goes on with what there is.',
        error,
        'cache',
      )
      return this.#end()
    }
    if (!this.#over) this.#context.turn(() => this.#slice())
  }

  #bringSome(): void {
    if (this.#after === undefined) {
      this.#after = 0
      this.#note = readNote(this.#shelf)
      this.#note?.seqs.forEach((seq, place) => this.#places.set(seq, place))
    }
    const { entries, last } = this.#shelf.page(this.#after, SLICE)
    for (const entry of entries) {
      if (this.#newer.has(entry.key)) continue
      const place = this.#places.get(entry.seq)
      const slot = this.#entries.bring(entry.key, new Sleeping(entry), {
        createdAt: entry.made,
        accessedAt: Math.max(entry.used, (place !== undefined && this.#note?.used[place]) || 0),
        accesses: Math.max(entry.uses, (place !== undefined && this.#note?.uses[place]) || 0),
        endsAt: entry.ends,
        bytes: entry.bytes,
      })
      if (slot < 0) {
        // Its time is over, or it is larger than the cache is now; or it is there already, and then it is newer.
        if (this.#entries.table.find(entry.key) < 0) this.#persister.gone(entry.key)
        continue
      }
      this.#persister.brought(slot, entry.seq)
      if (place !== undefined && this.#note !== undefined) this.#note.state.slots[place] = slot
    }
    if (last === undefined) this.#end()
    else this.#after = last
  }

  /** All that is left, at once. */
  finish(): void {
    while (!this.#over) this.#bringSome()
  }

  #end(): void {
    if (this.#over) return
    this.stop()
    const { table } = this.#entries
    this.#entries.lay(
      this.#note?.state,
      this.#early.map((key) => table.find(key)).filter((slot) => slot >= 0),
    )
  }

  /** What has not come yet is not wanted any more. */
  stop(): void {
    this.#over = true
    this.#persister.isWhole = true
    this.#done()
  }
}
