import { IntegrityError } from '../errors.ts'
import { BYTES, ERRORS, survey, tooLarge } from './classify.ts'
import type { Part, Survey } from './classify.ts'
import { isWellFormed } from './keys.ts'

/**
 * The binary form: everything that JSON cannot say. Byte 0 is the format's version (1, see codec.ts), then:
 *
 *   form     = value contents*
 *   value    = tag and what belongs to it: an atom, a reference, or an object
 *   contents = what one object holds, for every object that can hold something, in the order in which they appeared
 *
 * So objects are not nested in one another: writing and reading take no recursion, and nothing is too deep. Each object
 * gets a number as it appears (0, 1, 2 …), by which a reference names it: shared objects and cycles stay what they are.
 *
 *   varint   = seven bits a byte, lowest first, the high bit set on all but the last; up to 2^53 - 1
 *   text     = varint length * 2 + bytes as UTF-8, or varint units * 2 + 1 and UTF-16 (little-endian) if it is ill-formed
 *   name     = varint 0 and a text, which becomes the next name; or varint n: the nth name again, counted from 1
 *
 * Numbers are little-endian, and views are kept as their bytes lie in memory.
 */
const TAG = {
  null: 0,
  undefined: 1,
  false: 2,
  true: 3,
  /** varint */
  whole: 4,
  /** varint of -1 - n */
  negative: 5,
  /** 8 bytes, IEEE 754 */
  double: 6,
  /** varint length, magnitude, highest byte first */
  bigint: 7,
  negativeBigint: 8,
  /** text */
  text: 9,
  /** varint number of an object */
  reference: 10,
  /** contents: varint count, then name and value each */
  object: 11,
  /** contents: varint count, values */
  array: 12,
  /** varint length; contents: as of an object. Arrays with holes or with fields beside their items */
  sparse: 13,
  /** contents: varint count of entries, then key and value each */
  map: 14,
  /** contents: varint count, values */
  set: 15,
  /** varint type; contents: varint count of those that are not enumerable, then as of an object */
  error: 16,
  /** 8 bytes, IEEE 754: milliseconds since 1970, NaN for an invalid date */
  date: 17,
  /** text, text */
  regexp: 18,
  /** varint type, varint length, bytes */
  bytes: 19,
  /** value: the primitive in the box */
  boxed: 20,
} as const

export const BINARY_VERSION = 1

/** Writes a value in the binary form; InvalidValueError if it is not data, or takes more than `limit` bytes. */
export function writeBinary(value: unknown, limit: number, key?: string): Uint8Array {
  const { parts, ids }: Survey = survey(value, key)
  const names = new Map<string, number>()
  let buffer = Buffer.allocUnsafe(256)
  let at = 0
  let appeared = 0

  const room = (size: number): void => {
    if (at + size <= buffer.length) return
    if (at + size > limit) throw tooLarge(limit, key)
    const larger = Buffer.allocUnsafe(Math.max(at + size, buffer.length * 2))
    larger.set(buffer.subarray(0, at))
    buffer = larger
  }
  const byte = (value: number): void => {
    room(1)
    buffer[at++] = value
  }
  const varint = (value: number): void => {
    room(8)
    for (; value > 127; value = Math.floor(value / 128)) buffer[at++] = (value % 128) + 128
    buffer[at++] = value
  }
  const double = (value: number): void => {
    room(8)
    at = buffer.writeDoubleLE(value, at)
  }
  const bytes = (value: Uint8Array): void => {
    varint(value.length)
    room(value.length)
    buffer.set(value, at)
    at += value.length
  }
  const text = (value: string): void => {
    if (isWellFormed(value)) {
      const length = Buffer.byteLength(value)
      varint(length * 2)
      room(length)
      at += buffer.write(value, at, 'utf8')
    } else {
      varint(value.length * 2 + 1)
      room(value.length * 2)
      at += buffer.write(value, at, 'utf16le')
    }
  }
  const name = (value: string): void => {
    const known = names.get(value)
    varint(known ?? 0)
    if (known !== undefined) return
    names.set(value, names.size + 1)
    text(value)
  }
  const number = (value: number): void => {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
      byte(value < 0 ? TAG.negative : TAG.whole)
      varint(value < 0 ? -1 - value : value)
    } else {
      byte(TAG.double)
      double(value)
    }
  }
  const bigint = (value: bigint): void => {
    const digits = (value < 0n ? -value : value).toString(16)
    byte(value < 0n ? TAG.negativeBigint : TAG.bigint)
    bytes(Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex'))
  }
  const object = (part: Part): void => {
    byte(TAG[part.kind])
    if (part.kind === 'sparse') varint(part.count)
    else if (part.kind === 'error') varint(ERRORS.indexOf(part.type))
    else if (part.kind === 'date') double(part.data as number)
    else if (part.kind === 'boxed') any(part.data)
    else if (part.kind === 'regexp') for (const half of part.data as [string, string]) text(half)
    else if (part.kind === 'bytes') {
      varint(BYTES.indexOf(part.type))
      bytes(part.data as Uint8Array)
    }
  }
  const any = (value: unknown): void => {
    if (typeof value === 'string') {
      byte(TAG.text)
      text(value)
    } else if (typeof value === 'number') number(value)
    else if (typeof value === 'boolean') byte(value ? TAG.true : TAG.false)
    else if (typeof value === 'bigint') bigint(value)
    else if (value === undefined) byte(TAG.undefined)
    else if (value === null) byte(TAG.null)
    else {
      const id = ids.get(value) as number
      if (id === appeared) {
        appeared++
        object(parts[id] as Part)
      } else {
        byte(TAG.reference)
        varint(id)
      }
    }
  }
  const contents = (part: Part): void => {
    const { kind, items } = part
    if (!HOLDERS.has(kind)) return
    if (kind === 'error') varint(part.count)
    varint(kind === 'map' ? items.length / 2 : items.length)
    const named = kind === 'object' || kind === 'sparse' || kind === 'error'
    for (let i = 0; i < items.length; i++) {
      if (named) name(part.names[i] as string)
      any(items[i])
    }
  }

  byte(BINARY_VERSION)
  any(value)
  for (const part of parts) contents(part)
  return Uint8Array.prototype.slice.call(buffer, 0, at)
}

