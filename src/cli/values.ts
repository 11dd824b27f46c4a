import { inspect } from 'node:util'
import { UsageError } from './failures.ts'
import { manyLines, safeJson } from './text.ts'

/**
 * Values as JSON. What JSON cannot say is an object with one name that begins with `$`:
 *
 *   {"$bigint":"12"}   {"$number":"NaN"}   {"$undefined":true}   {"$date":"2026-01-05T10:00:00.000Z"}
 *   {"$map":[[k,v]]}   {"$set":[v]}        {"$regexp":["a+","g"]}   {"$error":{"name":…,"message":…}}
 *   {"$bytes":"base64"} (Uint8Array)       {"$buffer":"base64"} (ArrayBuffer)
 *   {"$array":["Float64Array","base64"]} (the other typed arrays and DataView)   {"$ref":"$.a[0]"} (a circle back to there)
 *
 * An object that happens to look like that gets one more `$`: {"$$date":…}.
 */
export function tagged(value: unknown): unknown {
  return tag(value, '$', new Map())
}

const base64 = (bytes: ArrayBufferLike, offset = 0, length = bytes.byteLength): string =>
  Buffer.from(bytes, offset, length).toString('base64')

function tag(value: unknown, path: string, above: Map<object, string>): unknown {
  switch (typeof value) {
    case 'bigint':
      return { $bigint: String(value) }
    case 'undefined':
      return { $undefined: true }
    case 'number':
      if (Number.isFinite(value) && !Object.is(value, -0)) return value
      return { $number: Object.is(value, -0) ? '-0' : String(value) }
    case 'object':
      break
    default:
      return value
  }
  if (value === null) return null
  const circle = above.get(value)
  if (circle !== undefined) return { $ref: circle }
  above.set(value, path)
  try {
    return tagObject(value, path, above)
  } finally {
    above.delete(value)
  }
}

function tagObject(value: object, path: string, above: Map<object, string>): unknown {
  const inner = (one: unknown, step: string): unknown => tag(one, path + step, above)
  if (Array.isArray(value)) return Array.from(value as unknown[], (one, i) => inner(one, `[${i}]`))
  if (value instanceof Date) return { $date: Number.isNaN(value.getTime()) ? null : value.toISOString() }
  if (value instanceof Map)
    return { $map: [...value].map(([k, v], i) => [inner(k, `.$map[${i}][0]`), inner(v, `.$map[${i}][1]`)]) }
  if (value instanceof Set) return { $set: [...value].map((one, i) => inner(one, `.$set[${i}]`)) }
  if (value instanceof RegExp) return { $regexp: [value.source, value.flags] }
  if (value instanceof Error) return { $error: { name: value.name, message: value.message } }
  if (value instanceof ArrayBuffer) return { $buffer: base64(value) }
  if (ArrayBuffer.isView(value)) {
    const text = base64(value.buffer, value.byteOffset, value.byteLength)
    return value instanceof Uint8Array ? { $bytes: text } : { $array: [value.constructor.name, text] }
  }
  if (
    value instanceof String ||
    value instanceof Number ||
    value instanceof Boolean ||
    value instanceof BigInt
  )
    return tag(value.valueOf(), path, above)
  const names = Object.keys(value)
  const only = names.length === 1 && names[0]?.startsWith('$') === true
  const object: Record<string, unknown> = {}
  for (const name of names) {
    const what: unknown = inner((value as Record<string, unknown>)[name], `.${name}`)
    // As `object[name] = …` would, but for the name __proto__, too.
    Object.defineProperty(object, only ? `$${name}` : name, {
      value: what,
      enumerable: true,
      configurable: true,
      writable: true,
    })
  }
  return object
}

/** JSON text of a value, safe for terminals. */
export function jsonText(value: unknown): string {
  return safeJson(JSON.stringify(tagged(value)))
}

