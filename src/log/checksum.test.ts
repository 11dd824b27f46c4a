import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CommitRecord } from '../change.ts'
import { InvalidValueError } from '../errors.ts'
import { addSums, checksum, commitHash, GONE, recordSum, seal, unseal } from './checksum.ts'
import { decode, encode } from './codec.ts'

describe('the sum of a record', () => {
  it('is 48 bits of SHA-256, the same for ever', () => {
    expect(recordSum('user:1', '{"a":1}', 0)).toBe(70129128069305)
    expect(recordSum('user:1', Buffer.from('{"a":1}'), 0)).toBe(146506258449754)
    expect(recordSum('ä\0', new Uint8Array([1, 2, 3]), 1234567890123)).toBe(194486557188461)
  })

  it('differs for each thing that differs', () => {
    const records: [string, string | Uint8Array, number][] = []
    for (const key of ['', 'a', 'ab', 'ä', 'a\0', '1:a', '10,a'])
      for (const value of [
        '',
        '1',
        'b',
        '0,1',
        ',',
        Buffer.from(''),
        Buffer.from('1'),
        Buffer.from('b'),
        new Uint8Array([255]),
      ])
        for (const expires of [0, 1, 10, 1e12]) records.push([key, value, expires])
    const sums = records.map((record) => recordSum(...record))
    expect(new Set(sums).size).toBe(records.length)
    for (const sum of sums) expect(Number.isSafeInteger(sum) && sum >= 0 && sum < 2 ** 48).toBe(true)
  })

  it('is of the bytes, whatever array holds them, and of any length', () => {
    const bytes = randomBytes(200_000)
    const copy = new Uint8Array([0, ...bytes, 0]).subarray(1, -1)
    expect(recordSum('k', copy, 0)).toBe(recordSum('k', bytes, 0))
    expect(recordSum('k', 'x'.repeat(6_000_000), 0)).not.toBe(recordSum('k', 'x'.repeat(6_000_001), 0))
  })

  it('is sealed and unsealed', () => {
    const sum = fc.maxSafeNat().map((value) => value % 2 ** 48)
    const change = fc.oneof(fc.nat(), fc.maxSafeNat())
    fc.assert(
      fc.property(sum, change, (plain, number) => {
        const sealed = seal(plain, number)
        expect(BigInt(sealed)).toBe((BigInt(plain) + BigInt(number)) % 2n ** 48n)
        expect(unseal(sealed, number)).toBe(plain)
      }),
    )
    expect(seal(GONE, 5)).toBe(5)
    expect(seal(2 ** 48 - 1, 1)).toBe(0)
    expect(unseal(0, 1)).toBe(2 ** 48 - 1)
  })

  it('adds up, in any order, and what goes leaves no trace', () => {
    const sums = fc.array(fc.maxSafeNat().map((value) => value % 2 ** 48))
    fc.assert(
      fc.property(sums, sums, (stay, go) => {
        const total = [...stay, ...go].reduce(addSums, 0)
        const left = go.reduce((rest, sum) => addSums(rest, -sum), total)
        expect(left).toBe(stay.toReversed().reduce(addSums, 0))
        expect(BigInt(left)).toBe(stay.reduce((rest, sum) => rest + BigInt(sum), 0n) % 2n ** 48n)
        expect(Object.is(left, -0)).toBe(false)
      }),
    )
  })
})

describe('the hash of a commit', () => {
  const record: CommitRecord = {
    revision: 1,
    last: 2,
    at: 3,
    actor: 'ann',
    why: '',
    origin: 0,
    keys: 4,
    bytes: 5,
    sums: 6,
    hash: 'not part of it',
  }

  it('is SHA-256, the same for ever', () => {
    expect(commitHash('', record)).toBe('0a76cf8f772d5182374261579f7157e065b549bd640b4da655a2e4440ca59075')
  })

  it('differs for each field, and for the revision before', () => {
    const hashes = [
      commitHash('', record),
      commitHash('x', record),
      commitHash('', { ...record, why: 'restore' }),
    ]
    for (const field of ['revision', 'last', 'at', 'origin', 'keys', 'bytes', 'sums'] as const)
      hashes.push(commitHash('', { ...record, [field]: 99 }))
    hashes.push(commitHash('', { ...record, actor: 'ann","' }), commitHash('', { ...record, actor: '' }))
    expect(new Set(hashes).size).toBe(hashes.length)
    const other: CommitRecord = { ...record, hash: 'other' }
    expect(commitHash('', other)).toBe(commitHash('', record))
  })
})

