import type { Context } from '../context.ts'

/** A turn that goes on reading looks again after so long, */
const TURN_MS = 1
/** but asks the clock for that only now and then. */
const READS_PER_LOOK = 64

/**
 * Looks for what other processes have written, once per turn of the event loop: inside a turn no news of theirs can arrive, so
 * that asking once is as strict as asking always.
 */
export class OncePerTurn {
  readonly #context: Pick<Context, 'ticks'>
  readonly #look: () => void
  readonly #written: () => number
  #seen = -1
  #asked = false
  #askedAt = 0
  #reads = 0
  #ending = false

  /** `written` grows with each write of this process: those of another handle are news in the same turn. */
  constructor(context: Pick<Context, 'ticks'>, look: () => void, written: () => number) {
    this.#context = context
    this.#look = look
    this.#written = written
  }

  fresh(): void {
    if (!this.#asked || --this.#reads <= 0 || this.#seen !== this.#written()) this.#ask()
  }

  /** What is read next looks first: something of this process has been written by another hand. */
  forget(): void {
    this.#asked = false
    this.#askedAt = -Infinity
  }

  #ask(): void {
    this.#reads = READS_PER_LOOK
    const now = this.#context.ticks()
    const written = this.#written()
    if (this.#asked && this.#seen === written && now - this.#askedAt < TURN_MS) return
    this.#seen = written
    this.#asked = true
    this.#askedAt = now
    this.#look()
    if (this.#ending) return
    this.#ending = true
    // Runs after this callback of the event loop and all its promise continuations, and before the next callback.
    process.nextTick(() => {
      this.#ending = false
      this.#asked = false
    })
  }
}
