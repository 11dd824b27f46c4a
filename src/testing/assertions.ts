import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { ClosedError, type Change, type Diff, type Key, type Store, type Value } from '../index.ts'

/** Everything that a stream gives. */
export async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of stream) items.push(item)
  return items
}

/** The whole state, as ordered pairs. */
export async function pairsOf(
  store: Store,
  range?: Parameters<Store['entries']>[0],
): Promise<(readonly [Key, Value])[]> {
  return collect(store.entries(range))
}

/** The whole state as a map: compares without a word about prototypes. */
export async function stateOf(store: Store, at?: number | string | Date): Promise<Map<Key, Value>> {
  return new Map(await collect(store.entries(at === undefined ? undefined : { at })))
}

/** Asserts that the promise is rejected (a thrown error is not enough) with this kind of error, and returns it. */
export async function refuses<E extends Error>(
  action: () => Promise<unknown>,
  kind: abstract new (...args: never[]) => E,
): Promise<E> {
  let promise: Promise<unknown>
  try {
    promise = action()
  } catch (error) {
    assert.fail(`expected a promise rejected with ${kind.name}, but it threw ${inspect(error)}`)
  }
  let result: unknown
  try {
    result = await promise
  } catch (error) {
    if (error instanceof kind) return error
    assert.fail(`expected ${kind.name}, got ${inspect(error)}`)
  }
  assert.fail(`expected ${kind.name}, but it was accepted: ${inspect(result)}`)
}

/** Asserts that reading the stream fails, whether it fails when it is made or when it is read. */
export async function refusesStream<E extends Error>(
  make: () => AsyncIterable<unknown>,
  kind: abstract new (...args: never[]) => E,
): Promise<E> {
  return refuses(async () => collect(make()), kind)
}

/** The parts of a change that do not depend on when the test ran. */
export function essence({
  key,
  type,
  before,
  after,
}: Change): Pick<Change, 'key' | 'type' | 'before' | 'after'> {
  return { key, type, before, after }
}

/** What differs, in the order of keys. */
export async function differences(diff: Diff): Promise<ReturnType<typeof essence>[]> {
  const changes = await diff.toArray()
  return changes.map(essence).sort((a, b) => (a.key < b.key ? -1 : 1))
}

/** Asserts that an open store finds no damage in itself. */
export async function assertHealthy(store: Store): Promise<void> {
  try {
    const report = await store.verify()
    assert.deepEqual(report.damaged, [], 'verify reports damage in a healthy store')
    assert.equal(report.ok, true, 'verify says that a healthy store is not ok')
  } catch (error) {
    if (!(error instanceof ClosedError)) throw error
  }
}

/** A text for the name of a case: what is not plain ASCII is escaped, what is long is cut. */
export function printable(text: string): string {
  const escaped = text
    .slice(0, 24)
    .replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return text.length > 24 ? `'${escaped}' and so on, ${Buffer.byteLength(text)} bytes` : `'${escaped}'`
}
