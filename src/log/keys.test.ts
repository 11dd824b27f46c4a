import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidKeyError, InvalidOptionError } from '../errors.ts'
import type { Range } from '../types.ts'
import { after, checkKey, checkRange, compareKeys, spanOf, successor } from './keys.ts'
import { compilePattern } from './pattern.ts'

const text = fc.string({ unit: 'binary', maxLength: 12 })
/** Few characters, at all the edges: before and after the surrogates, the last code point. */
const edgy = fc.string({
  unit: fc.constantFrom(
    '\0',
    'a',
    'b',
    '.',
    '\u007f',
    'ä',
    '\ud7ff',
    '\ue000',
    '\uffff',
    '\u{10000}',
    '\u{10ffff}',
  ),
  maxLength: 4,
})
const bytewise = (a: string, b: string): number => Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)))

describe('checkKey', () => {
  it.each([
    'a',
    '\0',
    '\n',
    '__proto__',
    'constructor',
    '..',
    '/',
    '😀',
    ' ',
    'x'.repeat(1024),
    'ä'.repeat(512),
    '😀'.repeat(256),
  ])('takes %j', (key) => {
    expect(() => checkKey(key)).not.toThrow()
  })

  it.each([
    ['', /empty/],
    ['x'.repeat(1025), /1025 bytes/],
    ['ä'.repeat(513), /"ä{60}"… has 1026 bytes/],
    ['€'.repeat(342), /1026 bytes/],
    ['x'.repeat(4000), /4000 bytes/],
    ['a\ud800', /"a\\ud800" has half of a surrogate pair/],
    ['\udc00a', /surrogate/],
    ['\udc00\ud800', /surrogate/],
    ['line\nbreak\ud800', /"line\\nbreak\\ud800"/],
    [1, /is text, but this one is 1/],
    [null, /null/],
    [undefined, /undefined/],
    [['a'], /a list/],
    [{}, /of type object/],
    [Symbol('s'), /of type symbol/],
    [new String('a'), /of type object/],
  ])('refuses %o', (key, message) => {
    expect(() => checkKey(key)).toThrow(InvalidKeyError)
    expect(() => checkKey(key)).toThrow(message)
  })

  it('takes exactly what has 1 to 1,024 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 700, minLength: 300 }), (key) => {
        const refused = ((): boolean => {
          try {
            checkKey(key)
            return false
          } catch {
            return true
          }
        })()
        expect(refused).toBe(Buffer.byteLength(key) > 1024)
      }),
    )
  })
})

describe('the order of keys', () => {
  it('is that of their bytes', () => {
    const check = (a: string, b: string): void => {
      expect(Math.sign(compareKeys(a, b))).toBe(bytewise(a, b))
    }
    fc.assert(fc.property(text, text, check))
    fc.assert(fc.property(edgy, edgy, check))
  })

  it('has after(key) next', () => {
    fc.assert(
      fc.property(edgy, edgy, (key, other) => {
        expect(compareKeys(key, after(key))).toBeLessThan(0)
        expect(compareKeys(other, key) > 0).toBe(compareKeys(other, after(key)) >= 0)
      }),
    )
  })

  it.each([
    ['a', 'b'],
    ['user:', 'user;'],
    ['\ud7ff', '\ue000'],
    ['\uffff', '\u{10000}'],
    ['\u{10000}', '\u{10001}'],
    ['a\u{10ffff}', 'b'],
    ['\u{10ffff}\u{10ffff}', undefined],
    ['', undefined],
  ])('successor(%j) is %j', (prefix, next) => {
    expect(successor(prefix)).toBe(next)
  })

  it('has successor(prefix) right behind everything that begins with prefix', () => {
    fc.assert(
      fc.property(edgy, edgy, (prefix, key) => {
        const next = successor(prefix)
        const within = compareKeys(key, prefix) >= 0 && (next === undefined || compareKeys(key, next) < 0)
        expect(within).toBe(key.startsWith(prefix))
        expect(next === undefined || next.isWellFormed()).toBe(true)
      }),
    )
  })
})

