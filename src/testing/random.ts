import type { Key, Revision, Value } from '../index.ts'
import type { ModelRange, StoreModel } from './model.ts'

/** A point in the past: a revision, or the version of a snapshot. */
export type Point = Revision | string

/** One thing to do to a store and to its model. */
export type Operation =
  | { readonly do: 'set'; readonly key: Key; readonly value: Value }
  | { readonly do: 'setIf'; readonly key: Key; readonly value: Value; readonly ifRevision: Revision }
  | {
      readonly do: 'setMany' | 'save' | 'together' | 'compact'
      readonly pairs: readonly (readonly [Key, Value])[]
    }
  | { readonly do: 'delete'; readonly key: Key }
  | { readonly do: 'update'; readonly key: Key; readonly value: Value }
  | { readonly do: 'transact'; readonly writes: readonly (readonly [Key, Value])[]; readonly fails: boolean }
  | { readonly do: 'snapshot' | 'forget'; readonly version: string }
  | { readonly do: 'import'; readonly version: string; readonly at: Point }
  | { readonly do: 'restore'; readonly to: Point; readonly prefix: string }
  | { readonly do: 'get'; readonly key: Key; readonly at: Point }
  | { readonly do: 'entries'; readonly range: ModelRange; readonly at: Point }
  | { readonly do: 'diff'; readonly from: Point; readonly to: Point; readonly prefix: string }
  | { readonly do: 'history'; readonly key: Key; readonly limit: number }
  | { readonly do: 'clear' | 'reopen' }

type Kind = Operation['do']

/** How often each comes, of 1,000. */
const weights: readonly (readonly [Kind, number])[] = [
  ['set', 190],
  ['delete', 70],
  ['setMany', 50],
  ['together', 40],
  ['update', 60],
  ['transact', 60],
  ['setIf', 40],
  ['save', 15],
  ['clear', 4],
  ['snapshot', 30],
  ['forget', 12],
  ['restore', 25],
  ['get', 190],
  ['entries', 110],
  ['diff', 50],
  ['history', 42],
  ['import', 4],
  ['reopen', 4],
  ['compact', 4],
]

const prefixes = ['', '', 'user:', 'item:1', '\u{1f600}', 'nothing:']
const keys: readonly Key[] = [
  ...Array.from({ length: 12 }, (_, n) => `user:${n}`),
  ...Array.from({ length: 20 }, (_, n) => `item:${n * 7}:size`),
  'a',
  'b',
  'a\u0000',
  '\u0001',
  '__proto__',
  'constructor',
  'e\u0301',
  '\u00e9',
  '\uffee',
  '\u{1f600}',
  '\u{1f600}a',
]

/** A source of numbers in [0, 1) that gives the same row for the same seed on every machine (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Whole numbers below a limit, the same for the same seed. */
export function numbersBelow(seed: number): (limit: number) => number {
  const random = seeded(seed)
  return (limit) => Math.floor(random() * limit)
}

/**
 * Random operations that make sense for the model as it is when each is asked for: apply each to the model before you
 * take the next.
 */
export function* randomOperations(
  seed: number,
  count: number,
  model: StoreModel,
): Generator<Operation, void, undefined> {
  const random = seeded(seed)
  const below = (limit: number): number => Math.floor(random() * limit)
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T
  const key = (): Key => pick(keys)
  const pairs = (most: number): (readonly [Key, Value])[] =>
    Array.from({ length: below(most + 1) }, () => [key(), valueOf(random)] as const)
  // Most of what is asked about is young.
  const revision = (): Revision => model.revision - Math.floor(random() ** 3 * (model.revision + 1))
  const point = (): Point => {
    const versions = [...model.snapshots.keys()]
    return versions.length > 0 && random() < 0.4 ? pick(versions) : revision()
  }
  for (let number = 0; number < count; number++) {
    const kind = kindAt(below(1_000))
    switch (kind) {
      case 'set':
      case 'update':
        yield { do: kind, key: key(), value: valueOf(random) }
        break
      case 'setIf': {
        const wanted = key()
        yield {
          do: kind,
          key: wanted,
          value: valueOf(random),
          ifRevision: random() < 0.6 ? model.lastChangeOf(wanted) : revision(),
        }
        break
      }
      case 'setMany':
      case 'save':
      case 'together':
      case 'compact':
        yield { do: kind, pairs: pairs(kind === 'save' ? 30 : 8) }
        break
      case 'delete':
        yield { do: kind, key: key() }
        break
      case 'transact': {
        const writes = pairs(6).map(
          ([written, value]) => [written, random() < 0.3 ? undefined : value] as const,
        )
        yield { do: kind, writes, fails: random() < 0.1 }
        break
      }
      case 'snapshot':
        yield { do: kind, version: `snapshot ${number}` }
        break
      case 'import':
        yield { do: kind, version: `import ${number}`, at: point() }
        break
      case 'forget': {
        const versions = [...model.snapshots.keys()]
        if (versions.length > 5) yield { do: kind, version: pick(versions) }
        break
      }
      case 'restore':
        yield { do: kind, to: point(), prefix: pick(prefixes) }
        break
      case 'get':
        yield { do: kind, key: key(), at: random() < 0.5 ? model.revision : point() }
        break
      case 'entries':
        yield { do: kind, range: rangeOf(random, pick), at: random() < 0.4 ? model.revision : point() }
        break
      case 'diff':
        yield { do: kind, from: point(), to: point(), prefix: pick(prefixes) }
        break
      case 'history':
        yield { do: kind, key: key(), limit: 1 + below(30) }
        break
      default:
        yield { do: kind }
    }
  }
}

function kindAt(share: number): Kind {
  let sum = 0
  for (const [kind, weight] of weights) {
    sum += weight
    if (share < sum) return kind
  }
  return 'set'
}

function rangeOf(random: () => number, pick: <T>(list: readonly T[]) => T): ModelRange {
  return {
    ...(random() < 0.4 && { prefix: pick(prefixes) }),
    ...(random() < 0.2 && { gte: pick(keys) }),
    ...(random() < 0.2 && { gt: pick(keys) }),
    ...(random() < 0.2 && { lte: pick(keys) }),
    ...(random() < 0.2 && { lt: pick(keys) }),
    ...(random() < 0.3 && { reverse: true }),
    ...(random() < 0.3 && { limit: 1 + Math.floor(random() * 10) }),
  }
}

function valueOf(random: () => number, depth = 0): Value {
  const number = Math.floor(random() * 1000)
  switch (Math.floor(random() * (depth > 2 ? 8 : 12))) {
    case 0:
      return null
    case 1:
      return number % 2 === 0
    case 2:
      return `text ${number} \u00e9\u{1f600}`
    case 3:
      return BigInt(number) ** 9n
    case 4:
      return new Date(number * 1e9)
    case 5:
      return new Uint8Array([number, number >> 8, 0])
    case 6:
    case 7:
      return number / 8
    case 8:
      return 'long text, said again and again. '.repeat(Math.floor(number / 4))
    case 9:
      return Array.from({ length: number % 5 }, () => valueOf(random, depth + 1))
    case 10:
      return new Map([[`k${number}`, valueOf(random, depth + 1)]])
    default:
      return { name: `name ${number % 10}`, number, inside: valueOf(random, depth + 1) }
  }
}
