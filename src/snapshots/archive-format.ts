import { crc32 } from 'node:zlib'
import type { Encoded } from '../change.ts'
import { FAST, pack, unpack as unpackBytes } from '../log/brotli.ts'

/**
 * An archive is one file: a line of JSON that says what it is, frames with records, and a last frame that says how many they
 * were and the SHA-256 of everything before it. docs/format.md tells the rest.
 */
export const ARCHIVE_VERSION = 1
/** A header line begins with this, whatever is in it. */
export const HEADER_START = '{"format":"varve '
/** Longer ones are not ours: a description and the meta of a snapshot fit in. */
export const MOST_HEADER: number = 300 * 2 ** 20
export const FRAME_HEADER = 13
/** A record is never parted, and a value has at most 256 MiB. */
export const MOST_FRAME: number = 257 * 2 ** 20

export const RECORDS = 1
export const PACKED = 2
export const END = 3

/** One record. What `a`, `b` and `c` are depends on its kind. */
export interface ArchiveRecord {
  readonly kind: number
  readonly key: string
  readonly value: Encoded | undefined
  readonly a: number
  readonly b: number
  readonly c: number
}
/** `value`: undefined, the key goes. `a`: when it ends. */
export const ENTRY = 1
/** A change of the log. `a`: its number; `b`: when it ends; `c`: its checksum. */
export const CHANGE = 2
/** `a`: the number of the aside; `b`: when it ends. */
export const ASIDE = 3
/** JSON of a revision's record. */
export const COMMIT = 4
/** JSON of a snapshot. */
export const MARK = 5
/** What is different from the base's value of that key, as deltas/stored.ts keeps it. `a`: when it ends. */
export const DIFFERENCE = 6

/** kind, type of the value, length of the key, length of the value, a, b, c. */
const RECORD_HEADER = 1 + 1 + 2 + 4 + 3 * 8
const NONE = 0
const TEXT = 1
const BYTES = 2

/** The header as its line: the last field is a checksum of what comes before it. */
export function headerLine(header: object): Buffer {
  const text = JSON.stringify(header).slice(0, -1)
  return Buffer.from(`${text},"crc":"${hex(crc32(text))}"}\n`)
}

/** The header, or why it is none. */
export function parseHeader(line: string): Record<string, unknown> | string {
  const [, text, crc] = /^(.*),"crc":"([0-9a-f]{8})"\}$/s.exec(line) ?? []
  if (text === undefined || hex(crc32(text)) !== crc) return 'its header does not match its checksum'
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return 'its header is not JSON'
  }
}

function hex(number: number): string {
  return number.toString(16).padStart(8, '0')
}

export interface Frame {
  readonly kind: number
  readonly stored: number
  readonly raw: number
  readonly crc: number
}

export function frameOf(kind: number, stored: Uint8Array, raw: number): [Buffer, Uint8Array] {
  const header = Buffer.alloc(FRAME_HEADER)
  header[0] = kind
  header.writeUInt32LE(stored.length, 1)
  header.writeUInt32LE(raw, 5)
  header.writeUInt32LE(crcOf(header, stored), 9)
  return [header, stored]
}

/** A frame of records, compressed if that is worth it. */
export function recordsFrame(raw: Uint8Array, compression: boolean): [Buffer, Uint8Array] {
  if (compression) {
    const packed = pack(raw, FAST)
    if (packed.length < raw.length * 0.9) return frameOf(PACKED, packed, raw.length)
  }
  return frameOf(RECORDS, raw, raw.length)
}

/** What a frame's first bytes say, or what is wrong with them. */
export function parseFrame(header: Buffer, left: number): Frame | string {
  const frame = {
    kind: header[0] ?? 0,
    stored: header.readUInt32LE(1),
    raw: header.readUInt32LE(5),
    crc: header.readUInt32LE(9),
  }
  if (frame.stored > left) return 'it ends in the middle of a frame: it was cut off, or is damaged'
  if (frame.raw > MOST_FRAME) return 'the length of a frame is wrong'
  return frame
}

export function frameFits(header: Buffer, stored: Uint8Array, { crc }: Frame): boolean {
  return crcOf(header, stored) === crc
}

function crcOf(header: Buffer, stored: Uint8Array): number {
  return crc32(stored, crc32(header.subarray(0, 9)))
}

/** The records' bytes; undefined: they are not what the frame says. */
export function unpack({ kind, raw }: Frame, stored: Buffer): Buffer | undefined {
  if (kind === RECORDS) return stored.length === raw ? stored : undefined
  try {
    return unpackBytes(stored, raw)
  } catch {
    return undefined
  }
}

/** Records, one behind the other, in memory that is used again and again. */
export class RecordBuffer {
  #bytes = Buffer.allocUnsafe(256 * 1024)
  #length = 0

  get length(): number {
    return this.#length
  }

  add({ kind, key, value, a, b, c }: ArchiveRecord): void {
    const keyBytes = Buffer.byteLength(key)
    const valueBytes =
      value === undefined ? 0 : typeof value === 'string' ? Buffer.byteLength(value) : value.length
    this.#reserve(RECORD_HEADER + keyBytes + valueBytes)
    const bytes = this.#bytes
    let at = this.#length
    bytes[at] = kind
    bytes[at + 1] = value === undefined ? NONE : typeof value === 'string' ? TEXT : BYTES
    bytes.writeUInt16LE(keyBytes, at + 2)
    bytes.writeUInt32LE(valueBytes, at + 4)
    bytes.writeDoubleLE(a, at + 8)
    bytes.writeDoubleLE(b, at + 16)
    bytes.writeDoubleLE(c, at + 24)
    at += RECORD_HEADER
    at += bytes.write(key, at)
    if (typeof value === 'string') bytes.write(value, at)
    else if (value !== undefined) bytes.set(value, at)
    this.#length = at + valueBytes
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#length + more, 2 * this.#bytes.length))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }

  /** What was added since the last time: good until more is added. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#length)
    this.#length = 0
    return taken
  }
}

/** The records of a frame; undefined: they do not end where it ends. */
export function parseRecords(bytes: Buffer): ArchiveRecord[] | undefined {
  const records: ArchiveRecord[] = []
  let at = 0
  while (at < bytes.length) {
    if (at + RECORD_HEADER > bytes.length) return undefined
    const type = bytes[at + 1]
    const keyEnd = at + RECORD_HEADER + bytes.readUInt16LE(at + 2)
    const end = keyEnd + bytes.readUInt32LE(at + 4)
    if (end > bytes.length || type === undefined || type > BYTES) return undefined
    records.push({
      kind: bytes[at] ?? 0,
      key: bytes.toString('utf8', at + RECORD_HEADER, keyEnd),
      value:
        type === NONE
          ? undefined
          : type === TEXT
            ? bytes.toString('utf8', keyEnd, end)
            : new Uint8Array(bytes.subarray(keyEnd, end)),
      a: bytes.readDoubleLE(at + 8),
      b: bytes.readDoubleLE(at + 16),
      c: bytes.readDoubleLE(at + 24),
    })
    at = end
  }
  return records
}
