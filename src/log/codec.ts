import type { Encoded } from '../change.ts'
import { IntegrityError } from '../errors.ts'
import { damaged, isStackOverflow, readBinary } from './binary-read.ts'
import { BINARY_VERSION, writeBinary } from './binary.ts'
import { FAST, pack, unpack } from './brotli.ts'
import { makerOf, tooLarge } from './classify.ts'

/**
 * How values are stored. What JSON can say is JSON text, so that any tool can read it; everything else is bytes, of which
 * the first tells what follows:
 *
 *   1  the binary form (binary.ts)
 *   2  JSON text, compressed: its length in bytes (4 bytes, little-endian), then Brotli
 *   3  the binary form, compressed in the same way
 *
 * JSON text keeps what is equal, not what is the same: an object that is there twice comes back as two. The binary form,
 * which also takes what is nested more than MOST_LEVELS deep or so entangled that JSON text would explode, keeps that too,
 * and has no limit of depth.
 */
const COMPRESSED_JSON = 2
const COMPRESSED_BINARY = 3
const COMPRESSED_HEADER = 5

/** Stacks hold a few thousand levels; a value that a stack cannot hold is not for JSON.stringify. */
const MOST_LEVELS = 500
/** With more objects than this, it is worth knowing whether they are all different ones. */
const MOST_UNCOUNTED = 20_000
/** Room for the longest strings and blobs of every engine, with something to spare. */
const MOST_BYTES = 256 * 2 ** 20
const LEAST_COMPRESSED = 4096

export interface EncodeOptions {
  readonly compression: boolean
}

/**
 * A value as it is stored: JSON text or tagged bytes. Throws InvalidValueError for what is not data or takes more than
 * 256 MiB, with the path to it; `key` is for the message.
 */
export function encode(value: unknown, options: EncodeOptions, key?: string): Encoded {
  const text = toJson(value)
  if (text === undefined) {
    const bytes = writeBinary(value, MOST_BYTES, key)
    return (options.compression && compress(bytes, bytes, COMPRESSED_BINARY)) || bytes
  }
  if (text.length * 3 > MOST_BYTES && Buffer.byteLength(text) > MOST_BYTES) throw tooLarge(MOST_BYTES, key)
  // A UTF-16 unit takes one to three bytes: short texts need no counting.
  if (
    options.compression &&
    text.length * 3 >= LEAST_COMPRESSED &&
    Buffer.byteLength(text) >= LEAST_COMPRESSED
  )
    return compress(Buffer.from(text), text, COMPRESSED_JSON) ?? text
  return text
}

/** The value, fresh: nobody else has it. Throws IntegrityError for what cannot have been stored. */
export function decode(encoded: Encoded): unknown {
  const plain = takePlain(encoded)
  return typeof plain === 'string' ? parse(plain) : readBinary(checkBinary(plain)).value
}

/**
 * The value, deep-frozen if it is nothing but primitives, plain objects and arrays: then `shareable` is true, and one copy
 * serves everybody. Otherwise it is fresh, and the next reader needs another.
 */
export function decodeFrozen(encoded: Encoded): { readonly value: unknown; readonly shareable: boolean } {
  const form = takePlain(encoded)
  if (typeof form === 'string') {
    const value = parse(form)
    if (typeof value === 'object' && value !== null) freezeDeep(value)
    return { value, shareable: true }
  }
  const { value, plain } = readBinary(checkBinary(form))
  for (const object of plain ?? []) Object.freeze(object)
  return { value, shareable: plain !== undefined }
}

/** What would come back if a value were stored and read: nobody else has it. Throws as `encode` does. */
export function copyOf(value: unknown): unknown {
  const plain = toPlain(value)
  return plain === NOT_JSON ? readBinary(writeBinary(value, MOST_BYTES)).value : plain
}

/** How many bytes it takes in its plain form. */
export function encodedBytes(encoded: Encoded): number {
  return typeof encoded === 'string' ? Buffer.byteLength(encoded) : plainLength(encoded, encoded.length)
}

