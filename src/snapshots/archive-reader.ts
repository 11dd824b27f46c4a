import { createHash } from 'node:crypto'
import type { Context } from '../context.ts'
import { IntegrityError, InvalidOptionError, UnavailableError, VarveError } from '../errors.ts'
import { systemCode, unavailable } from '../files.ts'
import type { CareOptions } from '../reports.ts'
import { breathe } from '../log/past.ts'
import {
  ARCHIVE_VERSION,
  END,
  FRAME_HEADER,
  frameFits,
  HEADER_START,
  MOST_HEADER,
  PACKED,
  parseFrame,
  parseHeader,
  parseRecords,
  RECORDS,
  unpack,
  type ArchiveRecord,
} from './archive-format.ts'

/** What an archive is, and what a user calls it. */
export type ArchiveKind = 'export' | 'backup'
const NAMES = { export: 'an export of a snapshot', backup: 'an incremental backup' } as const

const CHUNK = 64 * 1024

/** Reads an archive: what its header says, then its records; refuses whatever is not what was written. */
export class ArchiveReader {
  readonly path: string
  readonly header: Readonly<Record<string, unknown>>
  readonly bytes: number
  readonly #context: Context
  readonly #fd: number
  readonly #start: number
  #checksum = ''

  constructor(context: Context, path: string, kind: ArchiveKind) {
    this.#context = context
    this.path = path
    const { fs } = context
    let fd: number | undefined
    try {
      fd = fs.openSync(path, 'r')
      this.#fd = fd
      this.bytes = fs.fstatSync(fd).size
      const line = this.#line()
      this.#start = line.length + 1
      this.header = this.#headerOf(line, kind)
    } catch (error) {
      if (fd !== undefined) fs.closeSync(fd)
      throw this.#told(error)
    }
  }

  /** SHA-256 of the file, once it has been checked. */
  get checksum(): string {
    return this.#checksum
  }

  close(): void {
    this.#context.fs.closeSync(this.#fd)
  }

  /** Reads all of it and checks every byte. */
  async check(options: CareOptions = {}): Promise<void> {
    for await (const frame of this.#frames(options)) void frame
  }

  /** The records, a frame at a time, checked as they are read; what is wrong behind them is said at the end. */
  async *records(options: CareOptions = {}): AsyncGenerator<readonly ArchiveRecord[]> {
    let count = 0
    for await (const { place, bytes } of this.#frames(options)) {
      const records = parseRecords(bytes)
      if (records === undefined) throw this.damaged('a record does not end where its frame ends', place)
      count += records.length
      yield records
    }
    if (count !== this.#promised) throw this.damaged('records are missing', this.bytes)
  }

  #promised = 0

  damaged(why: string, place: number): IntegrityError {
    return new IntegrityError(`${this.path} is damaged at byte ${place}: ${why}; nothing was changed.`)
  }

  async *#frames({
    signal,
    onProgress,
  }: CareOptions): AsyncGenerator<{ readonly place: number; readonly bytes: Buffer }> {
    const hash = createHash('sha256').update(this.#read(0, this.#start))
    let breathed = this.#context.ticks()
    for (let place = this.#start; ;) {
      signal?.throwIfAborted()
      const left = this.bytes - place - FRAME_HEADER
      if (left < 0) throw this.damaged('it ends before its end was written: it was cut off', this.bytes)
      const header = this.#read(place, FRAME_HEADER)
      const frame = parseFrame(header, left)
      if (typeof frame === 'string') throw this.damaged(frame, place)
      const stored = this.#read(place + FRAME_HEADER, frame.stored)
      if (!frameFits(header, stored, frame)) throw this.damaged('a frame does not match its checksum', place)
      const next = place + FRAME_HEADER + frame.stored
      if (frame.kind === END) {
        this.#finish(stored, hash.copy().digest('hex'), place)
        if (next !== this.bytes) throw this.damaged('something follows its end', next)
        this.#checksum = hash.update(header).update(stored).digest('hex')
        onProgress?.(this.bytes, this.bytes)
        return
      }
      if (frame.kind !== RECORDS && frame.kind !== PACKED) throw this.damaged('an unknown frame', place)
      hash.update(header).update(stored)
      const bytes = unpack(frame, stored)
      if (bytes === undefined) throw this.damaged('a frame cannot be decompressed', place)
      yield { place, bytes }
      place = next
      onProgress?.(place, this.bytes)
      breathed = await breathe({ context: this.#context }, breathed)
    }
  }

  #finish(stored: Buffer, digest: string, place: number): void {
    let end: { readonly records?: unknown; readonly sha256?: unknown }
    try {
      end = JSON.parse(stored.toString()) as typeof end
    } catch {
      throw this.damaged('its end cannot be read', place)
    }
    if (end.sha256 !== digest) throw this.damaged('it does not match the checksum at its end', place)
    this.#promised = Number(end.records)
  }

  /** The first line, without its end. */
  #line(): Buffer {
    const parts: Buffer[] = []
    for (let place = 0; place < Math.min(this.bytes, MOST_HEADER); place += CHUNK) {
      const part = this.#read(place, Math.min(CHUNK, this.bytes - place))
      if (place === 0 && part.toString('latin1', 0, HEADER_START.length) !== HEADER_START) break
      const end = part.indexOf(0x0a)
      parts.push(end < 0 ? part : part.subarray(0, end))
      if (end >= 0) return Buffer.concat(parts)
    }
    if (parts.length > 0) throw this.damaged('it ends within its header: it was cut off', this.bytes)
    throw new IntegrityError(
      this.bytes === 0
        ? `${this.path} is empty: it was cut off, or is no file of ours.`
        : `${this.path} is not a file of ours, or its first bytes are damaged.`,
    )
  }

  #headerOf(line: Buffer, kind: ArchiveKind): Record<string, unknown> {
    const header = parseHeader(line.toString())
    if (typeof header === 'string') throw this.damaged(header, 0)
    const { format, version } = header
    if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 1)
      throw this.damaged('its header names no version', 0)
    if (version > ARCHIVE_VERSION)
      throw new UnavailableError(
        `${this.path} has format version ${version}, this version knows versions up to ${ARCHIVE_VERSION}; use a newer one.`,
      )
    if (format === `varve ${kind}`) return header
    const other = (['export', 'backup'] as const).find((one) => format === `varve ${one}`)
    throw new IntegrityError(
      `${this.path} is ${other === undefined ? JSON.stringify(format) : NAMES[other]}, not ${NAMES[kind]}.`,
    )
  }

  #read(place: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    for (let got = 0; got < length;) {
      let read: number
      try {
        read = this.#context.fs.readSync(this.#fd, bytes, got, length - got, place + got)
      } catch (error) {
        throw this.#told(error)
      }
      if (read === 0) throw this.damaged('it has become shorter while it was read', place + got)
      got += read
    }
    return bytes
  }

  #told(error: unknown): unknown {
    if (error instanceof VarveError) return error
    if (systemCode(error) === 'EISDIR') return new InvalidOptionError(`${this.path} is a folder, not a file.`)
    return unavailable(error, `${this.path} cannot be read`)
  }
}
