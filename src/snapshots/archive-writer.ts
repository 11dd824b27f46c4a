import { createHash } from 'node:crypto'
import type { Context } from '../context.ts'
import type { CareOptions } from '../reports.ts'
import { breathe } from '../log/past.ts'
import { END, frameOf, headerLine, RecordBuffer, recordsFrame, type ArchiveRecord } from './archive-format.ts'
import { DraftFile, type Destination } from './draft-file.ts'

const FRAME_BYTES = 128 * 1024

/** Writes an archive, record by record, into a draft that becomes the file when all is said. */
export class ArchiveWriter {
  readonly #context: Context
  readonly #draft: DraftFile
  readonly #compression: boolean
  readonly #options: CareOptions
  readonly #hash = createHash('sha256')
  readonly #waiting = new RecordBuffer()
  #breathed: number
  #records = 0
  #bytes = 0

  constructor(context: Context, to: Destination, compression: boolean, options: CareOptions, header: object) {
    this.#context = context
    this.#draft = new DraftFile(context, to)
    this.#compression = compression
    this.#options = options
    this.#breathed = context.ticks()
    try {
      this.#write(headerLine(header))
    } catch (error) {
      this.#draft.abandon()
      throw error
    }
  }

  get records(): number {
    return this.#records
  }

  /** Most records only wait: a promise is returned where a frame has become full. */
  add(record: ArchiveRecord, total: number): Promise<void> | undefined {
    this.#waiting.add(record)
    this.#records++
    return this.#waiting.length < FRAME_BYTES ? undefined : this.#frame(total)
  }

  async #frame(total: number): Promise<void> {
    this.#options.signal?.throwIfAborted()
    this.#write(...recordsFrame(this.#waiting.take(), this.#compression))
    this.#options.onProgress?.(Math.min(this.#records, total), total)
    this.#breathed = await breathe({ context: this.#context }, this.#breathed)
  }

  async finish(freely: (n: number) => string): Promise<{ path: string; bytes: number; checksum: string }> {
    if (this.#waiting.length > 0) await this.#frame(this.#records)
    const end = Buffer.from(
      JSON.stringify({ records: this.#records, sha256: this.#hash.copy().digest('hex') }),
    )
    this.#write(...frameOf(END, end, end.length))
    this.#options.signal?.throwIfAborted()
    const path = await this.#draft.finish(freely)
    return { path, bytes: this.#bytes, checksum: this.#hash.digest('hex') }
  }

  abandon(): void {
    this.#draft.abandon()
  }

  #write(...parts: Uint8Array[]): void {
    for (const part of parts) {
      this.#draft.write(part)
      this.#hash.update(part)
      this.#bytes += part.length
    }
  }
}
