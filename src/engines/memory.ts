/** Nothing on disk. It is over 400 lines because each promise of the engine contract has its method here. */
import type { CommitRecord, Encoded, Entry, Mark, PastChange, Records, Replaced } from '../change.ts'
import type { BrokenChain, Engine, NoteChange, PageQuery, Plan, Supports, TrimStep } from '../engine.ts'
import { ClosedError } from '../errors.ts'
import { compressed, encodedBytes } from '../log/codec.ts'
import { compareKeys } from '../log/keys.ts'
import { MemoryAsides } from './memory-asides.ts'
import { byId, byRevision, placeOf, without } from './numbered.ts'
import { packedForm, unpacked, type Chain } from './packing.ts'
import { merge, SortedKeys } from './sorted-keys.ts'

/** What one change left behind: a value, or (`value: undefined`) the knowledge that the key went. */
type Trace = Pick<Entry, 'change' | 'expires' | 'sum'> & { readonly value: Encoded | undefined }

/** The trace of a key that has never existed. */
const NEVER: Trace = { value: undefined, change: 0, expires: 0, sum: 0 }
/** Every so many changes of a key its past value is kept whole. */
const RUNG_EVERY = 8
/** About what the runtime needs to hold one entry, row or record, beside its text. */
const OVERHEAD = 100

interface Tables {
  readonly state: Map<string, Entry>
  /** Keys that went, in the order in which they went. */
  readonly gone: Map<string, Trace>
  /** The keys of `state`. */
  readonly present: SortedKeys
  /** The keys that are in `gone` or `past`, and not in `state`: pages of old states need them. */
  readonly absent: SortedKeys
  /** The entries that end, soonest first. */
  readonly ending: SortedKeys<Entry>
  readonly changes: PastChange[]
  /** The same rows by key: looking back is one binary search. */
  readonly past: Map<string, PastChange[]>
  readonly commits: CommitRecord[]
  readonly marks: Map<string, Mark>
  readonly notes: Map<string, string>
  head: CommitRecord | undefined
  horizon: number
  /** Of keys and values, in the state and in the past. */
  textBytes: number
}

/** Nothing on disk: everything goes when it is closed. */
export function memoryEngine(): Engine {
  return new MemoryEngine()
}

class MemoryEngine implements Engine {
  readonly name = 'memory'
  readonly place = 'memory'
  readonly supports: Supports = {
    sync: true,
    multiProcess: false,
    persistent: false,
    durable: false,
    packs: true,
  }
  #tables: Tables | undefined
  #asides: MemoryAsides | undefined

