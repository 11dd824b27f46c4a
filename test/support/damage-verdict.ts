import { inspect, isDeepStrictEqual } from 'node:util'
import type { Change, Commit, Snapshot, VerifyReport } from '../../src/index.ts'

/** What programs/probe.mjs tells. */
export interface Told {
  readonly name: string
  readonly code: string
  readonly message: string
  readonly ours: boolean
}
export interface Attempt<T> {
  readonly value?: T
  readonly error?: Told
}
export interface Items<T> {
  readonly items: readonly T[]
  readonly error?: Told
}
export interface Past {
  readonly revision: number
  readonly gets: readonly Attempt<unknown>[]
  readonly entries: Items<readonly [string, unknown]>
}
export interface Seen {
  readonly opened?: Told
  readonly revision: number
  readonly gets: readonly Attempt<unknown>[]
  readonly at: readonly Past[]
  readonly history: readonly Items<Change>[]
  readonly entries: Items<readonly [string, unknown]>
  readonly log: Items<Commit>
  readonly snapshots: Attempt<Snapshot[]>
  readonly count: Attempt<number>
  readonly verify: Attempt<VerifyReport>
  readonly closed: Attempt<void>
}

/** What a healthy store tells at each of its revisions: damage at the end of its write-ahead log may bring it back there. */
export interface Truth {
  readonly keys: readonly string[]
  readonly seen: Seen
  readonly states: ReadonlyMap<number, ReadonlyMap<string, unknown>>
}

const show = (value: unknown): string =>
  inspect(value, { breakLength: Infinity, maxStringLength: 40, maxArrayLength: 5 })

/** Everything that is wrong with how a damaged store behaved; empty: it behaved. */
export function judge(truth: Truth, seen: Seen, place: string, tailMayBeGone: boolean): string[] {
  const wrong: string[] = []
  const errors: Told[] = []
  if (seen.opened) {
    const { name, message, ours } = seen.opened
    if (!ours) wrong.push(`open failed with ${name}: ${message}`)
    if (!['VARVE_INTEGRITY', 'VARVE_UNAVAILABLE'].includes(seen.opened.code))
      wrong.push(`open failed with ${name}`)
    if (!message.includes(place)) wrong.push(`the refusal does not name the place: ${message}`)
    return wrong
  }
  const { revision } = seen
  const report = seen.verify.value
  const healthy = report?.ok === true
  if (report && report.ok !== (report.damaged.length === 0))
    wrong.push('verify: ok and the list of damages disagree')
  if (revision !== truth.seen.revision && !tailMayBeGone && healthy) {
    wrong.push(`revision ${revision} of ${truth.seen.revision}, and verify says ok`)
  }
  if (revision === 0 && healthy) wrong.push('an empty store, presented as healthy')
  // Only the end of the write-ahead log can be lost without a trace that the state itself would bear.
  const last = tailMayBeGone ? revision : truth.seen.revision
  const now = truth.states.get(last)
  const gone = (what: string): void => {
    if (healthy) wrong.push(`${what} is missing, and verify says ok`)
  }
  const failed = (error: Told | undefined): boolean => {
    if (error) errors.push(error)
    return error !== undefined
  }

  const checkGet = (what: string, key: string, got: Attempt<unknown> | undefined, state = now): void => {
    if (!got || failed(got.error)) return
    const expected = state?.get(key)
    if (got.value === undefined && expected !== undefined) gone(`${what} ${key}`)
    else if (!isDeepStrictEqual(got.value, expected))
      wrong.push(`${what} ${key} is a wrong value: ${show(got.value)}`)
  }
  const checkEntries = (
    what: string,
    { items, error }: Items<readonly [string, unknown]>,
    state = now,
  ): void => {
    for (const [key, value] of items) {
      if (!isDeepStrictEqual(value, state?.get(key)))
        wrong.push(`${what}: ${key} is a wrong value: ${show(value)}`)
    }
    if (!failed(error) && items.length !== (state?.size ?? 0)) gone(`${what}: an entry`)
  }

  for (const [i, key] of truth.keys.entries()) {
    checkGet('get', key, seen.gets[i])
    const history = seen.history[i]
    const expected = (truth.seen.history[i]?.items ?? []).filter((change) => change.revision <= last)
    for (const change of history?.items ?? []) {
      if (!expected.some((other) => isDeepStrictEqual(other, change))) {
        wrong.push(`history of ${key}: a wrong change: ${show(change)}`)
      }
    }
    if (!failed(history?.error) && history?.items.length !== expected.length)
      gone(`history of ${key}: a change`)
  }
  for (const past of seen.at) {
    const state = truth.states.get(past.revision)
    // Beyond the end of a store that was brought back there is nothing to read.
    if (past.revision > last) continue
    for (const [i, key] of truth.keys.entries()) checkGet(`get at ${past.revision}`, key, past.gets[i], state)
    checkEntries(`entries at ${past.revision}`, past.entries, state)
  }
  checkEntries('entries', seen.entries)
  for (const commit of seen.log.items) {
    const expected = truth.seen.log.items.find((other) => other.revision === commit.revision)
    if (isDeepStrictEqual(commit, expected)) continue
    const { keys, ...rest } = commit
    const { keys: all = [], ...others } = expected ?? {}
    const fewer = isDeepStrictEqual(rest, others) && keys.every((key) => all.includes(key))
    if (fewer) gone(`log: a key of revision ${commit.revision}`)
    else wrong.push(`log: revision ${commit.revision} is wrong: ${show(commit)}`)
  }
  if (!failed(seen.log.error) && seen.log.items.length !== last) gone('log: a revision')
  const snapshots = truth.seen.snapshots.value ?? []
  for (const snapshot of seen.snapshots.value ?? []) {
    if (!snapshots.some((other) => isDeepStrictEqual(other, snapshot)))
      wrong.push(`snapshot ${snapshot.version} is wrong`)
  }
  if (!failed(seen.snapshots.error) && seen.snapshots.value?.length !== snapshots.length && !tailMayBeGone) {
    gone('snapshots: one')
  }
  if (!failed(seen.count.error) && seen.count.value !== now?.size && healthy)
    wrong.push('count is wrong, and verify says ok')
  failed(seen.verify.error)
  failed(seen.closed.error)
  for (const { name, message, ours } of errors) if (!ours) wrong.push(`${name}: ${message}`)
  return wrong
}
