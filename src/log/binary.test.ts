import { deepStrictEqual } from 'node:assert'
import { serialize } from 'node:v8'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { IntegrityError, InvalidValueError } from '../errors.ts'
import { readBinary } from './binary-read.ts'
import { writeBinary } from './binary.ts'
import { decode, decodeFrozen, encode, encodedBytes } from './codec.ts'

const PLAIN = { compression: false }
const roundTrip = (value: unknown): unknown => decode(encode(value, PLAIN))
const write = (value: unknown): Uint8Array => writeBinary(value, 2 ** 24)

describe('any value', () => {
  const options: fc.ObjectConstraints = {
    withBigInt: true,
    withBoxedValues: true,
    // Dates come with the strange ones: node:assert takes an invalid date for no key of a Map but itself.
    withDate: false,
    withMap: true,
    withObjectString: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
    stringUnit: 'binary',
    maxDepth: 4,
  }
  const strange = fc.oneof(
    fc.date({ noInvalidDate: true }),
    fc.constantFrom(
      /a/g,
      new Error('e'),
      new RangeError('r', { cause: { a: 1 } }),
      Object(''),
      -0,
      NaN,
      2n ** 70n,
    ),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.uint8Array().map((bytes) => bytes.buffer),
    fc.string({ unit: fc.integer({ min: 0xd700, max: 0xe0ff }).map((unit) => String.fromCharCode(unit)) }),
  )
  const primitives = [
    fc.boolean(),
    fc.integer(),
    fc.double(),
    fc.string(),
    fc.constant(null),
    fc.constant(undefined),
  ]
  const value = fc.oneof(
    fc.anything({ ...options, values: [...primitives, strange] }),
    strange,
    fc.jsonValue(),
  )

  it('comes back deeply equal', () => {
    fc.assert(
      fc.property(value, fc.boolean(), (one, compression) => {
        fc.pre(one !== undefined)
        const encoded = encode(one, { compression })
        deepStrictEqual(decode(encoded), one)
        deepStrictEqual(decodeFrozen(encoded).value, one)
        deepStrictEqual(encode(one, { compression }), encoded)
      }),
      { numRuns: 3000 },
    )
  })

  it('comes back as JSON would bring it, if it is JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (one) => {
        const safe = JSON.parse(JSON.stringify(one)) as unknown
        expect(encode(safe, PLAIN)).toBe(JSON.stringify(safe))
      }),
    )
  })
})

describe('deep and entangled values', () => {
  const nest = (levels: number, wrap: (inner: unknown) => unknown, core: unknown): unknown => {
    let value = core
    for (let i = 0; i < levels; i++) value = wrap(value)
    return value
  }
  const depthOf = (value: unknown): number => {
    let depth = 0
    for (let at = value; typeof at === 'object' && at !== null; at = Object.values(at)[0]) depth++
    return depth
  }

  it.each([400, 600, 10_000, 100_000])('%d levels', (levels) => {
    for (const wrap of [(inner: unknown) => ({ inner }), (inner: unknown) => [inner]]) {
      const encoded = encode(nest(levels, wrap, {}), { compression: true })
      expect(typeof encoded === 'string').toBe(levels < 500)
      expect(depthOf(decode(encoded))).toBe(levels + 1)
      const frozen = decodeFrozen(encoded)
      expect(frozen.shareable).toBe(true)
      expect(depthOf(frozen.value)).toBe(levels + 1)
    }
  })

  it('JSON text deeper than any stack is read and frozen', () => {
    const { value, shareable } = decodeFrozen('['.repeat(50_000) + ']'.repeat(50_000))
    expect([depthOf(value), shareable]).toEqual([50_000, true])
  })

  it('a stack that is nearly full is no obstacle', () => {
    const value = nest(300, (inner) => ({ inner }), {})
    let good = 0
    const fill = (): void => {
      try {
        fill()
      } catch {
        // Somewhere in here there is room for the one and not for the other.
      }
      if (good < 1) {
        try {
          expect(depthOf(roundTrip(value))).toBe(301)
          good++
        } catch (error) {
          if (!(error instanceof RangeError) && !(error instanceof InvalidValueError)) throw error
        }
      }
    }
    fill()
    expect(good).toBe(1)
  })

  it('what doubles with every level is written once', () => {
    const value = nest(30, (inner) => [inner, inner], { a: 1 })
    const encoded = encode(value, PLAIN)
    expect(encodedBytes(encoded)).toBeLessThan(300)
    const [left, right] = decode(encoded) as [unknown, unknown]
    expect(left).toBe(right)
  })

  it('what is large and a tree is JSON, what is large and not a tree is not', () => {
    const rows = Array.from({ length: 10_000 }, (_, i) => ({ i }))
    expect(encode(rows, PLAIN)).toBe(JSON.stringify(rows))
    expect(encode([rows[0], rows[0]], PLAIN)).toBe('[{"i":0},{"i":0}]')
    deepStrictEqual(roundTrip([...rows, rows[0]]), [...rows, rows[0]])
  })
})

