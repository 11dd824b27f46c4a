import { crc32 } from 'node:zlib'
import { IntegrityError } from '../errors.ts'
import { pack, unpack } from '../log/brotli.ts'
import { MOST_BYTES } from './byte-script.ts'
import type { Fingerprint } from './fingerprint.ts'
import { damaged, TapeReader, TapeWriter } from './tape.ts'

/**
 * The wire format of a delta:
 *
 *   byte 0      0xd0 + version (1)
 *   byte 1      kind, + 16 * codec of the payload, + 64 if it is empty, + 128 if it fits any base
 *   6 bytes     hash of the base (not if it fits any)
 *   6 bytes     hash of the result (not if it is empty)
 *   varint      bytes of the whole value, about
 *   varint      bytes of the payload before compression (only if it is compressed)
 *   payload
 *   4 bytes     CRC-32 of all before it, little-endian
 */
const VERSION = 1
const MARK = 0xd0
const EMPTY = 64
const ANY = 128

export const NONE = 0
export const COMPRESS = 1
export const STRUCTURAL = 2
export const BINARY = 3
/** Several deltas, to be applied in turn. */
export const SEQUENCE = 4
const MOST_KIND = SEQUENCE

/** Codec 2 may become zstd, once every supported Node has it: until then it is refused by name. */
const RAW = 0
const BROTLI = 1

/** What a delta is, taken apart. */
export interface Frame {
  readonly kind: number
  /** undefined: fits any base. */
  readonly base: Fingerprint | undefined
  readonly result: Fingerprint | undefined
  readonly empty: boolean
  /** Bytes of the whole value after it, about. */
  readonly whole: number
  readonly payload: Uint8Array
}

/** Less is not worth the time: compression alone takes longer than to compare small values. */
const LEAST_COMPRESSED = 256
/** Where comparing takes long anyway, a little is worth compressing, too. */
const LEAST_OF_MUCH = 64
const MUCH = 32_768

/** A high quality is slow, and on few bytes not noticed. */
export function compressBytes(bytes: Uint8Array, quality: number = bytes.length <= 2048 ? 9 : 5): Buffer {
  return pack(bytes, quality)
}

function writeFingerprint(tape: TapeWriter, { low, high }: Fingerprint): void {
  tape.word(low)
  tape.byte(high & 255)
  tape.byte((high >>> 8) & 255)
}

function readFingerprint(tape: TapeReader): Fingerprint {
  const low = tape.word()
  return { low, high: tape.byte() | (tape.byte() << 8) }
}

/** As many bits as the wire keeps. */
export function equalFingerprints(a: Fingerprint, b: Fingerprint): boolean {
  return a.low === b.low && ((a.high ^ b.high) & 0xffff) === 0
}

export function seal(frame: Frame): Uint8Array {
  const { kind, base, result, empty, whole, payload } = frame
  // A whole value that is not to be compressed stays as it is.
  const least = kind === COMPRESS || whole >= MUCH ? LEAST_OF_MUCH : LEAST_COMPRESSED
  const packed = kind !== NONE && payload.length >= least ? compressBytes(payload) : undefined
  const compressed = packed !== undefined && packed.length + 2 < payload.length
  const tape = new TapeWriter()
  tape.byte(MARK + VERSION)
  tape.byte(kind + (compressed ? BROTLI : RAW) * 16 + (empty ? EMPTY : 0) + (base === undefined ? ANY : 0))
  if (base !== undefined) writeFingerprint(tape, base)
  if (!empty && result !== undefined) writeFingerprint(tape, result)
  tape.varint(whole)
  if (compressed) tape.varint(payload.length)
  tape.bytes(compressed ? packed : payload)
  tape.word(crc32(tape.finish()))
  return tape.copy()
}

/** Throws IntegrityError for what has not been sealed, or not by a version that is known here. */
export function unseal(bytes: Uint8Array): Frame {
  if (bytes.length < 7) throw damaged('it is cut short')
  const tape = new TapeReader(bytes)
  const mark = tape.byte()
  if ((mark & 0xf0) !== MARK) throw new IntegrityError('This is no delta: its first byte tells.')
  if (mark !== MARK + VERSION)
    throw new IntegrityError(
      `The delta is of format ${mark & 15}, which this version of the package does not know; or it is damaged.`,
    )
  const body = bytes.subarray(0, bytes.length - 4)
  const sum = new TapeReader(bytes, body.length).word()
  if ((crc32(body) | 0) !== sum) throw damaged('its checksum is wrong')
  return readFrame(new TapeReader(body, 1))
}

function readFrame(tape: TapeReader): Frame {
  const head = tape.byte()
  const kind = head & 15
  const codec = (head >> 4) & 3
  const empty = (head & EMPTY) !== 0
  if (kind > MOST_KIND) throw new IntegrityError(`The delta is of kind ${kind}, which is unknown here.`)
  if (codec > BROTLI)
    throw new IntegrityError(
      `The delta is compressed by codec ${codec}, which this version of the package does not know.`,
    )
  const base = (head & ANY) === 0 ? readFingerprint(tape) : undefined
  if (base === undefined && !empty) throw damaged('it has no base')
  const result = empty ? base : readFingerprint(tape)
  const whole = tape.varint()
  if (codec === RAW) {
    if (empty && tape.left > 0) throw damaged('it is empty and yet says something')
    return { kind, base, result, empty, whole, payload: tape.bytes(tape.left) }
  }
  const length = tape.varint()
  return { kind, base, result, empty, whole, payload: expand(tape.bytes(tape.left), length) }
}

/** What was compressed. Throws IntegrityError for what has not just this length. */
export function expand(packed: Uint8Array, length: number): Uint8Array {
  if (length > MOST_BYTES) throw damaged('it claims to be too long')
  try {
    return unpack(packed, length)
  } catch (error) {
    throw damaged('it cannot be decompressed', error)
  }
}
