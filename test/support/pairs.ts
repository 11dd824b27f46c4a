import fc from 'fast-check'

/** Everything that a store takes, small enough to be tried thousands of times. Keys that trip others are frequent. */
const AWKWARD = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '',
  '0',
  '7',
  '10',
  'a/b',
  '~',
  'length',
  '$',
  '_t',
]
const name = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'b', 'c', 'd', 'id', 'name') },
  { weight: 1, arbitrary: fc.constantFrom(...AWKWARD) },
  { weight: 1, arbitrary: fc.string({ maxLength: 5 }) },
)
const longText = fc
  .array(fc.constantFrom('the quick ', 'brown fox ', 'jumps over ', 'größer ', '😀', 'x', '\n'), {
    maxLength: 40,
  })
  .map((words) => words.join(''))
const primitive = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    undefined,
    true,
    false,
    0,
    -0,
    1,
    -1,
    NaN,
    Infinity,
    -Infinity,
    2 ** 53,
    1e21,
    0.1,
    '',
    '1',
  ),
  fc.integer(),
  fc.double(),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  fc.string({ maxLength: 8 }),
  fc.constantFrom('\ud800', 'a\udc00b', '😀'),
  longText,
)
const bytes = fc.uint8Array({ maxLength: 120 })
const leaf = fc.oneof(
  { weight: 6, arbitrary: primitive },
  { weight: 1, arbitrary: fc.date({ noInvalidDate: false }) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(/x/g, /[/\n]/u, Object(1n), Object('s')) },
  { weight: 1, arbitrary: bytes },
  { weight: 1, arbitrary: bytes.map((one) => Buffer.from(one)) },
  { weight: 1, arbitrary: bytes.map((one) => one.slice().buffer) },
  { weight: 1, arbitrary: fc.float64Array({ maxLength: 8 }) },
  { weight: 1, arbitrary: fc.string().map((text) => new RangeError(text)) },
)

const { value } = fc.letrec<{ value: unknown }>((tie) => {
  const items = fc.array(tie('value'), { maxLength: 6 })
  const fields = fc.array(fc.tuple(name, tie('value')), { maxLength: 6 })
  return {
    value: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      { weight: 4, arbitrary: leaf },
      { weight: 4, arbitrary: fields.map(objectOf) },
      { weight: 3, arbitrary: items },
      {
        weight: 1,
        arbitrary: fc.array(fc.record({ id: fc.nat(9), v: tie('value') }, { noNullPrototype: true }), {
          maxLength: 8,
        }),
      },
      {
        weight: 1,
        arbitrary: fc.array(fc.tuple(primitive, tie('value')), { maxLength: 5 }).map((all) => new Map(all)),
      },
      {
        weight: 1,
        arbitrary: fc
          .array(fc.tuple(items, tie('value')), { maxLength: 3 })
          .map((all) => new Map<unknown, unknown>(all)),
      },
      { weight: 1, arbitrary: items.map((all) => new Set(all)) },
      { weight: 1, arbitrary: items.map(sparse) },
    ),
  }
})

function objectOf(fields: readonly (readonly [string, unknown])[]): object {
  const object = {}
  for (const [key, item] of fields)
    Object.defineProperty(object, key, { value: item, enumerable: true, writable: true, configurable: true })
  return object
}

function sparse(items: readonly unknown[]): unknown[] {
  const list: unknown[] = []
  items.forEach((item, i) => (list[i * 2] = item))
  list.length = items.length * 2 + 1
  return list
}

/** A value that may stand in a store: not undefined itself. */
export const values: fc.Arbitrary<unknown> = value.filter((one) => one !== undefined)

const json = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    {
      weight: 3,
      arbitrary: fc.oneof(
        fc.constantFrom<unknown>(null, true, false, '', 0, 1),
        fc.integer(),
        fc.string({ maxLength: 6 }),
        longText,
      ),
    },
    { weight: 4, arbitrary: fc.array(fc.tuple(name, tie('json')), { maxLength: 6 }).map(objectOf) },
    { weight: 3, arbitrary: fc.array(tie('json'), { maxLength: 8 }) },
    {
      weight: 2,
      arbitrary: fc.array(fc.record({ id: fc.nat(9), v: tie('json') }, { noNullPrototype: true }), {
        maxLength: 8,
      }),
    },
  ),
})).json

