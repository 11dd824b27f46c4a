import { IntegrityError } from '../errors.ts'
import type { ByteScript } from './edit.ts'

const SMALL = 4096
const EMPTY = new Uint8Array(0)

/** How `after` is made of runs of `before` and of new bytes. Linear in both. */
export function diffBytes(before: Uint8Array, after: Uint8Array): ByteScript {
  const most = Math.min(before.length, after.length)
  const front = commonFront(before, after, most)
  const back = commonBack(before, after, most - front)
  const script = new ScriptBuilder(before.length, after)
  if (front > 0) script.copy(0, front)
  const end = after.length - back
  if (front < end) {
    const limit = before.length - back
    if (limit - front < 8 || end - front < 8) script.insert(front, end)
    else matchMiddle(before, after, { front, limit, end }, script)
  }
  if (back > 0) script.copy(before.length - back, back)
  return script.finish()
}

const CHUNK = 4096

function commonFront(a: Uint8Array, b: Uint8Array, most: number): number {
  let at = 0
  while (at < most && a[at] === b[at] && at < 64) at++
  if (at < 64) return at
  // Native comparison finds the chunk, the loop finds the place in it.
  while (at + CHUNK <= most && Buffer.compare(a.subarray(at, at + CHUNK), b.subarray(at, at + CHUNK)) === 0)
    at += CHUNK
  while (at < most && a[at] === b[at]) at++
  return at
}

function commonBack(a: Uint8Array, b: Uint8Array, most: number): number {
  const i = a.length
  const j = b.length
  let at = 0
  while (at < most && at < 64 && a[i - at - 1] === b[j - at - 1]) at++
  if (at < 64) return at
  while (
    at + CHUNK <= most &&
    Buffer.compare(a.subarray(i - at - CHUNK, i - at), b.subarray(j - at - CHUNK, j - at)) === 0
  )
    at += CHUNK
  while (at < most && a[i - at - 1] === b[j - at - 1]) at++
  return at
}

/** So many bytes are compared one by one before it is worth asking natively. */
const SHORT_RUN = 128
const RUN_CHUNK = 1024

/** How far both go on alike; `b` to its `end` only. */
function commonRun(a: Uint8Array, i: number, b: Uint8Array, j: number, end: number): number {
  const most = Math.min(a.length - i, end - j)
  let at = 0
  while (at < most && a[i + at] === b[j + at] && at < SHORT_RUN) at++
  if (at < SHORT_RUN) return at
  while (
    at + RUN_CHUNK <= most &&
    Buffer.compare(a.subarray(i + at, i + at + RUN_CHUNK), b.subarray(j + at, j + at + RUN_CHUNK)) === 0
  )
    at += RUN_CHUNK
  while (at < most && a[i + at] === b[j + at]) at++
  return at
}

/** Of sixteen bytes, or of the first eight: read as words, wherever they stand, so that no byte is looked at alone. */
function hashBlock(words: DataView, at: number, small: boolean): number {
  let h =
    Math.imul(words.getInt32(at, true), 0x2c1b3c6d) + Math.imul(words.getInt32(at + 4, true), 0x297a2d39)
  if (!small)
    h +=
      Math.imul(words.getInt32(at + 8, true), 0x85ebca6b) +
      Math.imul(words.getInt32(at + 12, true), 0xc2b2ae35)
  return Math.imul(h ^ (h >>> 15), 0x9e3779b1)
}

function wordsOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** What is left without the common ends: from `front` on, to `limit` in the old bytes and to `end` in the new ones. */
interface Middle {
  readonly front: number
  readonly limit: number
  readonly end: number
}

/** For less than this, only what lies near is searched: more could not be gained than it takes to index all. */
const LITTLE = 64
const NEAR = 8192

