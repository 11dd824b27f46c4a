import { describe, expect, it } from 'vitest'
import { checksum, InvalidKeyError, InvalidValueError, VarveError } from '../../src/index.ts'
import { start } from '../support/processes.ts'
import { collect, failure, kinds, lives, opened, reopened, sqlite } from '../support/stores.ts'
import type { Kind } from '../support/stores.ts'

/** Either refused with nothing changed, or the very same after a reopen. */
async function keptOrRefused(kind: Kind, value: unknown): Promise<'kept' | 'refused'> {
  const store = await opened(kind.url())
  await store.set('k', 'before')
  try {
    await store.set('k', value)
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidValueError)
    expect(await store.get('k')).toBe('before')
    return 'refused'
  }
  for await (const view of lives(kind, store)) {
    expect(await view.get('k')).toStrictEqual(value)
    expect(view.getSync('k')).toStrictEqual(value)
  }
  return 'kept'
}

describe.each(kinds)('keys and values on $name', (kind) => {
  it('[49] keys that are not text are refused, not converted', async () => {
    const store = await opened(kind.url())
    await store.set('1', 'text')
    for (const key of [1, null, undefined, true, ['1'], { toString: () => '1' }, Symbol('1')]) {
      await expect(store.set(key as string, 'other')).rejects.toThrow(InvalidKeyError)
      await expect(store.get(key as string)).rejects.toThrow(InvalidKeyError)
      await expect(store.delete(key as string)).rejects.toThrow(InvalidKeyError)
      expect(await failure(() => store.getSync(key as string))).toBeInstanceOf(InvalidKeyError)
    }
    expect(await store.load()).toEqual({ '1': 'text' })
  })

  it('[50] odd keys are stored apart and come back byte for byte; too long or empty ones are refused', async () => {
    const store = await opened(kind.url())
    const odd = [
      '__proto__',
      'constructor',
      'prototype',
      'toString',
      'a\0b',
      'a',
      'a\n',
      'a\r\n',
      '/',
      '..',
      '../../x',
      '\u{1f600}',
      '\u{1f468}\u{200d}\u{1f469}',
      'e\u0301',
      '\u00e9',
      ' ',
      ' a',
      "'; drop table state; --",
      '%',
      '_',
      '\uffff',
      'x'.repeat(1_024),
      '\u00fc'.repeat(512),
    ]
    for (const [i, key] of odd.entries()) await store.set(key, i)
    for await (const view of lives(kind, store)) {
      for (const [i, key] of odd.entries()) {
        expect(await view.get(key), JSON.stringify(key)).toBe(i)
        expect(view.getSync(key)).toBe(i)
      }
      const keys = await collect(view.keys())
      expect(keys.toSorted()).toEqual(odd.toSorted())
      const state = await view.load()
      expect(Object.keys(state).toSorted()).toEqual(odd.toSorted())
      expect(Object.getOwnPropertyDescriptor(state, '__proto__')?.value).toBe(0)
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    }
    for (const key of ['', 'x'.repeat(1_025), 'x'.repeat(4_000), '\u00fc'.repeat(513)]) {
      await expect(store.set(key, 1)).rejects.toThrow(VarveError)
    }
  })

  it('[50] __proto__ inside a value is data like any other', async () => {
    const store = await opened(kind.url())
    const value: unknown = JSON.parse('{"__proto__":{"polluted":true},"constructor":1}')
    await store.set('k', value)
    const back = await (await reopened(kind, store)).get<object>('k')
    expect(JSON.stringify(back)).toBe('{"__proto__":{"polluted":true},"constructor":1}')
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it.each([Number.NaN, Infinity, -Infinity, [Number.NaN], { n: -Infinity }])(
    '[51] %o comes back identically or is refused',
    async (value) => {
      expect(await keptOrRefused(kind, value)).toBe('kept')
    },
  )

  const typed: [name: string, value: unknown][] = [
    ['an integer beyond 2^53', 2 ** 53 + 2],
    ['a bigint', 2n ** 70n + 1n],
    ['minus zero', -0],
    ['minus zero inside', [{ zero: -0 }]],
    ['1', 1],
    ['a tiny number', 5e-324],
    ['a date', new Date('2026-11-21T13:00:00.123Z')],
    ['bytes', new Uint8Array([0, 1, 254, 255])],
    ['a buffer', new Uint8Array([1, 2, 3]).buffer],
    ['floats', new Float64Array([Math.PI, -0])],
    [
      'a map',
      new Map<unknown, unknown>([
        [1, 'a'],
        ['1', 'b'],
        [{ k: 1 }, new Set([1])],
      ]),
    ],
    ['a set', new Set(['a', 1, null])],
    ['a pattern', /a+b/giu],
    ['undefined inside', { a: undefined, b: [undefined, null] }],
    ['an object like a date in JSON', { $date: '2026-11-21' }],
    ['text like JSON', '{"a":1}'],
    ['text like a number', '123'],
    ['text like a boolean', 'true'],
    ['empty text', ''],
  ]
  it.each(typed)('[52] %s keeps its type across a reopen', async (_name, value) => {
    expect(await keptOrRefused(kind, value)).toBe('kept')
  })

  it('[52] a value that holds itself comes back holding itself', async () => {
    const store = await opened(kind.url())
    const ring: { self?: unknown; n: number } = { n: 1 }
    ring.self = ring
    await store.set('k', ring)
    const back = await (await reopened(kind, store)).get<{ self: unknown; n: number }>('k')
    expect(back?.self).toBe(back)
    expect(back?.n).toBe(1)
  })

  it('[53] a value of 50 MB is stored', async () => {
    const store = await opened(kind.url(), { durability: 'process' })
    const text = 'varve '.repeat(1_000_000)
    const value = { parts: Array.from({ length: 9 }, (_, i) => text + i) }
    await store.set('small', 1)
    await store.set('large', value)
    const after = await reopened(kind, store)
    expect(await after.get('large')).toEqual(value)
    expect(await after.get('small')).toBe(1)
  }, 60_000)

  it.each([
    'Gr\u00fc\u00dfe \u4f60\u597d \u{1f600}',
    'e\u0301',
    '\ud800',
    'a\udc00b',
    ['\ud83d'],
    { '\ud800': 1 },
  ])('[54] the text %j comes back as it was or is refused', async (value) => {
    await keptOrRefused(kind, value)
  })

  it('[54] a key with a lone surrogate is refused', async () => {
    const store = await opened(kind.url())
    for (const key of ['\ud800', 'a\udc00b']) await expect(store.set(key, 1)).rejects.toThrow(InvalidKeyError)
  })
})

/** The checksum of a snapshot of this content. */
async function checksumOf(kind: Kind, content: readonly (readonly [string, unknown])[]): Promise<string> {
  const store = await opened(kind.url())
  for (const [key, value] of content) await store.set(key, value)
  return (await store.snapshots.create()).checksum
}

describe.each(kinds)('checksums on $name', (kind) => {
  it('[55] the same content written in another order has the same checksum', async () => {
    const first = await checksumOf(kind, [
      ['a', { x: 1, y: { p: 1, q: [1, 2] } }],
      ['b', 2],
    ])
    const second = await checksumOf(kind, [
      ['b', 1],
      ['b', 2],
      ['a', { x: 1, y: { p: 1, q: [1, 2] } }],
    ])
    expect(second).toBe(first)
    expect(
      await checksumOf(kind, [
        ['b', 2],
        ['a', { x: 1, y: { p: 1, q: [2, 1] } }],
      ]),
    ).not.toBe(first)
  })

  it('[56] a text, its bytes, the JSON text of an object and the object have four checksums', async () => {
    const values = [
      'hello',
      new TextEncoder().encode('hello'),
      '{"a":1}',
      { a: 1 },
      1,
      '1',
      true,
      null,
      [1],
      new Set([1]),
    ]
    const checksums = await Promise.all(values.map((value) => checksumOf(kind, [['k', value]])))
    expect(new Set(checksums).size).toBe(values.length)
    expect(new Set(values.map((value) => checksum(value))).size).toBe(values.length)
  })
})

it('[55] the checksum of a value does not depend on the order in which it was built', () => {
  expect(checksum({ x: 1, y: { p: 1, q: [1, 2] } })).toBe(checksum({ y: { q: [1, 2], p: 1 }, x: 1 }))
  expect(checksum({ x: [1, 2] })).not.toBe(checksum({ x: [2, 1] }))
  expect(checksum(null)).toMatch(/^[0-9a-f]{64}$/)
})

it('[57] the same content in two processes at different times has the same checksum', async () => {
  const content = [
    ['a', { x: 1 }],
    ['b', [new Date(0), 'text', 2n]],
    ['c', new Map([['k', 1]])],
  ] as const
  const here = await checksumOf(sqlite, content)
  const programs = [start('checksums.mjs', [sqlite.url()]), start('checksums.mjs', ['memory:'])]
  for (const program of programs) {
    await program.next()
    expect(await program.ask(content)).toBe(here)
  }
})
