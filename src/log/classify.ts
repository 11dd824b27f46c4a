import { types } from 'node:util'
import { InvalidValueError } from '../errors.ts'
import { showKey } from './keys.ts'

/**
 * What one object is made of, read once (getters included), so that nobody can change it between the check and the
 * writing. `items` are the values that it holds, in order; `names` their names, where they have names.
 */
export interface Part {
  readonly kind:
    | 'object'
    | 'array'
    | 'sparse'
    | 'map'
    | 'set'
    | 'error'
    | 'date'
    | 'regexp'
    | 'bytes'
    | 'boxed'
  /** Of a map: key, value, key, value … */
  readonly items: readonly unknown[]
  readonly names: readonly string[]
  /** Which error, view or buffer. */
  readonly type: string
  /** Of a sparse array: its length. Of an error: how many of the items are not enumerable; these come first. */
  readonly count: number
  /** Of what holds no values: a Date's time, a RegExp's source and flags, the bytes, the primitive in a box. */
  readonly data: unknown
}

/** Why an object cannot be stored, and where in it the trouble is. */
interface Refusal {
  readonly kind: 'refused'
  readonly found: string
  readonly step: string
}

/** All objects that a value reaches, each once, in the order in which reading row by row from the top meets them. */
export interface Survey {
  readonly parts: readonly Part[]
  readonly ids: ReadonlyMap<object, number>
}

/**
 * Reads everything that a value reaches, without recursion, so that nothing is too deep for it. Throws InvalidValueError
 * with the path of the first thing that is not data. `key` is for the message.
 */
export function survey(root: unknown, key?: string): Survey {
  const parts: Part[] = []
  const ids = new Map<object, number>()
  const owners: number[] = []
  const places: number[] = []

  const pathOf = (owner: number, place: number): string => {
    const steps: string[] = []
    for (; owner >= 0; place = places[owner] as number, owner = owners[owner] as number)
      steps.push(stepTo(parts[owner] as Part, place))
    return `$${steps.reverse().join('')}`
  }

  const admit = (value: unknown, owner: number, place: number): void => {
    if (typeof value === 'function' || typeof value === 'symbol')
      throw refusal(describe(value), pathOf(owner, place), key)
    if (typeof value !== 'object' || value === null || ids.has(value)) return
    let part: Part | Refusal
    try {
      part = partOf(value)
    } catch (error) {
      throw refusal('something that fails when it is read', pathOf(owner, place), key, error)
    }
    if (part.kind === 'refused') throw refusal(part.found, pathOf(owner, place) + part.step, key)
    ids.set(value, parts.length)
    parts.push(part)
    owners.push(owner)
    places.push(place)
  }

  if (root === undefined) throw refusal('undefined', '$', key)
  admit(root, -1, 0)
  for (let owner = 0; owner < parts.length; owner++) {
    const { items } = parts[owner] as Part
    for (let place = 0; place < items.length; place++) admit(items[place], owner, place)
  }
  return { parts, ids }
}

const ADVICE: Readonly<Record<string, string>> = {
  undefined: 'only absence is undefined: store null, or delete the key',
  'a Promise': 'await it first',
  'a URL': 'store its text, url.href',
  'a SharedArrayBuffer': 'store a copy of its bytes',
}

export function refusal(
  found: string,
  path: string,
  key: string | undefined,
  cause?: unknown,
): InvalidValueError {
  const what = key === undefined ? 'The value' : `The value of ${showKey(key)}`
  const advice = ADVICE[found] ?? 'leave it out, or store plain data in its place'
  return new InvalidValueError(
    `${what} has ${found} at ${path}, which cannot be stored; ${advice}.`,
    path,
    cause === undefined ? undefined : { cause },
  )
}

export function tooLarge(limit: number, key: string | undefined): InvalidValueError {
  const what = key === undefined ? 'The value' : `The value of ${showKey(key)}`
  return new InvalidValueError(`${what} takes more than ${limit} bytes; split it over several keys.`)
}