/** Blocks of `before` are indexed; a window moves over the middle of `after` and asks the index at every byte. */
function matchMiddle(
  before: Uint8Array,
  after: Uint8Array,
  { front: start, limit, end }: Middle,
  script: ScriptBuilder,
): void {
  const small = before.length <= SMALL
  const window = small ? 8 : 16
  const stride = small ? 2 : window
  const reach = end - start < LITTLE ? NEAR : before.length
  const first = Math.max(0, start - reach)
  const blocks = Math.floor((Math.min(before.length, limit + reach) - first - window) / stride) + 1
  const bits = Math.max(6, Math.ceil(Math.log2(Math.max(1, blocks))) + 1)
  const shift = 32 - Math.min(bits, 24)
  const table = new Int32Array(1 << (32 - shift))
  const old = wordsOf(before)
  const fresh = wordsOf(after)
  // From the back: of equal blocks, the first one stays.
  for (let block = blocks - 1; block >= 0; block--) {
    const at = first + block * stride
    table[hashBlock(old, at, small) >>> shift] = at + 1
  }

  let literal = start
  let at = start
  // Where `before` goes on if `after` has only replaced something.
  let diagonal = 0
  const last = end - window
  while (at <= last) {
    let from = at + diagonal
    if (
      from < 0 ||
      from + window > before.length ||
      before[from] !== after[at] ||
      !same(before, from, after, at, window)
    ) {
      from = (table[hashBlock(fresh, at, small) >>> shift] as number) - 1
      if (from >= 0 && !same(before, from, after, at, window)) from = -1
    }
    if (from < 0) {
      at++
      continue
    }
    let length = window + commonRun(before, from + window, after, at + window, end)
    while (at > literal && from > 0 && before[from - 1] === after[at - 1]) {
      at--
      from--
      length++
    }
    if (literal < at) script.insert(literal, at)
    script.copy(from, length)
    diagonal = from - at
    at += length
    literal = at
  }
  if (literal < end) script.insert(literal, end)
}

function same(a: Uint8Array, i: number, b: Uint8Array, j: number, count: number): boolean {
  for (let k = 0; k < count; k++) if (a[i + k] !== b[j + k]) return false
  return true
}

/** Collects runs; copies that go on where the last one ended become one. */
export class ScriptBuilder {
  readonly #base: number
  readonly #source: Uint8Array
  readonly #froms: number[] = []
  readonly #lengths: number[] = []
  readonly #parts: Uint8Array[] = []

  constructor(base: number, source: Uint8Array) {
    this.#base = base
    this.#source = source
  }

  copy(from: number, length: number): void {
    const last = this.#froms.length - 1
    const before = last < 0 ? -1 : (this.#froms[last] as number)
    if (before >= 0 && before + (this.#lengths[last] as number) === from)
      this.#lengths[last] = (this.#lengths[last] as number) + length
    else {
      this.#froms.push(from)
      this.#lengths.push(length)
    }
  }

  /** Bytes of the source. */
  insert(start: number, end: number): void {
    this.literal(this.#source.subarray(start, end))
  }

  literal(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    const last = this.#froms.length - 1
    if (last >= 0 && this.#froms[last] === -1)
      this.#lengths[last] = (this.#lengths[last] as number) + bytes.length
    else {
      this.#froms.push(-1)
      this.#lengths.push(bytes.length)
    }
    this.#parts.push(bytes)
  }

  finish(): ByteScript {
    const parts = this.#parts
    // A copy: the source may be somebody's array.
    const literals = parts.length === 0 ? EMPTY : Buffer.concat(parts)
    return { base: this.#base, froms: this.#froms, lengths: this.#lengths, literals }
  }
}

/** How many bytes a script makes. */
export function scriptLength(script: ByteScript): number {
  let sum = 0
  for (const length of script.lengths) sum += length
  return sum
}

/** About how many bytes it takes on the wire. */
export function scriptWeight(script: ByteScript): number {
  return script.literals.length + script.froms.length * 5 + 4
}

/** Room for the longest values, and no more for a script that claims more. */
export const MOST_BYTES: number = 256 * 2 ** 20

export function applyBytes(before: Uint8Array, script: ByteScript): Buffer {
  if (before.length !== script.base) throw wrongBase()
  const length = scriptLength(script)
  if (length > MOST_BYTES) throw new IntegrityError('A delta is damaged: it claims to make too much.')
  const after = Buffer.allocUnsafe(length)
  const { froms, lengths, literals } = script
  let at = 0
  let taken = 0
  for (let i = 0; i < froms.length; i++) {
    const from = froms[i] as number
    const count = lengths[i] as number
    if (from < 0) {
      if (taken + count > literals.length) throw wrongBase()
      after.set(literals.subarray(taken, taken + count), at)
      taken += count
    } else {
      if (from + count > before.length) throw wrongBase()
      after.set(before.subarray(from, from + count), at)
    }
    at += count
  }
  return after
}

function wrongBase(): IntegrityError {
  return new IntegrityError('A delta is damaged: its runs do not fit its base.')
}
