import { InvalidValueError } from '../errors.ts'
import { writeBinary } from '../log/binary.ts'
import { survey } from '../log/classify.ts'
import { diffBytes, MOST_BYTES } from './byte-script.ts'
import type { Edit } from './edit.ts'
import { entangled, fingerprint, hashApart, hashValue, notData, Side } from './fingerprint.ts'
import type { Fingerprint } from './fingerprint.ts'
import { beyondJson, hashBytes, hashNumber, hashOther, hashText, lanes, weighed } from './hash.ts'
import { ARRAY, DATE, ENTRIES, kindOf, lookAtInherited, MAP, OBJECT, SET } from './kind.ts'
import { bytesEdit, textEdit } from './leaf-edits.ts'
import { isSame } from './same.ts'
import { walkFields } from './walk-fields.ts'
import { walkLists } from './walk-lists.ts'
import { walkMaps } from './walk-maps.ts'
import type { Walk } from './walk.ts'

export interface Comparison {
  /** undefined: they are the same data in the same order. */
  readonly edit: Edit | undefined
  readonly base: Fingerprint
  readonly result: Fingerprint
  /** About how many bytes the second value takes. */
  readonly whole: number
  /** Both are nothing but JSON, and not very deep. */
  readonly json: boolean
}

/** What changed between two values, and the hashes of both, in one walk over both. Throws InvalidValueError. */
export function compare(before: unknown, after: unknown): Comparison {
  if (before === undefined) survey(before)
  if (after === undefined) survey(after)
  const walker = new Walker(before, after, true)
  weighed[0] = 0
  beyondJson[0] = 0
  try {
    const edit = walker.step(before, after, 0)
    const base = { low: lanes[0] as number, high: lanes[1] as number }
    const result = edit === undefined ? base : { low: walker.low, high: walker.high }
    walker.a.checkVisits()
    walker.b.checkVisits()
    return { edit, base, result, whole: weighed[0] - walker.a.weight, json: beyondJson[0] === 0 }
  } catch (error) {
    if (error === entangled) {
      const base = fingerprint(before)
      weighed[0] = 0
      const result = fingerprint(after)
      return { edit: compareBinary(before, after), base, result, whole: weighed[0], json: false }
    }
    if (error instanceof InvalidValueError) {
      // The surveys say where it is.
      survey(before)
      survey(after)
    }
    throw error
  }
}

/** The same without hashes: what is one and the same object is not looked at. */
export function compareShared(before: unknown, after: unknown): Edit | undefined {
  try {
    return new Walker(before, after, false).step(before, after, 0)
  } catch (error) {
    if (error === entangled) return compareBinary(before, after)
    throw error
  }
}

/** Of two entangled values, the binary forms; if only one is, the other one cannot be reached from it by a script. */
function compareBinary(before: unknown, after: unknown): Edit | undefined {
  const to = writeBinary(after, MOST_BYTES)
  const from = writeBinary(before, MOST_BYTES)
  if (Buffer.compare(from, to) === 0) return undefined
  if (!isEntangled(before) || !isEntangled(after)) return { kind: 'set', value: after }
  return { kind: 'bytes', script: diffBytes(from, to) }
}

function isEntangled(value: unknown): boolean {
  try {
    hashValue(value, 0, new Side(value))
    return false
  } catch (error) {
    if (error === entangled) return true
    throw error
  }
}

/**
 * Fields named by symbols are no data, but asking for them takes as long as all the rest: so many objects are asked. Those of
 * the others are left out, as in a structured clone; what a delta brings is always asked.
 */
const MOST_ASKED = 1_000

class Walker implements Walk {
  readonly a: Side
  readonly b: Side
  hashing: boolean
  unasked = MOST_ASKED
  low = 0
  high = 0

  constructor(before: unknown, after: unknown, hashing: boolean) {
    lookAtInherited()
    this.a = new Side(before)
    this.b = new Side(after)
    this.hashing = hashing
    this.a.paused = this.b.paused = !hashing
  }

  step(a: unknown, b: unknown, depth: number): Edit | undefined {
    if (typeof a === 'object' && a !== null && typeof b === 'object' && b !== null)
      return this.#objects(a, b, depth)
    if (typeof a === 'string') {
      if (a === b) {
        if (this.hashing) hashText(a)
        return undefined
      }
      this.#hashBoth(a, b, depth)
      return typeof b === 'string' ? textEdit(a, b) : { kind: 'set', value: b }
    }
    if (Object.is(a, b)) {
      if (typeof a === 'number') hashNumber(a)
      else if (!hashOther(a)) throw notData()
      return undefined
    }
    this.#hashBoth(a, b, depth)
    return { kind: 'set', value: b }
  }

  #hashBoth(a: unknown, b: unknown, depth: number): void {
    if (!this.hashing) return
    hashValue(b, depth, this.b)
    this.low = lanes[0] as number
    this.high = lanes[1] as number
    hashApart(a, depth, this.a)
  }

  #objects(a: object, b: object, depth: number): Edit | undefined {
    if (!this.hashing && a === b) return undefined
    const kind = kindOf(a)
    if (kind !== kindOf(b)) {
      this.#hashBoth(a, b, depth)
      return { kind: 'set', value: b }
    }
    if (kind === DATE) {
      beyondJson[0] = 1
      this.#hashBoth(a, b, depth)
      return isSame(a, b, depth) ? undefined : { kind: 'set', value: b }
    }
    this.a.enter(depth)
    this.b.enter(depth)
    if (kind === OBJECT)
      return walkFields(this, a as Record<string, unknown>, b as Record<string, unknown>, depth)
    if (kind !== ARRAY) beyondJson[0] = 1
    if (kind === MAP) return walkMaps(this, a as Map<unknown, unknown>, b as Map<unknown, unknown>, depth)
    if (kind === ARRAY || kind === SET || kind === ENTRIES) return walkLists(this, a, b, kind, depth)
    return this.#others(a, b)
  }

  #others(a: object, b: object): Edit | undefined {
    if (this.hashing) {
      this.a.enterOther(a)
      this.b.enterOther(b)
    }
    const from = writeBinary(a, MOST_BYTES)
    const to = writeBinary(b, MOST_BYTES)
    if (Buffer.compare(from, to) === 0) {
      if (this.hashing) hashBytes(from, 0x27d4eb2f)
      return undefined
    }
    if (this.hashing) {
      hashBytes(to, 0x27d4eb2f)
      this.low = lanes[0] as number
      this.high = lanes[1] as number
      hashBytes(from, 0x27d4eb2f)
      this.a.weight += from.length
    }
    return bytesEdit(from, to) ?? { kind: 'set', value: b }
  }
}
