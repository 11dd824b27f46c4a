import { IntegrityError } from '../errors.ts'
import { TAG } from './binary.ts'
import { BYTES, ERRORS } from './classify.ts'

/** What was read, and all of its objects if they are nothing but plain objects and arrays. */
export interface ReadBinary {
  readonly value: unknown
  readonly plain: readonly object[] | undefined
}

/** Reads the binary form. Whatever the bytes are, it returns a value or throws IntegrityError. */
export function readBinary(bytes: Uint8Array): ReadBinary {
  try {
    return read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  } catch (error) {
    if (error instanceof IntegrityError || isStackOverflow(error)) throw error
    throw damaged('it says something impossible', error)
  }
}

/** The caller's stack is full. That is no fault of the bytes: reading them takes no recursion. */
export function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError && error.message.includes('call stack')
}

export function damaged(why: string, cause?: unknown): IntegrityError {
  return new IntegrityError(`A stored value is damaged: ${why}.`, cause === undefined ? undefined : { cause })
}

function read(buffer: Buffer): ReadBinary {
  const objects: object[] = []
  const holders: { readonly tag: number; readonly shell: object }[] = []
  const names: string[] = []
  let at = 1
  let plain = true

  /** Goes on by `size` bytes, which must be there: no length is believed before. */
  const take = (size: number): number => {
    if (size > buffer.length - at) throw damaged('it is cut short')
    at += size
    return at - size
  }
  const varint = (): number => {
    let value = 0
    for (let factor = 1; factor <= 2 ** 49; factor *= 128) {
      const byte = buffer[take(1)] as number
      value += (byte % 128) * factor
      if (byte < 128 && value <= Number.MAX_SAFE_INTEGER) return value
    }
    throw damaged('it has a number without an end')
  }
  /** How many follow; each takes at least `least` bytes. */
  const count = (least: number): number => {
    const value = varint()
    if (value * least > buffer.length - at) throw damaged('it is cut short')
    return value
  }
  const text = (): string => {
    const size = varint()
    const length = size % 2 === 0 ? size / 2 : size - 1
    const start = take(length)
    return buffer.toString(size % 2 === 0 ? 'utf8' : 'utf16le', start, at)
  }
  const name = (): string => {
    const index = varint()
    if (index > names.length) throw damaged('it uses a name that it does not have')
    if (index > 0) return names[index - 1] as string
    const fresh = text()
    names.push(fresh)
    return fresh
  }
  const bigint = (): bigint => {
    const start = take(varint())
    return BigInt(`0x0${buffer.toString('hex', start, at)}`)
  }
  const keep = <T extends object>(object: T, isPlain = false): T => {
    plain &&= isPlain
    objects.push(object)
    return object
  }
  const holder = (tag: number, shell: object, isPlain = false): object => {
    holders.push({ tag, shell })
    return keep(shell, isPlain)
  }
  const any = (): unknown => {
    const tag = buffer[take(1)]
    switch (tag) {
      case TAG.null:
        return null
      case TAG.undefined:
        return undefined
      case TAG.false:
        return false
      case TAG.true:
        return true
      case TAG.whole:
        return varint()
      case TAG.negative:
        return -1 - varint()
      case TAG.double:
        return buffer.readDoubleLE(take(8))
      case TAG.bigint:
        return bigint()
      case TAG.negativeBigint:
        return -bigint()
      case TAG.text:
        return text()
      case TAG.reference: {
        const object = objects[varint()]
        if (object === undefined) throw damaged('it refers to an object that it does not have')
        return object
      }
      case TAG.object:
        return holder(tag, {}, true)
      case TAG.array:
        return holder(tag, [], true)
      case TAG.sparse:
        return holder(tag, sparseArray(varint()), true)
      case TAG.map:
        return holder(tag, new Map())
      case TAG.set:
        return holder(tag, new Set())
      case TAG.error:
        return holder(tag, errorOf(ERRORS[varint()]))
      case TAG.date:
        return keep(new Date(buffer.readDoubleLE(take(8))))
      case TAG.regexp:
        return keep(new RegExp(text(), text()))
      case TAG.bytes: {
        const type = BYTES[varint()]
        const start = take(varint())
        return keep(bytesOf(type, buffer.subarray(start, at)))
      }
      case TAG.boxed: {
        // Looked at first: boxes in boxes in boxes would take recursion.
        if ((buffer[at] ?? 0) >= TAG.reference) throw damaged('it has a box around an object')
        const inner = any()
        if (inner === null || inner === undefined) throw damaged('it has an empty box')
        return keep(Object(inner) as object)
      }
      default:
        throw damaged('it has an unknown tag')
    }
  }
  const fields = (shell: object, from: number, to: number, enumerable: boolean): void => {
    for (let i = from; i < to; i++) {
      const key = name()
      define(shell, key, any(), enumerable)
    }
  }
  const fill = (tag: number, shell: object): void => {
    if (tag === TAG.array) for (let left = count(1); left > 0; left--) (shell as unknown[]).push(any())
    else if (tag === TAG.set) for (let left = count(1); left > 0; left--) (shell as Set<unknown>).add(any())
    else if (tag === TAG.map)
      for (let left = count(2); left > 0; left--) (shell as Map<unknown, unknown>).set(any(), any())
    else {
      const hidden = tag === TAG.error ? varint() : 0
      const all = count(2)
      if (hidden > all) throw damaged('it hides more fields than there are')
      fields(shell, 0, hidden, false)
      fields(shell, hidden, all, true)
    }
  }

  const value = any()
  for (let i = 0; i < holders.length; i++) {
    const { tag, shell } = holders[i] as (typeof holders)[number]
    fill(tag, shell)
  }
  if (at !== buffer.length) throw damaged('there is something behind its end')
  return { value, plain: plain ? objects : undefined }
}

/** Sets an own field, also where an inherited one of that name would catch or refuse a plain assignment (`__proto__`). */
function define(object: object, name: string, value: unknown, enumerable: boolean): void {
  if (enumerable && !(name in object)) (object as Record<string, unknown>)[name] = value
  else Object.defineProperty(object, name, { value, enumerable, writable: true, configurable: true })
}

const LONGEST_ARRAY = 2 ** 32 - 1

function sparseArray(length: number): unknown[] {
  if (length > LONGEST_ARRAY) throw damaged('it has an array that is too long')
  const array: unknown[] = []
  if (length === 0) return array
  // Setting `length` would set aside room for every hole; an item far out makes a table of what is there.
  array[length - 1] = undefined
  Reflect.deleteProperty(array, length - 1)
  return array
}

type Constructors = Readonly<Record<string, (new (first?: unknown) => object) | undefined>>

function errorOf(type: string | undefined): object {
  const Type = type === undefined ? undefined : (globalThis as unknown as Constructors)[type]
  if (Type === undefined) throw damaged('it has an unknown kind of error')
  const error = new Type(type === 'AggregateError' ? [] : undefined)
  // What belongs to it follows, its stack too; this one is of no interest to anybody.
  for (const name of Reflect.ownKeys(error)) Reflect.deleteProperty(error, name)
  return error
}

function bytesOf(type: string | undefined, source: Uint8Array): object {
  if (type === undefined) throw damaged('it has an unknown kind of bytes')
  const buffer = new ArrayBuffer(source.length)
  new Uint8Array(buffer).set(source)
  if (type === 'ArrayBuffer') return buffer
  if (type === 'Buffer') return Buffer.from(buffer)
  const View = (globalThis as unknown as Constructors)[type]
  if (View === undefined) throw damaged(`it has a ${type}, which this version of Node does not know`)
  return new View(buffer)
}
