import { writeBinary } from '../log/binary.ts'
import { MOST_BYTES } from './byte-script.ts'
import { MOST_LEVELS } from './edit.ts'
import { entangled } from './fingerprint.ts'
import { ARRAY, ATOM, DATE, ENTRIES, inherited, itemsOf, kindOf, MAP, OBJECT, SET } from './kind.ts'

/** Whether two values are the same data, in the same order: one could stand in the other's place. */
export function isSame(a: unknown, b: unknown, depth: number): boolean {
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return Object.is(a, b)
  if (a === b) return true
  const kind = kindOf(a)
  if (kind !== kindOf(b)) return false
  if (depth > MOST_LEVELS) throw entangled
  switch (kind) {
    case OBJECT:
      return sameFields(a as Record<string, unknown>, b as Record<string, unknown>, depth)
    case ARRAY:
    case SET:
    case MAP:
    case ENTRIES:
      return sameItems(itemsOf(a, kind), itemsOf(b, kind), depth)
    case DATE:
      return Object.is(Date.prototype.getTime.call(a), Date.prototype.getTime.call(b))
    case ATOM:
      return false
    default:
      return Buffer.compare(writeBinary(a, MOST_BYTES), writeBinary(b, MOST_BYTES)) === 0
  }
}

function sameFields(a: Record<string, unknown>, b: Record<string, unknown>, depth: number): boolean {
  const names = Object.keys(b)
  if (!hasNames(a, names)) return false
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string
    if (!isSame(a[name], b[name], depth + 1)) return false
  }
  return true
}

/** Exactly these names, in this order. */
export function hasNames(value: object, names: readonly string[]): boolean {
  let i = 0
  for (const name in value) {
    if (inherited.fields && !Object.hasOwn(value, name)) continue
    if (names[i++] !== name) return false
  }
  return i === names.length
}

function sameItems(a: readonly unknown[], b: readonly unknown[], depth: number): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (!isSame(a[i], b[i], depth + 1)) return false
  return true
}
