import type { Entry } from '../change.ts'
import { unseal } from './checksum.ts'
import { compareKeys } from './keys.ts'
import type { Log, Point } from './log.ts'
import { breathe, differences, differencesNow, differs, type Difference } from './past.ts'

const PAGE = 512

/** Two records that are not the same to the byte: other text for the same data counts, and another deadline. */
export function differsAtAll(_log: Log, a: Entry | undefined, b: Entry | undefined): boolean {
  if (a === undefined || b === undefined) return a !== b
  return unseal(a.sum, a.change) !== unseal(b.sum, b.change)
}

/**
 * What is different at `end` from what it was at `start`, in either direction. In the main line the log is read forwards
 * either way, and only what changed; a state beside it has to be held against the other, key by key.
 */
export async function* between(
  log: Log,
  start: Point,
  end: Point,
  inRange: (key: string) => boolean,
  differ: typeof differs = differs,
): AsyncGenerator<Difference> {
  const releases = [log.pin(start), log.pin(end)]
  try {
    if (start.aside !== undefined || end.aside !== undefined) {
      let at = log.context.ticks()
      for (const found of sideBySide(log, start, end, inRange, differ)) {
        if (found !== undefined) yield found
        else at = await breathe(log, at)
      }
    } else if (start.last <= end.last) yield* differences(log, start, end, inRange, differ)
    else
      for await (const { key, before, after, change } of differences(log, end, start, inRange, differ))
        yield { key, before: after, after: before, change }
  } finally {
    for (const release of releases) release()
  }
}

/** What is different at `present`, which no older point is behind, without a pause. */
export function* betweenNow(
  log: Log,
  then: Point,
  present: Point,
  inRange: (key: string) => boolean,
): Generator<Difference> {
  if (then.aside === undefined) yield* differencesNow(log, then, present, inRange)
  else
    for (const found of sideBySide(log, then, present, inRange, differs)) if (found !== undefined) yield found
}

/** In the order of keys; undefined now and then, for those who want to do something else meanwhile. */
function* sideBySide(
  log: Log,
  start: Point,
  end: Point,
  inRange: (key: string) => boolean,
  differ: typeof differs,
): Generator<Difference | undefined> {
  const left = new Side(log, start)
  const right = new Side(log, end)
  for (let n = 1; ; n++) {
    const [a, b] = [left.entry, right.entry]
    if (a === undefined && b === undefined) return
    const order = a === undefined ? 1 : b === undefined ? -1 : compareKeys(a.key, b.key)
    const before = order <= 0 ? a : undefined
    const after = order >= 0 ? b : undefined
    const { key } = (before ?? after) as Entry
    if (inRange(key) && differ(log, before, after))
      yield { key, before, after, change: after?.change ?? before?.change ?? 0 }
    if (before !== undefined) left.step()
    if (after !== undefined) right.step()
    if (n % PAGE === 0) yield undefined
  }
}

/** One state, entry by entry. */
class Side {
  readonly #log: Log
  readonly #point: Point
  #page: readonly Entry[] = []
  #next = 0
  #from: string | undefined
  #more = true

  constructor(log: Log, point: Point) {
    this.#log = log
    this.#point = point
    this.step()
  }

  entry: Entry | undefined

  step(): void {
    while (this.#next >= this.#page.length && this.#more) {
      const query = { from: this.#from, to: undefined, reverse: false, limit: PAGE }
      const { entries, last } = this.#log.pageNow(query, this.#point)
      this.#page = entries
      this.#next = 0
      this.#more = last !== undefined
      this.#from = `${last}\0`
    }
    this.entry = this.#page[this.#next++]
  }
}
