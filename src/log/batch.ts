import type { CommitRecord, Entry, Mark, NewChange, Replaced } from '../change.ts'
import { storeDelta } from '../deltas/stored.ts'
import { IntegrityError } from '../errors.ts'
import type { Plan } from '../engine.ts'
import type { Made } from '../telemetry/telemetry.ts'
import { addSums, commitHash, seal, unseal } from './checksum.ts'
import { encodedBytes } from './codec.ts'
import { removeOp, type Draft, type Intent, type Op, type View } from './intent.ts'
import { now } from './commits.ts'
import type { Log } from './log.ts'
import { marksOf } from './refs.ts'

/** So many expiries make one revision. */
const EXPIRE_AT_ONCE = 1_000

/** Smaller values are kept whole: there is nothing to be gained beside what a row takes anyway. */
const LEAST_PACKED = 256
/** Larger ones too: nobody shall wait for the comparison. */
const MOST_PACKED = 8 * 2 ** 20

/** An intent and who waits for it: told the revision that was made, or the newest one if none was. */
export interface Waiting {
  readonly intent: Intent
  readonly resolve: (revision: number) => void
  readonly reject: (error: unknown) => void
}

export interface Outcome {
  readonly waiting: Waiting
  readonly revision: number
  readonly error: unknown
}