const NUMBERS: Readonly<Record<string, number>> = { NaN, Infinity, '-Infinity': -Infinity, '-0': -0 }
const ARRAYS: Readonly<Record<string, (buffer: ArrayBuffer) => unknown>> = {
  Int8Array: (b) => new Int8Array(b),
  Uint8ClampedArray: (b) => new Uint8ClampedArray(b),
  Int16Array: (b) => new Int16Array(b),
  Uint16Array: (b) => new Uint16Array(b),
  Int32Array: (b) => new Int32Array(b),
  Uint32Array: (b) => new Uint32Array(b),
  Float32Array: (b) => new Float32Array(b),
  Float64Array: (b) => new Float64Array(b),
  BigInt64Array: (b) => new BigInt64Array(b),
  BigUint64Array: (b) => new BigUint64Array(b),
  DataView: (b) => new DataView(b),
}

function bytesOf(text: unknown): ArrayBuffer {
  if (typeof text !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new Error('base64 text')
  const bytes = Buffer.from(text, 'base64')
  return new Uint8Array(bytes).buffer
}

function pairOf(value: unknown): [string, string] {
  if (Array.isArray(value) && typeof value[0] === 'string' && typeof value[1] === 'string')
    return [value[0], value[1]]
  throw new Error('a list of two texts')
}

/** What each tag means, read back. Those that are missing here cannot be read back. */
const READERS: Readonly<Record<string, (what: unknown) => unknown>> = {
  $bigint: (what) => BigInt(what as string),
  $undefined: () => undefined,
  $number(what) {
    const number = NUMBERS[String(what)]
    if (number === undefined) throw new Error('one of NaN, Infinity, -Infinity, -0')
    return number
  },
  $date: (what) => new Date(what === null ? NaN : (what as string)),
  $map: (what) => new Map((what as [unknown, unknown][]).map(([k, v]) => [untagged(k), untagged(v)])),
  $set: (what) => new Set((what as unknown[]).map(untagged)),
  $regexp: (what) => new RegExp(...pairOf(what)),
  $bytes: (what) => new Uint8Array(bytesOf(what)),
  $buffer: (what) => bytesOf(what),
  $array(what) {
    const [name, text] = pairOf(what)
    const make = ARRAYS[name]
    if (make === undefined) throw new Error(`one of ${Object.keys(ARRAYS).join(', ')}`)
    return make(bytesOf(text))
  },
  $error(what) {
    const { name, message } = what as { name: string; message: string }
    return Object.assign(new Error(message), { name })
  },
}

/** The value of tagged JSON. */
export function untagged(json: unknown): unknown {
  if (typeof json !== 'object' || json === null) return json
  if (Array.isArray(json)) return json.map(untagged)
  const [[name, what] = [], ...others] = Object.entries(json)
  if (name?.startsWith('$') === true && others.length === 0) {
    if (name.startsWith('$$')) return { [name.slice(1)]: untagged(what) }
    const read = READERS[name]
    if (read === undefined) throw new UsageError(`${JSON.stringify(name)} is no tag that can be read back.`)
    try {
      return read(what)
    } catch (error) {
      if (error instanceof UsageError) throw error
      const why = error instanceof Error ? error.message : String(error)
      throw new UsageError(`${JSON.stringify(json).slice(0, 80)} is not a value (${why}).`)
    }
  }
  return Object.fromEntries(Object.entries(json).map(([one, inner]) => [one, untagged(inner)]))
}

/** As JavaScript writes it, over many lines, for people. */
export function shown(value: unknown, options: { colors: boolean; width: number }): string {
  if (typeof value === 'string') return manyLines(value)
  const all = { depth: null, maxArrayLength: null, maxStringLength: null, breakLength: options.width }
  const plain = inspect(value, all)
  // What inspect does not escape itself (in errors, in patterns): then without colours, so that ours cannot be forged.
  const safe = manyLines(plain)
  return options.colors && safe === plain ? inspect(value, { ...all, colors: true }) : safe
}

/** As JavaScript writes it, in short, on one line: for tables. */
export function brief(value: unknown): string {
  if (value === undefined) return ''
  const text = inspect(value, {
    depth: 6,
    maxArrayLength: 50,
    maxStringLength: 300,
    breakLength: Infinity,
    compact: true,
  })
  return oneLineOf(text)
}

/** inspect has written backslashes twice already. */
function oneLineOf(text: string): string {
  return manyLines(text).replaceAll('\n', ' ').replaceAll('\t', ' ')
}

/** A cell of a plain line: JSON, whose backslashes stand as they are; nothing for what is absent. */
export function cell(value: unknown): string {
  return value === undefined ? '' : jsonText(value)
}
