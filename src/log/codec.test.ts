import { deepStrictEqual } from 'node:assert'
import { randomBytes } from 'node:crypto'
import { runInNewContext } from 'node:vm'
import { brotliCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { IntegrityError } from '../errors.ts'
import { recordSum } from './checksum.ts'
import { decode, decodeFrozen, encode, encodedBytes, plainForm } from './codec.ts'

const PLAIN = { compression: false }
const there = (value: unknown): unknown => decode(encode(value, PLAIN))

describe('values that JSON can say', () => {
  it.each([
    [null, 'null'],
    [true, 'true'],
    [0, '0'],
    [1.5, '1.5'],
    [2 ** 53 + 2, '9007199254740994'],
    [1e300, '1e+300'],
    ['', '""'],
    ['a\0\n"😀', '"a\\u0000\\n\\"😀"'],
    ['\ud800 and \udc00', '"\\ud800 and \\udc00"'],
    [[], '[]'],
    [{}, '{}'],
    [{ a: [1, { b: null }], c: '' }, '{"a":[1,{"b":null}],"c":""}'],
    [{ 2: 'b', 1: 'a', x: 0 }, '{"1":"a","2":"b","x":0}'],
  ])('%j is JSON text and comes back', (value, text) => {
    const encoded = encode(value, PLAIN)
    expect(encoded).toBe(text)
    deepStrictEqual(decode(encoded), value)
    expect(encodedBytes(encoded)).toBe(Buffer.byteLength(text))
  })

  it('keeps every key, __proto__ and constructor too, in both forms', () => {
    const json = '{"__proto__":{"evil":1},"constructor":{"prototype":2},"toString":3,"hasOwnProperty":4}'
    const value = JSON.parse(json) as Record<string, unknown>
    expect(encode(value, PLAIN)).toBe(json)
    for (const back of [there(value), there({ ...value, extra: undefined })] as Record<string, unknown>[]) {
      expect(Object.getPrototypeOf(back)).toBe(Object.prototype)
      expect(Object.keys(back).slice(0, 4)).toEqual([
        '__proto__',
        'constructor',
        'toString',
        'hasOwnProperty',
      ])
      deepStrictEqual(Object.getOwnPropertyDescriptor(back, '__proto__')?.value, { evil: 1 })
    }
    expect(Reflect.get({}, 'evil')).toBe(undefined)
  })

  it('takes plain objects without a prototype and of other realms', () => {
    expect(encode(Object.assign(Object.create(null), { a: 1 }), PLAIN)).toBe('{"a":1}')
    expect(encode(runInNewContext('({ a: [1, { b: 2 }] })'), PLAIN)).toBe('{"a":[1,{"b":2}]}')
    const other = runInNewContext(
      '({ d: new Date(5), m: new Map([[1, new Set([/x/g])]]), e: new TypeError("t"), b: new Uint8Array([1]), o: Object(1n) })',
    ) as Record<string, unknown>
    const back = there(other) as Record<string, unknown>
    deepStrictEqual(back['d'], new Date(5))
    deepStrictEqual(back['m'], new Map([[1, new Set([/x/g])]]))
    expect(back['e']).toBeInstanceOf(TypeError)
    deepStrictEqual(back['b'], new Uint8Array([1]))
    deepStrictEqual(back['o'], Object(1n))
  })

  it('reads a getter once, and stores what it gave', () => {
    let reads = 0
    const value = {
      get next(): number {
        return ++reads
      },
      list: [
        {
          get deep(): unknown {
            return { from: 'a getter' }
          },
        },
      ],
    }
    expect(encode(value, PLAIN)).toBe('{"next":1,"list":[{"deep":{"from":"a getter"}}]}')
    expect(reads).toBe(1)
  })

  it('takes a proxy for what it shows', () => {
    expect(encode(new Proxy({ a: new Proxy([1], {}) }, {}), PLAIN)).toBe('{"a":[1]}')
  })

  it('asks no toJSON of the value, and is not fooled by those that libraries hang onto prototypes', () => {
    const hidden = Object.defineProperty({ a: 1 }, 'toJSON', { value: () => 'fooled', enumerable: false })
    deepStrictEqual(there(hidden), { a: 1 })
    deepStrictEqual(there({ toJSON: 'data' }), { toJSON: 'data' })
    for (const proto of [Object.prototype, Array.prototype]) {
      Object.defineProperty(proto, 'toJSON', { value: () => 'fooled', configurable: true })
      try {
        deepStrictEqual(there({ a: [1] }), { a: [1] })
      } finally {
        Reflect.deleteProperty(proto, 'toJSON')
      }
    }
    const polluted = Object.prototype as Record<string, unknown>
    polluted['inherited'] = { by: 'all' }
    polluted['method'] = () => 1
    try {
      expect(encode({ a: 1, b: {} }, PLAIN)).toBe('{"a":1,"b":{}}')
      expect(Object.isFrozen(polluted['inherited'])).toBe(false)
      decodeFrozen('{"a":{}}')
      expect(Object.isFrozen(polluted['inherited'])).toBe(false)
    } finally {
      delete polluted['inherited']
      delete polluted['method']
    }
  })

  it('does not change or freeze what it is given', () => {
    const value = { a: { b: [1, { c: 2 }] }, d: new Date(1) }
    const copy = structuredClone(value)
    encode(value, PLAIN)
    encode(value.a, PLAIN)
    deepStrictEqual(value, copy)
    expect(Object.isFrozen(value.a.b)).toBe(false)
  })
})

describe('all other values', () => {
  const buffer = Buffer.from('abc')
  it.each<[string, unknown]>([
    ['undefined within', { a: undefined, b: [undefined] }],
    ['negative zero', [-0, 0]],
    ['NaN and infinities', [NaN, Infinity, -Infinity]],
    ['top-level NaN', NaN],
    [
      'numbers of all sizes',
      [
        undefined,
        0,
        1,
        -1,
        127,
        128,
        -128,
        -129,
        2 ** 31,
        -(2 ** 31),
        2 ** 53 - 1,
        1 - 2 ** 53,
        2 ** 53,
        5e-324,
        0.1,
      ],
    ],
    ['bigints', [0n, 1n, -1n, 255n, 256n, -(2n ** 64n), 2n ** 1000n]],
    ['dates', [new Date(0), new Date(-1), new Date(8.64e15)]],
    ['regular expressions', [/a/, /[/\]\n]/giu, new RegExp('')]],
    [
      'maps',
      new Map<unknown, unknown>([
        [1, 'a'],
        ['1', 'b'],
        [{ k: 1 }, new Map()],
        [NaN, undefined],
      ]),
    ],
    ['sets', new Set([1, '1', null, new Set([[]])])],
    ['holes', [1, , 3, ,]], // oxlint-disable-line no-sparse-arrays
    ['nothing but holes', new Array(5)],
    ['an array with fields', Object.assign([1, 2], { total: 3 })],
    ['a match', 'xay'.match(/(a)/)],
    ['buffers', [new ArrayBuffer(0), new Uint8Array([1, 2]).buffer]],
    ['Buffer', { buffer, empty: Buffer.alloc(0) }],
    [
      'typed arrays',
      [
        new Int8Array([-1]),
        new Uint8Array([255]),
        new Uint8ClampedArray([9]),
        new Int16Array([-2]),
        new Uint16Array([3]),
        new Int32Array([-4]),
        new Uint32Array([5]),
        new Float32Array([1.5, NaN]),
        new Float64Array([0.1, -0]),
        new BigInt64Array([-6n]),
        new BigUint64Array([2n ** 64n - 1n]),
        new DataView(new ArrayBuffer(3)),
      ],
    ],
    ['boxed primitives', [Object('s'), Object(1), Object(-0), Object(NaN), Object(true), Object(5n)]],
    ['lone surrogates', new Set(['\ud800', 'a\udfffb'])],
    ['long texts', [undefined, 'x'.repeat(100_000), 'ä'.repeat(50_000), '😀'.repeat(1000)]],
    [
      'many names',
      Object.fromEntries(
        Array.from({ length: 500 }, (_, i) => [`name ${i}`, [{ id: 1n, [`name ${i}`]: 2 }]]),
      ),
    ],
  ])('come back as they were: %s', (_name, value) => {
    const encoded = encode(value, PLAIN)
    expect(encoded).toBeInstanceOf(Uint8Array)
    deepStrictEqual(decode(encoded), value)
    deepStrictEqual(decode(encode(value, { compression: true })), value)
    expect(encodedBytes(encoded)).toBe((encoded as Uint8Array).length)
  })

  it('an invalid date comes back as one', () => {
    const back = there(new Date(NaN))
    expect(back).toBeInstanceOf(Date)
    expect((back as Date).getTime()).toBe(NaN)
  })

  it('errors come back with class, name, message, stack, cause and fields', () => {
    const cause = new RangeError('inner')
    const error = Object.assign(new TypeError('outer', { cause }), { code: 'E_X', info: { a: 1 } })
    const back = there(error) as typeof error
    expect(back).toBeInstanceOf(TypeError)
    deepStrictEqual(back, error)
    expect(back.stack).toBe(error.stack)
    expect(back.cause).toBeInstanceOf(RangeError)
    deepStrictEqual(Object.keys(back), ['code', 'info'])
    for (const Type of [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]) {
      const one = there(new Type('m')) as Error
      expect([one.constructor, one.name, one.message]).toEqual([Type, Type.name, 'm'])
    }
    const aggregate = there(new AggregateError([cause, 1], 'many')) as AggregateError
    expect(aggregate).toBeInstanceOf(AggregateError)
    deepStrictEqual(aggregate.errors[0], cause)
    expect(Object.keys(aggregate)).toEqual([])
    const named = new Error('m')
    named.name = 'Custom'
    expect(String(there(named))).toBe('Custom: m')
    const cyclic = new Error('self')
    cyclic.cause = cyclic
    const backCyclic = there(cyclic) as Error
    expect(backCyclic.cause).toBe(backCyclic)
  })

  it('keeps cycles and what is shared', () => {
    const shared = { a: 1 }
    const value: Record<string, unknown> = {
      one: shared,
      two: [shared, new Map([[shared, new Set([shared])]])],
    }
    value['self'] = value
    const back = there(value) as typeof value
    expect(back['self']).toBe(back)
    const [again, map] = back['two'] as [object, Map<object, Set<object>>]
    expect(again).toBe(back['one'])
    expect([...map.keys()][0]).toBe(again)
    expect([...(map.get(again) ?? [])][0]).toBe(again)
  })

  it('gives views their own bytes, and not the buffer behind them', () => {
    const pool = new Uint8Array(1000).fill(7)
    const back = there([pool.subarray(3, 5), new Uint16Array(pool.buffer, 10, 2)]) as [
      Uint8Array,
      Uint16Array,
    ]
    expect(back.map((view) => [view.byteLength, view.byteOffset, view.buffer.byteLength])).toEqual([
      [2, 0, 2],
      [4, 0, 4],
    ])
    const bytes = encode(pool, PLAIN) as Uint8Array
    pool.fill(0)
    expect((decode(bytes) as Uint8Array)[0]).toBe(7)
  })

  it('sets nothing aside for the length of an array without items', () => {
    const sparse: unknown[] = []
    sparse[4_000_000_000] = 'far'
    const back = there(sparse) as unknown[]
    expect([back.length, Object.keys(back), back[4_000_000_000]]).toEqual([
      4_000_000_001,
      ['4000000000'],
      'far',
    ])
    const empty = there(new Array(2_000_000)) as unknown[]
    expect([empty.length, Object.keys(empty)]).toEqual([2_000_000, []])
  })

  it('ignores, as structuredClone does, what is not enumerable', () => {
    const hidden = Object.defineProperty({ a: 1n }, 'secret', { value: () => 1, enumerable: false })
    deepStrictEqual(there(hidden), { a: 1n })
    const args = (function (..._: unknown[]): unknown {
      return arguments
    })('x')
    deepStrictEqual(there(args), { 0: 'x' })
  })
})

