import { InvalidOptionError, InvalidValueError } from '../errors.ts'
import { canonicalText } from '../log/canonical.ts'
import { describe } from '../options.ts'

const ids = new WeakMap<object, number>()
const symbols = new Map<symbol, number>()
let lastId = 0

/** A number that no other object gets as long as the program runs, not even after this one is gone. */
function idOf(thing: object | symbol): number {
  const known = typeof thing === 'symbol' ? symbols.get(thing) : ids.get(thing)
  if (known !== undefined) return known
  lastId++
  if (typeof thing === 'symbol') symbols.set(thing, lastId)
  else ids.set(thing, lastId)
  return lastId
}

/**
 * The arguments of a call as a text, such that equal data has equal texts and nothing else has: `1` and `'1'` differ, the order
 * of an object's fields does not count. What is not data (functions, symbols, instances of classes) is told apart by
 * identity, unless the key `outlives` the program: then they are refused. The text holds no NUL.
 */
export function argumentsText(args: ArrayLike<unknown>, outlives = false): string {
  const texts: string[] = []
  for (let i = 0; i < args.length; i++) texts.push(textOf(args[i], outlives))
  return texts.join()
}

function textOf(value: unknown, outlives: boolean): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value)
    case 'bigint':
      return `${value}n`
    case 'function':
    case 'symbol':
      return identityText(value, outlives)
    case 'object':
      break
    default:
      return String(value)
  }
  if (value === null) return 'null'
  try {
    return canonicalText(value)
  } catch (error) {
    if (!(error instanceof InvalidValueError)) throw error
    return identityText(value, outlives)
  }
}

function identityText(thing: object | symbol, outlives: boolean): string {
  if (outlives) throw noIdentity('an argument that is no plain data')
  return `&${idOf(thing)}`
}

/** Where results outlive the program, what is told apart by identity cannot be told apart. */
export function noIdentity(what: string): InvalidOptionError {
  return new InvalidOptionError(
    `The memoized function keeps its results on disk, where ${what} cannot be told from others; give the option key.`,
  )
}

/**
 * The key of a call: what its arguments say, and whose method it is. Ends in the object's number, or in nothing, so that
 * the last NUL parts the two.
 */
export function callKey(text: string, self: unknown): string {
  return `\0${text}\0${isObject(self) ? idOf(self) : ''}`
}

export function isObject(self: unknown): self is object {
  return (typeof self === 'object' && self !== null) || typeof self === 'function'
}

/** The key of a call, made by the user's own function or of everything that is told apart. */
export function keyOfCall(
  key: ((...args: unknown[]) => string) | undefined,
  self: unknown,
  args: ArrayLike<unknown>,
  outlives: boolean,
): string | number {
  if (key !== undefined) return callKey(checkKeyText(key.apply(self, Array.from(args))), undefined)
  if (isObject(self)) {
    if (outlives) throw noIdentity('an object whose method it is')
  } else if (args.length === 1) {
    // One text or number is a key by itself; all other keys begin with NUL.
    const only = args[0]
    if (typeof only === 'string' && only.charCodeAt(0) !== 0) return only
    if (typeof only === 'number' && !Object.is(only, -0)) return only
  }
  return callKey(argumentsText(args, outlives), self)
}

export function checkKeyText(text: unknown): string {
  if (typeof text === 'string') return text
  throw new InvalidOptionError(`What key returns is text, not ${describe(text)}; turn it into text first.`)
}
