import { oneLine } from './one-line.ts'

/** What a logger tells at a time. */
export interface LogRecord {
  /** ISO 8601 with the zone. */
  readonly time: string
  /** How grave it is. */
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  /** The logger's name. */
  readonly name: string
  /** The text. */
  readonly message: string
  /** Who did it, where it was given. */
  readonly actor?: string
  /** What was done, where it was given. */
  readonly operation?: string
  /** The key that it was about, where it was given. */
  readonly key?: string
  readonly [field: string]: unknown
}

/** A record as one line of JSON, in a fixed order: what all records have comes first. Whatever is in it, it is one line. */
export function lineOf(record: LogRecord): string {
  const { time, level, name, message, actor, operation, key, ...rest } = record
  const whole = { time, level, name, message, actor, operation, key, ...rest }
  try {
    return `${oneLine(JSON.stringify(whole, plain()))}\n`
  } catch (error) {
    // A toJSON that throws, a getter, a proxy: what all records have is text in any case.
    const why = `(the other fields could not be written: ${String(error)})`
    return `${oneLine(JSON.stringify({ time, level, name, message: `${String(message)} ${why}` }))}\n`
  }
}

/** What JSON cannot say, said as well as it goes. */
function plain(): (this: unknown, name: string, value: unknown) => unknown {
  /** The objects that a value is inside of, and what is written in their place. */
  const above: { readonly of: object; readonly as: unknown }[] = []
  return function (_, value) {
    if (typeof value === 'bigint') return value.toString()
    if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`
    if (typeof value !== 'object' || value === null) return value
    while (above.length > 0 && above.at(-1)?.as !== this) above.pop()
    if (above.some(({ of }) => of === value)) return '[circular]'
    const as = instead(value)
    if (typeof as === 'object') above.push({ of: value, as })
    return as
  }
}

function instead(value: object): unknown {
  if (value instanceof Error) {
    const { name, message, stack, cause } = value
    return { name, code: (value as { code?: unknown }).code, message, stack, cause }
  }
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, one]: [unknown, unknown]) => [String(key), one]))
  if (value instanceof Set) return [...(value as Set<unknown>)]
  return ArrayBuffer.isView(value) ? `[${value.byteLength} bytes]` : value
}
