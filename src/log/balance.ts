import type { CommitRecord, Encoded, Entry, PastChange } from '../change.ts'
import { IntegrityError } from '../errors.ts'
import { addSums, fits, recordSum, unseal } from './checksum.ts'
import { encodedBytes } from './codec.ts'
import { EMPTY } from './commits.ts'

/** What a run of records adds up to. */
export interface Tally {
  keys: number
  bytes: number
  sums: number
  /** A damaged record is among them: how long it was is not known, so that only keys and sums count. */
  unsure: boolean
}

export function noTally(): Tally {
  return { keys: 0, bytes: 0, sums: 0, unsure: false }
}

/** A record that does not match its checksum. */
export interface Damaged {
  readonly where: string
  readonly why: string
  readonly key: string
  /** The change that wrote it: as it is stored, and as it must have been. */
  readonly stored: number
  change: number
  /** The change that replaced it; Infinity: it is in the state. */
  readonly at: number
  /** It is kept as what is different from the value that took its place. */
  readonly packed: boolean
  /** Its sum: what it counts for. */
  sum: number
  /** The sum of its content; undefined: it has none that could be read. */
  readonly read: number | undefined
  /** Its content is right and something else of it is damaged, so that no other value is lost with it. */
  whole: boolean
}

export function add(tally: Tally, entry: Entry): void {
  tally.keys++
  tally.bytes += encodedBytes(entry.key) + encodedBytes(entry.value)
  tally.sums = addSums(tally.sums, unseal(entry.sum, entry.change))
}

/** A damaged record still says how much it added to the sums, and the sums tell whether it says so rightly. */
export function addDamaged(tally: Tally, { sum }: Damaged): void {
  tally.keys++
  tally.sums = addSums(tally.sums, sum)
  tally.unsure = true
}

/**
 * What is known of a record that does not match its checksum. Content and checksum tell the number of the change that wrote it
 * (a sealed sum is their sum): where that is possible, and not what is stored, the number is what is damaged.
 */
export function damagedRecord(
  where: string,
  why: string,
  { key, before, prev, expires, sum, id, packed }: PastChange,
  most: number,
  older?: Damaged,
): Damaged {
  const read = before === undefined ? undefined : contentSum(key, before, expires)
  const told = read === undefined ? sum : unseal(sum, read)
  // A row of an addition holds the number twice.
  const moved = told !== prev && told > 0 && told <= most && (before !== undefined || prev > most)
  const misnamed =
    before !== undefined && older !== undefined && older.key !== key
      ? fits(older.key, before, expires, prev, sum)
      : false
  return {
    where,
    why,
    key,
    stored: prev,
    change: moved ? told : prev,
    at: id,
    packed: packed === true,
    sum: moved && read !== undefined ? read : unseal(sum, prev),
    read,
    whole: misnamed,
  }
}

function contentSum(key: string, value: Encoded, expires: number): number | undefined {
  try {
    return recordSum(key, value, expires)
  } catch (error) {
    if (error instanceof IntegrityError) return undefined
    throw error
  }
}

/** Each revision's totals against the records that it wrote and replaced. */
export class Balance {
  /** Revisions whose totals can be relied on; what belongs to others counts for the next of these. */
  readonly #line: readonly CommitRecord[]
  readonly #wrote: Tally[]
  readonly #replaced: Tally[]
  /** What was before the first; undefined: not known. */
  readonly #base: CommitRecord | undefined
  readonly #start: number

  /** `start`: the last change of the horizon. */
  constructor(line: readonly CommitRecord[], horizon: number, start: number) {
    this.#line = line
    this.#wrote = line.map(noTally)
    this.#replaced = line.map(noTally)
    this.#base = horizon <= 1 ? EMPTY : undefined
    this.#start = start
  }

  /** A record counts for the revision that wrote it. */
  wroteBy(change: number): Tally | undefined {
    return this.#wrote[this.#writer(change)]
  }

  replacedBy(change: number): Tally | undefined {
    return this.#replaced[this.#indexOf(change)]
  }