/** The same of bytes of which only the first `HEAD` are at hand. */
export function plainLength(head: Uint8Array, length: number): number {
  return isCompressed(head) && length >= COMPRESSED_HEADER
    ? new DataView(head.buffer, head.byteOffset).getUint32(1, true)
    : length
}

/** So many bytes of a value tell how long it is. */
export const HEAD: number = COMPRESSED_HEADER

/** What was compressed or decompressed last: a value is checked before it is decoded, and that takes its plain form too. */
let last: { readonly bytes: Uint8Array; readonly plain: Encoded } | undefined

/**
 * The value before it was compressed: what counts for checksums and sizes, so that they do not depend on whether and how
 * it was compressed.
 */
export function plainForm(encoded: Encoded): Encoded {
  if (typeof encoded === 'string' || !isCompressed(encoded)) return encoded
  if (last?.bytes === encoded) return last.plain
  const raw = decompress(encoded)
  const plain = encoded[0] === COMPRESSED_JSON ? raw.toString() : raw
  last = { bytes: encoded, plain }
  return plain
}

function isCompressed(bytes: Uint8Array): boolean {
  return bytes[0] === COMPRESSED_JSON || bytes[0] === COMPRESSED_BINARY
}

/** The value as it is to be stored, if it came back from somewhere in its plain form. */
export function compressed(encoded: Encoded, { compression }: EncodeOptions): Encoded {
  const bytes = encodedBytes(encoded)
  if (!compression || bytes < LEAST_COMPRESSED || (typeof encoded !== 'string' && isCompressed(encoded)))
    return encoded
  return typeof encoded === 'string'
    ? (compress(Buffer.from(encoded), encoded, COMPRESSED_JSON) ?? encoded)
    : (compress(encoded, encoded, COMPRESSED_BINARY) ?? encoded)
}

// ── JSON ──

const NOT_JSON = Symbol('not JSON')
const ANY_ARRAY: readonly unknown[] = []

/** JSON text; undefined where it would not bring the value back, or where only the slow way can tell what is wrong. */
function toJson(value: unknown): string | undefined {
  // Somebody gave all arrays a toJSON (old libraries do): JSON.stringify would ask it.
  if ('toJSON' in ANY_ARRAY) return undefined
  try {
    const plain = toPlain(value)
    return plain === NOT_JSON ? undefined : JSON.stringify(plain)
  } catch {
    // A text too long for one string: the binary form copes, or says why not.
    return undefined
  }
}

/** A copy of what is nothing but JSON; else NOT_JSON. */
function toPlain(value: unknown): unknown {
  try {
    const walk: Walk = { left: MOST_UNCOUNTED, seen: undefined }
    const plain = plainCopy(value, walk, 0)
    return plain === NOT_JSON && walk.left < 0
      ? plainCopy(value, { left: Infinity, seen: new Set() }, 0)
      : plain
  } catch {
    // A getter that throws, a stack that is full: the binary form copes, or says why not.
    return NOT_JSON
  }
}

interface Walk {
  /** How many more objects may come before we ask whether they are all different. */
  left: number
  /** All objects so far. One that comes again is not JSON: a cycle, or a text that doubles with every level. */
  readonly seen: Set<object> | undefined
}

/**
 * The value itself as JSON.stringify needs it: own objects and arrays of ours, without getters (each was read once), so
 * that what is checked here is what is written then. NOT_JSON if JSON would lose anything of it.
 */
function plainCopy(value: unknown, walk: Walk, level: number): unknown {
  if (isJsonAtom(value)) return value
  if (typeof value !== 'object' || value === null) return NOT_JSON
  if (level >= MOST_LEVELS || --walk.left < 0 || walk.seen?.has(value)) return NOT_JSON
  walk.seen?.add(value)
  const proto = Object.getPrototypeOf(value) as object | null
  if (proto === Object.prototype || proto === null) return plainObject(value, walk, level)
  if (proto === Array.prototype) return plainArray(value, walk, level)
  const maker = makerOf(proto)
  if (maker === 'Object') return plainObject(value, walk, level)
  return maker === 'Array' ? plainArray(value, walk, level) : NOT_JSON
}

