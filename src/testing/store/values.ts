import assert from 'node:assert/strict'
import type { Value } from '../../index.ts'
import type { Group } from '../harness.ts'

/** A name, and how to make the value: made anew each time, so that nothing is shared with what was stored. */
const kinds: readonly (readonly [string, () => Value])[] = [
  ['text', () => 'hello'],
  ['empty text', () => ''],
  ['text that looks like a number', () => '123'],
  ['text that looks like JSON', () => '{"a":[1,true,null]}'],
  ['text with NUL, quotes, line ends and emoji', () => 'a\u0000b"c\\d\r\n\u2028\u{1f600}\ufeff'],
  ['text with lone surrogates', () => 'a\ud83d b\ude00'],
  ['long text', () => 'lorem ipsum \u00e9 '.repeat(50_000)],
  ['true and false', () => [true, false]],
  ['null', () => null],
  ['integers up to the edges', () => [0, 1, -1, 2 ** 31, 2 ** 53 - 1, -(2 ** 53) + 1, 2 ** 60]],
  ['fractions and extremes', () => [0.1, -1.5e-7, Number.MAX_VALUE, Number.MIN_VALUE, Number.EPSILON]],
  ['NaN', () => NaN],
  ['Infinity and -Infinity', () => [Infinity, -Infinity]],
  ['minus zero', () => -0],
  ['minus zero deep inside', () => ({ a: [{ b: -0 }] })],
  ['NaN and Infinity deep inside', () => ({ a: [NaN, { b: Infinity }] })],
  ['a bigint', () => 12_345_678_901_234_567_890n],
  ['bigints inside', () => [{ a: -1n }, 0n, 2n ** 200n]],
  ['an object', () => ({ a: 1, b: { c: [1, 2, { d: null }] } })],
  ['an empty object', () => ({})],
  ['an empty list', () => []],
  ['nested lists', () => [[], [[]], [[[1]]]]],
  ['undefined inside an object', () => ({ a: undefined, b: 1 })],
  ['undefined inside a list', () => [undefined, 1, undefined]],
  ['an object that looks like a tag', () => ({ $type: 'Date', value: 1, __varve: 2, '': 3 })],
  ['keys that look like numbers', () => ({ 10: 'a', 9: 'b', b: 1, a: 2 })],
  ['a Date', () => new Date(1_234_567_890_123)],
  ['an old Date', () => new Date('-000001-01-01T00:00:00Z')],
  [
    'a Map',
    () =>
      new Map<unknown, unknown>([
        ['a', 1],
        [2, { b: new Date(5) }],
        [null, undefined],
      ]),
  ],
  ['a Set', () => new Set<unknown>(['a', 1, null, undefined, NaN])],
  ['an empty Map and an empty Set', () => [new Map(), new Set()]],
  ['a Map in a Map', () => new Map([['a', new Map([['b', new Set([1n])]])]])],
  ['a RegExp', () => /a[b-c]+\/"/giu],
  ['an ArrayBuffer', () => new Uint8Array([1, 2, 255]).buffer],
  ['bytes', () => new Uint8Array([0, 1, 127, 128, 255])],
  ['no bytes', () => new Uint8Array(0)],
  ['bytes that look like text', () => new TextEncoder().encode('"hello"')],
  ['many bytes', () => new Uint8Array(300_000).map((_, index) => (index * 7919) >> 3)],
  ['clamped bytes', () => new Uint8ClampedArray([1, 2, 255])],
  ['typed lists of 1 byte', () => [new Int8Array([-1, 127])]],
  ['typed lists of 2 bytes', () => [new Int16Array([-1, 2]), new Uint16Array([65_535])]],
  [
    'typed lists of 4 bytes',
    () => [new Int32Array([-1, 2]), new Uint32Array([2 ** 32 - 1]), new Float32Array([1.5, NaN])],
  ],
  [
    'typed lists of 8 bytes',
    () => [new Float64Array([0.1, -0]), new BigInt64Array([-1n]), new BigUint64Array([2n ** 63n])],
  ],
  ['a DataView', () => new DataView(new Uint8Array([1, 2, 3]).buffer)],
  [
    'a list of ten thousand objects',
    () => Array.from({ length: 10_000 }, (_, id) => ({ id, name: `name ${id % 7}` })),
  ],
]

export const valueCases: Group = {
  title: 'values',
  cases(test) {
    for (const [what, make] of kinds) {
      test(`${what}: read back with its type, now and from the past`, async ({ store }) => {
        const revision = await store.set('a', make())
        assert.deepEqual(await store.get('a'), make())
        assert.equal(await store.has('a'), true)
        assert.deepEqual(await store.getMany(['a']), new Map([['a', make()]]))
        assert.deepEqual((await store.load())['a'], make())
        await store.set('a', 'other')
        assert.deepEqual(await store.get('a', { at: revision }), make())
        await store.restore(revision)
        assert.deepEqual(await store.get('a'), make())
      })
    }

    test(
      'every kind of value is there when it is opened again',
      async ({ store, reopen }) => {
        for (const [what, make] of kinds) await store.set(what, make())
        const again = await reopen(store)
        for (const [what, make] of kinds) assert.deepEqual(await again.get(what), make(), what)
      },
      { needs: ['reopen'] },
    )

    test("the order of an object's keys is kept", async ({ store }) => {
      await store.set('a', { z: 1, a: { y: 1, b: 2 }, m: 1 })
      const read = (await store.get<{ a: object }>('a')) ?? { a: {} }
      assert.deepEqual(Object.keys(read), ['z', 'a', 'm'])
      assert.deepEqual(Object.keys(read.a), ['y', 'b'])
    })

    test('a key __proto__ inside a value is data', async ({ store }) => {
      const value: unknown = JSON.parse('{"__proto__":{"polluted":true},"constructor":1}')
      await store.set('a', value)
      const read = (await store.get<object>('a')) ?? {}
      assert.ok(Object.hasOwn(read, '__proto__'))
      assert.equal(JSON.stringify(read), '{"__proto__":{"polluted":true},"constructor":1}')
      assert.equal(({} as { polluted?: boolean }).polluted, undefined)
    })

    test('a value may contain itself', async ({ store }) => {
      const ring: { name: string; self?: unknown; list: unknown[] } = { name: 'ring', list: [] }
      ring.self = ring
      ring.list.push(ring.list)
      await store.set('a', ring)
      const read = await store.get<typeof ring>('a')
      assert.equal(read?.name, 'ring')
      assert.equal(read?.self, read)
      assert.equal(read?.list[0], read?.list)
    })

    test('one object in two places is equal in both', async ({ store }) => {
      const shared = { n: 1 }
      await store.set('a', { x: shared, y: shared, dates: [new Date(1)] })
      assert.deepEqual(await store.get('a'), { x: { n: 1 }, y: { n: 1 }, dates: [new Date(1)] })
    })

    test('an Error keeps its name and message', async ({ store }) => {
      await store.set('a', { error: new TypeError('what happened') })
      const { error } = (await store.get<{ error: Error }>('a')) ?? {}
      assert.ok(error instanceof Error)
      assert.equal(error.name, 'TypeError')
      assert.equal(error.message, 'what happened')
    })

    test('an invalid Date stays one', async ({ store }) => {
      await store.set('a', [new Date(NaN)])
      const [read] = (await store.get<Date[]>('a')) ?? []
      assert.ok(read instanceof Date && Number.isNaN(read.getTime()))
    })

    test('a Buffer is bytes', async ({ store }) => {
      await store.set('a', Buffer.from('abc'))
      const read = await store.get<Uint8Array>('a')
      assert.ok(read instanceof Uint8Array)
      assert.deepEqual([...read], [97, 98, 99])
    })

    test('of a window into bytes only the window is stored', async ({ store }) => {
      const whole = new Uint8Array(1000).fill(7)
      await store.set('a', whole.subarray(10, 13))
      const read = await store.get<Uint8Array>('a')
      assert.deepEqual([...(read ?? [])], [7, 7, 7])
    })

    test('a list with a hole reads back as long as it was', async ({ store }) => {
      const holed = new Array<number>(3)
      holed[1] = 1
      await store.set('a', holed)
      const read = (await store.get<unknown[]>('a')) ?? []
      assert.equal(read.length, 3)
      assert.deepEqual([read[0], read[1], read[2]], [undefined, 1, undefined])
    })

    test('an object without a prototype is data', async ({ store }) => {
      const bare = Object.assign(Object.create(null) as object, { a: 1 })
      await store.set('a', bare)
      assert.deepEqual({ ...(await store.get<object>('a')) }, { a: 1 })
    })

    test('500 levels deep', async ({ store }) => {
      let value: unknown = 'bottom'
      for (let level = 0; level < 500; level++) value = level % 2 ? [value] : { deeper: value }
      await store.set('a', value)
      assert.deepEqual(await store.get('a'), value)
    })
  },
}