describe('decodeFrozen', () => {
  const frozenDeep = (value: unknown): boolean =>
    typeof value !== 'object' ||
    value === null ||
    (Object.isFrozen(value) && Object.values(value).every(frozenDeep))

  it('freezes plain data, to be shared', () => {
    for (const value of [
      1,
      'a',
      null,
      {},
      [],
      { a: [{ b: [] }], c: { d: {} } },
      [undefined, { a: 1n, b: [-0] }],
    ])
      for (const compression of [false, true]) {
        const { value: back, shareable } = decodeFrozen(encode(value, { compression }))
        deepStrictEqual(back, value)
        expect([shareable, frozenDeep(back)]).toEqual([true, true])
      }
  })

  it.each([
    new Map(),
    new Set(),
    new Date(),
    /a/,
    new Error('e'),
    new ArrayBuffer(1),
    new Uint8Array(1),
    Buffer.alloc(1),
    Object(1),
    new DataView(new ArrayBuffer(1)),
  ])('does not share %o', (value) => {
    const encoded = encode({ deep: [value], plain: {} }, PLAIN)
    const first = decodeFrozen(encoded)
    const second = decodeFrozen(encoded)
    expect(first.shareable).toBe(false)
    expect(Object.isFrozen(first.value)).toBe(false)
    expect(first.value).not.toBe(second.value)
    deepStrictEqual(first.value, second.value)
  })

  it('decode gives everybody a value of his own', () => {
    const encoded = encode({ a: [1] }, PLAIN)
    const one = decode(encoded) as { a: number[] }
    one.a.push(2)
    expect(decode(encoded)).toEqual({ a: [1] })
  })
})

