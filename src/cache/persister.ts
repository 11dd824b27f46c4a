import type { Context } from '../context.ts'
import { patiently } from '../engines/sqlite/failures.ts'
import type { Shelf } from '../engines/sqlite/shelf.ts'
import { IntegrityError, InvalidValueError } from '../errors.ts'
import { encode } from '../log/codec.ts'
import type { EvictionReason } from './cache-options.ts'
import type { Entries, EntriesListener } from './entries.ts'
import { noteBytes, noteWrites } from './policy-note.ts'
import { Sleeping } from './sleeping.ts'

/** So many entries are written in one turn: a few milliseconds. */
const SLICE = 200
/** So many keys that cannot be written are told of. */
const MOST_REFUSED = 1000
/** What the policy knows is written when so many uses, as a part of the entries, have added to it. */
const WORTH_NOTING = 1 / 8

/** Writes what changes in a cache to its shelf, in the background and a little at a time. */
export class Persister implements EntriesListener {
  readonly #context: Context
  readonly #shelf: Shelf
  readonly #entries: Entries
  readonly #every: number
  /** Keys whose entries on the disk are not those in memory. */
  readonly #dirty = new Set<string>()
  /** The number of each slot's entry on the disk; 0: none yet. */
  #seqs = new Float64Array(0)
  #clears = false
  /** Looks since it was opened, and when the policy's state was last written. */
  uses = 0
  #notedUses = 0
  /** All entries are here: what the policy knows is worth keeping. */
  isWhole = false
  #failing = false
  readonly #refused = new Set<string>()
  #cancel: (() => void) | undefined
  #working: Promise<void> | undefined
  #stopped = false

  constructor(context: Context, shelf: Shelf, entries: Entries, every: number) {
    this.#context = context
    this.#shelf = shelf
    this.#entries = entries
    this.#every = every
    entries.listener = this
  }

  // ── what the cache tells ──

