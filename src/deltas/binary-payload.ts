import { crc32 } from 'node:zlib'
import { diffBytes } from './byte-script.ts'
import type { ByteScript } from './edit.ts'
import { readScript, writeScript } from './payload.ts'
import { TapeReader, TapeWriter } from './tape.ts'

/**
 * A script from bytes to bytes, with the checksums of both (the order of keys counts here, but not in fingerprints) and, as
 * far as they are few, the places that it touches.
 *
 *   payload = CRC-32 before, CRC-32 after, varint bytes of the paths, paths (parted by line feeds), script
 */
export interface BinaryPayload {
  readonly before: number
  readonly after: number
  /** Empty: not known. */
  readonly paths: readonly string[]
  readonly script: ByteScript
}

export function writeBinaryPayload(
  before: Uint8Array,
  after: Uint8Array,
  paths: readonly string[],
): Uint8Array {
  return packBinaryPayload({
    before: crc32(before) | 0,
    after: crc32(after) | 0,
    paths,
    script: diffBytes(before, after),
  })
}

export function packBinaryPayload({ before, after, paths, script }: BinaryPayload): Uint8Array {
  const tape = new TapeWriter()
  tape.word(before)
  tape.word(after)
  const text = paths.join('\n')
  tape.varint(Buffer.byteLength(text))
  tape.text(text, 'utf8')
  writeScript(tape, script)
  return tape.finish()
}

export function readBinaryPayload(payload: Uint8Array): BinaryPayload {
  const tape = new TapeReader(payload)
  const before = tape.word()
  const after = tape.word()
  const size = tape.count()
  const paths = size === 0 ? [] : tape.text(size, 'utf8').split('\n')
  return { before, after, paths, script: readScript(tape) }
}