const HOLDERS: ReadonlySet<Part['kind']> = new Set(['object', 'array', 'sparse', 'map', 'set', 'error'])

/** What was read, and all of its objects if they are nothing but plain objects and arrays. */
export interface ReadBinary {
  readonly value: unknown
  readonly plain: readonly object[] | undefined
}

/** Reads the binary form. Whatever the bytes are, it returns a value or throws IntegrityError. */
export function readBinary(bytes: Uint8Array): ReadBinary {
  try {
    return read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  } catch (error) {
    if (error instanceof IntegrityError) throw error
    throw damaged('it says something impossible', error)
  }
}

function damaged(why: string, cause?: unknown): IntegrityError {
  return new IntegrityError(`A stored value is damaged: ${why}.`, { cause })
}

function read(buffer: Buffer): ReadBinary {
  const objects: object[] = []
  const holders: { readonly tag: number; readonly shell: object }[] = []
  const names: string[] = []
  let at = 1
  let plain = true

  /** Goes on by `size` bytes, which must be there: no length is believed before. */
  const take = (size: number): number => {
    if (size > buffer.length - at) throw damaged('it is cut short')
    at += size
    return at - size
  }
  const varint = (): number => {
    let value = 0
    for (let factor = 1; factor <= 2 ** 49; factor *= 128) {
      const byte = buffer[take(1)] as number
      value += (byte % 128) * factor
      if (byte < 128 && value <= Number.MAX_SAFE_INTEGER) return value
    }
    throw damaged('it has a number without an end')
  }
  /** How many follow; each takes at least `least` bytes. */
  const count = (least: number): number => {
    const value = varint()
    if (value * least > buffer.length - at) throw damaged('it is cut short')
    return value
  }
  const text = (): string => {
    const size = varint()
    const length = size % 2 === 0 ? size / 2 : size - 1
    const start = take(length)
    return buffer.toString(size % 2 === 0 ? 'utf8' : 'utf16le', start, at)
  }
  const name = (): string => {
    const index = varint()
    if (index > names.length) throw damaged('it uses a name that it does not have')
    if (index > 0) return names[index - 1] as string
    const fresh = text()
    names.push(fresh)
    return fresh
  }
  const bigint = (): bigint => {
    const start = take(varint())
    return BigInt(`0x0${buffer.toString('hex', start, at)}`)
  }
  const keep = <T extends object>(object: T, isPlain = false): T => {
    plain &&= isPlain
    objects.push(object)
    return object
  }
  const holder = (tag: number, shell: object, isPlain = false): object => {
    holders.push({ tag, shell })
    return keep(shell, isPlain)
  }
  const any = (): unknown => {
    const tag = buffer[take(1)]
    switch (tag) {
      case TAG.null:
        return null
      case TAG.undefined:
        return undefined
      case TAG.false:
        return false
      case TAG.true:
        return true
      case TAG.whole:
        return varint()
      case TAG.negative:
        return -1 - varint()
      case TAG.double:
        return buffer.readDoubleLE(take(8))
      case TAG.bigint:
        return bigint()
      case TAG.negativeBigint:
        return -bigint()
      case TAG.text:
        return text()
      case TAG.reference: {
        const object = objects[varint()]
        if (object === undefined) throw damaged('it refers to an object that it does not have')
        return object
      }
      case TAG.object:
        return holder(tag, {}, true)
      case TAG.array:
        return holder(tag, [], true)
      case TAG.sparse:
        return holder(tag, sparseArray(varint()), true)
      case TAG.map:
        return holder(tag, new Map())
      case TAG.set:
        return holder(tag, new Set())
      case TAG.error:
        return holder(tag, errorOf(ERRORS[varint()]))
      case TAG.date:
        return keep(new Date(buffer.readDoubleLE(take(8))))
      case TAG.regexp:
        return keep(new RegExp(text(), text()))
      case TAG.bytes: {
        const type = BYTES[varint()]
        const start = take(varint())
        return keep(bytesOf(type, buffer.subarray(start, at)))
      }
      case TAG.boxed: {
        // Looked at first: boxes in boxes in boxes would take recursion.
        if ((buffer[at] ?? 0) >= TAG.reference) throw damaged('it has a box around an object')
        const inner = any()
        if (inner === null || inner === undefined) throw damaged('it has an empty box')
        return keep(Object(inner) as object)
      }
      default:
        throw damaged('it has an unknown tag')
    }
  }
  const fields = (shell: object, from: number, to: number, enumerable: boolean): void => {
    for (let i = from; i < to; i++) {
      const key = name()
      define(shell, key, any(), enumerable)
    }
  }
  const fill = (tag: number, shell: object): void => {
    if (tag === TAG.array) for (let left = count(1); left > 0; left--) (shell as unknown[]).push(any())
    else if (tag === TAG.set) for (let left = count(1); left > 0; left--) (shell as Set<unknown>).add(any())
    else if (tag === TAG.map)
      for (let left = count(2); left > 0; left--) (shell as Map<unknown, unknown>).set(any(), any())
    else {
      const hidden = tag === TAG.error ? varint() : 0
      const all = count(2)
      if (hidden > all) throw damaged('it hides more fields than there are')
      fields(shell, 0, hidden, false)
      fields(shell, hidden, all, true)
    }
  }

  const value = any()
  for (let i = 0; i < holders.length; i++) {
    const { tag, shell } = holders[i] as (typeof holders)[number]
    fill(tag, shell)
  }
  if (at !== buffer.length) throw damaged('there is something behind its end')
  return { value, plain: plain ? objects : undefined }
}