function stepTo(part: Part, place: number): string {
  if (part.kind === 'array') return `[${place}]`
  if (part.kind === 'set') return `.values()[${place}]`
  if (part.kind === 'map') {
    const entry = place >> 1
    if (place % 2 === 0) return `.keys()[${entry}]`
    const key = part.items[place - 1]
    return typeof key === 'string' ? `.get(${showKey(key)})` : `.values()[${entry}]`
  }
  const name = part.names[place] ?? ''
  if (part.kind === 'sparse' && /^\d+$/.test(name)) return `[${name}]`
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name) ? `.${name}` : `[${showKey(name)}]`
}

function describe(value: unknown): string {
  if (typeof value === 'function')
    return nameOf(value) === '' ? 'a function' : `a function (${nameOf(value)})`
  if (typeof value === 'symbol') return 'a symbol'
  const proto: unknown = Object.getPrototypeOf(value)
  const maker: unknown =
    typeof proto === 'object' && proto !== null
      ? Object.getOwnPropertyDescriptor(proto, 'constructor')?.value
      : undefined
  const name = nameOf(maker)
  if (types.isProxy(value) || name === '' || name === 'Object') return 'an object with a prototype of its own'
  return `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`
}

/** A function's name, if it is plain text: classes may define a getter in its place, or anything. */
function nameOf(maker: unknown): string {
  const name: unknown =
    typeof maker === 'function' ? Object.getOwnPropertyDescriptor(maker, 'name')?.value : ''
  return typeof name === 'string' ? name.slice(0, 60) : ''
}

const refused = (value: object, step = ''): Refusal => ({ kind: 'refused', found: describe(value), step })
const NOTHING: readonly never[] = []

function part(
  kind: Part['kind'],
  { items = NOTHING, names = NOTHING, type = '', count = 0, data }: Partial<Part>,
): Part {
  return { kind, items, names, type, count, data }
}

/** The constructors' names of every prototype met so far; '': not one of the language's own. */
const makers = new WeakMap<object, string>()

/** Which of the language's own prototypes this is, of whatever realm (a vm context has its own); '': none of them. */
export function makerOf(proto: object | null): string {
  if (proto === null || proto === Object.prototype) return 'Object'
  if (proto === Buffer.prototype) return 'Buffer'
  let name = makers.get(proto)
  if (name === undefined) {
    const maker: unknown = Object.getOwnPropertyDescriptor(proto, 'constructor')?.value
    // The text of a function cannot be forged, and only those of the language itself have no source.
    const text =
      typeof maker === 'function' && maker.prototype === proto ? Function.prototype.toString.call(maker) : ''
    name = /^function (\w+)\(\) \{ \[native code\] \}$/.exec(text)?.[1] ?? ''
    makers.set(proto, name)
  }
  return name
}

const UNBOX: Readonly<Record<string, () => unknown>> = {
  String: String.prototype.valueOf,
  Number: Number.prototype.valueOf,
  Boolean: Boolean.prototype.valueOf,
  BigInt: BigInt.prototype.valueOf,
}

function partOf(value: object): Part | Refusal {
  const maker = makerOf(Object.getPrototypeOf(value) as object | null)
  switch (maker) {
    case 'Object':
      return objectPart(value)
    case 'Array':
      return Array.isArray(value) ? arrayPart(value) : refused(value)
    case 'Map':
      return types.isMap(value)
        ? (withoutFields(value) ?? part('map', { items: mapItems(value) }))
        : refused(value)
    case 'Set':
      return types.isSet(value)
        ? (withoutFields(value) ?? part('set', { items: setItems(value) }))
        : refused(value)
    case 'Date':
      return types.isDate(value)
        ? (withoutFields(value) ?? part('date', { data: Date.prototype.getTime.call(value) }))
        : refused(value)
    case 'RegExp':
      return types.isRegExp(value)
        ? (withoutFields(value) ?? part('regexp', { data: [value.source, value.flags] }))
        : refused(value)
    case 'String':
    case 'Number':
    case 'Boolean':
    case 'BigInt':
      return types.isBoxedPrimitive(value)
        ? part('boxed', { data: UNBOX[maker]?.call(value) })
        : refused(value)
    case 'ArrayBuffer':
      return types.isArrayBuffer(value)
        ? part('bytes', { type: maker, data: new Uint8Array(value) })
        : refused(value)
    default:
      if (types.isNativeError(value)) return ERRORS.includes(maker) ? errorPart(value, maker) : refused(value)
      return ArrayBuffer.isView(value) ? viewPart(value, maker) : refused(value)
  }
}

