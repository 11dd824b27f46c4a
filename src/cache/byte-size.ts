import { types } from 'node:util'

/** What V8 takes for a thing that it keeps on its heap, rounded; slots and numbers are 8 bytes. */
const HEAD = 24
const SLOT = 8
const MAP_ENTRY = 36
/** Objects with more fields than this are dictionaries: each has its own names. With fewer, they share them with their like. */
const SHARED_NAMES = 32
/** An entry's own place in the arrays, which counts as well. */
const ENTRY_BYTES = 56

/**
 * About how many bytes a value takes in memory, with everything that it holds: texts, fields, items, entries, buffers; what
 * is there twice counts once. Stops counting beyond `limit`. What only the engine can see into (closures, private fields)
 * counts little.
 */
export function byteSize(value: unknown, limit: number = Infinity): number {
  if (typeof value !== 'object' || value === null) return atomSize(value)
  const seen = new Set<object>([value])
  const waiting: object[] = [value]
  let bytes = 0
  const hold = (held: unknown): void => {
    if (typeof held !== 'object' || held === null) {
      // The others lie in the slot itself.
      if (typeof held === 'string' || typeof held === 'bigint') bytes += atomSize(held)
    } else if (!seen.has(held)) {
      seen.add(held)
      waiting.push(held)
    }
  }
  for (let next = waiting.pop(); next !== undefined && bytes <= limit; next = waiting.pop()) {
    const own = ownSize(next, hold)
    // Not in one with the call: that would add to what `bytes` was before it.
    bytes += own
  }
  return bytes
}

function atomSize(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return HEAD + Buffer.byteLength(value)
    case 'bigint':
      return HEAD + Math.ceil(value.toString(16).length / 2)
    case 'function':
    case 'symbol':
      return 64
    default:
      return SLOT
  }
}

/** An object without what it holds, which is handed to `hold`. */
function ownSize(object: object, hold: (held: unknown) => void): number {
  if (Array.isArray(object)) {
    for (const item of object) hold(item)
    return HEAD + SLOT * object.length
  }
  if (ArrayBuffer.isView(object)) {
    // A view keeps all of its buffer alive.
    hold(object.buffer)
    return 4 * HEAD
  }
  if (types.isAnyArrayBuffer(object)) return 4 * HEAD + object.byteLength
  if (object instanceof Map) {
    for (const [key, value] of object) {
      hold(key)
      hold(value)
    }
    return 4 * HEAD + MAP_ENTRY * object.size
  }
  if (object instanceof Set) {
    for (const value of object) hold(value)
    return 4 * HEAD + MAP_ENTRY * object.size
  }
  if (object instanceof Error) {
    hold(object.message)
    hold(object.stack)
    hold(object.cause)
    if (object instanceof AggregateError) hold(object.errors)
  } else if (object instanceof RegExp) hold(object.source)
  const names = Object.keys(object)
  let bytes = 2 * HEAD + SLOT * names.length
  for (const name of names) {
    if (names.length > SHARED_NAMES) bytes += HEAD + SLOT + name.length
    hold((object as Record<string, unknown>)[name])
  }
  return bytes
}

/** What an entry takes in memory, beyond `most` no more than that it is too much. */
export function entryBytes(key: unknown, value: unknown, most: number): number {
  return ENTRY_BYTES + byteSize(key) + byteSize(value, most)
}
