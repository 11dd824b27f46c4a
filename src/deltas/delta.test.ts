import { runInNewContext } from 'node:vm'
import { brotliCompressSync, constants, crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { InvalidOptionError, InvalidValueError, IntegrityError, VarveError } from '../errors.ts'
import type { Delta, DeltaStrategy, JsonPatchOperation } from '../types.ts'
import { DeltaChain } from './chain.ts'
import { delta } from './delta.ts'

const strategies: readonly DeltaStrategy[] = ['structural', 'binary', 'compress', 'none', 'auto']
const size = (before: unknown, after: unknown): number =>
  delta.diff(before, after, { strategy: 'structural' }).bytes

describe('values that trip others', () => {
  it.each(strategies)('%s: 100,000 levels, and cycles, which stay cycles', (strategy) => {
    const nest = (end: unknown): unknown => {
      let deep = end
      for (let i = 0; i < 50_000; i++) deep = { a: [deep] }
      return deep
    }
    const before = nest(1)
    const change = delta.diff(before, nest(2), { strategy })
    let result = delta.patch<{ a: unknown[] }>(before, change)
    for (let i = 0; i < 49_999; i++) result = result.a[0] as typeof result
    expect(result).toEqual({ a: [2] })
    expect(delta.patch(before, delta.diff(before, 'flat', { strategy }))).toBe('flat')
    expect(() => delta.patch(nest(3), change)).toThrow(IntegrityError)

    const ring = (name: string): { name: string; self?: unknown; list: unknown[] } => {
      const one: { name: string; self?: unknown; list: unknown[] } = { name, list: [/e/] }
      one.self = one
      one.list.push(one)
      return one
    }
    const turned = delta.patch<ReturnType<typeof ring>>(
      ring('old'),
      delta.diff(ring('old'), ring('new'), { strategy }),
    )
    expect(turned.name).toBe('new')
    expect([turned.self, turned.list[1]]).toEqual([turned, turned])
    expect(turned.self).toBe(turned)
    const opened = delta.diff({ a: 1 }, ring('x'), { strategy })
    expect(delta.patch<{ self: { self: { name: string } } }>({ a: 1 }, opened).self.self.name).toBe('x')
    const back = delta.invert({ a: 1 }, opened)
    expect(delta.patch(ring('x'), back)).toEqual({ a: 1 })
    expect(delta.patch({ a: 1 }, delta.compose(opened, back))).toEqual({ a: 1 })
  })

  it('keys named as prototypes and their members are keys', () => {
    const before = JSON.parse(
      '{"__proto__":{"a":1},"constructor":{"prototype":{"x":1}},"toString":1}',
    ) as object
    const after = JSON.parse(
      '{"constructor":{"prototype":{"x":2}},"__proto__":{"a":2,"__proto__":{"b":1}},"hasOwnProperty":2}',
    ) as object
    for (const strategy of strategies) {
      const change = delta.diff(before, after, { strategy })
      const result = delta.patch<object>(before, change)
      expect(JSON.stringify(result)).toBe(JSON.stringify(after))
      expect(Object.getPrototypeOf(result)).toBe(Object.prototype)
      expect(JSON.stringify(delta.patch(after, delta.invert(before, change)))).toBe(JSON.stringify(before))
    }
    const operations = JSON.parse(
      '[{"op":"add","path":"/__proto__/polluted","value":1}]',
    ) as JsonPatchOperation[]
    expect(() => delta.fromJsonPatch({}, operations)).toThrow(InvalidOptionError)
    delta.patch(before, delta.fromJsonPatch(before, operations))
    expect(Reflect.get({}, 'polluted')).toBe(undefined)
    expect(Reflect.get({}, 'a')).toBe(undefined)
  })

  it('takes data of other realms, and objects without a prototype', () => {
    const other: unknown = runInNewContext('({ a: [1, new Map([[1, new Set([2])]]), new Date(5)] })')
    const own = { a: [1, new Map([[1, new Set([2])]]), new Date(5)] }
    expect(delta.diff(other, own).empty).toBe(true)
    const bare = Object.assign(Object.create(null) as object, { a: 1 })
    expect(delta.patch(bare, delta.diff(bare, { a: 2 }))).toEqual({ a: 2 })
  })

  it('is not misled by fields that somebody hung onto Object.prototype', () => {
    const [before, after] = [{ a: 1 }, { a: 2 }]
    let keys: string[] = []
    let isEmpty = false
    Reflect.defineProperty(Object.prototype, 'hung', { value: 1, enumerable: true, configurable: true })
    try {
      keys = Object.keys(delta.patch<object>(before, delta.diff(before, after)))
      isEmpty = delta.diff(before, { a: 1 }).empty
    } finally {
      Reflect.deleteProperty(Object.prototype, 'hung')
    }
    expect([keys, isEmpty]).toEqual([['a'], true])
  })

  it('keeps holes apart from undefined, also where a field makes up for their number', () => {
    for (const length of [1, 40]) {
      const full = Array.from({ length }, () => undefined)
      const holes = Object.assign(full.slice(), { extra: 5 })
      Reflect.deleteProperty(holes, length - 1)
      const change = delta.diff(full, holes)
      expect(change.empty).toBe(false)
      const result = delta.patch<unknown[]>(full, change)
      expect(Object.keys(result)).toEqual(Object.keys(holes))
    }
  })

  it('shares what did not change, and nothing else', () => {
    const before = { kept: { deep: [1] }, list: [{ a: 1 }, { b: 1 }], map: new Map([['k', [1]]]) }
    const after = {
      kept: { deep: [1] },
      list: [{ a: 1 }, { b: 2 }, { a: 1 }],
      map: new Map([
        ['k', [1]],
        ['l', [2]],
      ]),
    }
    const result = delta.patch<typeof after>(before, delta.diff(before, after, { strategy: 'structural' }))
    expect(result).toEqual(after)
    expect(result.kept).toBe(before.kept)
    expect(result.list[0]).toBe(before.list[0])
    expect(result.map.get('k')).toBe(before.map.get('k'))
    expect(result.list[2]).not.toBe(result.list[0])
    expect(result.map).not.toBe(before.map)
  })
})

describe('lists', () => {
  const rows = Array.from({ length: 500 }, (_, i) => ({
    id: i,
    name: `row ${i}`,
    text: 'some text that is there',
  }))

  it.each<readonly [string, unknown[]]>([
    ['inserted', [...rows.slice(0, 200), { id: -1, name: 'new' }, ...rows.slice(200)]],
    ['removed', [...rows.slice(0, 100), ...rows.slice(101)]],
    ['moved', [...rows.slice(1, 400), rows[0], ...rows.slice(400)]],
    ['turned round in part', [...rows.slice(250), ...rows.slice(0, 250)]],
    ['edited', rows.map((row) => (row.id % 100 === 50 ? { ...row, name: 'x' } : row))],
    ['edited and shifted', rows.slice(3).map((row) => (row.id === 300 ? { ...row, name: 'x' } : row))],
  ])('an item %s costs little', (_, after) => {
    const change = delta.diff(rows, structuredClone(after), { strategy: 'structural' })
    expect(delta.patch(rows, change)).toEqual(after)
    expect(change.bytes).toBeLessThan(120)
  })

  it('are compared in linear time, whatever is in them', () => {
    const shuffle = (count: number, step: number): number[] =>
      Array.from({ length: count }, (_, i) => (i * step) % count)
    const start = process.cpuUsage()
    for (const [before, after] of [
      [shuffle(64_000, 7919), shuffle(64_000, 104_729)],
      [new Array<number>(64_000).fill(1), new Array<number>(63_000).fill(1)],
      [shuffle(64_000, 1).map((i) => i % 3), shuffle(64_000, 1).map((i) => (i * i) % 3)],
      [shuffle(30_000, 7).map((id) => ({ id })), shuffle(30_000, 11).map((id) => ({ id, more: 1 }))],
    ] as const)
      expect(delta.patch(before, delta.diff(before, after, { strategy: 'structural' }))).toEqual(after)
    expect(process.cpuUsage(start).user).toBeLessThan(10_000_000)
  })

  it('nested in lists and changed at every level do not multiply the work', () => {
    const nest = (depth: number, leaf: number): unknown =>
      depth === 0 ? leaf : [nest(depth - 1, leaf), depth, nest(depth - 1, leaf + depth)]
    let before: unknown = 1
    let after: unknown = 2
    for (let i = 0; i < 300; i++) {
      before = [before, { id: i, a: 1 }]
      after = [{ id: i, a: 2 }, after]
    }
    expect(delta.patch(before, delta.diff(before, after))).toEqual(after)
    expect(delta.patch(nest(12, 1), delta.diff(nest(12, 1), nest(12, 2)))).toEqual(nest(12, 2))
  })
})

describe('texts and bytes', () => {
  const text = Array.from({ length: 2_000 }, (_, i) => `word${(i * 7919) % 500} größer `).join('')
  it('are edited where that pays', () => {
    expect(size({ text }, { text: `${text.slice(0, 9_000)}more${text.slice(9_100)}` })).toBeLessThan(60)
    const bytes = Float64Array.from({ length: 3_000 }, (_, i) => i / 3)
    const after = bytes.slice()
    after[1_500] = 0
    expect(size([bytes], [after])).toBeLessThan(100)
    expect(size(['\ud800' + text], ['\ud800' + text.slice(1)])).toBeGreaterThan(500)
  })
})

describe('formats of others', () => {
  it('RFC 6902 says moves, escapes names, and leaves out the order of keys', () => {
    const before = { 'a/b': 1, '~': [1, 2, 3], x: 1 }
    const after = { x: 1, '~': [3, 1, 2, 4] }
    const change = delta.diff(before, after)
    expect(delta.toJsonPatch(before, change)).toEqual([
      { op: 'remove', path: '/a~1b' },
      { op: 'move', from: '/~0/2', path: '/~0/0' },
      { op: 'add', path: '/~0/3', value: 4 },
    ])
    expect(delta.toJsonPatch({ a: 1, b: 1 }, delta.diff({ a: 1, b: 1 }, { b: 1, a: 1 }))).toEqual([])
    expect(delta.toJsonPatch(1, delta.diff(1, 2))).toEqual([{ op: 'replace', path: '', value: 2 }])
  })

  it.each([
    [{ a: { b: undefined } }, '$.a.b'],
    [{ a: [NaN] }, '$.a[0]'],
    [{ a: -0 }, '$.a'],
    [{ a: 1n }, '$.a'],
    [{ a: [{ d: new Date(1) }] }, '$.a[0].d'],
    [{ a: new Map() }, '$.a'],
  ])('neither format says %o', (after, path) => {
    const change = delta.diff({}, after)
    expect(() => delta.toJsonPatch({}, change)).toThrow(expect.objectContaining({ path }) as Error)
    expect(() => delta.toMergePatch({}, change)).toThrow(InvalidValueError)
  })

  it('RFC 7386 says objects, and refuses null', () => {
    const before = { a: 1, b: { c: 1, d: [1, { e: 1 }] }, g: 1 }
    const after = { a: 2, b: { d: [1, null] }, f: { h: 1 } }
    expect(delta.toMergePatch(before, delta.diff(before, after))).toEqual({
      a: 2,
      b: { c: null, d: [1, null] },
      f: { h: 1 },
      g: null,
    })
    expect(delta.toMergePatch(before, delta.diff(before, before))).toEqual({})
    expect(delta.toMergePatch(before, delta.diff(before, [1, null]))).toEqual([1, null])
    expect(delta.toMergePatch([1], delta.diff([1], { a: {} }))).toEqual({ a: {} })
    expect(() => delta.toMergePatch(before, delta.diff(before, { ...before, b: { c: null } }))).toThrow(
      expect.objectContaining({ path: '$.b.c' }) as Error,
    )
  })

  it('a merge patch cares about what changes only, and says where it cannot', () => {
    const at = new Date(0)
    const patch = (before: object, after: object): unknown =>
      delta.toMergePatch(before, delta.diff(before, after))
    expect(patch({ at, x: 1 }, { at, x: 2 })).toEqual({ x: 2 })
    const pathOf = (after: object): string => {
      try {
        patch({ a: 1, deep: { b: 1 } }, after)
      } catch (error) {
        return (error as InvalidValueError).path
      }
      throw new Error('not refused')
    }
    expect(pathOf({ a: NaN, deep: { b: 1 } })).toBe('$.a')
    expect(pathOf({ a: 1, deep: { b: undefined } })).toBe('$.deep.b')
    expect(pathOf({ a: 1, deep: { b: [1, { c: at }] } })).toBe('$.deep.b[1].c')
  })

  it('operations are done one after another, or refused by their number', () => {
    const before = { a: [1, 2], b: { c: 1 } }
    const operations: JsonPatchOperation[] = [
      { op: 'test', path: '/b', value: { c: 1 } },
      { op: 'add', path: '/a/-', value: 3 },
      { op: 'copy', from: '/b', path: '/d' },
      { op: 'replace', path: '/d/c', value: 2 },
      { op: 'move', from: '/a/0', path: '/e' },
      { op: 'remove', path: '/b' },
    ]
    const change = delta.fromJsonPatch(before, operations)
    expect(delta.patch(before, change)).toEqual({ a: [2, 3], d: { c: 2 }, e: 1 })
    expect(before).toEqual({ a: [1, 2], b: { c: 1 } })
    const bad: JsonPatchOperation[] = [
      { op: 'remove', path: '/x' },
      { op: 'add', path: '/a/3', value: 1 },
      { op: 'add', path: '/a/01', value: 1 },
      { op: 'add', path: 'a', value: 1 },
      { op: 'add', path: '/b/~2', value: 1 },
      { op: 'add', path: '/z' },
      { op: 'move', from: '/b', path: '/b/c' },
      { op: 'replace', path: '/a/-', value: 1 },
      { op: 'remove', path: '' },
      { op: 'turn' as 'add', path: '/a' },
      { op: 'add', path: '/a/0/x', value: 1 },
      { op: 'copy', path: '/q' },
    ]
    for (const one of bad)
      expect(() => delta.fromJsonPatch(before, [{ op: 'remove', path: '/b/c' }, one])).toThrow(/Operation 1/)
    expect(() => delta.fromJsonPatch(before, [{ op: 'test', path: '/a', value: [2, 1] }])).toThrow(
      IntegrityError,
    )
    expect(() => delta.fromJsonPatch(before, {} as JsonPatchOperation[])).toThrow(InvalidOptionError)
    expect(() => delta.fromJsonPatch(before, [null as unknown as JsonPatchOperation])).toThrow(
      InvalidOptionError,
    )
  })
})

describe('hostile bytes', () => {
  it('are refused by every function, however few deltas it is given', () => {
    const change = delta.diff({ a: 1 }, { a: 2 })
    const forged = structuredClone(change)
    forged.data[10] = (forged.data[10] as number) ^ 1
    for (const one of [forged, null, 'x'] as unknown as Delta[])
      for (const call of [delta.compose, delta.encode, delta.paths])
        expect(() => (call as (one: Delta) => unknown)(one)).toThrow(VarveError)
    expect(delta.compose(change)).toEqual(change)
  })

  const sealed = (...parts: Uint8Array[]): Uint8Array => {
    const body = Buffer.concat(parts)
    const sum = Buffer.alloc(4)
    sum.writeUInt32LE(crc32(body))
    return Buffer.concat([body, sum])
  }
  const head = (kind: number): Buffer => Buffer.from([0xd1, kind, ...new Array<number>(12).fill(0), 1])

  it('are refused: bombs, forged lengths, unknown kinds, codecs and versions', { timeout: 120_000 }, () => {
    const bomb = brotliCompressSync(Buffer.alloc(2 ** 28), {
      params: { [constants.BROTLI_PARAM_QUALITY]: 1 },
    })
    expect(() => delta.decode(sealed(head(2 + 16), Buffer.from([100]), bomb))).toThrow(IntegrityError)
    expect(() =>
      delta.decode(sealed(head(2 + 16), Buffer.from([255, 255, 255, 255, 255, 15]), bomb)),
    ).toThrow(IntegrityError)
    expect(() => delta.decode(sealed(head(2 + 16), Buffer.from([5]), Buffer.from('no brotli')))).toThrow(
      IntegrityError,
    )
    expect(() => delta.decode(sealed(head(9)))).toThrow(/kind 9/)
    expect(() => delta.decode(sealed(head(2 + 32)))).toThrow(/codec 2/)
    expect(() => delta.decode(sealed(Buffer.from([0xd2, 2, 0, 0, 0, 0, 0])))).toThrow(/format 2/)
    expect(() => delta.decode(Buffer.from('anything else'))).toThrow(/no delta/)
    // A list that claims 2^40 items, and runs of them.
    const list = delta.decode(sealed(head(2), Buffer.from([9, 3, 128, 128, 128, 128, 128, 32, 1, 4])))
    expect(() => delta.patch([], list)).toThrow(IntegrityError)
  })
})

describe('DeltaChain', () => {
  it('reads far states in few hops, and takes little', () => {
    const state = (i: number): object => ({
      ...Object.fromEntries(Array.from({ length: 60 }, (_, k) => [`key ${k}`, { text: 'the same', n: k }])),
      i,
      at: [i, i * 2],
    })
    const chain = new DeltaChain(state(0), { maxLength: 4 })
    for (let i = 1; i < 600; i++) chain.push(state(i))
    for (const i of [0, 1, 3, 4, 5, 63, 64, 65, 255, 256, 257, 598, 599])
      expect(chain.at(i)).toEqual(state(i))
    expect(chain.stats().ratio).toBeLessThan(0.05)
    const read = DeltaChain.from(JSON.parse(JSON.stringify(chain)))
    expect(read.stats()).toEqual(chain.stats())
    for (const i of [0, 333, 599]) expect(read.at(i)).toEqual(state(i))
    read.push({ other: 1 })
    expect([read.at(600), read.at(599)]).toEqual([{ other: 1 }, state(599)])
  })

  it('keeps what it gave out and what it was given apart from what it goes on with', () => {
    const twice = { n: 0 }
    const state = { wide: { a: 1, b: { c: 1 } }, one: twice, other: twice, map: new Map([['k', { v: 1 }]]) }
    const chain = new DeltaChain(state, { maxLength: 3 })
    const states: unknown[] = [structuredClone(state)]
    for (let i = 1; i < 12; i++) {
      const next = structuredClone(state)
      next.wide.b.c = i
      next.one = { n: i }
      next.map.set('k', { v: i })
      chain.push(next)
      states.push(structuredClone(next))
      next.wide.a = -1
      const got = chain.current as typeof next
      got.wide.b.c = -1
      got.map.clear()
      Object.assign(chain.at(i - 1) as typeof next, { wide: 0 })
    }
    states.forEach((one, i) => expect(chain.at(i)).toEqual(one))
    const copy = DeltaChain.from(JSON.parse(JSON.stringify(chain)))
    states.forEach((one, i) => expect(copy.at(i)).toEqual(one))
  })

  it('takes values of every kind, and states that have nothing in common', () => {
    const states: unknown[] = [
      1,
      null,
      new Map([[1, new Date(5)]]),
      [undefined, -0, NaN],
      { a: 1n },
      'text',
      new Uint8Array([1, 2]),
    ]
    const chain = new DeltaChain(undefined, { maxLength: 2 })
    for (const state of states) chain.push(state)
    states.forEach((state, i) => expect(chain.at(i)).toStrictEqual(state))
    expect(() => chain.push(1, new Date(NaN))).toThrow(InvalidOptionError)
    expect(() => chain.push(() => 1)).toThrow(InvalidValueError)
    expect(chain.length).toBe(states.length)
  })
})