function isJsonAtom(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0)
  return typeof value === 'string' || typeof value === 'boolean' || value === null
}

function plainObject(value: object, walk: Walk, level: number): unknown {
  // Symbols are not for JSON; Math and its like betray themselves by one.
  if (Object.getOwnPropertySymbols(value).length > 0) return NOT_JSON
  const copy: Record<string, unknown> = { ...value }
  for (const name in copy) {
    const field = copy[name]
    // What somebody hung onto Object.prototype is seen by this loop, too.
    if (isJsonAtom(field) || !Object.hasOwn(copy, name)) continue
    const plain = plainCopy(field, walk, level + 1)
    if (plain === NOT_JSON) return NOT_JSON
    copy[name] = plain
  }
  return copy
}

function plainArray(value: object, walk: Walk, level: number): unknown {
  // As many names as places, and none undefined below: no holes, and no fields beside the items.
  if (!Array.isArray(value) || Object.keys(value).length !== value.length) return NOT_JSON
  if (Object.getOwnPropertySymbols(value).length > 0) return NOT_JSON
  const copy: unknown[] = Array.prototype.slice.call(value)
  for (let i = 0; i < copy.length; i++) {
    const item = copy[i]
    if (isJsonAtom(item)) continue
    const plain = plainCopy(item, walk, level + 1)
    if (plain === NOT_JSON) return NOT_JSON
    copy[i] = plain
  }
  return copy
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (error) {
    throw isStackOverflow(error) ? error : damaged('it is not JSON', error)
  }
}

/** Freezes what JSON.parse made. Without recursion: whoever wrote the text may have nested it as deep as he liked. */
function freezeDeep(root: object): void {
  let waiting: object[] | undefined
  for (let object: object | undefined = root; object !== undefined; object = waiting?.pop()) {
    if (Array.isArray(object)) {
      for (const item of object as unknown[])
        if (typeof item === 'object' && item !== null) (waiting ??= []).push(item)
    } else {
      for (const name in object) {
        const field = (object as Record<string, unknown>)[name]
        if (typeof field === 'object' && field !== null && Object.hasOwn(object, name))
          (waiting ??= []).push(field)
      }
    }
    Object.freeze(object)
  }
}

// ── bytes ──

function compress(raw: Uint8Array, plain: Encoded, tag: number): Uint8Array | undefined {
  if (raw.length < LEAST_COMPRESSED) return undefined
  const packed = pack(raw, FAST)
  if (packed.length + COMPRESSED_HEADER > raw.length * 0.75) return undefined
  const bytes = new Uint8Array(COMPRESSED_HEADER + packed.length)
  bytes[0] = tag
  new DataView(bytes.buffer).setUint32(1, raw.length, true)
  bytes.set(packed, COMPRESSED_HEADER)
  last = { bytes, plain }
  return bytes
}

function decompress(bytes: Uint8Array): Buffer {
  const length =
    bytes.length < COMPRESSED_HEADER ? 0 : Buffer.from(bytes.buffer, bytes.byteOffset).readUInt32LE(1)
  if (length === 0 || length > MOST_BYTES) throw damaged('its length is wrong')
  try {
    return unpack(bytes.subarray(COMPRESSED_HEADER), length)
  } catch (error) {
    throw isStackOverflow(error) ? error : damaged('it cannot be decompressed', error)
  }
}

/** The plain form, for nobody else: what is made of it must not be shared. */
function takePlain(encoded: Encoded): Encoded {
  const plain = plainForm(encoded)
  if (last?.plain === plain) last = undefined
  return plain
}

function checkBinary(bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== BINARY_VERSION)
    throw new IntegrityError(
      `A stored value is damaged, or of a newer version of this package: its form is ${String(bytes[0])}, which is unknown here.`,
    )
  return bytes
}
