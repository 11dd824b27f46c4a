import { describe, expect, test } from 'vitest'
import { NotFoundError, ReadOnlyError, UnavailableError } from '../index.ts'
import { failureOf } from './failures.ts'
import { parse } from './parse.ts'
import { refFrom } from './refs.ts'
import type { OptionSpec } from './specs.ts'
import { suggest } from './suggest.ts'
import { cut, oneLine, widthOf } from './text.ts'
import { part, quoted } from './words.ts'

const specs: OptionSpec[] = [
  { name: 'limit', short: 'n', value: 'count', summary: '' },
  { name: 'tag', short: 't', value: 'tag', many: true, summary: '' },
  { name: 'reverse', short: 'r', summary: '' },
  { name: 'count', short: 'c', summary: '' },
]

describe('parse', () => {
  test.each([
    ['a --limit 5 b', ['a', 'b'], { limit: ['5'] }],
    ['--limit=5', [], { limit: ['5'] }],
    ['-n5', [], { limit: ['5'] }],
    ['-n=5', [], { limit: ['5'] }],
    ['-n 5 -rc', [], { limit: ['5'], reverse: [''], count: [''] }],
    ['-rcn5', [], { limit: ['5'], reverse: [''], count: [''] }],
    ['-t a --tag b', [], { tag: ['a', 'b'] }],
    ['-5 -.5 - --limit -1', ['-5', '-.5', '-'], { limit: ['-1'] }],
    ['-- --limit -x', ['--limit', '-x'], {}],
    ['--limit= x', ['x'], { limit: [''] }],
  ])('%s', (line, args, given) => {
    const parsed = parse(line.split(' '), specs)
    expect(parsed.args).toEqual(args)
    expect(Object.fromEntries(parsed.given)).toEqual(given)
  })

  test.each([['--nope'], ['-x'], ['--limit'], ['--limit --reverse'], ['--reverse=1'], ['-n1 -n2']])(
    '%s makes no sense',
    (line) => {
      expect(() => parse(line.split(' '), specs)).toThrow()
    },
  )
})

test.each([
  ['a b', ['a', 'b']],
  ['  a  ', ['a', '']],
  ['', ['']],
  [`'a b' "c d"`, ['a b', 'c d']],
  [`a\\ b "x\\"y" "x\\n" 'x\\'`, ['a b', 'x"y', 'x\\n', 'x\\']],
  [`''`, ['']],
  [`--meta='{"a":1}'`, ['--meta={"a":1}']],
])('the words of %s', (line, words) => {
  expect(part(line).words).toEqual(words)
})

test('a quoted word is one word again', () => {
  for (const word of ['a', "it's", 'two words', 'a"b', '$x', '', 'a\\b', 'user:1'])
    expect(part(`get ${quoted(word)}`)).toMatchObject({ words: ['get', word], open: false })
  expect(part('get "a').open).toBe(true)
})

test('what was probably meant', () => {
  const names = ['get', 'set', 'keys', 'history', 'snapshot', 'verify']
  expect(['gte', 'kesy', 'histroy', 'snap', 'veri'].map((word) => suggest(word, names))).toEqual([
    'get',
    'keys',
    'history',
    'snapshot',
    'verify',
  ])
  expect(suggest('frobnicate', names)).toBeUndefined()
})

test('points of the past', () => {
  expect(refFrom('17')).toBe(17)
  expect(refFrom('name:17')).toBe('17')
  expect(refFrom('v17')).toBe('v17')
  expect(refFrom('2026-01-31T10:00:00Z')).toEqual(new Date('2026-01-31T10:00:00Z'))
  expect(refFrom('2026-01-31 10:00+01:00')).toEqual(new Date('2026-01-31T09:00:00Z'))
  expect(refFrom('2026-01-31')).toEqual(new Date(2026, 0, 31))
  expect(() => refFrom('2026-02-41')).toThrow()
})

test('widths, as a terminal counts them', () => {
  expect([widthOf('abc'), widthOf('日本'), widthOf('e\u0301'), widthOf('👍')]).toEqual([3, 4, 1, 2])
  expect([cut('日本語', 5), cut('abcdef', 4), cut('abc', 3)]).toEqual(['日本…', 'abc…', 'abc'])
  expect(oneLine('a\\n\n\u007f')).toBe('a\\\\n\\n\\u007f')
})

test('exit codes', () => {
  expect(failureOf(new NotFoundError('x'), []).exit).toBe(3)
  expect(failureOf(new ReadOnlyError('x'), []).exit).toBe(5)
  expect(failureOf(new UnavailableError('x'), []).exit).toBe(7)
  expect(failureOf(new Error('x'), ['get'])).toMatchObject({ exit: 1, code: 'VARVE_UNEXPECTED' })
})