describe('checksum', () => {
  const cycle = (name: string): unknown => {
    const one: Record<string, unknown> = { name, list: [] }
    one['self'] = one
    ;(one['list'] as unknown[]).push(one, { back: one })
    return one
  }

  it('is 64 hex digits, the same in every process and for ever', () => {
    expect(checksum({ b: [1, 'two', null], a: new Map([[1n, new Date(0)]]) })).toBe(
      'da99f213fad87599c6f0b5a0204708501177f23e269d6a25f44d65d580bdc9f0',
    )
    expect(checksum(cycle('ann'))).toBe('7d55864a74f66f840bf935a883a5c828a454cc604dabfa7dd5ccf159b73c00ab')
  })

  it('takes keys, entries and members in any order', () => {
    const shuffled = <T>(items: readonly T[], seed: number): T[] =>
      items
        .map((item, i) => ({ item, at: Math.imul(i + seed, 2654435761) >>> 0 }))
        .sort((a, b) => a.at - b.at)
        .map(({ item }) => item)
    const leaf = fc.oneof(fc.integer(), fc.string(), fc.constantFrom(null, undefined, -0, 1n))
    const entries = fc.uniqueArray(
      fc.tuple(fc.oneof(fc.string(), fc.integer()), fc.oneof(leaf, fc.array(leaf))),
      {
        selector: ([key]) => String(key),
        maxLength: 8,
      },
    )
    const define = (all: readonly (readonly [unknown, unknown])[]): object => {
      const object = {}
      for (const [key, value] of all)
        Object.defineProperty(object, String(key), { value, enumerable: true, configurable: true })
      return object
    }
    fc.assert(
      fc.property(entries, fc.nat(1000), (all, seed) => {
        const other = shuffled(all, seed)
        expect(checksum(define(all))).toBe(checksum(define(other)))
        expect(checksum(new Map(all))).toBe(checksum(new Map(other)))
        expect(checksum(new Set(all))).toBe(checksum(new Set(other)))
        // Within a cycle, too.
        const tie = (list: typeof all): unknown => {
          const root: Record<string, unknown> = {
            map: new Map<unknown, unknown>(list),
            set: new Set<unknown>(),
          }
          for (const entry of list) (root['set'] as Set<unknown>).add({ entry, root })
          ;(root['map'] as Map<unknown, unknown>).set(root, list.map(([key]) => String(key)).sort())
          return root
        }
        expect(checksum(tie(all))).toBe(checksum(tie(other)))
      }),
    )
    expect(checksum([1, 2])).not.toBe(checksum([2, 1]))
  })

  it('differs for data of different type or place', () => {
    const text = '{"a":1}'
    const values: unknown[] = [
      null,
      false,
      true,
      0,
      -0,
      1,
      1.5,
      NaN,
      Infinity,
      -Infinity,
      0n,
      1n,
      '',
      '1',
      '-0',
      'null',
      'undefined',
      'NaN',
      '1n',
      text,
      Buffer.from(text),
      new Uint8Array(Buffer.from(text)),
      JSON.parse(text),
      new Map([['a', 1]]),
      new Set(['a', 1]),
      [],
      {},
      [[]],
      [{}],
      [null],
      [undefined],
      new Array(1),
      new Array(2),
      [undefined, undefined],
      { a: undefined },
      { a: null },
      { a: { b: 1 } },
      { a: [], b: 1 },
      { 'a:1': 1 },
      ['a', 'b'],
      ['a,b'],
      ['a","b'],
      new Set(['a', 'b']),
      new Set([['a', 'b']]),
      new Map(),
      new Set(),
      new Map([[1, 2]]),
      new Map([['1', 2]]),
      new Set([1]),
      new Set(['1']),
      new Set([[1]]),
      new Date(0),
      new Date(1),
      new Date(NaN),
      0.1,
      new Date(0).toISOString(),
      /a/,
      /a/g,
      '/a/',
      new Error('m'),
      new TypeError('m'),
      new Error('n'),
      new Error('m', { cause: 1 }),
      { message: 'm' },
      Object.assign(new Error('m'), { code: 1 }),
      Object(1),
      Object('1'),
      Object(true),
      Object(1n),
      Object(-0),
      Object(0),
      new ArrayBuffer(1),
      new ArrayBuffer(2),
      new Uint8Array(1),
      new Uint8Array(2),
      new Int8Array(1),
      new Uint16Array(1),
      new DataView(new ArrayBuffer(1)),
      '\ud800',
      '\ud801',
      '\ufffd',
      '�?',
      'é',
      'e\u0301',
      JSON.parse('{"__proto__":1}'),
      JSON.parse('{"__proto__":{}}'),
      { constructor: 1 },
      Object.assign([1], { a: 1 }),
      cycle('ann'),
      cycle('bob'),
      'x'.repeat(100),
      'x'.repeat(101),
      `#${'0'.repeat(64)}`,
      '@0',
    ]
    expect(new Set(values.map(checksum)).size).toBe(values.length)
    expect(new Set(values.map((value) => checksum([value]))).size).toBe(values.length)
  })

  it('is that of the data after a round trip, and of a copy', () => {
    fc.assert(
      fc.property(
        fc.anything({
          withBigInt: true,
          withBoxedValues: true,
          withDate: true,
          withMap: true,
          withNullPrototype: true,
          withObjectString: true,
          withSet: true,
          withSparseArray: true,
          withTypedArray: true,
        }),
        (value) => {
          fc.pre(value !== undefined)
          expect(checksum(decode(encode(value, { compression: false })))).toBe(checksum(value))
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('takes what is there twice for two equal things', () => {
    const one = { a: [1, { b: 2 }] }
    expect(checksum([one, one])).toBe(checksum([one, structuredClone(one)]))
    let doubling: unknown = one
    for (let i = 0; i < 60; i++) doubling = [doubling, doubling]
    expect(checksum(doubling)).toMatch(/^[0-9a-f]{64}$/)
  })

  it('sees the shape of cycles', () => {
    const ring = (names: string[]): unknown => {
      const nodes = names.map((name): Record<string, unknown> => ({ name }))
      for (const [i, node] of nodes.entries()) node['next'] = nodes[(i + 1) % nodes.length]
      return nodes[0]
    }
    expect(checksum(ring(['a', 'b', 'c']))).toBe(checksum(ring(['a', 'b', 'c'])))
    const others = [
      ['a'],
      ['a', 'b'],
      ['a', 'c', 'b'],
      ['b', 'c', 'a'],
      ['a', 'a'],
      ['a', 'b', 'c', 'a'],
    ].map(ring)
    expect(new Set([...others, ring(['a', 'b', 'c'])].map(checksum)).size).toBe(others.length + 1)

    // A graph whose neighbours are in Sets, made in two orders.
    const graph = (order: readonly (readonly [number, number])[]): unknown => {
      const nodes = Array.from({ length: 6 }, (_, id) => ({ id, near: new Set<unknown>() }))
      for (const [a, b] of order) {
        nodes[a]?.near.add(nodes[b])
        nodes[b]?.near.add(nodes[a])
      }
      return nodes
    }
    const edges = [
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 4],
      [4, 5],
      [5, 0],
      [0, 3],
      [1, 4],
    ] as const
    expect(checksum(graph(edges))).toBe(checksum(graph(edges.toReversed())))
    expect(checksum(graph(edges))).not.toBe(checksum(graph(edges.slice(1))))
  })

  it('is quick for large and for deep values', () => {
    let deep: unknown = {}
    for (let i = 0; i < 50_000; i++) deep = { deep }
    const doubly = Array.from({ length: 5000 }, (_, id): Record<string, unknown> => ({ id }))
    for (const [i, node] of doubly.entries()) {
      node['next'] = doubly[i + 1]
      node['previous'] = doubly[i - 1]
    }
    const start = performance.now()
    expect(checksum(deep)).not.toBe(checksum({ deep }))
    expect(checksum(doubly)).toMatch(/^[0-9a-f]{64}$/)
    expect(performance.now() - start).toBeLessThan(10_000)
  })

  it('does not count the stack of an error', () => {
    const here = new Error('m')
    const there = (() => new Error('m'))()
    expect(checksum(here)).toBe(checksum(there))
  })

  it('refuses what a store refuses', () => {
    for (const value of [undefined, () => 1, Symbol('s'), { a: new (class A {})() }, new WeakMap()])
      expect(() => checksum(value)).toThrow(InvalidValueError)
    expect(() => checksum({ user: { save() {} } })).toThrow(/\$\.user\.save/)
  })
})