/** What JSON can say. */
export const jsonValues: fc.Arbitrary<unknown> = json

/** What may happen to a value: `at` leads to a place in it, `what` tells what happens there. */
interface Happening {
  readonly at: readonly number[]
  readonly what: number
  readonly name: string
  readonly item: unknown
}

function happenings(items: fc.Arbitrary<unknown>): fc.Arbitrary<readonly Happening[]> {
  return fc.array(
    fc.record({ at: fc.array(fc.nat(9), { maxLength: 4 }), what: fc.nat(6), name, item: items }),
    { maxLength: 5 },
  )
}

/** A value and what it became: some changes, or another value altogether. */
export const pairs: fc.Arbitrary<readonly [unknown, unknown]> = pairsOf(values)
export const jsonPairs: fc.Arbitrary<readonly [unknown, unknown]> = pairsOf(jsonValues)

function pairsOf(all: fc.Arbitrary<unknown>): fc.Arbitrary<readonly [unknown, unknown]> {
  return fc.oneof(
    { weight: 1, arbitrary: fc.tuple(all, all) },
    {
      weight: 4,
      arbitrary: fc
        .tuple(all, happenings(all))
        .map(([one, changes]) => [one, changes.reduce(change, one)] as const),
    },
  )
}

/** Three values, each made of the one before it. */
export const runsOf = (all: fc.Arbitrary<unknown>, length: number): fc.Arbitrary<unknown[]> =>
  fc.tuple(all, fc.array(happenings(all), { minLength: length, maxLength: length })).map(([first, steps]) => {
    const run = [first]
    for (const step of steps) run.push(step.reduce(change, run.at(-1)))
    return run
  })

/** The changed value: what lies around the change is new, the rest is shared. */
function change(value: unknown, { at, what, name: key, item }: Happening): unknown {
  const [step, ...rest] = at
  if (Array.isArray(value) && Object.keys(value).length === value.length) {
    const items: unknown[] = value.slice()
    if (items.length === 0) return [item]
    const i = (step ?? what) % items.length
    if (rest.length > 0) items[i] = change(items[i], { at: rest, what, name: key, item })
    else if (what < 2) items.splice(i, 1)
    else if (what < 4) items.splice(i, 0, item)
    else if (what === 4) items.push(...items.splice(i, 1))
    else if (what === 5) items.splice(i, 0, items[(i + 1) % items.length])
    else items.reverse()
    return items
  }
  if (value instanceof Map) {
    const entries = [...(value as Map<unknown, unknown>)]
    return new Map(
      change(entries, { at: rest.slice(0, 1), what, name: key, item: [key, item] }) as [unknown, unknown][],
    )
  }
  if (value instanceof Set)
    return new Set(
      change([...(value as Set<unknown>)], { at: rest.slice(0, 1), what, name: key, item }) as unknown[],
    )
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    const fields = Object.entries(value)
    const i = fields.length === 0 ? 0 : (step ?? what) % fields.length
    const field = fields[i]
    if (field === undefined || what === 0) fields.push([key, item])
    else if (rest.length > 0) field[1] = change(field[1], { at: rest, what, name: key, item })
    else if (what < 3) fields.splice(i, 1)
    else if (what === 3) fields.splice(i, 0, [key, item])
    else if (what === 4) fields.push(...fields.splice(i, 1))
    else if (what === 5) field[1] = item
    else fields.reverse()
    return objectOf(fields)
  }
  if (typeof value === 'string' && value.length > 20) {
    const i = ((step ?? 0) * 7) % value.length
    return what < 3 ? value.slice(0, i) + value.slice(i + 5) : value.slice(0, i) + key + value.slice(i)
  }
  if (value instanceof Uint8Array && !Buffer.isBuffer(value) && value.length > 20)
    return Uint8Array.from([...value.slice(10), what, ...value.slice(0, 8)])
  return item
}
