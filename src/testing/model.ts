import { isDeepStrictEqual } from 'node:util'
import type { Change, Commit, Key, Range, Revision, Value } from '../index.ts'

/** A change without when. */
export type ModelChange = Omit<Change, 'at'>
/** A commit without when and hash; its keys in order. */
export type ModelCommit = Omit<Commit, 'at' | 'hash'>
/** What the model understands of a range. */
export type ModelRange = Pick<Range, 'prefix' | 'gte' | 'gt' | 'lte' | 'lt' | 'reverse' | 'limit'>

/**
 * What a store means, written as simply as it can be: one whole Map per revision. Slow, large, and hard to get wrong; a
 * store that answers differently is wrong.
 */
export class StoreModel {
  readonly #states: ReadonlyMap<Key, Value>[] = [new Map()]
  readonly #histories = new Map<Key, ModelChange[]>()
  readonly #commits: ModelCommit[] = []
  readonly #snapshots = new Map<string, Revision>()
  /** Who brought in the state of a revision that is beside the main line. */
  readonly #imports = new Map<Revision, string>()
  /** Who writes from now on. */
  actor = ''

  get revision(): Revision {
    return this.#states.length - 1
  }

  /** Versions and their revisions, in the order of creation. */
  get snapshots(): ReadonlyMap<string, Revision> {
    return this.#snapshots
  }

  // ── reading ──

  state(at: Revision = this.revision): ReadonlyMap<Key, Value> {
    const state = this.#states[at]
    if (!state) throw new RangeError(`the model has no revision ${at}`)
    return state
  }

  get(key: Key, at?: Revision): Value {
    return this.state(at).get(key)
  }

  entries(range: ModelRange = {}, at?: Revision): [Key, Value][] {
    const { prefix = '', gte, gt, lte, lt, reverse = false, limit = Infinity } = range
    const inRange = (key: Key): boolean =>
      key.startsWith(prefix) &&
      (gte === undefined || compareBytes(key, gte) >= 0) &&
      (gt === undefined || compareBytes(key, gt) > 0) &&
      (lte === undefined || compareBytes(key, lte) <= 0) &&
      (lt === undefined || compareBytes(key, lt) < 0)
    const found = [...this.state(at)].filter(([key]) => inRange(key)).sort(([a], [b]) => compareBytes(a, b))
    return (reverse ? found.reverse() : found).slice(0, limit)
  }

  /** The revision that changed the key last; 0 if it is absent. */
  lastChangeOf(key: Key): Revision {
    return this.state().has(key) ? (this.history(key)[0]?.revision ?? 0) : 0
  }

