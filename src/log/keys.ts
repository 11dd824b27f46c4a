import type { Span } from '../engine.ts'
import { InvalidKeyError, InvalidOptionError } from '../errors.ts'
import type { Range } from '../types.ts'
import { checkPattern, literalPrefix } from './pattern.ts'

const MOST_BYTES = 1024

/** Refuses what is not 1 to 1,024 bytes of well-formed text. Every character is legal, NUL and newline too. */
export function checkKey(key: unknown): asserts key is string {
  if (typeof key !== 'string')
    throw new InvalidKeyError(`A key is text, but this one is ${kindOf(key)}; turn it into text first.`)
  if (key.length === 0)
    throw new InvalidKeyError(`The key "" is empty; use 1 to ${MOST_BYTES} bytes of text.`)
  // No UTF-16 unit takes more than three bytes.
  if (key.length * 3 > MOST_BYTES && (key.length > MOST_BYTES || Buffer.byteLength(key) > MOST_BYTES))
    throw new InvalidKeyError(
      `The key ${showKey(key)} has ${Buffer.byteLength(key)} bytes; use at most ${MOST_BYTES}, for example a hash of it.`,
    )
  if (!key.isWellFormed())
    throw new InvalidKeyError(`The key ${showKey(key)} has half of a surrogate pair; use well-formed text.`)
}

/** A key as it is shown in messages: one line, escaped, not too long. */
export function showKey(key: string): string {
  return key.length > 60 ? `${JSON.stringify(key.slice(0, 60))}…` : JSON.stringify(key)
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'number' || typeof value === 'boolean' || value === undefined) return String(value)
  return `of type ${typeof value}`
}

/** Orders keys by their UTF-8 bytes, which is the order of their code points. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return x < 0xd800 || y < 0xd800 ? x - y : rank(x) - rank(y)
  }
  return a.length - b.length
}

/** UTF-16 puts surrogates (code points from U+10000 on) before U+E000 to U+FFFF; UTF-8 puts them behind. */
function rank(unit: number): number {
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}

/** The smallest text greater than everything that begins with `prefix`; undefined: there is none. */
export function successor(prefix: string): string | undefined {
  let end = prefix.length
  while (end > 0) {
    const start = end > 1 && (prefix.codePointAt(end - 2) as number) > 0xffff ? end - 2 : end - 1
    const point = prefix.codePointAt(start) as number
    // The code points of surrogates are no text.
    if (point < 0x10ffff)
      return prefix.slice(0, start) + String.fromCodePoint(point === 0xd7ff ? 0xe000 : point + 1)
    end = start
  }
  return undefined
}

/** The next possible key. */
export function after(key: string): string {
  return `${key}\0`
}

const later = (a: string, b: string): string => (compareKeys(a, b) < 0 ? b : a)
const sooner = (a: string | undefined, b: string | undefined): string | undefined =>
  a === undefined ? b : b === undefined || compareKeys(a, b) < 0 ? a : b

/**
 * The keys that a range can mean, the tightest of its bounds on each side, with `prefix` (of a scope) before each. Where
 * bounds contradict one another, `to` is not above `from`, and nothing lies between. What `match` says beyond its literal
 * beginning is left to `compilePattern`.
 */
export function spanOf(range: Range, prefix = ''): Span {
  let from = prefix
  let to = successor(prefix)
  const within = (start: string): void => {
    from = later(from, prefix + start)
    to = sooner(to, successor(prefix + start))
  }
  if (range.prefix !== undefined) within(range.prefix)
  if (range.gte !== undefined) from = later(from, prefix + range.gte)
  if (range.gt !== undefined) from = later(from, after(prefix + range.gt))
  if (range.lte !== undefined) to = sooner(to, after(prefix + range.lte))
  if (range.lt !== undefined) to = sooner(to, prefix + range.lt)
  if (range.match !== undefined) within(literalPrefix(range.match))
  return { from: from === '' ? undefined : from, to }
}

const BOUNDS = ['prefix', 'gte', 'gt', 'lte', 'lt'] as const
const FIELDS: readonly string[] = [...BOUNDS, 'reverse', 'limit', 'at', 'match']

/** Refuses what is not a `Range`, field by field. A field that is undefined is a field that is not there. */
export function checkRange(range: unknown): asserts range is Range {
  if (typeof range !== 'object' || range === null || Array.isArray(range))
    throw new InvalidOptionError(
      `A range is an object such as { prefix: 'user:', limit: 10 }, but this one is ${
        typeof range === 'string' ? showKey(range) : kindOf(range)
      }.`,
    )
  for (const name of Object.keys(range))
    if (!FIELDS.includes(name))
      throw new InvalidOptionError(`A range has no field ${showKey(name)}; it knows ${FIELDS.join(', ')}.`)
  const { reverse, limit, at, match } = range as Record<keyof Range, unknown>
  for (const name of BOUNDS) {
    const bound = (range as Record<string, unknown>)[name]
    if (bound === undefined) continue
    if (typeof bound !== 'string')
      throw new InvalidOptionError(
        `${name} is text, but here it is ${kindOf(bound)}; turn it into text first.`,
      )
    if (!bound.isWellFormed())
      throw new InvalidOptionError(
        `${name} ${showKey(bound)} has half of a surrogate pair; use well-formed text.`,
      )
  }
  if (reverse !== undefined && typeof reverse !== 'boolean')
    throw new InvalidOptionError(`reverse is true or false, but here it is ${kindOf(reverse)}.`)
  if (limit !== undefined && !(Number.isSafeInteger(limit) && (limit as number) >= 0))
    throw new InvalidOptionError(
      `limit is a whole number from 0 on, but here it is ${kindOf(limit)}; leave it out for no limit.`,
    )
  if (at !== undefined && typeof at !== 'number' && typeof at !== 'string' && !(at instanceof Date))
    throw new InvalidOptionError(
      `at is a revision, a Date, a version or a tag, but here it is ${kindOf(at)}.`,
    )
  if (match !== undefined) checkPattern(match)
}
