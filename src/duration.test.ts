import { describe, expect, it } from 'vitest'
import { parseDuration } from './duration.ts'
import { InvalidOptionError } from './errors.ts'

describe('parseDuration', () => {
  it.each([
    [1, 1],
    [1500, 1500],
    ['1ms', 1],
    ['500ms', 500],
    ['10s', 10_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['30d', 2_592_000_000],
    ['1.5h', 5_400_000],
    ['0.57s', 570],
    ['36525d', 36_525 * 86_400_000],
    // Whole milliseconds, and never none.
    [0.2, 1],
    ['0.1ms', 1],
    [10.4, 10],
  ])('takes %j as %d ms', (value, ms) => {
    expect(parseDuration(value, 'ttl')).toBe(ms)
  })

  it.each([
    0,
    -1,
    NaN,
    Infinity,
    -Infinity,
    '',
    '0s',
    '-5s',
    '60',
    '10 s',
    ' 10s',
    '10s ',
    '10S',
    '1w',
    's',
    '1e3s',
    '.5h',
    '5.h',
    '1h30m',
    '36526d',
    36_526 * 86_400_000,
    '999999999999999999d',
    null,
    undefined,
    true,
    {},
    [],
    ['5m'],
    5n,
    new Date(),
  ])('refuses %o, naming the option and the form', (value) => {
    const refused = (): number => parseDuration(value, 'autoSnapshot.every')
    expect(refused).toThrow(InvalidOptionError)
    expect(refused).toThrow(
      /^autoSnapshot\.every must be a duration (above 0, such as '500ms'|at most 100 years)/,
    )
  })

  it('cuts what it shows', () => {
    expect(() => parseDuration('x'.repeat(1000), 'ttl')).toThrow(/it is "x{60}"…\.$/)
  })
})
