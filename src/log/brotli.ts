import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib'

/** For what is written again and again: three times as fast as DEFLATE at its fastest, and smaller. */
export const FAST = 1
/** At least so much memory at a time, and at most, until it is known that there is so much. */
const LEAST_CHUNK = 64
const MOST_CHUNK = 2 ** 20

/** The bytes, compressed. `quality`: 0 to 11. */
export function pack(bytes: Uint8Array, quality: number): Buffer {
  return brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: quality,
      [constants.BROTLI_PARAM_LGWIN]: windowBits(bytes.length),
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  })
}

function windowBits(length: number): number {
  return Math.min(24, Math.max(10, Math.ceil(Math.log2(length + 1)) + 1))
}

/** What was packed. Throws for what is not exactly `length` bytes, and for what is longer before it is too long. */
export function unpack(packed: Uint8Array, length: number): Buffer {
  const bytes = brotliDecompressSync(packed, {
    maxOutputLength: Math.max(1, length),
    chunkSize: Math.min(MOST_CHUNK, Math.max(LEAST_CHUNK, length)),
  })
  if (bytes.length !== length) throw new Error(`It has ${bytes.length} bytes, not ${length}.`)
  return bytes
}
