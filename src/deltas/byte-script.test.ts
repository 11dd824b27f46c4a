import fc from 'fast-check'
import { expect, it } from 'vitest'
import { IntegrityError } from '../errors.ts'
import { applyBytes, diffBytes, scriptWeight } from './byte-script.ts'
import { composeBytes } from './compose-bytes.ts'

const numRuns = Number(process.env['VARVE_DELTA_RUNS'] ?? 2_000)
const part = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.constantFrom(
    ...['the same words ', 'again and again ', '0123456789abcdef', '\0\0\0\0\0\0\0\0\0\0'].map((text) =>
      Buffer.from(text),
    ),
  ),
)
const bytes = fc.array(part, { maxLength: 12 }).map((parts) => Buffer.concat(parts))

it('makes any bytes of any bytes', () => {
  fc.assert(
    fc.property(bytes, bytes, (before, after) => {
      expect(applyBytes(before, diffBytes(before, after)).equals(after)).toBe(true)
    }),
    { numRuns },
  )
})

it('composes', () => {
  fc.assert(
    fc.property(bytes, bytes, bytes, (one, two, three) => {
      const whole = composeBytes(diffBytes(one, two), diffBytes(two, three))
      expect(applyBytes(one, whole).equals(three)).toBe(true)
    }),
    { numRuns },
  )
})

const noise = (length: number): Buffer => {
  const made = Buffer.alloc(length)
  let state = 1
  for (let i = 0; i < length; i++) made[i] = (state = (Math.imul(state, 1103515245) + 12345) | 0) >>> 24
  return made
}

it('finds what moved, was cut out, put in and came twice, in large values, too', () => {
  const before = noise(1_000_000)
  const after = Buffer.concat([
    before.subarray(500_000),
    Buffer.from('new'),
    before.subarray(0, 400_000),
    before.subarray(10, 90_000),
  ])
  const script = diffBytes(before, after)
  expect(applyBytes(before, script).equals(after)).toBe(true)
  expect(scriptWeight(script)).toBeLessThan(200)
})

it('is linear where everything looks alike', () => {
  const before = Buffer.alloc(2_000_000, 'ab')
  const after = Buffer.alloc(1_999_999, 'ba')
  const start = process.cpuUsage()
  const script = diffBytes(before, after)
  expect(applyBytes(before, script).equals(after)).toBe(true)
  expect(process.cpuUsage(start).user).toBeLessThan(3_000_000)
})

it('refuses a script that does not fit', () => {
  const none = new Uint8Array(0)
  const base = Buffer.from('0123456789')
  expect(() => applyBytes(base, { base: 9, froms: [], lengths: [], literals: none })).toThrow(IntegrityError)
  expect(() => applyBytes(base, { base: 10, froms: [8], lengths: [3], literals: none })).toThrow(
    IntegrityError,
  )
  expect(() => applyBytes(base, { base: 10, froms: [-1], lengths: [3], literals: none })).toThrow(
    IntegrityError,
  )
  const bomb = {
    base: 10,
    froms: new Array<number>(1e5).fill(0),
    lengths: new Array<number>(1e5).fill(1e4),
    literals: none,
  }
  expect(() => applyBytes(base, bomb)).toThrow(IntegrityError)
  expect(() =>
    composeBytes({ base: 1, froms: [0], lengths: [1], literals: none }, diffBytes(base, base)),
  ).toThrow(IntegrityError)
})
