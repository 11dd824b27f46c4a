import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import {
  CompactedError,
  ConflictError,
  type Change,
  type Revision,
  type Store,
  type Value,
} from '../index.ts'
import { collect } from './assertions.ts'
import { compareBytes, StoreModel, type ModelChange } from './model.ts'
import { randomOperations, type Operation, type Point } from './random.ts'

export interface RandomRun {
  /** The same seed gives the same run. */
  readonly seed: number
  readonly count: number
  /** A new, empty store, with `maxSnapshots: 0`. */
  readonly store: Store
  /** Closes the store and opens it again. Without it, nothing is reopened. */
  readonly reopen?: (store: Store) => Promise<Store>
  /** The store forgets old revisions: it may answer `CompactedError` for what no snapshot names, but nothing wrong. */
  readonly forgets?: boolean
  /** A folder for the files of exports. Without it, nothing is exported and imported. */
  readonly files?: string
}

/**
 * Does the same random operations to a store and to the model, and compares every answer. The error of a difference names
 * the seed, the operation and its number. Returns the store as it is in the end (another one if it was reopened).
 */
export async function compareWithModel({
  seed,
  count,
  store,
  reopen,
  forgets = false,
  files,
}: RandomRun): Promise<Store> {
  const model = new StoreModel()
  let current = store
  let number = 0
  let operation: Operation = { do: 'clear' }
  try {
    for (operation of randomOperations(seed, count, model)) {
      number++
      if (operation.do === 'reopen') current = reopen ? await reopen(current) : current
      else if (operation.do !== 'import' || files !== undefined)
        await step(current, model, operation, forgets, files)
      assert.equal(current.revision, model.revision, 'revision')
      if (number % 500 === 0) await compareAll(current, model, forgets)
    }
    await compareAll(current, model, forgets)
    return current
  } catch (error) {
    const where = `seed ${seed}, operation ${number} of ${count}: ${inspect(operation, { depth: 4 })}`
    throw new Error(`${where}\n${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

async function step(
  store: Store,
  model: StoreModel,
  operation: Operation,
  forgets: boolean,
  files: string | undefined,
): Promise<void> {
  model.actor = `actor ${(model.revision * 7) % 5}`
  let found: unknown
  try {
    found = await applyToStore(store.as(model.actor), operation, files)
  } catch (error) {
    if (error instanceof CompactedError && forgets && mayBeForgotten(model, operation, error.oldest)) return
    throw error
  }
  const expected = applyToModel(model, operation)
  if (forgets && operation.do === 'history') assertBegins(found, expected)
  else assert.deepEqual(found, expected)
}

/** What the operation gives, in a form that the model can give too. */
export async function applyToStore(store: Store, operation: Operation, files = ''): Promise<unknown> {
  switch (operation.do) {
    case 'set':
      return store.set(operation.key, operation.value)
    case 'setIf':
      try {
        return await store.set(operation.key, operation.value, { ifRevision: operation.ifRevision })
      } catch (error) {
        if (error instanceof ConflictError) return { actual: error.actual }
        throw error
      }
    case 'setMany':
      return store.setMany(operation.pairs)
    case 'together':
      return Promise.all(operation.pairs.map(([key, value]) => store.set(key, value)))
    case 'save':
      return store.save(Object.fromEntries(operation.pairs))
    case 'delete':
      return store.delete(operation.key)
    case 'update':
      return store.update(operation.key, (current) => updated(current, operation.value))
    case 'transact':
      return transacted(store, operation)
    case 'snapshot':
      return (await store.snapshots.create({ version: operation.version })).revision
    case 'import':
      // Out into a file and in again.
      return store.snapshots
        .export(operation.at, `${files}/`)
        .then(({ path }) => store.snapshots.import(path, { version: operation.version }))
        .then(({ revision }) => revision)
    case 'forget':
      return store.snapshots.delete(operation.version)
    case 'restore':
      return store.restore(operation.to, operation.prefix === '' ? {} : { prefix: operation.prefix })
    case 'get':
      return store.get(operation.key, { at: operation.at })
    case 'entries':
      return [...(await collect(store.entries({ ...operation.range, at: operation.at })))]
    case 'diff': {
      const diff = store.diff(operation.from, operation.to, { prefix: operation.prefix })
      const changes = (await collect(diff)).map(timeless).sort((a, b) => compareBytes(a.key, b.key))
      const { added, changed, removed } = await diff.summary()
      return { changes, added, changed, removed }
    }
    case 'history':
      return (await collect(store.history(operation.key, { limit: operation.limit }))).map(timeless)
    case 'clear':
      return store.clear()
    case 'compact': {
      const compacting = store.compact()
      const revisions = await Promise.all(operation.pairs.map(([key, value]) => store.set(key, value)))
      await compacting
      return revisions
    }
    default:
      return undefined
  }
}

/** What the operation must give. */
export function applyToModel(model: StoreModel, operation: Operation): unknown {
  switch (operation.do) {
    case 'set':
      return model.set(operation.key, operation.value)
    case 'setIf': {
      const actual = model.lastChangeOf(operation.key)
      return actual === operation.ifRevision ? model.set(operation.key, operation.value) : { actual }
    }
    case 'setMany':
      return model.setMany(operation.pairs)
    case 'together':
    case 'compact':
      return operation.pairs.map(([key, value]) => model.set(key, value))
    case 'save':
      return model.save(new Map(operation.pairs))
    case 'delete':
      return model.delete(operation.key)
    case 'update':
      return model.update(operation.key, (current) => updated(current, operation.value))
    case 'transact':
      if (!operation.fails) model.transact(new Map(operation.writes))
      return operation.fails ? 'failed' : 'done'
    case 'snapshot':
      model.snapshot(operation.version)
      return model.revision
    case 'import':
      return model.import(operation.version, revisionOf(model, operation.at))
    case 'forget':
      return model.forget(operation.version)
    case 'restore':
      return model.restore(revisionOf(model, operation.to), operation.prefix)
    case 'get':
      return model.get(operation.key, revisionOf(model, operation.at))
    case 'entries':
      return model.entries(operation.range, revisionOf(model, operation.at))
    case 'diff': {
      const changes = model.diff(
        revisionOf(model, operation.from),
        revisionOf(model, operation.to),
        operation.prefix,
      )
      const count = (type: string): number => changes.filter((change) => change.type === type).length
      return { changes, added: count('added'), changed: count('changed'), removed: count('removed') }
    }
    case 'history':
      return model.history(operation.key).slice(0, operation.limit)
    case 'clear':
      return model.clear()
    default:
      return undefined
  }
}

/** Something that depends on what was there: every seventh time the key goes. */
function updated(current: Value, value: Value): Value {
  const count = Array.isArray(current) && typeof current[0] === 'number' ? current[0] + 1 : 1
  return count % 7 === 0 ? undefined : [count, value]
}

async function transacted(
  store: Store,
  { writes, fails }: Extract<Operation, { do: 'transact' }>,
): Promise<string> {
  const mine = new RangeError('taken back')
  try {
    await store.transact((tx) => {
      for (const [key, value] of writes) {
        if (value === undefined) tx.delete(key)
        else tx.set(key, value)
      }
      if (fails) throw mine
    })
    return 'done'
  } catch (error) {
    if (error === mine) return 'failed'
    throw error
  }
}

function revisionOf(model: StoreModel, point: Point): Revision {
  return typeof point === 'number' ? point : (model.snapshots.get(point) ?? NaN)
}

/** Whether one of the points of the operation is older than `oldest` and not named by a snapshot. */
function mayBeForgotten(model: StoreModel, operation: Operation, oldest: Revision): boolean {
  const points =
    'at' in operation
      ? [operation.at]
      : 'from' in operation
        ? [operation.from, operation.to]
        : 'to' in operation
          ? [operation.to]
          : []
  const kept = new Set(model.snapshots.values())
  return points.some((point) => typeof point === 'number' && point < oldest && !kept.has(point))
}

/** Of a history whose old part is gone the young part is complete and right. */
function assertBegins(found: unknown, expected: unknown): void {
  const young = found as ModelChange[]
  assert.deepEqual(young, (expected as ModelChange[]).slice(0, young.length))
}

/** When something was done is no business of the model. */
function timeless({ key, type, before, after, revision, actor }: Change): ModelChange {
  return { key, type, before, after, revision, actor }
}

/** The whole state, the whole log, each snapshot, and what the store says about its own health. */
async function compareAll(store: Store, model: StoreModel, forgets: boolean): Promise<void> {
  assert.deepEqual(await collect(store.entries()), model.entries(), 'state')
  assert.equal(await store.count(), model.state().size, 'count')
  assert.deepEqual(new Map(Object.entries(await store.load())), new Map(model.state()), 'load')
  const snapshots = await store.snapshots.list()
  assert.deepEqual(
    new Map(snapshots.map(({ version, revision }) => [version, revision])),
    new Map(model.snapshots),
    'snapshots',
  )
  for (const { version, revision, keys } of snapshots) {
    const expected = model.entries({}, revision)
    assert.deepEqual(await collect(store.entries({ at: version })), expected, `state at ${version}`)
    assert.equal(keys, expected.length, `keys at ${version}`)
  }
  const commits = (await collect(store.log())).map(({ revision, actor, keys, restoredFrom }) => ({
    revision,
    actor,
    keys: [...keys].sort(compareBytes),
    ...(restoredFrom !== undefined && { restoredFrom }),
  }))
  assert.deepEqual(commits, model.commits.slice(forgets ? model.revision - commits.length : 0), 'log')
  assert.deepEqual((await store.verify()).damaged, [], 'damage')
}