  #writer(change: number): number {
    return this.#base === undefined && change <= this.#start ? -1 : this.#indexOf(change)
  }

  /** The place of the revision that a change belongs to; -1: none. */
  #indexOf(change: number): number {
    const line = this.#line
    let low = 0
    let high = line.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((line[middle] as CommitRecord).last < change) low = middle + 1
      else high = middle
    }
    return low < line.length ? low : -1
  }

  /** How much the totals of a revision say beyond what was found; undefined: that cannot be known. */
  #missing(i: number): Tally | undefined {
    const record = this.#line[i]
    const before = i === 0 ? this.#base : this.#line[i - 1]
    const wrote = this.#wrote[i]
    const replaced = this.#replaced[i]
    if (!record || !before || !wrote || !replaced) return undefined
    return {
      keys: record.keys - before.keys - wrote.keys + replaced.keys,
      bytes: record.bytes - before.bytes - wrote.bytes + replaced.bytes,
      sums: addSums(addSums(record.sums, -before.sums), addSums(replaced.sums, -wrote.sums)),
      unsure: wrote.unsure || replaced.unsure,
    }
  }

  /**
   * Finds those damaged records whose content is right: exactly its sum, instead of the stored one, is what the totals lack
   * wherever the record counts.
   */
  settle(damages: readonly Damaged[], state: Tally, head: CommitRecord): void {
    for (const damaged of damages) {
      this.#moveBack(damaged)
      const { read, sum, change, at } = damaged
      if (read === undefined || read === sum) continue
      const more = addSums(read, -sum)
      const from = this.#writer(change)
      const to = this.#indexOf(at)
      if (at !== Infinity && from === to) continue
      const lacks = [
        [this.#missing(from)?.sums, more],
        at === Infinity
          ? [addSums(head.sums, -state.sums), more]
          : [this.#missing(to)?.sums, addSums(0, -more)],
      ].filter(([lack]) => lack !== undefined)
      if (lacks.length === 0 || lacks.some(([lack, expected]) => lack !== expected)) continue
      for (const tally of [this.#wrote[from], at === Infinity ? state : this.#replaced[to]])
        if (tally !== undefined) tally.sums = addSums(tally.sums, more)
      damaged.sum = read
      damaged.whole = true
    }
  }

  /** A checksum that is wrong by a little looks like a wrong number: the totals tell where the record is missed. */
  #moveBack(damaged: Damaged): void {
    const { read, change, stored } = damaged
    const from = this.#writer(change)
    const to = this.#writer(stored)
    const wrote = this.#wrote[from]
    const lacks = this.#wrote[to]
    if (read === undefined || from === to || wrote === undefined || lacks === undefined) return
    if (this.#missing(from)?.sums !== addSums(0, -read) || this.#missing(to)?.sums !== addSums(0, read))
      return
    wrote.keys--
    wrote.sums = addSums(wrote.sums, -read)
    lacks.unsure = true
    lacks.keys++
    lacks.sums = addSums(lacks.sums, read)
    damaged.change = stored
    damaged.whole = true
  }

  /** The revisions that do not add up. */
  *wrong(): Generator<CommitRecord> {
    for (const [i, record] of this.#line.entries()) {
      const missing = this.#missing(i)
      if (missing === undefined) continue
      const { keys, bytes, sums, unsure } = missing
      if (keys !== 0 || sums !== 0 || (bytes !== 0 && !unsure)) yield record
    }
  }
}

/**
 * The damages that are none of another's: what is kept as what is different from a lost value is lost with it. Those are named
 * with it, since whether they would be right is not to be known.
 */
export function rootsOf(damages: readonly Damaged[]): { readonly where: string; readonly why: string }[] {
  const writtenBy = new Map(damages.map((one) => [one.change, one]))
  const lost = new Map<Damaged, number[]>()
  const above = (one: Damaged): Damaged | undefined => {
    const newer = one.packed ? writtenBy.get(one.at) : undefined
    const breaks = newer !== undefined && newer.key === one.key && newer.at > one.at
    return breaks && (!newer.whole || newer.change !== newer.stored) ? newer : undefined
  }
  const roots: Damaged[] = []
  for (const one of damages) {
    let root = one
    for (let next = above(one); next !== undefined; next = above(next)) root = next
    if (root === one) roots.push(one)
    else lost.set(root, [...(lost.get(root) ?? []), one.at])
  }
  return roots.map((one) => {
    const with_ = lost.get(one)
    const more =
      with_ === undefined
        ? ''
        : ` Kept as what is different from it, and lost with it: the ${with_.length === 1 ? 'value before change' : 'values before changes'} ${with_.join(', ')}.`
    return { where: one.where, why: one.why + more }
  })
}
