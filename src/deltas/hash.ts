import { hash } from 'node:crypto'

/**
 * The fast hash by which a delta knows its base: two lanes of 32 bits, for data and not for secrets. What tells bytes on
 * their way apart is the checksum of the wire format; this one must be so cheap that comparing can carry it along.
 *
 * Results are put into `lanes` (0: low, 1: high), because a function that returns two numbers would allocate.
 */
export const lanes: Int32Array = new Int32Array(2)

/**
 * About how many bytes everything hashed so far takes as JSON: comparing learns it on the way, and a delta tells how small it
 * is beside the whole.
 */
export const weighed: Float64Array = new Float64Array(1)

/** Set (1) by everything hashed that JSON cannot say. */
export const beyondJson: Uint8Array = new Uint8Array(1)

/** Longer texts are cheaper to hash outside. */
const MOST_IN_SCRIPT = 1200

const copied = Buffer.allocUnsafeSlow(2 * MOST_IN_SCRIPT)
const copiedPairs = new Int32Array(copied.buffer)
const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1
/** From so many units on it is quicker to copy a text out of its string than to ask for each unit. */
const LEAST_COPIED = isLittleEndian ? 48 : MOST_IN_SCRIPT + 1

const double = new Float64Array(1)
const halves = new Int32Array(double.buffer)

/** Spreads every bit of the input over the output (the finish of MurmurHash3). */
export function spread(value: number): number {
  let h = value ^ (value >>> 16)
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** The place of something (the hash of its key, or its index) and its hash, as one lane that can be added to others. */
export function place(where: number, what: number): number {
  let h = Math.imul(where ^ (what + 0x7f4a7c15), 0x9e3779b1)
  h ^= h >>> 15
  h = Math.imul(h + what, 0x85ebca77)
  return h ^ (h >>> 13)
}

export function hashText(text: string): void {
  const { length } = text
  weighed[0] = (weighed[0] as number) + length + 3
  if (length < LEAST_COPIED) hashUnits(text)
  else if (length <= MOST_IN_SCRIPT) hashCopied(text)
  else if (text.isWellFormed()) hashLong(text, 0x2545f491)
  else hashUnits(text)
}

/** Four units at a time: what does not wait for the last four is most of the work. */
function hashUnits(text: string): void {
  const { length } = text
  let low = length ^ 0x811c9dc5
  let high = length ^ 0x5bd1e995
  const fours = length & ~3
  for (let i = 0; i < fours; i += 4) {
    const one = text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16)
    const two = text.charCodeAt(i + 2) | (text.charCodeAt(i + 3) << 16)
    low = Math.imul(low ^ (Math.imul(one, 0x2c1b3c6d) + Math.imul(two, 0x297a2d39)), 0x85ebca6b)
    low ^= low >>> 15
    high = Math.imul(high ^ (Math.imul(one, 0x9e3779b1) + Math.imul(two, 0xc2b2ae3d)), 0x27d4eb2f)
    high ^= high >>> 13
  }
  closeText(text, fours, low, high)
}

/** The same hash from a copy of the text: reading two units at once makes up for copying. */
function hashCopied(text: string): void {
  const { length } = text
  copied.write(text, 0, 'utf16le')
  let low = length ^ 0x811c9dc5
  let high = length ^ 0x5bd1e995
  const fours = length & ~3
  for (let i = 0; i < fours >> 1; i += 2) {
    const one = copiedPairs[i] as number
    const two = copiedPairs[i + 1] as number
    low = Math.imul(low ^ (Math.imul(one, 0x2c1b3c6d) + Math.imul(two, 0x297a2d39)), 0x85ebca6b)
    low ^= low >>> 15
    high = Math.imul(high ^ (Math.imul(one, 0x9e3779b1) + Math.imul(two, 0xc2b2ae3d)), 0x27d4eb2f)
    high ^= high >>> 13
  }
  closeText(text, fours, low, high)
}

/** The last units, and the hash into `lanes`. */
function closeText(text: string, from: number, low: number, high: number): void {
  for (let i = from; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    low = Math.imul(low ^ unit, 0x2c1b3c6d)
    low ^= low >>> 15
    high = Math.imul(high ^ unit, 0x9e3779b1)
    high ^= high >>> 13
  }
  low = Math.imul(low, 0x85ebca77)
  high = Math.imul(high, 0xc2b2ae3d)
  // `place` and `close` spread the bits further.
  lanes[0] = low ^ (low >>> 16)
  lanes[1] = high ^ (high >>> 16)
}

