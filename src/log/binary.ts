import { BYTES, ERRORS, survey, tooLarge } from './classify.ts'
import type { Part, Survey } from './classify.ts'

/**
 * The binary form, and how it is written (binary-read.ts reads it): everything that JSON cannot say. Byte 0 is the format's version (1, see codec.ts), then:
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
export const TAG = {
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
  /** Short ASCII text, the usual case, without three calls for it. False: it was something else. */
  const shortText = (value: string): boolean => {
    const { length } = value
    if (length > 40) return false
    room(length + 1)
    for (let i = 0; i < length; i++) {
      const unit = value.charCodeAt(i)
      if (unit > 127) return false
      buffer[at + 1 + i] = unit
    }
    buffer[at] = length * 2
    at += length + 1
    return true
  }
  const text = (value: string): void => {
    if (shortText(value)) return
    if (value.isWellFormed()) {
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
  return new Uint8Array(buffer.subarray(0, at))
}

const HOLDERS: ReadonlySet<Part['kind']> = new Set(['object', 'array', 'sparse', 'map', 'set', 'error'])
