import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ChangeSet } from './change-set.ts'

it('knows what lies behind one number and up to another, as a plain set does', () => {
  const id = fc.oneof(
    fc.integer({ min: 0, max: 200 }),
    fc.integer({ min: 65_500, max: 65_600 }),
    fc.maxSafeNat(),
  )
  fc.assert(
    fc.property(fc.array(id), fc.array(fc.tuple(id, fc.integer({ min: 0, max: 100_000 }))), (ids, looks) => {
      const set = new ChangeSet()
      for (const one of ids) set.add(one)
      for (const [low, width] of looks) {
        const expected = ids.some((one) => one > low && one <= low + width)
        expect(set.hasBetween(low, low + width)).toBe(expected)
      }
      for (const one of ids) expect(set.hasBetween(one - 1, one)).toBe(true)
    }),
  )
})