export function hashNumber(value: number): void {
  if ((value | 0) === value && (value !== 0 || 1 / value > 0)) {
    weighed[0] =
      (weighed[0] as number) + (value > -10 && value < 100 ? 3 : value > -1e4 && value < 1e5 ? 5 : 9)
    const mixed = Math.imul(value ^ 0x1b873593, 0x85ebca6b)
    lanes[0] = mixed ^ (mixed >>> 13)
    lanes[1] = Math.imul(value + 0x38495ab5, 0xc2b2ae35) ^ value
    return
  }
  weighed[0] = (weighed[0] as number) + 14
  if (!Number.isFinite(value) || value === 0) beyondJson[0] = 1
  double[0] = Number.isNaN(value) ? Number.NaN : value
  const first = halves[0] as number
  const second = halves[1] as number
  lanes[0] = spread(first ^ Math.imul(second, 0x9e3779b1) ^ 0x52dce729)
  lanes[1] = spread(second ^ Math.imul(first, 0x85ebca6b) ^ 0x38b34ae5)
}

/** Everything that is not an object, a text or a number; `false` if it is no data at all. */
export function hashOther(value: unknown): boolean {
  let seed = 0
  weighed[0] = (weighed[0] as number) + 5
  if (value === null) seed = 1
  else if (value === undefined) {
    seed = 2
    beyondJson[0] = 1
  } else if (value === true) seed = 3
  else if (value === false) seed = 4
  else if (typeof value === 'bigint') {
    beyondJson[0] = 1
    hashText(value.toString(36))
    seed = 5 ^ (lanes[0] as number)
  } else return false
  const high = typeof value === 'bigint' ? (lanes[1] as number) : 0
  lanes[0] = spread(Math.imul(seed, 0x9e3779b1) ^ 0x7ed55d16)
  lanes[1] = spread(Math.imul(seed ^ high, 0xc2b2ae3d) + 0x165667b1)
  return true
}

export function hashBytes(bytes: Uint8Array, seed: number): void {
  weighed[0] = (weighed[0] as number) + bytes.length
  hashLong(bytes, seed)
}

/** Bytes, or a well-formed text as its UTF-8. */
function hashLong(bytes: Uint8Array | string, seed: number): void {
  const digest = hash('sha256', bytes, 'binary')
  lanes[0] = four(digest, 0) ^ seed
  lanes[1] = four(digest, 4) ^ bytes.length
}

function four(digest: string, at: number): number {
  return (
    digest.charCodeAt(at) |
    (digest.charCodeAt(at + 1) << 8) |
    (digest.charCodeAt(at + 2) << 16) |
    (digest.charCodeAt(at + 3) << 24)
  )
}

const MOST_SHAPES = 64

/** The hashes of the names of one list of names; none as long as it was seen only once. */
interface Shape {
  readonly names: readonly string[]
  lows: Int32Array
  highs: Int32Array
  weight: number
}

const NOT_YET = new Int32Array(0)
const shapes: (Shape | undefined)[] = new Array<Shape | undefined>(MOST_SHAPES)
/** More names than this are not records, of which there are many alike. */
const MOST_NAMES = 24

/** The hashes of these names: records that are alike have the same ones. undefined: not known. */
export function shapeOf(names: readonly string[]): Shape | undefined {
  const { length } = names
  if (length === 0 || length > MOST_NAMES) return undefined
  const first = names[0] as string
  const last = names[length - 1] as string
  const slot =
    (length * 7 + first.length * 3 + last.length * 5 + first.charCodeAt(0) + last.charCodeAt(0)) &
    (MOST_SHAPES - 1)
  const known = shapes[slot]
  let i = 0
  if (known !== undefined && known.names.length === length)
    while (i < length && known.names[i] === names[i]) i++
  if (known === undefined || i < length) {
    shapes[slot] = { names, lows: NOT_YET, highs: NOT_YET, weight: 0 }
    return undefined
  }
  if (known.lows === NOT_YET) measure(known)
  weighed[0] = (weighed[0] as number) + known.weight
  return known
}

function measure(shape: Shape): void {
  const { length } = shape.names
  const before = weighed[0] as number
  shape.lows = new Int32Array(length)
  shape.highs = new Int32Array(length)
  for (let i = 0; i < length; i++) {
    hashText(shape.names[i] as string)
    shape.lows[i] = lanes[0] as number
    shape.highs[i] = lanes[1] as number
  }
  shape.weight = (weighed[0] as number) - before
  weighed[0] = before
}
