import type { Context } from '../context.ts'
import { patiently } from '../engines/sqlite/failures.ts'
import type { Disk } from './disk.ts'
import type { ShelfEntry } from '../engines/sqlite/shelf-rows.ts'

/** What is to be written of one key. */
export interface Write {
  /** undefined: the key is deleted. */
  readonly entry: Omit<ShelfEntry, 'due'> | undefined
  /** Who brought the value: it is kept only if nobody has called that off. */
  readonly owner: string | undefined
  /** Told the number that it got, or that it was not kept. */
  readonly done?: (seq: number | undefined) => void
}

type Told = readonly [done: (seq: number | undefined) => void, seq: number | undefined]

class Batch {
  clears = false
  readonly writes = new Map<string, Write>()
  /** What memory gives up, in case the disk has given it up before. */
  readonly demoted = new Map<string, { readonly entry: Omit<ShelfEntry, 'due'>; readonly seq: number }>()

  get isEmpty(): boolean {
    return !this.clears && this.writes.size === 0 && this.demoted.size === 0
  }
}

/**
 * What is on its way to the disk: all that one turn writes goes in one transaction, and is found here until it is there. A
 * write that fails is forgotten, and its caller told.
 */
export class WriteBehind {
  readonly #context: Context
  readonly #disk: Disk
  #next = new Batch()
  #underWay: Batch | undefined
  #promise: Promise<void> | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(context: Context, disk: Disk) {
    this.#context = context
    this.#disk = disk
  }

  /** What a key will be: `'nothing'` if it was deleted; undefined: as on the disk. */
  find(key: string): Omit<ShelfEntry, 'due'> | 'nothing' | undefined {
    for (const batch of [this.#next, this.#underWay]) {
      if (batch === undefined || batch.isEmpty) continue
      const write = batch.writes.get(key)
      // What was brought may not be kept.
      if (write !== undefined && write.owner === undefined) return write.entry ?? 'nothing'
      const demoted = batch.demoted.get(key)
      if (demoted !== undefined) return demoted.entry
      if (batch.clears) return 'nothing'
    }
    return undefined
  }

  /** What is on its way. */
  *keys(): Iterable<string> {
    for (const batch of [this.#next, this.#underWay])
      if (batch !== undefined) yield* [...batch.writes.keys(), ...batch.demoted.keys()]
  }

  write(key: string, write: Write): Promise<void> {
    this.#next.writes.get(key)?.done?.(undefined)
    this.#next.writes.set(key, write)
    this.#next.demoted.delete(key)
    return this.#soon()
  }

  demote(entry: Omit<ShelfEntry, 'due'>, seq: number): void {
    if (this.#next.writes.has(entry.key) || this.#underWay?.writes.has(entry.key)) return
    this.#next.demoted.set(entry.key, { entry, seq })
    // Nobody waits for it.
    void this.#soon().catch((error: unknown) =>
      this.#context.warn('What memory gave up was not written to the disk.', error, 'cache'),
    )
  }

  clear(): Promise<void> {
    for (const { done } of this.#next.writes.values()) done?.(undefined)
    this.#next = Object.assign(new Batch(), { clears: true })
    return this.#soon()
  }

  /** When what is on its way to the disk of this key is there; undefined: nothing is. */
  settled(key: string): Promise<unknown> | undefined {
    for (const batch of [this.#next, this.#underWay])
      if (batch !== undefined && (batch.clears || batch.writes.has(key))) return this.flush()
    return undefined
  }

  /** When everything that was written until now is on the disk. */
  flush(): Promise<unknown> {
    return this.#next.isEmpty ? this.#last : this.#soon()
  }

  #soon(): Promise<void> {
    if (this.#promise === undefined) {
      const before = this.#last
      this.#promise = this.#go(before)
      this.#last = this.#promise.catch(() => undefined)
    }
    return this.#promise
  }

  async #go(before: Promise<unknown>): Promise<void> {
    // What the same turn writes goes along.
    await before
    const batch = this.#next
    this.#next = new Batch()
    this.#underWay = batch
    this.#promise = undefined
    try {
      const told = await patiently(this.#context, () => this.#disk.transact(() => this.#apply(batch)))
      for (const [done, seq] of told) done(seq)
    } catch (error) {
      for (const { done } of batch.writes.values()) done?.(undefined)
      throw error
    } finally {
      this.#underWay = undefined
    }
  }

  /** Returns who is to be told what, when it is done. */
  #apply(batch: Batch): Told[] {
    const { shelf } = this.#disk
    const told: Told[] = []
    if (batch.clears) this.#disk.clear()
    const leased = new Set(shelf.leases().map(({ key }) => key))
    for (const [key, { entry, owner, done }] of batch.writes) {
      let seq: number | undefined
      if (owner === undefined || (leased.has(key) && shelf.lease(key)?.owner === owner)) {
        if (leased.has(key)) shelf.release(key)
        if (entry === undefined) this.#disk.bury(key, 0)
        else seq = this.#disk.put(entry)
      }
      if (done !== undefined) told.push([done, seq])
    }
    for (const [key, { entry, seq }] of batch.demoted) {
      // Deleted or set since then, or so long ago that nobody knows any more: then it may not come back.
      if (shelf.gaveUp(key, seq)) this.#disk.put(entry)
    }
    return told
  }
}