describe('compression', () => {
  const rows = Array.from({ length: 200 }, (_, i) => ({ id: i, name: 'the same text', at: 'and again' }))

  it('is for large texts and bytes that shrink', () => {
    for (const value of [rows, { rows, at: new Date(0) }, 'ä'.repeat(2048), new Uint8Array(5000)]) {
      const plain = encode(value, PLAIN)
      const packed = encode(value, { compression: true })
      expect(packed).toBeInstanceOf(Uint8Array)
      expect((packed as Uint8Array).length).toBeLessThan(encodedBytes(plain) * 0.75)
      expect(plainForm(packed)).toEqual(plainForm(plain))
      expect(recordSum('k', packed, 0)).toBe(recordSum('k', plain, 0))
      deepStrictEqual(decode(packed), value)
    }
    expect(decodeFrozen(encode(rows, { compression: true })).shareable).toBe(true)
  })

  it('is not for small ones, and not for those that do not', () => {
    expect(typeof encode('x'.repeat(4093), { compression: true })).toBe('string')
    expect(typeof encode('x'.repeat(4094), { compression: true })).toBe('object')
    expect((encode(new Uint8Array(randomBytes(10_000)), { compression: true }) as Uint8Array)[0]).toBe(1)
    const text = randomBytes(10_000).toString('base64')
    expect(encode(text, { compression: true })).toBe(JSON.stringify(text))
  })
})

