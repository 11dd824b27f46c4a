/** So many operations in a row share one look at the clock, */
const SHARED = 64
/** once so many looks have followed each other */
const STREAK = 64
/** within so many milliseconds each. */
const CLOSE = 0.05
/** When to begin again: so that ticks, and ends up to twelve days ahead, fit into 31 bits. */
const MOST_TICKS = 2 ** 30
const LONGEST = 2 ** 31 - 1
/** Ticks longer ago are not told apart. */
export const OLDEST: number = -(2 ** 31)

/** A time in the past as a tick, however long ago. */
export function tickOf(ms: number, now: number): number {
  return Math.min(now, Math.max(OLDEST, Math.floor(ms)))
}

/**
 * Whole milliseconds on a clock that only runs on. A look at the system's clock costs as much as finding a key, so within one
 * synchronous stretch of the program, in which nothing but we ourselves can take time, a rapid series of operations shares
 * looks, 64 to one. A single operation looks for itself, and so does the first after anything was awaited. A clock that
 * stands still between two looks is in somebody's hands and is asked every time.
 */
export class TickClock {
  readonly #read: () => number
  readonly #rebased: (ticks: number) => void
  /** Milliseconds at tick 0. */
  base: number
  /** What the last look showed, and how many operations may still share it: `now` for those who cannot afford a call. */
  tick = 0
  left = 0
  #streak = 0
  #last = 0
  #ending = false
  readonly #endStretch = (): void => {
    this.#ending = false
    // A stretch that ended at once was not worth it: each operation is awaited.
    if (this.left > SHARED - 8) this.#streak = 0
    this.left = 0
  }

  /** `rebased` is told when ticks begin again, so many later. */
  constructor(read: () => number, rebased: (ticks: number) => void) {
    this.#read = read
    this.#rebased = rebased
    this.base = Math.floor(read())
  }

  /** The tick. Hot paths write this out. */
  now(): number {
    return --this.left >= 0 ? this.tick : this.look()
  }

  look(): number {
    const at = this.#read()
    const passed = at - this.#last
    this.#last = at
    this.left = 0
    // Never backwards, whatever the clock does.
    // In 32 bits: kept as an integer, not as a number with a fraction. Who sleeps for a month begins again more than once.
    const tick = Math.min(at - this.base, LONGEST) | 0
    if (tick > this.tick) this.tick = tick
    if (this.tick > MOST_TICKS) {
      this.#rebase()
      return this.look()
    }
    if (passed < 0 || passed > CLOSE) this.#streak = 0
    // Nothing is learned from two looks between which a clock of this resolution did not move.
    else if (passed > 0 && ++this.#streak > STREAK) {
      this.left = SHARED - 1
      if (!this.#ending) {
        this.#ending = true
        queueMicrotask(this.#endStretch)
      }
    }
    return this.tick
  }

  #rebase(): void {
    const ticks = this.tick
    this.base += ticks
    this.tick = 0
    this.#rebased(ticks)
  }
}