/** Objects, arrays, Maps and Sets that point at one another in any way. */
const graph = fc
  .record({
    kinds: fc.array(fc.constantFrom('object', 'array', 'map', 'set'), { minLength: 1, maxLength: 8 }),
    edges: fc.array(fc.tuple(fc.nat(7), fc.nat(7), fc.constantFrom('a', 'b', '__proto__')), {
      maxLength: 24,
    }),
  })
  .map(({ kinds, edges }) => {
    const nodes = kinds.map((kind) =>
      kind === 'object' ? {} : kind === 'array' ? [] : kind === 'map' ? new Map() : new Set(),
    )
    for (const [from, to, name] of edges) {
      const source = nodes[from % nodes.length]
      const target = nodes[to % nodes.length]
      if (Array.isArray(source)) (source as unknown[]).push(target)
      else if (source instanceof Map) source.set(name === 'a' ? target : name, target)
      else if (source instanceof Set) source.add(target)
      else
        Object.defineProperty(source, name, {
          value: target,
          enumerable: true,
          configurable: true,
          writable: true,
        })
    }
    return nodes[0]
  })

describe('entangled values', () => {
  it('come back with the same shape', () => {
    fc.assert(
      fc.property(graph, (value) => {
        // Node's own form keeps identity and order, so equal bytes are equal shapes.
        expect(serialize(readBinary(write(value)).value).equals(serialize(value))).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('the format', () => {
  // What was once written must stay readable: these bytes may be added to, and never changed.
  it.each<[string, unknown, string]>([
    [
      'atoms',
      [null, undefined, false, true, 0, 300, -1, -0, 1.5, 5n, -256n, 'a'],
      '010c0c00010203040004ac02050006000000000000008006000000000000f83f07010508020100090261',
    ],
    ['text', ['ä😀', '\ud800'], '010c02090cc3a4f09f9880090300d8'],
    ['names', [{ a: 1n, b: { a: 2 } }], '010c010b020002610701010002620b01010402'],
    [
      'shared',
      (() => {
        const one = {}
        return [one, one]
      })(),
      '010c020b0a0100',
    ],
    ['holes', [, 1], '010d02010002310401'], // oxlint-disable-line no-sparse-arrays
    ['collections', new Map<unknown, unknown>([['k', new Set([1])]]), '010e0109026b0f010401'],
    [
      'error',
      (() => {
        const error = new RangeError('m')
        error.stack = 's'
        return Object.assign(error, { code: 1 })
      })(),
      '0110020203000e6d65737361676509026d000a737461636b0902730008636f64650401',
    ],
    [
      'others',
      [new Date(0), /a/g, Object('x'), Buffer.from('b'), new Uint16Array([1]), new ArrayBuffer(1)],
      '010c0611000000000000000012026102671409027813010162130502010013000100',
    ],
  ])('of %s', (_name, value, hex) => {
    expect(Buffer.from(write(value)).toString('hex')).toBe(hex)
    deepStrictEqual(readBinary(Buffer.from(hex, 'hex')).value, value)
  })
})

describe('bytes that were not written by us', () => {
  const sample: unknown[] = [
    { a: undefined, b: [1n, -5, 300.5], 'name ü': 'text ü', ['__proto__']: 1 },
    new Map<unknown, unknown>([['k', new Set([/x/g, new Date(1)])]]),
    [, 'hole', ,], // oxlint-disable-line no-sparse-arrays
    new TypeError('m', { cause: { deep: [[[]]] } }),
    new Uint32Array([1, 2, 3]),
    Buffer.from('buffer'),
    Object('boxed'),
    'long '.repeat(40),
  ]
  const plain = write([...sample, sample])
  const bytes = fc.constantFrom(
    plain,
    encode([...sample, 'x'.repeat(8000)], { compression: true }) as Uint8Array,
  )
  /** A value or IntegrityError, soon; and nothing else changes. */
  const survives = (input: Uint8Array): void => {
    const before = Object.getOwnPropertyNames(Object.prototype).length
    for (const read of [decode, decodeFrozen])
      try {
        read(input)
      } catch (error) {
        if (!(error instanceof IntegrityError)) throw error
      }
    expect(Object.getOwnPropertyNames(Object.prototype).length).toBe(before)
  }

  it('changed anywhere', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(bytes, changes, (original, flips) => {
        const input = Uint8Array.from(original)
        for (const [at, value] of flips) input[at % input.length] = value
        survives(input)
      }),
      { numRuns: 5000 },
    )
  })

  it('every bit flipped, one by one', () => {
    for (let at = 0; at < plain.length; at++)
      for (let bit = 0; bit < 8; bit++) {
        const input = Uint8Array.from(plain)
        input[at] = (input[at] as number) ^ (1 << bit)
        survives(input)
      }
  })

  it('cut short anywhere, or with something behind', () => {
    for (let length = 0; length < plain.length; length++)
      expect(() => decode(plain.subarray(0, length))).toThrow(IntegrityError)
    expect(() => decode(Buffer.concat([plain, Buffer.from([0])]))).toThrow(IntegrityError)
  })

  it('anything at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(1, 2, 3), (noise, form) => {
        survives(Buffer.concat([Buffer.from([form]), noise]))
        survives(noise)
      }),
      { numRuns: 5000 },
    )
    const tags = fc.array(fc.oneof(fc.nat(21), fc.nat(255)), { maxLength: 60 })
    fc.assert(
      fc.property(tags, (noise) => survives(Uint8Array.from([1, ...noise]))),
      { numRuns: 20_000 },
    )
  })

  it.each([
    ['an array of 2^52 items', [12, 255, 255, 255, 255, 255, 255, 255, 7]],
    ['an object of 2^52 fields', [11, 255, 255, 255, 255, 255, 255, 255, 7]],
    ['a text of 2^51 bytes', [9, 254, 255, 255, 255, 255, 255, 255, 7]],
    ['bytes of 2^52', [19, 0, 255, 255, 255, 255, 255, 255, 255, 7]],
    ['a bigint of 2^52 bytes', [7, 255, 255, 255, 255, 255, 255, 255, 7]],
    ['a number without an end', [4, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255]],
    ['a sparse array of 2^40 items', [13, 128, 128, 128, 128, 128, 32, 0]],
    ['a reference to nothing', [10, 5]],
    ['a name that is not there', [11, 1, 3, 0]],
    ['more hidden fields than fields', [16, 0, 5, 1, 0, 2, 97, 0]],
    ['an unknown kind of error', [16, 99, 0, 0]],
    ['an unknown kind of bytes', [19, 99, 0]],
    ['half a number in a view', [19, 5, 1, 0]],
    ['an impossible regular expression', [17, 2, 40, 0]],
    ['impossible flags', [17, 2, 97, 2, 122]],
    ['a box around nothing', [20, 0]],
    ['a box around a box', [20, 20, 3]],
    ['boxes without an end', new Array<number>(100_000).fill(20)],
    ['a length as a field of an array', [13, 5, 1, 0, 12, 108, 101, 110, 103, 116, 104, 4, 1]],
    ['an unknown tag', [21]],
  ])('%s', (_name, tail) => {
    const start = performance.now()
    expect(() => decode(Uint8Array.from([1, ...tail]))).toThrow(IntegrityError)
    expect(performance.now() - start).toBeLessThan(500)
  })

  it('a long sparse array sets nothing aside', () => {
    const before = process.memoryUsage().heapUsed
    // 32,000,000 items, none of them there.
    const value = decode(Uint8Array.from([1, 13, 128, 144, 161, 15, 0])) as unknown[]
    expect([value.length, Object.keys(value)]).toEqual([32_000_000, []])
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(2 ** 24)
  })

  it('fields named like those of the prototype become own fields', () => {
    // { __proto__: { polluted: true } }
    const input = [1, 11, 1, 0, 18, ...Buffer.from('__proto__'), 11, 1, 0, 16, ...Buffer.from('polluted'), 3]
    const value = decode(Uint8Array.from(input)) as object
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(Object.keys(value)).toEqual(['__proto__'])
    expect(Reflect.get({}, 'polluted')).toBe(undefined)
  })
})