  async open(): Promise<void> {
    this.#asides ??= new MemoryAsides()
    this.#tables ??= {
      state: new Map(),
      gone: new Map(),
      present: new SortedKeys(compareKeys),
      absent: new SortedKeys(compareKeys),
      ending: new SortedKeys<Entry>((a, b) => a.expires - b.expires || compareKeys(a.key, b.key)),
      changes: [],
      past: new Map(),
      commits: [],
      marks: new Map(),
      notes: new Map(),
      head: undefined,
      horizon: 0,
      textBytes: 0,
    }
  }

  async close(): Promise<void> {
    this.#tables = undefined
    this.#asides = undefined
  }

  get asides(): MemoryAsides {
    if (!this.#asides) throw new ClosedError()
    return this.#asides
  }

  head(): CommitRecord | undefined {
    return this.#live.head
  }

  poll(): boolean {
    return false
  }

  get(key: string): Entry | undefined {
    return this.#live.state.get(key)
  }

  getAt(key: string, at: number): Entry | BrokenChain | undefined {
    const { state, gone, past } = this.#live
    const entry = state.get(key)
    if (entry && entry.change <= at) return entry
    const rows = past.get(key)
    const row = rows?.[placeOf(rows, at + 1, byId)]
    if (!row) {
      // The row of the newest change is not there, so only a change before `at` needs no row.
      const newest = entry?.change ?? gone.get(key)?.change ?? 0
      return newest > at ? { broken: true, key, id: newest } : undefined
    }
    if (row.prev > at) return { broken: true, key, id: row.id }
    if (row.before === undefined) return undefined
    const value = this.#unpacked([row])[0]?.before ?? row.before
    return { key, value, change: row.prev, expires: row.expires, sum: row.sum }
  }

  removal(key: string, at: number): number {
    const { gone, past } = this.#live
    const rows = past.get(key)
    return rows?.[placeOf(rows, at + 1, byId)]?.prev ?? gone.get(key)?.change ?? 0
  }

  page({ from, to, reverse, limit, at }: PageQuery): (Entry | BrokenChain)[] {
    const { present, absent, head } = this.#live
    const now = present.range(from, to, reverse)
    const keys = at < (head?.last ?? 0) ? merge(now, absent.range(from, to, reverse), reverse) : now
    const found: (Entry | BrokenChain)[] = []
    for (const key of keys) {
      if (found.length >= limit) break
      const entry = this.getAt(key, at)
      if (entry) found.push(entry)
    }
    return found
  }

  due(now: number, limit: number): Entry[] {
    const found: Entry[] = []
    for (const entry of this.#live.ending.range(undefined, undefined)) {
      if (entry.expires > now || found.length >= limit) break
      found.push(entry)
    }
    return found
  }

  nextDue(): number | undefined {
    for (const entry of this.#live.ending.range(undefined, undefined)) return entry.expires
    return undefined
  }

  heads(from: string | undefined, limit: number): { key: string; change: number }[] {
    const { present, state } = this.#live
    const found: { key: string; change: number }[] = []
    for (const key of present.range(from, undefined)) {
      if (found.length >= limit) break
      const entry = state.get(key)
      if (entry) found.push({ key, change: entry.change })
    }
    return found
  }

  gone(from: string | undefined, limit: number): { key: string; change: number }[] {
    const { absent, gone } = this.#live
    const found: { key: string; change: number }[] = []
    for (const key of absent.range(from, undefined)) {
      if (found.length >= limit) break
      const trace = gone.get(key)
      if (trace) found.push({ key, change: trace.change })
    }
    return found
  }

  changes(after: number, upTo: number, limit: number): PastChange[] {
    const { changes } = this.#live
    const start = placeOf(changes, after + 1, byId)
    return this.#unpacked(changes.slice(start, Math.min(placeOf(changes, upTo + 1, byId), start + limit)))
  }

  changedKeys(after: number, limit: number): string[] {
    const { changes } = this.#live
    const start = placeOf(changes, after + 1, byId)
    return changes.slice(start, start + limit).map((change) => change.key)
  }

  changesOf(key: string, from: number, limit: number): PastChange[] {
    const rows = this.#live.past.get(key) ?? []
    const end = placeOf(rows, from + 1, byId)
    return this.#unpacked(rows.slice(Math.max(0, end - limit), end).reverse())
  }

  commits(from: number, to: number, limit: number, reverse: boolean): CommitRecord[] {
    const { commits } = this.#live
    const start = placeOf(commits, from, byRevision)
    const end = placeOf(commits, to + 1, byRevision)
    return reverse
      ? commits.slice(Math.max(start, end - limit), end).reverse()
      : commits.slice(start, Math.min(end, start + limit))
  }

  marks(): Mark[] {
    return [...this.#live.marks.values()].sort((a, b) => a.id - b.id)
  }

  horizon(): number {
    return this.#live.horizon
  }

  async commit(prepare: (moved: boolean) => Plan | undefined): Promise<void> {
    this.tryCommit(prepare)
  }

  tryCommit(prepare: (moved: boolean) => Plan | undefined): boolean {
    const tables = this.#live
    const plan = prepare(false)
    if (!plan) return true
    const { traces, rows, replaced } = trace(tables, plan)
    const records = plan.seal(replaced)
    // Nothing below can fail: a plan is applied as a whole or, by what may throw above, not at all.
    for (const [index, row] of rows.entries()) apply(tables, row, traces[index] as Trace)
    for (const record of records) tables.commits.push(record)
    tables.head = records.at(-1) ?? tables.head
    for (const version of plan.marks?.drop ?? []) tables.marks.delete(version)
    for (const mark of plan.marks?.put ?? []) tables.marks.set(mark.version, mark)
    for (const { aside, revision } of plan.asides ?? []) this.asides.complete(aside, revision)
    return true
  }

  listen(): () => void {
    // There is nobody else.
    return () => undefined
  }

  ring(): void {}

  note(name: string): string | undefined {
    return this.#live.notes.get(name)
  }

  async exchange(changes: readonly NoteChange[]): Promise<boolean> {
    const { notes } = this.#live
    if (changes.some(({ name, expected }) => notes.get(name) !== expected)) return false
    for (const { name, next } of changes) {
      if (next === undefined) notes.delete(name)
      else notes.set(name, next)
    }
    return true
  }

  async sync(): Promise<void> {
    // There is no disk that could lag behind.
  }

  trySync(): boolean {
    return true
  }

  /** Where packed values are put together from. */
  readonly #chain: Chain = {
    newest: (key) => this.#live.state.get(key),
    behind: (key, change) => {
      const rows = this.#live.past.get(key) ?? []
      const start = placeOf(rows, change + 1, byId)
      const end = rows.findIndex((row, i) => i >= start && rows[i + 1]?.prev !== row.id)
      return rows.slice(start, end + 1)
    },
  }

  #unpacked(rows: readonly PastChange[]): PastChange[] {
    return unpacked(this.#chain, rows)
  }

  /** Keeps a value whole from now on. */
  #unpack(id: number, compression: boolean): void {
    const { changes, past } = this.#live
    const place = placeOf(changes, id, byId)
    const [old, row] = [changes[place], this.#unpacked(changes.slice(place, place + 1))[0]]
    if (old?.id !== id || row?.packed !== true || row.before === undefined) return
    const { packed: _, ...whole } = { ...row, before: compressed(row.before, { compression }) }
    changes[place] = whole
    const rows = past.get(row.key) ?? []
    rows[rows.indexOf(old)] = whole
    this.#live.textBytes += bytesOf(whole.before) - bytesOf(old.before)
  }

  async trim({
    drop,
    whole = [],
    compression = false,
    dropCommits,
    keepCommits,
    forgetGone,
    horizon,
  }: TrimStep): Promise<void> {
    const tables = this.#live
    const { state, gone, absent, changes, past, commits } = tables
    for (const id of whole) this.#unpack(id, compression)
    const orphans = new Set<string>()
    const dropOf = new Map<string, number[]>()
    for (const row of without(changes, drop, byId)) {
      tables.textBytes -= bytesOf(row.before)
      const ids = dropOf.get(row.key)
      if (ids) ids.push(row.id)
      else dropOf.set(row.key, [row.id])
    }
    for (const [key, ids] of dropOf) {
      const rows = past.get(key) ?? []
      without(rows, ids, byId)
      if (rows.length > 0) continue
      past.delete(key)
      orphans.add(key)
    }
    for (const [key, { change }] of gone) {
      if (forgetGone === undefined || change > forgetGone) break
      gone.delete(key)
      orphans.add(key)
    }
    for (const key of orphans) {
      if (!state.has(key) && !gone.has(key) && !past.has(key)) absent.delete(key)
    }
    without(commits, dropCommits, byRevision)
    for (const { revision, prior } of keepCommits) {
      const place = placeOf(commits, revision, byRevision)
      const record = commits[place]
      if (record?.revision === revision) commits[place] = { ...record, prior }
    }
    tables.horizon = Math.max(tables.horizon, horizon)
  }

  async shrink(): Promise<boolean> {
    return false
  }

  async check(): Promise<string[]> {
    const { state, present, changes, past } = this.#live
    const rows = [...past.values()].reduce((sum, { length }) => sum + length, 0)
    const faults: string[] = []
    if (present.size !== state.size) faults.push(`${state.size} entries, but ${present.size} ordered keys`)
    if (changes.length !== rows) faults.push(`${changes.length} rows of history, but ${rows} rows by key`)
    return faults
  }

  async copy(): Promise<Records> {
    const { state, gone, changes, commits, horizon } = this.#live
    // Records never change, so that lists of them stay what they are while others write.
    return {
      state: [...state.values()],
      changes: this.#unpacked([...changes]),
      gone: [...gone].map(([key, { change, sum }]) => ({ key, change, sum })),
      commits: [...commits],
      marks: this.marks(),
      asides: this.asides.records(),
      horizon,
    }
  }

  bytes(): number {
    const { state, changes, commits, textBytes } = this.#live
    return textBytes + OVERHEAD * (state.size + changes.length + commits.length + this.asides.size)
  }

  size(): { bytes: number; records: number } {
    return { bytes: this.bytes(), records: this.#live.changes.length }
  }

  get #live(): Tables {
    if (!this.#tables) throw new ClosedError()
    return this.#tables
  }
}

/** What a plan would do, without doing it. A key may be in one plan several times: each change stands on the one before. */
function trace(
  { state, gone, past }: Tables,
  plan: Plan,
): { traces: Trace[]; rows: PastChange[]; replaced: Replaced[] } {
  const traces: Trace[] = []
  const rows: PastChange[] = []
  const replaced: Replaced[] = []
  const latest = new Map<string, Trace>()
  const steps = new Map<string, number>()
  for (const { id, key, value, expires, sum, past: kept } of plan.changes) {
    const step = steps.get(key) ?? past.get(key)?.length ?? 0
    steps.set(key, step + 1)
    const old = latest.get(key) ?? state.get(key) ?? gone.get(key) ?? NEVER
    const next: Trace = { value, change: id, expires, sum }
    latest.set(key, next)
    traces.push(next)
    const before =
      kept === undefined || step % RUNG_EVERY === RUNG_EVERY - 1 ? old.value : packedForm(kept.delta)
    rows.push({ id, key, prev: old.change, before, expires: old.expires, sum: old.sum })
    replaced.push({
      bytes: old.value === undefined ? -1 : encodedBytes(old.value),
      kept: bytesOf(before),
      sum: old.sum,
      prev: old.change,
    })
  }
  return { traces, rows, replaced }
}

function apply(tables: Tables, row: PastChange, next: Trace): void {
  const { state, gone, present, absent, ending, changes, past } = tables
  const { key } = row
  changes.push(row)
  const rows = past.get(key)
  if (rows) rows.push(row)
  else past.set(key, [row])

  const old = state.get(key)
  if (old && old.expires > 0) ending.delete(old)
  // Also before it goes once more: the order of `gone` is the order of going.
  gone.delete(key)
  // What was there has gone to the past, as much of it as is kept.
  tables.textBytes += bytesOf(next.value) + bytesOf(row.before) - bytesOf(old?.value)
  if (next.value === undefined) {
    gone.set(key, next)
    if (state.delete(key)) {
      present.delete(key)
      tables.textBytes -= bytesOf(key)
    }
    absent.add(key)
    return
  }
  const entry: Entry = { key, value: next.value, change: next.change, expires: next.expires, sum: next.sum }
  state.set(key, entry)
  if (entry.expires > 0) ending.add(entry)
  if (old) return
  present.add(key)
  absent.delete(key)
  tables.textBytes += bytesOf(key)
}

function bytesOf(value: Encoded | undefined): number {
  if (value === undefined) return 0
  return typeof value === 'string' ? Buffer.byteLength(value) : value.byteLength
}
