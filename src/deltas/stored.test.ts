import { expect, it } from 'vitest'
import { IntegrityError } from '../errors.ts'
import { decode, encode, plainForm } from '../log/codec.ts'
import { loadDelta, storeDelta } from './stored.ts'

const record = (i: number, name: string): object => ({
  id: i,
  name,
  tags: ['a', 'b'],
  text: 'what stays the same for a long time, word for word',
  score: i * 7,
})
const list = (name: string): object => ({
  all: Array.from({ length: 200 }, (_, i) => record(i, i === 77 ? name : 'same')),
})

it.each(['binary', 'structural', 'auto'] as const)(
  '%s: brings the older value back to the byte',
  (strategy) => {
    const pairs: readonly (readonly [unknown, unknown])[] = [
      [list('new'), list('old')],
      [list('neu'), list('größer 😀')],
      [
        { at: new Date(5), ...record(1, 'n') },
        { at: new Date(6), ...record(1, 'o') },
      ],
    ]
    for (const [newer, older] of pairs)
      for (const compression of [false, true]) {
        const from = encode(newer, { compression })
        const to = encode(older, { compression })
        const stored = storeDelta(from, to, strategy)
        if (stored === undefined) throw new Error('it pays')
        const back = loadDelta(from, stored)
        expect(back).toEqual(plainForm(to))
        expect(decode(back)).toEqual(older)
        expect(stored.length).toBeLessThan(60)
      }
  },
)

it('compress keeps the whole, and nothing is stored where it does not pay', () => {
  const from = encode('x', { compression: false })
  const to = encode(list('old'), { compression: false })
  const stored = storeDelta(from, to, 'compress') as Uint8Array
  expect(loadDelta(from, stored)).toBe(to)
  expect(stored.length * 4).toBeLessThan(to.length)
  expect(storeDelta(from, to, 'none')).toBe(undefined)
  expect(storeDelta(from, encode(5, { compression: false }), 'auto')).toBe(undefined)
})

it('refuses what it has not stored', () => {
  const from = encode(list('new'), { compression: false })
  const stored = storeDelta(from, encode(list('old'), { compression: false }), 'binary') as Uint8Array
  expect(() => loadDelta(from, stored.subarray(0, 3))).toThrow(IntegrityError)
  expect(() => loadDelta(encode(1, { compression: false }), stored)).toThrow(IntegrityError)
  expect(() => loadDelta(from, Uint8Array.of(9, 1, 2))).toThrow(IntegrityError)
  expect(() => loadDelta(from, Uint8Array.of(131, 255, 255, 255, 255, 15, 1))).toThrow(IntegrityError)
  expect(() => loadDelta(from, Uint8Array.of(131, 10, 1))).toThrow(IntegrityError)
})