  /** Newest first. */
  history(key: Key): ModelChange[] {
    return [...(this.#histories.get(key) ?? [])].reverse()
  }

  /** Oldest first. */
  get commits(): readonly ModelCommit[] {
    return this.#commits
  }

  /** What differs between two states, in the order of keys: who changed it last, and in which revision. */
  diff(from: Revision, to: Revision, prefix = ''): ModelChange[] {
    const [old, now] = [this.state(from), this.state(to)]
    return [...new Set([...old.keys(), ...now.keys()])]
      .filter((key) => key.startsWith(prefix) && !same(old, now, key))
      .sort(compareBytes)
      .map((key) => {
        const newest =
          this.#importOf(from, to) ?? this.history(key).find(({ revision }) => revision <= Math.max(from, to))
        return { ...changeOf(old, now, key), revision: newest?.revision ?? 0, actor: newest?.actor ?? '' }
      })
  }

  // ── writing ──

  set(key: Key, value: Value): Revision {
    return this.setMany([[key, value]])
  }

  setMany(pairs: readonly (readonly [Key, Value])[]): Revision {
    return pairs.length === 0 ? this.revision : this.#commit(new Map(pairs))
  }

  /** True if the key was there. */
  delete(key: Key): boolean {
    const there = this.state().has(key)
    if (there) this.#commit(new Map([[key, undefined]]))
    return there
  }

  clear(): Revision {
    const gone = [...this.state().keys()].map((key) => [key, undefined] as const)
    return gone.length === 0 ? this.revision : this.#commit(new Map(gone))
  }

  save(state: ReadonlyMap<Key, Value>): Revision {
    return this.#become(state)
  }

  update(key: Key, fn: (current: Value) => Value): Value {
    const next = fn(this.get(key))
    if (next === undefined) this.delete(key)
    else this.set(key, next)
    return next
  }

  /** `undefined` deletes. Writes that do nothing make no revision. */
  transact(writes: ReadonlyMap<Key, Value>): Revision {
    const effective = [...writes].filter(([key, value]) => value !== undefined || this.state().has(key))
    return effective.length === 0 ? this.revision : this.#commit(new Map(effective))
  }

  restore(to: Revision, prefix = ''): Revision {
    const rest = [...this.state()].filter(([key]) => !key.startsWith(prefix))
    const back = [...this.state(to)].filter(([key]) => key.startsWith(prefix))
    return this.#become(new Map([...rest, ...back]), { restoredFrom: to })
  }

  /** What lies beside the main line has no history: it came with its import. */
  #importOf(...revisions: Revision[]): Pick<ModelChange, 'revision' | 'actor'> | undefined {
    const revision = Math.max(...revisions.filter((one) => this.#imports.has(one)))
    const actor = this.#imports.get(revision)
    return actor === undefined ? undefined : { revision, actor }
  }

  /** The state of a point comes back as a snapshot beside the main line: one revision shows it, the next is as before. */
  import(version: string, at: Revision): Revision {
    const now = this.state()
    this.#states.push(this.state(at))
    const { revision, actor } = this
    this.#imports.set(revision, actor)
    this.#snapshots.set(version, revision)
    this.#commits.push({ revision, actor, keys: [] })
    this.#states.push(now)
    this.#commits.push({ revision: revision + 1, actor, keys: [], restoredFrom: revision - 1 })
    return revision
  }

  snapshot(version: string): void {
    this.#snapshots.set(version, this.revision)
  }

  forget(version: string): void {
    this.#snapshots.delete(version)
  }

  /** A revision after which the state is this one; only what differs is a change. */
  #become(state: ReadonlyMap<Key, Value>, why?: Pick<ModelCommit, 'restoredFrom'>): Revision {
    const now = this.state()
    const keys = [...new Set([...now.keys(), ...state.keys()])]
    const different = keys.filter((key) => !same(now, state, key))
    return this.#commit(new Map(different.map((key) => [key, state.get(key)])), why)
  }

  #commit(writes: ReadonlyMap<Key, Value>, why?: Pick<ModelCommit, 'restoredFrom'>): Revision {
    const old = this.state()
    const next = new Map(old)
    for (const [key, value] of writes) {
      if (value === undefined) next.delete(key)
      else next.set(key, value)
    }
    this.#states.push(next)
    const { revision, actor } = this
    this.#commits.push({ revision, actor, keys: [...writes.keys()].sort(compareBytes), ...why })
    for (const key of writes.keys()) {
      const history = this.#histories.get(key) ?? []
      history.push({ ...changeOf(old, next, key), revision, actor })
      this.#histories.set(key, history)
    }
    return revision
  }
}

/** Keys are ordered by their bytes. */
export function compareBytes(a: Key, b: Key): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

function same(a: ReadonlyMap<Key, Value>, b: ReadonlyMap<Key, Value>, key: Key): boolean {
  return a.has(key) === b.has(key) && isDeepStrictEqual(a.get(key), b.get(key))
}

function changeOf(
  old: ReadonlyMap<Key, Value>,
  now: ReadonlyMap<Key, Value>,
  key: Key,
): Pick<ModelChange, 'key' | 'type' | 'before' | 'after'> {
  const type = !old.has(key) ? 'added' : now.has(key) ? 'changed' : 'removed'
  return { key, type, before: old.get(key), after: now.get(key) }
}