/** Fields that somebody hung onto a Map or a Date would be lost. */
function withoutFields(value: object): Refusal | undefined {
  const [name] = Object.keys(value)
  if (name !== undefined)
    return { ...refused(value), found: `${describe(value)} with fields of its own (${name})` }
  return undefined
}

function objectPart(value: object): Part | Refusal {
  // Math, JSON, module namespaces and their like are not data. (`arguments` is.)
  const brand = Object.prototype.toString.call(value)
  if (brand !== '[object Object]' && brand !== '[object Arguments]')
    return { kind: 'refused', found: `an object of the kind ${brand.slice(8, -1)}`, step: '' }
  const symbol = symbolOf(value)
  if (symbol !== undefined) return symbol
  const names = Object.keys(value)
  return part('object', { names, items: read(value, names) })
}

function arrayPart(value: readonly unknown[]): Part | Refusal {
  const symbol = symbolOf(value)
  if (symbol !== undefined) return symbol
  const names = Object.keys(value)
  const items = read(value, names)
  // Indices come first and in order: if the last of as many names as there are places is the last index, all are.
  const dense =
    names.length === value.length && (names.length === 0 || names.at(-1) === String(names.length - 1))
  return dense ? part('array', { items }) : part('sparse', { count: value.length, names, items })
}

function symbolOf(value: object): Refusal | undefined {
  for (const symbol of Object.getOwnPropertySymbols(value))
    if (Object.prototype.propertyIsEnumerable.call(value, symbol))
      return { kind: 'refused', found: 'a symbol as a key', step: `[${String(symbol)}]` }
  return undefined
}

function read(value: object, names: readonly string[]): unknown[] {
  return names.map((name) => (value as Record<string, unknown>)[name])
}

function mapItems(value: Map<unknown, unknown>): unknown[] {
  const items: unknown[] = []
  Map.prototype.forEach.call(value, (item, key) => void items.push(key, item))
  return items
}

function setItems(value: Set<unknown>): unknown[] {
  const items: unknown[] = []
  Set.prototype.forEach.call(value, (item) => void items.push(item))
  return items
}

/** The errors of the language. Their order is part of the binary format: append only. */
export const ERRORS: readonly string[] = [
  'Error',
  'EvalError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'TypeError',
  'URIError',
  'AggregateError',
]
const HIDDEN_FIELDS = ['name', 'message', 'stack', 'cause', 'errors']

function errorPart(value: Error, type: string): Part {
  const shown = Object.keys(value)
  const hidden = HIDDEN_FIELDS.filter((name) => Object.hasOwn(value, name) && !shown.includes(name))
  const names = [...hidden, ...shown]
  return part('error', { type, names, items: read(value, names), count: hidden.length })
}

/** Buffers and the views of them. Their order is part of the binary format: append only. */
export const BYTES: readonly string[] = [
  'ArrayBuffer',
  'Buffer',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int8Array',
  'Uint16Array',
  'Int16Array',
  'Uint32Array',
  'Int32Array',
  'BigUint64Array',
  'BigInt64Array',
  'Float32Array',
  'Float64Array',
  'DataView',
  'Float16Array',
]
const viewType = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get

/** A view is its own bytes: not the rest of the buffer behind it, which may be Node's pool. */
function viewPart(view: ArrayBufferView, maker: string): Part | Refusal {
  const type: unknown = types.isDataView(view) ? 'DataView' : viewType?.call(view)
  if (maker !== type && !(maker === 'Buffer' && type === 'Uint8Array')) return refused(view)
  if (types.isSharedArrayBuffer(view.buffer)) return { ...refused(view), found: 'a SharedArrayBuffer' }
  return part('bytes', { type: maker, data: new Uint8Array(view.buffer, view.byteOffset, view.byteLength) })
}
