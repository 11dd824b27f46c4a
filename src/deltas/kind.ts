import { types } from 'node:util'
import { makerOf } from '../log/classify.ts'

/** How a value is taken apart. What is `OTHER` is compared by the bytes of its binary form. */
export const ATOM = 0
export const OBJECT = 1
export const ARRAY = 2
/** A Map of which all keys are primitives. */
export const MAP = 3
/** A Map with an object among its keys: keys and values in turn. */
export const ENTRIES = 4
export const SET = 5
export const DATE = 6
export const OTHER = 7

/**
 * Whether somebody hung enumerable fields onto Object.prototype, which for-in would take for everybody's own. Looked at once
 * for every walk.
 */
export const inherited: { fields: boolean } = { fields: false }

export function lookAtInherited(): void {
  inherited.fields = false
  for (const _ in {}) inherited.fields = true
}

export function kindOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return ATOM
  const proto = Object.getPrototypeOf(value) as object | null
  if (proto === Object.prototype || proto === null) return OBJECT
  if (proto === Array.prototype) return isDense(value) ? ARRAY : OTHER
  switch (makerOf(proto)) {
    case 'Object':
      return OBJECT
    case 'Array':
      return isDense(value) ? ARRAY : OTHER
    case 'Map':
      if (!types.isMap(value) || Object.keys(value).length > 0) return OTHER
      return hasObjectKey(value) ? ENTRIES : MAP
    case 'Set':
      return types.isSet(value) && Object.keys(value).length === 0 ? SET : OTHER
    case 'Date':
      return types.isDate(value) && Object.keys(value).length === 0 ? DATE : OTHER
    default:
      return OTHER
  }
}

/** From so many items on, V8 lists values in less time than names: it makes no text of each index. */
const MANY_ITEMS = 16

/** No holes, and no fields beside the items. */
function isDense(value: object): boolean {
  if (!Array.isArray(value)) return false
  const { length } = value
  if (length < MANY_ITEMS || Array.prototype.includes.call(value, undefined)) {
    // Indices come first: where the last one stands, no field makes up for a hole.
    const names = Object.keys(value)
    return names.length === length && (length === 0 || names[length - 1] === String(length - 1))
  }
  // A hole would have been found as undefined.
  return Object.values(value).length === length
}

function hasObjectKey(map: Map<unknown, unknown>): boolean {
  for (const key of map.keys()) {
    if ((typeof key === 'object' && key !== null) || typeof key === 'function' || typeof key === 'symbol')
      return true
  }
  return false
}

/** What a value of a list-like kind holds, in order: a copy, unless it is an array. */
export function itemsOf(value: unknown, kind: number): readonly unknown[] {
  if (kind === ARRAY) return value as unknown[]
  if (kind === SET) return [...(value as Set<unknown>)]
  const items: unknown[] = []
  for (const [key, item] of value as Map<unknown, unknown>) items.push(key, item)
  return items
}