  put(slot: number): void {
    this.uses++
    if (slot < this.#seqs.length) this.#seqs[slot] = 0
    this.#mark(this.#entries.table.pairs[2 * slot] as string)
  }

  going(slot: number, _reason: EvictionReason): void {
    if (slot < this.#seqs.length) this.#seqs[slot] = 0
    this.#mark(this.#entries.table.pairs[2 * slot] as string)
  }

  cleared(): void {
    this.#dirty.clear()
    this.#seqs.fill(0)
    this.#clears = true
  }

  /** What is on the disk of a key that is not in memory has to go. */
  gone(key: string): void {
    this.#mark(key)
  }

  /** An entry came from the disk, where it has this number. */
  brought(slot: number, seq: number): void {
    this.#seqOf(slot, seq)
  }

  #seqOf(slot: number, seq: number): void {
    if (slot >= this.#seqs.length) {
      const seqs = new Float64Array(Math.max(slot + 1, this.#entries.table.capacity))
      seqs.set(this.#seqs)
      this.#seqs = seqs
    }
    this.#seqs[slot] = seq
  }

  #mark(key: string): void {
    this.#dirty.add(key)
    if (this.#cancel !== undefined || this.#every === Infinity || this.#stopped) return
    this.#cancel = this.#context.later(this.#every, () => {
      this.#cancel = undefined
      void this.#inBackground()
    })
  }

  async #inBackground(): Promise<void> {
    try {
      const uses = this.uses - this.#notedUses
      await this.#run(this.isWhole && uses > this.#entries.table.size * WORTH_NOTING)
      if (this.#failing) this.#context.worked('cache')
      this.#failing = false
    } catch (error) {
      if (!this.#failing && !this.#stopped)
        this.#context.warn(
          `The cache ${this.#shelf.path} cannot be written; it goes on in memory, and is tried again.`,
          error,
          'cache',
        )
      this.#failing = true
      for (const key of this.#dirty) return this.#mark(key)
    }
  }

  // ── writing ──

  async clear(): Promise<void> {
    await this.#run(false)
    await patiently(this.#context, () => this.#shelf.shrink())
  }

  /** Everything that has changed until now, and what the policy knows. */
  persist(): Promise<void> {
    return this.#run(true)
  }

  async #run(notes: boolean): Promise<void> {
    while (this.#working !== undefined) await this.#working.catch(() => undefined)
    const work = (this.#working = this.#write(notes))
    try {
      await work
    } finally {
      this.#working = undefined
    }
  }

  async #write(notes: boolean): Promise<void> {
    for (const step of this.#steps(notes)) {
      await patiently(this.#context, step)
      await new Promise<void>((resolve) => this.#context.turn(resolve))
    }
  }

  /** All at once, because there will be no other turn. `finish`: sees to it that all entries are here. */
  persistNow(finish: () => void): void {
    try {
      if (!this.#shelf.isOpen || (this.#dirty.size === 0 && !this.#clears && this.uses === this.#notedUses))
        return
      finish()
      for (const step of this.#steps(true)) step()
    } catch (error) {
      this.#context.warn(`The cache ${this.#shelf.path} could not be written at the end.`, error, 'cache')
    }
  }

  *#steps(notes: boolean): Generator<() => void> {
    const keys = [...this.#dirty]
    const slices = Math.max(this.#clears ? 1 : 0, Math.ceil(keys.length / SLICE))
    for (let n = 0; n < slices; n++) {
      const slice = keys.slice(n * SLICE, (n + 1) * SLICE)
      yield () => {
        const put = this.#transact(() => this.#writeSome(slice))
        // Not before it is done: what failed is tried again.
        this.#clears = false
        for (const key of slice) this.#dirty.delete(key)
        for (const [slot, seq] of put) this.#seqOf(slot, seq)
      }
    }
    if (!notes) return
    const uses = this.uses
    for (const write of noteWrites(
      this.#shelf,
      this.#noteNow(),
      this.#entries.table.seed,
      this.#context.unique(),
    ))
      yield () => this.#transact(write)
    this.#notedUses = uses
  }

  #transact<R>(work: () => R): R {
    try {
      return this.#shelf.transact(work)
    } catch (error) {
      if (!(error instanceof IntegrityError)) throw error
      // What is in memory is all there is now.
      this.#shelf.openAnew(error)
      this.#seqs.fill(0)
      const { table } = this.#entries
      for (let slot = 0; slot < table.end; slot++)
        if (!table.isFree(slot)) this.#mark(table.pairs[2 * slot] as string)
      return this.#shelf.transact(work)
    } finally {
      // One process at a time: there are no news.
      this.#shelf.takeNews()
    }
  }

  /** Returns which slots are on the disk now, and under which numbers. */
  #writeSome(keys: readonly string[]): (readonly [slot: number, seq: number])[] {
    if (this.#clears) this.#shelf.clear()
    const put: (readonly [number, number])[] = []
    for (const key of keys) {
      if (!this.#dirty.has(key)) continue
      const slot = this.#entries.table.find(key)
      // What has a number came back from the disk as it is there.
      if (slot >= 0 && (this.#seqs[slot] ?? 0) > 0) continue
      const seq = slot < 0 ? undefined : this.#writeEntry(key, slot)
      if (seq === undefined) this.#shelf.drop(key)
      else put.push([slot, seq])
    }
    return put
  }

  /** Its number on the disk; undefined: it is not to be had there. */
  #writeEntry(key: string, slot: number): number | undefined {
    const entries = this.#entries
    const held = entries.table.pairs[2 * slot + 1]
    try {
      const awake = held instanceof Sleeping ? held.wake(key) : { value: held }
      // Damaged on the disk: there is nothing to write.
      if (awake === undefined) return undefined
      return this.#shelf.put({
        key,
        value: encode(awake.value, { compression: true }, key),
        made: entries.createdAt(slot),
        ends: entries.endsAt(slot),
        due: Infinity,
        used: entries.accessedAt(slot),
        uses: entries.accesses(slot),
        bytes: entries.bytesOf(slot),
      })
    } catch (error) {
      if (!(error instanceof InvalidValueError)) throw error
      this.#tellRefused(key, error)
      return undefined
    }
  }

  /** Once for each key, as long as there are not too many. */
  #tellRefused(key: string, error: InvalidValueError): void {
    if (this.#refused.has(key) || this.#refused.size >= MOST_REFUSED) return
    this.#refused.add(key)
    this.#context.warn(
      `The entry ${JSON.stringify(key)} of the cache ${this.#shelf.path} stays in memory only.`,
      error,
      'cache',
    )
  }

  #noteNow(): Uint8Array {
    const entries = this.#entries
    const state = entries.save()
    const count = state.slots.length
    const seqs = new Float64Array(count)
    const used = new Float64Array(count)
    const uses = new Int32Array(count)
    for (let i = 0; i < count; i++) {
      const slot = state.slots[i] as number
      seqs[i] = this.#seqs[slot] ?? 0
      used[i] = entries.accessedAt(slot)
      uses[i] = entries.accesses(slot)
    }
    return noteBytes({ state, seqs, used, uses })
  }

  stop(): void {
    this.#stopped = true
    this.#cancel?.()
    this.#cancel = undefined
  }
}
