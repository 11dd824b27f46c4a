import type { Encoded } from '../change.ts'
import { decode, encode } from '../log/codec.ts'
import { MOST_BYTES } from './byte-script.ts'
import { MOST_LEVELS } from './edit.ts'
import { define } from './define.ts'
import { ARRAY, ATOM, DATE, ENTRIES, kindOf, MAP, OBJECT, SET } from './kind.ts'
import { damaged } from './tape.ts'

/** A whole value as bytes: JSON text as UTF-8, anything else in the binary form, which begins with its version. */
export function wholeBytes(value: unknown): Uint8Array {
  return bytesOf(encode(value, { compression: false }))
}

export function bytesOf(encoded: Encoded): Uint8Array {
  return typeof encoded === 'string' ? Buffer.from(encoded) : encoded
}

/** No JSON text begins with a byte so small. */
const MOST_TAG = 8

export function encodedOf(bytes: Uint8Array): Encoded {
  if (bytes.length === 0) throw damaged('it holds no value')
  if ((bytes[0] as number) < MOST_TAG) return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
}

export function readWhole(bytes: Uint8Array): unknown {
  if (bytes.length > MOST_BYTES) throw damaged('it is too long')
  return decode(encodedOf(bytes))
}

/**
 * The same, but an object that is there twice is written twice: equal values have equal bytes then, but for the order of
 * keys. Values too deep for that are written as they are. `json`: it is known to be nothing but JSON.
 */
export function unsharedBytes(value: unknown, json: boolean): Uint8Array {
  if (json && !('toJSON' in ANY)) return Buffer.from(JSON.stringify(value))
  const encoded = encode(value, { compression: false })
  if (typeof encoded === 'string') return Buffer.from(encoded)
  const budget = { left: MOST_COPIES }
  const copy = unshared(value, 0, budget)
  return budget.left > 0 ? wholeBytes(copy) : encoded
}

/** Some old libraries give all objects a toJSON, which JSON.stringify would ask. */
const ANY: readonly unknown[] = []
const MOST_COPIES = 2 ** 21

function unshared(value: unknown, depth: number, budget: { left: number }): unknown {
  const kind = kindOf(value)
  if (kind === ATOM) return value
  if (depth > MOST_LEVELS || --budget.left <= 0) {
    budget.left = 0
    return null
  }
  const copy = (one: unknown): unknown => unshared(one, depth + 1, budget)
  if (kind === ARRAY) return (value as unknown[]).map(copy)
  if (kind === SET) return new Set([...(value as Set<unknown>)].map(copy))
  if (kind === MAP || kind === ENTRIES)
    return new Map([...(value as Map<unknown, unknown>)].map(([key, item]) => [copy(key), copy(item)]))
  if (kind === DATE) return new Date(Date.prototype.getTime.call(value))
  if (kind !== OBJECT) return readWhole(wholeBytes(value))
  const fields = {}
  for (const name of Object.keys(value as object))
    define(fields, name, copy((value as Record<string, unknown>)[name]))
  return fields
}
