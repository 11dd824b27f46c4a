import { expect, it } from 'vitest'
import { TickClock } from './tick-clock.ts'

/** A clock that goes on by `step` with each look, and counts the looks. */
function stepping(step: number) {
  let at = 1e12
  let looks = 0
  const clock = new TickClock(
    () => {
      looks++
      return (at += step)
    },
    () => {},
  )
  return { clock, looks: () => looks, block: (ms: number) => void (at += ms) }
}

it('a rapid series of operations shares looks at the clock', async () => {
  const { clock, looks, block } = stepping(0.001)
  for (let i = 0; i < 10_000; i++) clock.now()
  expect(looks()).toBeLessThan(400)
  // What is awaited ends the series.
  const before = clock.now()
  block(5_000)
  await Promise.resolve()
  expect(clock.now()).toBeGreaterThanOrEqual(before + 5_000)
})

it('single operations, and those of a clock that stands still, look for themselves', () => {
  for (const step of [0, 0.2]) {
    const { clock, looks, block } = stepping(step)
    for (let i = 0; i < 1_000; i++) clock.now()
    expect(looks()).toBe(1_001)
    const before = clock.now()
    block(50)
    expect(clock.now()).toBeGreaterThanOrEqual(before + 50)
  }
})

it('a few operations, then a stop, then one: it sees the time that has passed', () => {
  const { clock, block } = stepping(0.001)
  for (let i = 0; i < 50; i++) clock.now()
  const before = clock.now()
  block(1_000)
  expect(clock.now()).toBe(before + 1_000)
})

it('never goes back', () => {
  const { clock, block } = stepping(1)
  const before = clock.now()
  block(-10_000)
  expect(clock.now()).toBeGreaterThanOrEqual(before)
})

it('begins again before its numbers end, however long nobody looked', () => {
  const day = 86_400_000
  let at = 0
  let moved = 0
  const clock = new TickClock(
    () => at,
    (ticks) => (moved += ticks),
  )
  for (const days of [1, 13, 40, 400, 20_000]) {
    at += days * day
    const tick = clock.now()
    expect(clock.base + tick).toBe(at)
    expect(clock.base).toBe(moved)
    expect(tick).toBeLessThan(2 ** 31)
  }
})
