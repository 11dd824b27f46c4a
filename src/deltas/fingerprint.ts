import { InvalidValueError } from '../errors.ts'
import { writeBinary } from '../log/binary.ts'
import { survey } from '../log/classify.ts'
import { MOST_BYTES } from './byte-script.ts'
import { MOST_LEVELS } from './edit.ts'
import {
  beyondJson,
  hashBytes,
  hashNumber,
  hashOther,
  hashText,
  lanes,
  place,
  shapeOf,
  spread,
  weighed,
} from './hash.ts'
import { ARRAY, DATE, ENTRIES, itemsOf, kindOf, MAP, OBJECT, SET, lookAtInherited } from './kind.ts'

/**
 * The hash of a whole value, by which a delta knows its base: the same for equal data whatever the order of object keys
 * and Map entries, as with `checksum`; different for data of different type.
 */
export interface Fingerprint {
  readonly low: number
  readonly high: number
}

/** With more visits than this it is worth knowing whether they were to different objects. */
const MOST_VISITS = 2 ** 21

/** Thrown by walks when a value is too deep or too entangled for them: it is then taken as the bytes of its binary form. */
export const entangled: Error = new Error('The value is too deep or too entangled to be walked.')

/** One value on which a walk is under way. */
export class Side {
  readonly #root: unknown
  visits = 0
  /** What was weighed and does not belong to the other side. */
  weight = 0
  /** Set while something is walked once more. */
  paused = false
  #roomy: boolean | undefined
  #cyclic: boolean | undefined

  constructor(root: unknown) {
    this.#root = root
  }

  enter(depth: number): void {
    if (depth > MOST_LEVELS) throw entangled
    if (!this.paused && ++this.visits > MOST_VISITS) this.checkVisits()
  }

  /** Few objects that are met again and again: as a tree they would explode. */
  checkVisits(): void {
    if (this.visits <= MOST_VISITS) return
    this.#roomy ??= survey(this.#root).parts.length > MOST_VISITS / 4
    if (!this.#roomy) throw entangled
  }

  /** A binary form may hold objects; if the value has cycles, it might hold what is around it. */
  enterOther(value: object): void {
    if (survey(value).parts.length === 1) return
    this.#cyclic ??= isCyclic(this.#root)
    if (this.#cyclic) throw entangled
  }
}

/** Its hash into `lanes`. What is only on this side is weighed apart. */
export function hashApart(value: unknown, depth: number, side: Side): void {
  const before = weighed[0] as number
  hashValue(value, depth, side)
  side.weight += (weighed[0] as number) - before
}

/** Its hash into `lanes`. */
export function hashValue(value: unknown, depth: number, side: Side): void {
  if (typeof value === 'string') hashText(value)
  else if (typeof value === 'number') hashNumber(value)
  else if (typeof value !== 'object' || value === null) {
    if (!hashOther(value)) throw notData()
  } else hashObject(value, kindOf(value), depth, side)
}

/** Refused; `compare` finds out where it is. */
export function notData(): InvalidValueError {
  return new InvalidValueError('The value holds something that is no data.')
}

function hashObject(value: object, kind: number, depth: number, side: Side): void {
  side.enter(depth)
  if (kind === OBJECT) hashFields(value as Record<string, unknown>, depth, side)
  else if (kind === ARRAY) hashItems(value as unknown[], ARRAY, depth, side)
  else hashFurther(value, kind, depth, side)
}

function hashFurther(value: object, kind: number, depth: number, side: Side): void {
  beyondJson[0] = 1
  if (kind === MAP) hashEntries(value as Map<unknown, unknown>, depth, side)
  else if (kind === SET || kind === ENTRIES) hashItems(itemsOf(value, kind), kind, depth, side)
  else if (kind === DATE) hashDate(value as Date)
  else {
    side.enterOther(value)
    hashBytes(writeBinary(value, MOST_BYTES), 0x27d4eb2f)
  }
}

function hashFields(value: Record<string, unknown>, depth: number, side: Side): void {
  const names = Object.keys(value)
  const shape = shapeOf(names)
  let low = 0
  let high = 0
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string
    hashValue(value[name], depth + 1, side)
    const itemLow = lanes[0] as number
    const itemHigh = lanes[1] as number
    if (shape === undefined) hashText(name)
    low = (low + place(shape === undefined ? (lanes[0] as number) : (shape.lows[i] as number), itemLow)) | 0
    high =
      (high + place(shape === undefined ? (lanes[1] as number) : (shape.highs[i] as number), itemHigh)) | 0
  }
  close(low, high, OBJECT, names.length)
}

function hashItems(items: readonly unknown[], kind: number, depth: number, side: Side): void {
  let low = 0
  let high = 0
  weighed[0] = (weighed[0] as number) + 1
  for (let i = 0; i < items.length; i++) {
    hashValue(items[i], depth + 1, side)
    low = (low + placeAt(i, lanes[0] as number)) | 0
    high = (high + placeAt(i ^ HIGH, lanes[1] as number)) | 0
  }
  close(low, high, kind, items.length)
}

function hashEntries(map: Map<unknown, unknown>, depth: number, side: Side): void {
  let low = 0
  let high = 0
  for (const [key, item] of map) {
    hashValue(item, depth + 1, side)
    const itemLow = lanes[0] as number
    const itemHigh = lanes[1] as number
    hashValue(key, depth + 1, side)
    low = (low + place(lanes[0] as number, itemLow)) | 0
    high = (high + place(lanes[1] as number, itemHigh)) | 0
  }
  close(low, high, MAP, map.size)
}

function hashDate(date: Date): void {
  hashNumber(Date.prototype.getTime.call(date))
  close(lanes[0] as number, lanes[1] as number, DATE, 0)
}

/** Indices in the high lane are other numbers than in the low one. */
export const HIGH = 0x3c6ef372

/** As `place`, for an index. */
export function placeAt(index: number, what: number): number {
  return place(Math.imul(index + 1, 0x9e3779b1), what)
}

/** Puts the hash of a whole into `lanes`, from the sums over its parts. */
export function close(low: number, high: number, kind: number, count: number): void {
  lanes[0] = spread(low ^ Math.imul(count + 1, 0x1b873593) ^ (kind << 24))
  lanes[1] = spread(high + Math.imul(count + 1, 0xcc9e2d51) + kind)
}

/** Throws InvalidValueError, with the place in it, for what is no data. */
export function fingerprint(value: unknown): Fingerprint {
  lookAtInherited()
  beyondJson[0] = 0
  try {
    if (value === undefined) throw notData()
    hashValue(value, 0, new Side(value))
  } catch (error) {
    if (error === entangled) {
      beyondJson[0] = 1
      hashBytes(writeBinary(value, MOST_BYTES), 0x68e31da4)
    } else {
      // The survey says where in the value it is.
      if (error instanceof InvalidValueError) survey(value)
      throw error
    }
  }
  return { low: lanes[0] as number, high: lanes[1] as number }
}

function isCyclic(root: unknown): boolean {
  const { parts, ids } = survey(root)
  const state = new Uint8Array(parts.length)
  const path = [{ id: 0, next: 0 }]
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const items = parts[top.id]?.items ?? []
    state[top.id] = 1
    if (top.next === items.length) {
      state[top.id] = 2
      path.pop()
      continue
    }
    const item = items[top.next++]
    const id = typeof item === 'object' && item !== null ? ids.get(item) : undefined
    if (id === undefined) continue
    if (state[id] === 1) return true
    if (state[id] === 0) path.push({ id, next: 0 })
  }
  return false
}
