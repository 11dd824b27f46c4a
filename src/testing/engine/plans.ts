import assert from 'node:assert/strict'
import type { CommitRecord, Encoded, Entry, Mark, NewChange, PastChange, Replaced } from '../../change.ts'
import type { BrokenChain, Engine, Plan } from '../../engine.ts'

/** A key, its value (undefined: it goes), and when it ends. */
export type Write = readonly [key: string, value: Encoded | undefined, expires?: number]

/** Any number of 48 bits will do as a checksum: an engine stores it and asks nothing. A removal's is its number. */
export function sumOf(id: number, value: Encoded | undefined): number {
  return value === undefined ? id : (id * 0x9e3779b1 + value.length * 7919) % 2 ** 48
}

export function changesFor(after: number, writes: readonly Write[]): NewChange[] {
  return writes.map(([key, value, expires = 0], index) => {
    const id = after + index + 1
    return { id, key, value, expires, sum: sumOf(id, value) }
  })
}

export function recordFor(before: CommitRecord | undefined, last: number): CommitRecord {
  const revision = (before?.revision ?? 0) + 1
  return {
    revision,
    last,
    at: 1_700_000_000_000 + revision,
    actor: `actor \u00e9 ${revision}`,
    why: '',
    origin: 0,
    keys: revision,
    bytes: revision * 10,
    sums: (revision * 0x5deece66d) % 2 ** 48,
    hash: revision.toString(16).padStart(64, '0'),
  }
}

/** A plan of one revision on top of what the engine holds. */
export function planFor(engine: Engine, writes: readonly Write[], rest?: Partial<Plan>): Plan {
  const head = engine.head() as CommitRecord | undefined
  const changes = changesFor(head?.last ?? 0, writes)
  return { changes, seal: () => [recordFor(head, changes.at(-1)?.id ?? head?.last ?? 0)], ...rest }
}

/** Stores one revision, and returns what it replaced. */
export async function write(engine: Engine, ...writes: Write[]): Promise<readonly Omit<Replaced, 'kept'>[]> {
  let told: readonly Omit<Replaced, 'kept'>[] = []
  await engine.commit(() => {
    const plan = planFor(engine, writes)
    return {
      changes: plan.changes,
      seal(replaced) {
        told = replaced.map(({ bytes, sum, prev }) => ({ bytes, sum, prev }))
        return plan.seal(replaced)
      },
    }
  })
  return told
}

export async function writeMarks(engine: Engine, marks: NonNullable<Plan['marks']>): Promise<void> {
  await engine.commit(() => ({ changes: [], seal: () => [], marks }))
}

export function markFor(id: number, version: string, rest?: Partial<Mark>): Mark {
  return {
    id,
    version,
    revision: 0,
    tags: [],
    description: undefined,
    meta: '{}',
    createdAt: 1_700_000_000_000,
    createdBy: 'ann',
    auto: false,
    sum: id * 3,
    ...rest,
  }
}

/** Bytes as plain bytes, whatever a driver returns. */
const plainValue = <T extends Encoded | undefined>(value: T): T | Uint8Array =>
  value instanceof Uint8Array ? Uint8Array.from(value) : value

/** The parts that the contract names, whatever object an engine makes of them. */
export function plainEntry(found: Entry | BrokenChain | undefined): unknown {
  if (found === undefined) return undefined
  if ('broken' in found) return { broken: true, key: found.key, id: found.id }
  const { key, value, change, expires, sum } = found
  return { key, value: plainValue(value), change, expires, sum }
}

export function plainRow({ id, key, prev, before, expires, sum }: PastChange): PastChange {
  return { id, key, prev, before: plainValue(before), expires, sum }
}

export function plainRecord(record: CommitRecord | undefined): CommitRecord | undefined {
  if (!record) return undefined
  const { revision, last, at, actor, why, origin, keys, bytes, sums, hash } = record
  return { revision, last, at, actor, why, origin, keys, bytes, sums, hash }
}

export function plainMark(mark: Mark): Mark {
  const { id, version, revision, tags, description, meta, createdAt, createdBy, auto, sum } = mark
  return {
    id,
    version,
    revision,
    tags: [...tags],
    description,
    meta: plainValue(meta),
    createdAt,
    createdBy,
    auto,
    sum,
  }
}

/** The value of a key after a change: its text, 'absent', or 'broken at <id>'. */
export async function valueAt(engine: Engine, key: string, at: number): Promise<string> {
  const found = await engine.getAt(key, at)
  if (found === undefined) return 'absent'
  if ('broken' in found) {
    assert.equal(found.key, key)
    return `broken at ${found.id}`
  }
  assert.equal(found.key, key)
  assert.ok(found.change <= at, `${key} at ${at} was written by change ${found.change}`)
  assert.equal(found.sum, sumOf(found.change, found.value), `sum of ${key} at ${at}`)
  return String(found.value)
}

/** A page as texts: `key=value`, or `key broken at <id>`. */
export async function pageOf(
  engine: Engine,
  query: Partial<Parameters<Engine['page']>[0]>,
): Promise<string[]> {
  const at = query.at ?? (await engine.head())?.last ?? 0
  const found = await engine.page({
    from: undefined,
    to: undefined,
    reverse: false,
    limit: 1000,
    ...query,
    at,
  })
  return found.map((one) =>
    'broken' in one ? `${one.key} broken at ${one.id}` : `${one.key}=${String(one.value)}`,
  )
}

/** Everything that an engine can be asked, at every point: equal before and after what must change nothing. */
export async function wholeOf(engine: Engine): Promise<unknown> {
  const last = (await engine.head())?.last ?? 0
  const points = Array.from({ length: last + 1 }, (_, at) => at)
  return {
    head: plainRecord(await engine.head()),
    pages: await Promise.all(points.map((at) => pageOf(engine, { at }))),
    changes: (await engine.changes(0, last, 1000)).map(plainRow),
    commits: (await engine.commits(0, Number.MAX_SAFE_INTEGER, 1000, false)).map(plainRecord),
    marks: (await engine.marks()).map(plainMark),
    gone: (await engine.gone(undefined, 1000)).map(({ key, change }) => ({ key, change })),
    due: (await engine.due(Number.MAX_SAFE_INTEGER, 1000)).map(plainEntry),
    horizon: await engine.horizon(),
  }
}
