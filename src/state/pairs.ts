import { InvalidOptionError } from '../errors.ts'
import type { Key, Value } from '../types.ts'

type Entries = Iterable<readonly [Key, Value]> | Readonly<Record<Key, Value>>

/** Keys and values of what `setMany` and `save` take: pairs, a Map, or an object's own properties. */
export function* pairsOf(call: string, entries: Entries): Generator<readonly [Key, Value]> {
  if (typeof entries !== 'object' || entries === null)
    throw new InvalidOptionError(
      `${call} takes an object of values by key, not ${entries === null ? 'null' : typeof entries}.`,
    )
  if (!(Symbol.iterator in entries)) return yield* Object.entries(entries)
  for (const pair of entries as Iterable<readonly [Key, Value]>) {
    if (!Array.isArray(pair) || pair.length !== 2)
      throw new InvalidOptionError(`${call} takes pairs of a key and a value; one of them is something else.`)
    yield pair
  }
}

/** Sets an own property whatever its name: `__proto__` is a key like any other. */
export function put(state: Record<Key, Value>, key: Key, value: Value): void {
  if (key === '__proto__')
    Object.defineProperty(state, key, { value, enumerable: true, configurable: true, writable: true })
  else state[key] = value
}
