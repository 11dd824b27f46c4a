import { createHash, hash } from 'node:crypto'
import type { CommitRecord, Encoded } from '../change.ts'
import { IntegrityError } from '../errors.ts'
import { canonicalText } from './canonical.ts'
import { plainForm } from './codec.ts'

/**
 * Checksums of records are 48-bit: they stay exact as numbers, add up to the totals of a state, and let one error in
 * 2^48 through. Commits are chained by whole SHA-256 hashes.
 */
const MODULUS = 2 ** 48

/** The sum of a key that is not there. */
export const GONE = 0

/**
 * The first 48 bits of SHA-256 over a record: the kind of its value, its key, when it ends, and its value in its plain form,
 * compressed or not.
 */
export function recordSum(key: string, value: Encoded, expires: number): number {
  const plain = plainForm(value)
  // The length tells where the key ends, the comma where the time ends; the rest is the value.
  if (typeof plain === 'string')
    return first48(hash('sha256', `t${key.length}:${key}${expires},${plain}`, 'binary'))
  const head = `b${key.length}:${key}${expires},`
  return first48(createHash('sha256').update(head).update(plain).digest('binary'))
}

/** Whether a record is what was written under this number. What cannot even be decompressed is not. */
export function fits(key: string, value: Encoded, expires: number, change: number, sum: number): boolean {
  try {
    return seal(recordSum(key, value, expires), change) === sum
  } catch (error) {
    if (error instanceof IntegrityError) return false
    throw error
  }
}

/** Of a hash as a string of bytes: cheaper to read than hex digits. */
function first48(bytes: string): number {
  const high = (bytes.charCodeAt(0) << 16) | (bytes.charCodeAt(1) << 8) | bytes.charCodeAt(2)
  const low = (bytes.charCodeAt(3) << 16) | (bytes.charCodeAt(4) << 8) | bytes.charCodeAt(5)
  return high * 2 ** 24 + low
}

/** A record's sum bound to the number of the change that wrote it, so that no older record passes for it. */
export function seal(sum: number, change: number): number {
  return addSums(sum, change)
}

/** The sum that was sealed. */
export function unseal(sealed: number, change: number): number {
  return addSums(sealed, -change)
}

/** Adds to a running total; what goes is added as a negative number. */
export function addSums(total: number, delta: number): number {
  const sum = total + delta
  if (sum >= 0 && sum < MODULUS) return sum
  // Reduced before they are added: beyond 2^53 a sum would not be exact.
  return ((((total % MODULUS) + (delta % MODULUS)) % MODULUS) + MODULUS) % MODULUS
}

/** SHA-256 over a revision's record and, through `previous`, over all revisions before it. */
export function commitHash(previous: string, record: Omit<CommitRecord, 'hash'>): string {
  const { revision, last, at, actor, why, origin, keys, bytes, sums } = record
  return hash(
    'sha256',
    JSON.stringify([previous, revision, last, at, actor, why, origin, keys, bytes, sums]),
    'hex',
  )
}

/**
 * SHA-256 of a value, in 64 hex digits: equal for equal data, whatever the order of object keys, Map entries and Set
 * members, in every process and at every time. Data of different type differ: `1`, `'1'`, its bytes and its JSON text;
 * `0` and `-0`; a field that is undefined and none.
 *
 * An object that is there twice counts like two equal ones, except within cycles, whose shape counts. An Error's stack does
 * not count: it tells where, not what.
 *
 * @example
 * ```ts
 * import { checksum } from 'varve'
 * console.log(checksum({ a: 1, b: 2 }) === checksum({ b: 2, a: 1 })) // true
 * console.log(checksum('1') === checksum(1)) // false
 * ```
 *
 * @throws InvalidValueError for what a store refuses: functions, symbols, class instances, undefined itself.
 */
export function checksum(value: unknown): string {
  return hash('sha256', canonicalText(value), 'hex')
}
