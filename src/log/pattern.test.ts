import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidOptionError } from '../errors.ts'
import { compilePattern, literalPrefix } from './pattern.ts'

const matches = (pattern: string, name: string): boolean => compilePattern(pattern)(name)

/** The same, said with a regular expression: right, but slow on evil patterns. */
function reference(pattern: string): RegExp {
  const source = pattern.split(/([./:])/).map((piece, i) => {
    if (i % 2 === 0 && piece === '*') return '[^./:]+'
    if (i % 2 === 0 && piece === '**') return '[^]+'
    return piece.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  })
  return new RegExp(`^${source.join('')}$`)
}

describe('compilePattern', () => {
  it.each([
    ['orders.*.created', 'orders.1.created', true],
    ['orders.*.created', 'orders.1.2.created', false],
    ['orders.*.created', 'orders..created', false],
    ['user:*', 'user:ann', true],
    ['user:*', 'user:', false],
    ['user:*', 'user', false],
    ['user:*', 'user:ann:name', false],
    ['user:**', 'user:ann:name', true],
    ['user:**', 'user:a.b/c', true],
    ['user:**', 'user:', false],
    ['user:**', 'user', false],
    ['user:**', 'users:ann', false],
    ['**.name', 'a.b.name', true],
    ['**.name', 'name', false],
    ['**.name', '.name', false],
    ['a.**.z', 'a.b.z', true],
    ['a.**.z', 'a.b:c/d.z', true],
    ['a.**.z', 'a.z', false],
    ['a.**.z', 'a..z', false],
    ['a.**.m.**.z', 'a.m.m.m.z', true],
    ['a.**.m.**.z', 'a.b.m.z', false],
    ['**.*.z', 'a.b.z', true],
    ['**.*.z', 'b.z', false],
    ['**.**', 'a.b', true],
    ['**.**', 'a', false],
    // Separators are what they are.
    ['a.*', 'a:b', false],
    ['a.b', 'a/b', false],
    // Everything.
    ['**', 'anything.at/all:', true],
    ['**', ':', true],
    ['*', 'one', true],
    ['*', 'one.two', false],
    // Nothing else is special, and a wildcard is a whole part.
    ['a', 'a', true],
    ['a', 'ab', false],
    ['a+', 'aa', false],
    ['a+', 'a+', true],
    ['[ab]?', 'a', false],
    ['[ab]?', '[ab]?', true],
    ['a*', 'ab', false],
    ['a*', 'a*', true],
    ['***', 'a', false],
    ['***', '***', true],
    ['x.$1', 'x.$1', true],
    ['😀.*', '😀.😀', true],
    ['a\n.*', 'a\n.\n', true],
  ])('%j and %j: %j', (pattern, name, expected) => {
    expect(matches(pattern, name)).toBe(expected)
  })

  it('means what the regular expression means', () => {
    const pattern = fc.string({
      unit: fc.constantFrom('a', 'b', '*', '**', '.', ':'),
      minLength: 1,
      maxLength: 12,
    })
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '.', ':', '*'), minLength: 1, maxLength: 12 })
    const check = (one: string, other: string): void => {
      expect(matches(one, other)).toBe(reference(one).test(other))
    }
    fc.assert(fc.property(pattern, name, check), { numRuns: 5000 })
    // Names made from the pattern, so that many do match.
    const made = pattern.chain((one) =>
      fc
        .tuple(
          ...one
            .split(/([./:])/)
            .map((piece) => (piece === '*' || piece === '**' ? name : fc.constant(piece))),
        )
        .map((pieces) => [one, pieces.join('')] as const),
    )
    fc.assert(
      fc.property(made, ([one, other]) => check(one, other)),
      { numRuns: 5000 },
    )
  })

  it('takes no time for evil patterns', () => {
    const start = performance.now()
    expect(matches('**.a'.repeat(200), `${'.a'.repeat(510)}.b`)).toBe(false)
    expect(matches(`**${'.*'.repeat(250)}.x.**`, 'a.'.repeat(512))).toBe(false)
    expect(matches(`${'**.'.repeat(400)}x`, 'a.'.repeat(512))).toBe(false)
    expect(performance.now() - start).toBeLessThan(1000)
  })

  it.each(['', undefined, null, 1, {}, ['**'], 'a\ud800'])('refuses %o', (pattern) => {
    expect(() => compilePattern(pattern as string)).toThrow(InvalidOptionError)
    expect(() => literalPrefix(pattern as string)).toThrow(InvalidOptionError)
  })
})

describe('literalPrefix', () => {
  it.each([
    ['a.b.*', 'a.b.'],
    ['a.b*.*', 'a.b*.'],
    ['**', ''],
    ['*.a', ''],
    ['a:b', 'a:b'],
    ['user:**:name', 'user:'],
  ])('of %j is %j', (pattern, prefix) => {
    expect(literalPrefix(pattern)).toBe(prefix)
  })
})