describe('spanOf', () => {
  it('is everything for no bounds', () => {
    expect(spanOf({})).toEqual({ from: undefined, to: undefined })
    expect(spanOf({ prefix: '', gte: '' })).toEqual({ from: undefined, to: undefined })
  })

  it('is the tightest of all bounds, under the scope', () => {
    expect(spanOf({ prefix: 'user:' })).toEqual({ from: 'user:', to: 'user;' })
    expect(spanOf({ prefix: 'user:', limit: 3 }, 'app/')).toEqual({ from: 'app/user:', to: 'app/user;' })
    expect(spanOf({}, 'app/')).toEqual({ from: 'app/', to: 'app0' })
    expect(spanOf({ gte: 'b', gt: 'a', lt: 'y', lte: 'x' })).toEqual({ from: 'b', to: 'x\0' })
    expect(spanOf({ gte: 'b', gt: 'b', lt: 'x', lte: 'x' })).toEqual({ from: 'b\0', to: 'x' })
    expect(spanOf({ prefix: 'b', gte: 'a', lt: 'z' })).toEqual({ from: 'b', to: 'c' })
    expect(spanOf({ match: 'user:*:name' })).toEqual({ from: 'user:', to: 'user;' })
    expect(spanOf({ match: '**.name', prefix: 'a' })).toEqual({ from: 'a', to: 'b' })
  })

  it('holds what the range means, and nothing that a bound excludes', () => {
    const bound = fc.option(edgy, { nil: undefined })
    const range = fc.record({ prefix: bound, gte: bound, gt: bound, lte: bound, lt: bound })
    fc.assert(
      fc.property(range, edgy, edgy, (bounds, scope, key) => {
        const { prefix, gte, gt, lte, lt } = bounds
        const { from, to } = spanOf(bounds as Range, scope)
        const meant =
          (prefix === undefined || key.startsWith(prefix)) &&
          (gte === undefined || bytewise(key, gte) >= 0) &&
          (gt === undefined || bytewise(key, gt) > 0) &&
          (lte === undefined || bytewise(key, lte) <= 0) &&
          (lt === undefined || bytewise(key, lt) < 0)
        const within = (name: string): boolean =>
          (from === undefined || bytewise(name, from) >= 0) && (to === undefined || bytewise(name, to) < 0)
        expect(within(scope + key)).toBe(meant)
        if (!key.startsWith(scope)) expect(within(key)).toBe(false)
      }),
      { numRuns: 2000 },
    )
  })

  it('never leaves out what matches', () => {
    const piece = fc.constantFrom('a', 'b', '*', '**', '.', '/', ':', '😀')
    const pattern = fc.string({ unit: piece, minLength: 1, maxLength: 8 })
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '.', ':', '😀'), minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(pattern, name, (match, key) => {
        fc.pre(compilePattern(match)(key))
        const { from, to } = spanOf({ match })
        expect(
          (from === undefined || bytewise(key, from) >= 0) && (to === undefined || bytewise(key, to) < 0),
        ).toBe(true)
      }),
    )
  })
})

describe('checkRange', () => {
  it.each([
    {},
    { prefix: '', gte: '', gt: 'a', lte: 'x'.repeat(5000), lt: '\0' },
    { reverse: true, limit: 0, at: 3, match: '**' },
    { at: new Date(), limit: 1e6 },
    { at: 'v1', prefix: undefined, limit: undefined, match: undefined },
    Object.create(null) as Range,
  ])('takes %o', (range) => {
    expect(() => checkRange(range)).not.toThrow()
  })

  it.each([
    [undefined, /A range is an object/],
    [null, /null/],
    ['user:', /\{ prefix: 'user:'.*"user:"/],
    [['user:'], /a list/],
    [{ from: 'a' }, /no field "from"; it knows prefix, gte/],
    [{ prefix: 1 }, /prefix is text, but here it is 1/],
    [{ gte: null }, /gte is text/],
    [{ gt: ['a'] }, /gt is text/],
    [{ lte: {} }, /lte is text/],
    [{ lt: 5n }, /lt is text/],
    [{ gte: 'a\ud800' }, /gte "a\\ud800".*surrogate/],
    [{ reverse: 1 }, /reverse is true or false/],
    [{ limit: -1 }, /limit is a whole number from 0 on, but here it is -1/],
    [{ limit: 1.5 }, /limit/],
    [{ limit: NaN }, /limit/],
    [{ limit: Infinity }, /leave it out/],
    [{ limit: '5' }, /limit/],
    [{ at: {} }, /at is a revision/],
    [{ at: null }, /at is a revision/],
    [{ match: '' }, /pattern/],
    [{ match: /a/ }, /pattern/],
  ])('refuses %o', (range, message) => {
    expect(() => checkRange(range)).toThrow(InvalidOptionError)
    expect(() => checkRange(range)).toThrow(message)
  })
})
