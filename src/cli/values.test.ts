import { describe, expect, test } from 'vitest'
import { brief, jsonText, shown, tagged, untagged } from './values.ts'

describe('tagged JSON', () => {
  test.each([
    ['a bigint', -12n],
    ['not a number', NaN],
    ['no end', -Infinity],
    ['a negative zero', -0],
    ['undefined in a list', [undefined, null]],
    ['a date', new Date(1e12)],
    ['no date', new Date(NaN)],
    ['a map of maps', new Map<unknown, unknown>([[new Map([[1n, 2]]), 'x']])],
    ['a set', new Set(['a', new Date(0)])],
    ['a pattern', /a\/b/giu],
    ['bytes', new Uint8Array([0, 255])],
    ['a part of a buffer', new Uint8Array([1, 2, 3]).subarray(1, 2)],
    ['a buffer', new Uint8Array([1, 2]).buffer],
    ['other arrays', [new Float64Array([1.5]), new BigInt64Array([-1n]), new Uint16Array([1, 2])]],
    ['an error', new TypeError('no')],
    ['what looks like a tag', { $date: 'x' }],
    ['what looks like an escaped tag', { $$date: { $bigint: 1 } }],
    ['more names than one', { $date: 1, $map: 2 }],
    ['plain data', { a: [1, 'x', null, true, { b: {} }] }],
  ])('%s comes back', (_, value) => {
    const back = untagged(JSON.parse(jsonText(value)))
    if (value instanceof Error) expect(back).toMatchObject({ name: value.name, message: value.message })
    else expect(back).toEqual(value)
    if (Object.is(value, -0)) expect(Object.is(back, -0)).toBe(true)
  })

  test('a circle is told; what is there twice is no circle', () => {
    const circle: Record<string, unknown> = { twice: [1] }
    circle['again'] = circle['twice']
    circle['self'] = [circle]
    expect(tagged(circle)).toEqual({ twice: [1], again: [1], self: [{ $ref: '$' }] })
  })

  test('the name __proto__ is a name', () => {
    const value = JSON.parse('{"__proto__": 1, "a": 2}') as unknown
    expect(jsonText(value)).toBe('{"__proto__":1,"a":2}')
    expect(jsonText(untagged(value))).toBe('{"__proto__":1,"a":2}')
  })

  test.each([
    { $nonsense: 1 },
    { $ref: '$' },
    { $bigint: 'x' },
    { $bytes: '?' },
    { $array: ['Function', ''] },
    { $regexp: 'a' },
    { $map: 1 },
    { $number: '1' },
  ])('%j is refused', (json) => {
    expect(() => untagged(json)).toThrow(/tag|value/)
  })
})

describe('for people', () => {
  const width = 80
  test('nothing that commands a terminal, wherever it hides', () => {
    const evil = '\u001b[2J\u009b\u202e'
    for (const value of [
      evil,
      [evil],
      { [evil]: 1 },
      new Map([[evil, evil]]),
      new Error(evil),
      new Set([evil]),
    ])
      for (const text of [
        shown(value, { colors: false, width }),
        shown(value, { colors: true, width }),
        brief(value),
      ])
        // Colours of our own are the only escapes.
        // oxlint-disable-next-line no-control-regex
        expect(text.replace(/\u001b\[\d+m/g, '')).not.toMatch(/[\u001b\u009b\u202e]/)
  })

  test('text keeps its lines, in a table it has one', () => {
    expect(shown('a\nb', { colors: false, width })).toBe('a\nb')
    expect(brief({ a: 1n, b: new Date(0) })).toBe('{ a: 1n, b: 1970-01-01T00:00:00.000Z }')
    expect(brief('a\nb')).not.toContain('\n')
  })
})
