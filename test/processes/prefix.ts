import { expect } from 'vitest'
import type { Snapshot, Store, VerifyReport } from '../../src/index.ts'
import type { RemoteStore } from '../support/processes.ts'
import { apply, batchKeys } from './programs/operations.mjs'

/** What a writer (programs/writer.mjs) was told to be safe. */
export interface Acks {
  /** The last operation that was acknowledged. */
  readonly last: number
  readonly count: number
  readonly snapshots: readonly string[]
  readonly failures: readonly string[]
}

export function readAcks(text: string): Acks {
  // The last line may be torn: the writer was killed while it wrote it.
  const lines = text.split('\n').slice(0, -1)
  const operations = lines.filter((line) => /^\d/.test(line)).map(Number)
  return {
    last: operations.reduce((a, b) => Math.max(a, b), 0),
    count: operations.length,
    snapshots: lines.filter((line) => line.startsWith('s')),
    failures: lines.filter((line) => line.startsWith('e')),
  }
}

/** The state after operations 1 to n, as the writer's program makes it. */
export function stateAfter(n: number): Record<string, unknown> {
  const state = new Map<string, unknown>()
  for (let i = 1; i <= n; i++) apply(state, i)
  return Object.fromEntries(state)
}

/** As much of a store as is looked at. */
export interface Looked {
  readonly revision: number
  load(options?: { readonly at: string }): Promise<Record<string, unknown>>
  readonly snapshots: Pick<Store['snapshots'], 'list'>
  verify(): Promise<VerifyReport>
}

/** A store that another process has open, so that this one holds none of its files. */
export async function lookAt(remote: RemoteStore): Promise<Looked> {
  return {
    revision: await remote.call<number>('revision'),
    load: (...options) => remote.call('load', ...options),
    snapshots: { list: () => remote.call<Snapshot[]>('snapshots.list') },
    verify: () => remote.call<VerifyReport>('verify'),
  }
}

/** The store holds exactly the operations 1 to n for some n, n is at least `atLeast`, and everything in it is sound. */
export async function checkPrefix(store: Looked, acks: Acks, atLeast: number = acks.last): Promise<void> {
  const { revision } = store
  expect(revision).toBeGreaterThanOrEqual(atLeast)
  const state = await store.load()
  expect(new Set(batchKeys.map((key) => state[key])).size).toBe(1)
  expect(state).toEqual(stateAfter(revision))
  const snapshots = await store.snapshots.list()
  const versions = snapshots.map(({ version }) => version)
  if (atLeast === acks.last) expect(versions).toEqual(expect.arrayContaining([...acks.snapshots]))
  for (const { version, revision: at, keys, tags } of snapshots.slice(-3)) {
    expect(version).toBe(`s${at}`)
    expect(tags).toEqual(['kept'])
    const then = await store.load({ at: version })
    expect(then).toEqual(stateAfter(at))
    expect(Object.keys(then)).toHaveLength(keys)
  }
  expect(await store.verify()).toMatchObject({ ok: true, damaged: [], revisions: revision })
}
