import { onTestFinished } from 'vitest'
import { open } from '../../src/index.ts'
import type { OpenOptions, Schema, Store } from '../../src/index.ts'
import { freshPath } from './folders.ts'

/** An engine that a statement is tried on. */
export interface Kind {
  readonly name: string
  /** What is written is there after `close`. */
  readonly persistent: boolean
  /** A new, empty place. */
  url(): string
}

export const memory: Kind = { name: 'memory', persistent: false, url: () => 'memory:' }
export const sqlite: Kind = { name: 'SQLite', persistent: true, url: () => freshPath() }
export const kinds: readonly Kind[] = [memory, sqlite]

/** A store that is closed when the test is over. */
export async function opened<S extends Schema = Schema>(
  url: string,
  options?: OpenOptions,
): Promise<Store<S>> {
  const store = await open<S>(url, options)
  onTestFinished(() => store.close())
  return store
}

/** Closes a store and opens it again where it keeps something; on other engines the same store. */
export async function reopened(kind: Kind, store: Store, options?: OpenOptions): Promise<Store> {
  if (!kind.persistent) return store
  const { url } = store
  await store.close()
  return opened(url, options)
}

/** The store as it is, and then as it is after a reopen. */
export async function* lives(kind: Kind, store: Store, options?: OpenOptions): AsyncGenerator<Store> {
  yield store
  yield await reopened(kind, store, options)
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/** What this fails with; fails the test if it does not fail. */
export async function failure(run: () => unknown): Promise<unknown> {
  try {
    await run()
  } catch (error) {
    return error
  }
  throw new Error('It succeeded, but it should have failed.')
}

/** A load that tells when it has begun, and ends when it is told. */
export function heldLoad<T>(): {
  readonly load: () => Promise<T>
  readonly begun: Promise<void>
  readonly finish: (value: T) => void
} {
  let begin: () => void = () => undefined
  let finish: (value: T) => void = () => undefined
  const begun = new Promise<void>((resolve) => (begin = resolve))
  const value = new Promise<T>((resolve) => (finish = resolve))
  const load = (): Promise<T> => {
    begin()
    return value
  }
  return { load, begun, finish }
}

/** Waits until a condition holds that nothing announces: time that passes, work in the background. */
export async function until(condition: () => unknown, within = 5_000): Promise<void> {
  const end = performance.now() + within
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`It did not come true within ${within} ms.`)
    await pause(5)
  }
}

/** Lets real time pass: for statements about time itself. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms))
}

/** The middle one. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

/** The value below which this share of the values lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** A number from the environment: how long a long test runs. */
export function setting(name: string, standard: number): number {
  const text = process.env[name]
  return text === undefined || text === '' ? standard : Number(text)
}

/** Times are judged only on a quiet machine: VARVE_TIMINGS=1. Elsewhere they are reported. */
export const timings: boolean = process.env['VARVE_TIMINGS'] === '1'