/** Sets an own field, also where an inherited one of that name would catch or refuse a plain assignment (`__proto__`). */
function define(object: object, name: string, value: unknown, enumerable: boolean): void {
  if (enumerable && !(name in object)) (object as Record<string, unknown>)[name] = value
  else Object.defineProperty(object, name, { value, enumerable, writable: true, configurable: true })
}

const LONGEST_ARRAY = 2 ** 32 - 1

function sparseArray(length: number): unknown[] {
  if (length > LONGEST_ARRAY) throw damaged('it has an array that is too long')
  const array: unknown[] = []
  if (length === 0) return array
  // Setting `length` would set aside room for every hole; an item far out makes a table of what is there.
  array[length - 1] = undefined
  Reflect.deleteProperty(array, length - 1)
  return array
}

type Constructors = Readonly<Record<string, (new (first?: unknown) => object) | undefined>>

function errorOf(type: string | undefined): object {
  const Type = type === undefined ? undefined : (globalThis as unknown as Constructors)[type]
  if (Type === undefined) throw damaged('it has an unknown kind of error')
  const error = new Type(type === 'AggregateError' ? [] : undefined)
  // What belongs to it follows, its stack too; this one is of no interest to anybody.
  for (const name of Reflect.ownKeys(error)) Reflect.deleteProperty(error, name)
  return error
}

function bytesOf(type: string | undefined, source: Uint8Array): object {
  if (type === undefined) throw damaged('it has an unknown kind of bytes')
  const buffer = new ArrayBuffer(source.length)
  new Uint8Array(buffer).set(source)
  if (type === 'ArrayBuffer') return buffer
  if (type === 'Buffer') return Buffer.from(buffer)
  const View = (globalThis as unknown as Constructors)[type]
  if (View === undefined) throw damaged(`it has a ${type}, which this version of Node does not know`)
  return new View(buffer)
}