describe('damage', () => {
  it.each([
    '',
    '{',
    'undefined',
    'NaN',
    new Uint8Array(0),
    new Uint8Array([0]),
    new Uint8Array([1]),
    new Uint8Array([99, 1]),
    new Uint8Array([2]),
    new Uint8Array([2, 0, 0, 0, 0]),
    new Uint8Array([3, 255, 255, 255, 255, 1]),
    Buffer.concat([Buffer.from([2, 3, 0, 0, 0]), brotliCompressSync('{"a":1}')]),
    Buffer.concat([Buffer.from([2, 8, 0, 0, 0]), brotliCompressSync('{"a":1}')]),
    Buffer.concat([Buffer.from([2, 4, 0, 0, 0]), brotliCompressSync('nope')]),
    Buffer.concat([Buffer.from([2, 4, 0, 0, 0]), brotliCompressSync(Buffer.alloc(2 ** 22, 49))]),
    Buffer.concat([Buffer.from([2, 255, 255, 255, 255]), brotliCompressSync('{"a":1}')]),
    Buffer.concat([Buffer.from([3, 2, 0, 0, 0]), brotliCompressSync(Buffer.from([2, 1]))]),
  ])('%o is found', (encoded) => {
    expect(() => decode(encoded)).toThrow(IntegrityError)
    expect(() => decodeFrozen(encoded)).toThrow(IntegrityError)
  })
})
