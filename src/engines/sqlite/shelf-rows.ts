import { crc32 } from 'node:zlib'
import type { Encoded } from '../../change.ts'
import type { Row } from './driver.ts'
import { fromSqlKey } from './rows.ts'

/** One entry as it lies on the disk. Times are those of `Context.steady`; `Infinity`: never. */
export interface Shelved {
  readonly key: string
  readonly value: Encoded
  /** When its value was set. */
  readonly made: number
  /** When it ends, however often it is used. */
  readonly ends: number
  readonly used: number
  readonly uses: number
  readonly bytes: number
  /** Which set of all that ever were. */
  readonly seq: number
  readonly tagged: boolean
  /** For `recordFits`. */
  readonly sum: number
}

/** What is put on the shelf. `due`: when it ends if nobody uses it until then. */
export interface ShelfEntry extends Omit<Shelved, 'seq' | 'tagged' | 'sum'> {
  readonly due: number
  readonly tags?: readonly string[]
}

/** Who is to go. `entry`: undefined if it is damaged. */
export interface Victim {
  readonly key: string
  readonly bytes: number
  readonly tagged: boolean
  readonly rank: number
  readonly entry: Shelved | undefined
}

/** What a page holds of rows, and of a row that goes on over further pages. */
const PAGE = 4096
const IN_PAGE = 4061
const IN_FURTHER_PAGE = 4092
/** What an entry takes beside its key and value, and in the indexes. */
const ENTRY_BYTES = 70
const INDEX_BYTES = 60
/** From this size on it counts how many of a kind a page has room for. */
const LARGE = 500

/** About how many bytes of the disk an entry takes. */
export function shelfBytes(key: string, value: Encoded): number {
  const keyBytes = Buffer.byteLength(key)
  const row = ENTRY_BYTES + keyBytes + (typeof value === 'string' ? Buffer.byteLength(value) : value.length)
  const pages =
    row > IN_PAGE
      ? PAGE * Math.ceil(row / IN_FURTHER_PAGE)
      : row > LARGE
        ? Math.ceil(PAGE / Math.floor(PAGE / row))
        : row
  return pages + keyBytes + INDEX_BYTES
}

export function orNull(time: number): number | null {
  return time === Infinity ? null : Math.round(time)
}

export function toShelved(row: Row): Shelved {
  const [text, value, made, ends, used, uses, bytes, seq, sum, tagged] = row
  return {
    key: fromSqlKey(text),
    value: typeof value === 'string' || value instanceof Uint8Array ? value : '',
    made: Number(made),
    ends: ends === null ? Infinity : Number(ends),
    used: Number(used) / 1000,
    uses: Number(uses),
    bytes: Number(bytes),
    seq: Number(seq),
    sum: Number(sum),
    tagged: tagged === 1,
  }
}

/** Whether an entry is what was put under this key. */
export function recordFits(key: string, value: Encoded, made: number, ends: number, sum: number): boolean {
  return sumOf(key, value, made, ends) === sum
}

/** CRC-32, over the bytes as they lie there: nothing need be decompressed to look at it. One damage in 2^32 gets through. */
export function sumOf(key: string, value: Encoded, made: number, ends: number): number {
  return crc32(value, crc32(`${key}\0${Math.round(made)},${ends === Infinity ? '' : Math.round(ends)}`))
}