/** Turns what is asked for into numbered, sealed records on top of the newest revision. */
export class Batch implements View {
  readonly outcomes: Outcome[] = []
  readonly commits: CommitRecord[] = []
  /** Of the encoded values that it stores. */
  bytes = 0
  readonly plan: Plan | undefined
  /** The newest revision when this was made. */
  readonly base: CommitRecord
  deadline: number = Infinity
  expired = false
  /** Past values that are kept as deltas. */
  readonly packed = { count: 0, fullBytes: 0, storedBytes: 0 }
  readonly #log: Log
  readonly #changes: NewChange[] = []
  readonly #sums: number[] = []
  readonly #drafts: {
    readonly draft: Draft
    readonly revision: number
    readonly last: number
    readonly first: number
  }[] = []
  /** What is new or changed when all is done; what is dropped goes before. */
  readonly #put = new Map<string, Mark>()
  readonly dropMarks: string[] = []
  /** What this group has done so far, by key. */
  readonly #done = new Map<string, { readonly op: Op; readonly change: number; readonly revision: number }>()
  #revision: number
  #last: number

  constructor(log: Log, group: readonly Waiting[]) {
    this.#log = log
    this.base = log.head
    this.#revision = log.head.revision
    this.#last = log.head.last
    this.#expire(group.some(({ intent }) => intent.afterExpiry) ? Infinity : EXPIRE_AT_ONCE)
    for (const waiting of group) {
      try {
        const draft = waiting.intent.build(this)
        if (draft !== undefined) this.#add(draft)
        this.outcomes.push({ waiting, revision: this.#revision, error: undefined })
      } catch (error) {
        this.outcomes.push({
          waiting,
          revision: this.#revision,
          error: error ?? new Error('rejected without a reason'),
        })
      }
    }
    const asides = this.#drafts.flatMap(({ draft: { aside }, revision }) =>
      aside === undefined ? [] : [{ aside: aside.aside, revision }],
    )
    if (this.#drafts.length === 0 && this.#put.size === 0 && this.dropMarks.length === 0) return
    this.plan = {
      changes: this.#changes,
      seal: (replaced) => this.#seal(replaced),
      marks: { put: this.putMarks, drop: this.dropMarks },
      ...(asides.length > 0 ? { asides } : {}),
    }
  }

  get putMarks(): readonly Mark[] {
    return [...this.#put.values()]
  }

  /** The revisions that it made, for those who want to know. */
  made(): Made[] {
    return this.commits.map(({ revision, at, actor, why }, i) => {
      const start = this.#drafts[i]?.first ?? 0
      const keys = this.#changes.slice(start, this.#drafts[i + 1]?.first).map(({ key }) => key)
      return { revision, at, actor, why, keys }
    })
  }

  get head(): CommitRecord {
    return this.commits.at(-1) ?? this.#log.head
  }

  marks(): readonly Mark[] {
    const stored = marksOf(this.#log)
    if (this.#put.size === 0 && this.dropMarks.length === 0) return stored
    const byVersion = new Map(stored.map((mark) => [mark.version, mark]))
    for (const version of this.dropMarks) byVersion.delete(version)
    for (const mark of this.#put.values()) byVersion.set(mark.version, mark)
    return [...byVersion.values()]
  }

  touched(): Iterable<string> {
    return this.#done.keys()
  }

  get revision(): number {
    return this.#revision
  }

  get last(): number {
    return this.#last
  }

  revisionOf(key: string): number {
    const done = this.#done.get(key)
    if (done !== undefined) return done.op.value === undefined ? 0 : done.revision
    const entry = this.#log.entry(key)
    return entry === undefined ? 0 : this.#log.commitOfChange(entry.change).revision
  }

  entry(key: string): Pick<Entry, 'key' | 'value' | 'expires'> | undefined {
    const done = this.#done.get(key)
    if (done === undefined) return this.#log.entry(key)
    return live(done.op)
  }

  *entries(): Iterable<Pick<Entry, 'key' | 'value' | 'expires'>> {
    const point = { revision: this.base.revision, last: this.base.last, asOf: this.#log.context.steady() }
    for (let from: string | undefined; ;) {
      const { entries, last } = this.#log.pageNow({ from, to: undefined, reverse: false, limit: 512 }, point)
      for (const entry of entries) if (!this.#done.has(entry.key)) yield entry
      if (last === undefined) break
      from = `${last}\0`
    }
    for (const { op } of this.#done.values()) {
      const entry = live(op)
      if (entry !== undefined) yield entry
    }
  }

  changedSince(change: number, touches: (key: string) => boolean): boolean {
    for (const [key, done] of this.#done) if (done.change > change && touches(key)) return true
    for (let after = change; ;) {
      if (after >= this.base.last) return false
      const rows = this.#log.engine.changedKeys(after, 1_000)
      for (const key of rows) if (touches(key)) return true
      if (rows.length < 1_000) return false
      after += rows.length
    }
  }

  /** An expiry is a change like any other, and comes before whatever is done afterwards. */
  #expire(limit: number): void {
    const { steady } = this.#log.context
    for (let left = limit; left > 0;) {
      const at = steady()
      if (this.#log.deadline() > at) return
      const due = this.#dueNow(at, Math.min(left, EXPIRE_AT_ONCE))
      if (due.length === 0) return
      this.#add({ ops: due.map(removeOp), actor: 'expiry', why: 'expiry' })
      this.expired = true
      left -= due.length
    }
  }

  #dueNow(at: number, limit: number): string[] {
    // Those that this group has dealt with are still in the engine.
    const skip = this.#done.size
    const due = now(this.#log.engine.due(at, limit + skip))
    const keys: string[] = []
    for (const entry of due) {
      if (this.#done.has(entry.key)) continue
      this.#log.check(entry)
      keys.push(entry.key)
    }
    return keys
  }

  #add(draft: Draft): void {
    for (const version of draft.marks?.drop ?? []) {
      this.#put.delete(version)
      this.dropMarks.push(version)
    }
    for (const mark of draft.marks?.put ?? []) this.#put.set(mark.version, mark)
    if (draft.aside !== undefined) {
      const origin = this.#revision
      const here = { last: this.#last, first: this.#changes.length }
      this.#drafts.push({ draft: { ...draft, why: 'import' }, revision: ++this.#revision, ...here })
      const back = { ops: [], actor: draft.actor, why: 'restore', origin } as const
      this.#drafts.push({ draft: back, revision: ++this.#revision, ...here })
    }
    if (draft.ops === undefined) return
    this.#revision++
    const first = this.#changes.length
    for (const op of draft.ops) {
      this.#last++
      const past = this.#pastOf(op)
      this.#changes.push({
        id: this.#last,
        key: op.key,
        value: op.value,
        expires: op.expires,
        sum: seal(op.sum, this.#last),
        ...(past === undefined ? {} : { past }),
      })
      this.#sums.push(op.sum)
      this.#done.set(op.key, { op, change: this.#last, revision: this.#revision })
      if (op.expires !== 0 && op.expires < this.deadline) this.deadline = op.expires
    }
    this.#drafts.push({ draft, revision: this.#revision, last: this.#last, first })
  }

  /** What the value that an op replaces is kept as; undefined: as the whole. */
  #pastOf({ key, value }: Op): NewChange['past'] {
    const { engine, options } = this.#log
    if (options.delta === 'none' || !engine.supports.packs) return undefined
    if (value === undefined || value.length < LEAST_PACKED) return undefined
    const old = (this.#done.get(key)?.op ?? now(engine.get(key)))?.value
    if (old === undefined || old.length < LEAST_PACKED) return undefined
    const bytes = encodedBytes(old)
    if (Math.max(bytes, encodedBytes(value)) > MOST_PACKED) return undefined
    try {
      const delta = storeDelta(value, old, options.delta)
      if (delta === undefined) return undefined
      return { delta, bytes }
    } catch (error) {
      // What is damaged is kept as it is, for those who read it to see.
      if (error instanceof IntegrityError) return undefined
      throw error
    }
  }

  #seal(replaced: readonly Replaced[]): readonly CommitRecord[] {
    let { keys, bytes, sums, hash, at } = this.base
    at = Math.max(Math.floor(this.#log.context.wall()), at)
    for (const [i, { draft, revision, last, first }] of this.#drafts.entries()) {
      const end = this.#drafts[i + 1]?.first ?? this.#changes.length
      for (let j = first; j < end; j++) {
        const change = this.#changes[j] as NewChange
        const old = replaced[j] as Replaced
        const keyBytes = encodedBytes(change.key)
        if (change.past !== undefined) {
          this.packed.count++
          this.packed.fullBytes += old.bytes
          this.packed.storedBytes += old.kept
        }
        if (change.value !== undefined) {
          const valueBytes = encodedBytes(change.value)
          keys++
          bytes += keyBytes + valueBytes
          this.bytes += valueBytes
          sums = addSums(sums, this.#sums[j] as number)
        }
        if (old.bytes >= 0) {
          keys--
          bytes -= keyBytes + old.bytes
          sums = addSums(sums, -unseal(old.sum, old.prev))
        }
      }
      const record = {
        revision,
        last,
        at,
        actor: draft.actor,
        why: draft.why ?? '',
        origin: draft.aside?.aside ?? draft.origin ?? 0,
        keys: draft.aside?.keys ?? keys,
        bytes: draft.aside?.bytes ?? bytes,
        sums: draft.aside?.sums ?? sums,
      } as const
      hash = commitHash(hash, record)
      this.commits.push({ ...record, hash })
    }
    return this.commits
  }
}

function live(op: Op): Pick<Entry, 'key' | 'value' | 'expires'> | undefined {
  return op.value === undefined ? undefined : { key: op.key, value: op.value, expires: op.expires }
}
