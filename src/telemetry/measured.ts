import type { Operation } from '../reports.ts'
import type { Diff } from '../types.ts'
import type { LogLevel } from './bridge.ts'
import type { TraceEvent } from './channels.ts'
import type { Telemetry, Work } from './telemetry.ts'

type Told = readonly [level: LogLevel, message: string, fields: Readonly<Record<string, unknown>>]

/** What is measured about a method that returns a promise, and what is told of its result. */
export interface Measure {
  readonly work: Work
  readonly told?: (result: never) => Told
  /** Work that is done and whose result says that something is wrong. */
  readonly failure?: (result: never) => string | undefined
}

/** A handle on a store, as far as its work is measured. */
export interface Measurable {
  readonly telemetry: Telemetry
  readonly actor: string
  /** Of a scope. */
  readonly prefix: string
}

type Method = (this: object, ...args: unknown[]) => unknown

/** What is published about a call. `key`: the whole key, with the prefix of its scope. */
export function eventOf({ telemetry, actor }: Measurable, method: string, key?: string): TraceEvent {
  return { store: telemetry.store, method, actor, ...(key === undefined ? {} : { key }) }
}

function keyOf({ prefix }: Measurable, keyed: boolean, key: unknown): string | undefined {
  return keyed && typeof key === 'string' ? prefix + key : undefined
}

/**
 * Puts a measured method in the place of each that is named: what is counted stands in one table, and the methods say what
 * they do. `keyed`: methods whose first argument is a key.
 */
export function measured<H extends object>(
  prototype: H,
  about: (handle: H) => Measurable,
  table: Readonly<Record<string, Measure | Work>>,
  keyed: readonly string[] = [],
): void {
  for (const [name, entry] of Object.entries(table)) {
    const { work, told, failure }: Measure = typeof entry === 'string' ? { work: entry } : entry
    const isKeyed = keyed.includes(name)
    replace(prototype, name, (method) => {
      return function (...args) {
        const handle = about(this as H)
        const { telemetry } = handle
        const result = telemetry.run(
          work,
          () => eventOf(handle, name, keyOf(handle, isKeyed, args[0])),
          () => method.apply(this, args) as Promise<unknown>,
        )
        if (told === undefined) return result
        return result.then((value) => {
          const wrong = failure?.(value as never)
          if (wrong !== undefined) telemetry.fails(work, wrong)
          const [level, message, fields] = told(value as never)
          telemetry.log(level, () => [message, { operation: name, actor: handle.actor, ...fields }])
          return value
        })
      }
    })
  }
}

/** The same of methods that return a stream. */
export function measuredStreams<H extends object>(
  prototype: H,
  about: (handle: H) => Measurable,
  table: Readonly<Record<string, Operation>>,
  keyed: readonly string[] = [],
): void {
  for (const [name, work] of Object.entries(table)) {
    const isKeyed = keyed.includes(name)
    replace(prototype, name, (method) => {
      return function (...args) {
        const handle = about(this as H)
        return handle.telemetry.stream(
          work,
          () => eventOf(handle, name, keyOf(handle, isKeyed, args[0])),
          () => method.apply(this, args) as AsyncIterable<unknown>,
        )
      }
    })
  }
}

/** The same of a diff, in whatever way it is read. */
export function measuredDiff(handle: Measurable, diff: Diff): Diff {
  const { telemetry } = handle
  const about = (): TraceEvent => eventOf(handle, 'diff')
  return {
    [Symbol.asyncIterator]: () => telemetry.stream('diff', about, () => diff),
    toArray: () => telemetry.run('diff', about, () => diff.toArray()),
    summary: () => telemetry.run('diff', about, () => diff.summary()),
  }
}

function replace(prototype: object, name: string, wrap: (method: Method) => Method): void {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name)
  if (typeof descriptor?.value !== 'function')
    throw new TypeError(`There is no method ${name} to be measured.`)
  const value = wrap(descriptor.value as Method)
  Object.defineProperty(value, 'name', { value: name })
  Object.defineProperty(prototype, name, { ...descriptor, value })
}
