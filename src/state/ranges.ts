import type { Entry } from '../change.ts'
import type { Log, Point } from '../log/log.ts'
import { breathe } from '../log/past.ts'
import { resolve } from '../log/refs.ts'
import type { Selection } from '../log/selection.ts'
import type { Range } from '../types.ts'

/** Entries that one look at the engine brings. The first page is small: most scans end early. */
const FIRST_PAGE = 64
const PAGE = 512

/** The point that a selection reads: now, unless it says otherwise. */
export function pointOf(log: Log, at: Range['at']): Point {
  return at === undefined ? log.present() : resolve(log, at)
}

/** Entries in key order, page by page, all of one moment, letting the event loop run in between. */
export async function* pages(log: Log, selection: Selection, point: Point): AsyncGenerator<readonly Entry[]> {
  const { matches, reverse } = selection
  const release = log.pin(point)
  try {
    let { from, to, limit: left } = selection
    let at = log.context.ticks()
    for (let size = left <= PAGE ? left : FIRST_PAGE; left > 0; size = PAGE) {
      // A limit bounds the page only if nothing is left out of it afterwards.
      const limit = matches === undefined ? Math.min(size, left) : PAGE
      const { entries, last } = await log.page({ from, to, reverse, limit }, point)
      const chosen =
        matches === undefined ? entries : entries.filter((entry) => matches(entry.key)).slice(0, left)
      left -= chosen.length
      yield chosen
      if (last === undefined) return
      if (reverse) to = last
      else from = `${last}\0`
      at = await breathe(log, at)
    }
  } finally {
    release()
  }
}

/**
 * Goes through pages one entry at a time. By hand, since an async generator costs several times what an entry costs: what is
 * on the page already is handed out at once.
 */
export class Scan<T> implements AsyncIterableIterator<T> {
  readonly #start: () => AsyncGenerator<readonly Entry[]>
  readonly #convert: (entry: Entry) => T
  #pages: AsyncGenerator<readonly Entry[]> | undefined
  #page: readonly Entry[] = []
  #next = 0
  #waiting: Promise<unknown> | undefined
  #done = false

  /** `start` is called with the first step, so that what it refuses rejects that step. */
  constructor(start: () => AsyncGenerator<readonly Entry[]>, convert: (entry: Entry) => T) {
    this.#start = start
    this.#convert = convert
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#waiting === undefined) {
      const entry = this.#page[this.#next]
      if (entry !== undefined) {
        this.#next++
        try {
          return Promise.resolve({ value: this.#convert(entry), done: false })
        } catch (error) {
          return this.return().then(() => Promise.reject(error as Error))
        }
      }
    }
    return this.#inTurn(() => this.#advance())
  }

  return(): Promise<IteratorResult<T>> {
    return this.#inTurn(async () => {
      this.#finish()
      await this.#pages?.return(undefined)
      return { value: undefined, done: true }
    })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Steps that are asked for before the one before has come are taken one after the other. */
  #inTurn(step: () => Promise<IteratorResult<T>>): Promise<IteratorResult<T>> {
    const taken = this.#waiting === undefined ? step() : this.#waiting.then(step, step)
    this.#waiting = taken
    const settle = (): void => {
      if (this.#waiting === taken) this.#waiting = undefined
    }
    taken.then(settle, settle)
    return taken
  }

  async #advance(): Promise<IteratorResult<T>> {
    try {
      while (!this.#done) {
        const entry = this.#page[this.#next]
        if (entry !== undefined) {
          this.#next++
          return { value: this.#convert(entry), done: false }
        }
        this.#pages ??= this.#start()
        const step = await this.#pages.next()
        if (step.done === true) break
        this.#page = step.value
        this.#next = 0
      }
    } catch (error) {
      this.#finish()
      throw error
    }
    this.#finish()
    return { value: undefined, done: true }
  }

  #finish(): void {
    this.#done = true
    this.#page = []
  }
}
