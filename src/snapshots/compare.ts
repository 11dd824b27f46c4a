import type { Entry } from '../change.ts'
import type { Log, Point } from '../log/log.ts'
import { between, betweenNow } from '../log/asides.ts'
import { compressed } from '../log/codec.ts'
import { toChange, type Difference } from '../log/past.ts'
import { resolve } from '../log/refs.ts'
import { putOp, removeOp, type Draft, type Op, type View } from '../log/intent.ts'
import { InvalidOptionError } from '../errors.ts'
import { inSelection, selectionOf, type Selection } from '../log/selection.ts'
import { makeDelta } from '../deltas/strategies.ts'
import type { Change, Delta, Diff, DiffChange, DiffSummary, Range, Ref } from '../types.ts'

/** Whether a key is one that a restore is limited to. */
export function rangeFilter(call: string, range: Range, prefix: string): (key: string) => boolean {
  return inSelection(selectedFor(call, range, prefix, ['limit', 'reverse', 'at']))
}

function selectedFor(
  call: string,
  range: Range,
  prefix: string,
  without: readonly (keyof Range)[],
): Selection {
  const selection = selectionOf(range, prefix)
  for (const name of without)
    if (range[name] !== undefined)
      throw new InvalidOptionError(`The range of ${call} says which keys; it has no ${name}.`)
  return selection
}

/**
 * What changed between two points, in the order of the log; reads only what changed. In reverse, what changed is gathered
 * first.
 */
export function diffOf(log: Log, prefix: string, from: Ref, to: Ref | undefined, range: Range): Diff {
  const selection = selectedFor('diff', range, prefix, ['at'])
  const points = (): { start: Point; end: Point } => ({
    start: resolve(log, from),
    end: to === undefined ? log.present() : resolve(log, to),
  })
  const iterate = (): AsyncGenerator<DiffChange> => {
    const { start, end } = points()
    return changesBetween(log, prefix, start, end, selection)
  }
  return {
    [Symbol.asyncIterator]: () => lazily(iterate),
    async toArray(): Promise<DiffChange[]> {
      const all: DiffChange[] = []
      for await (const change of iterate()) all.push(change)
      return all
    },
    async summary(): Promise<DiffSummary> {
      const { start, end } = points()
      const summary = {
        from: start.revision,
        to: end.revision,
        different: false,
        added: 0,
        changed: 0,
        removed: 0,
      }
      for await (const { before, after } of chosenBetween(log, start, end, selection)) {
        summary.different = true
        if (before === undefined) summary.added++
        else if (after === undefined) summary.removed++
        else summary.changed++
      }
      return summary
    },
  }
}

/** A reference that cannot be resolved rejects the first step, as it does in all other calls. */
async function* lazily<T>(make: () => AsyncIterable<T>): AsyncGenerator<T> {
  yield* make()
}

async function* chosenBetween(
  log: Log,
  start: Point,
  end: Point,
  selection: Selection,
): AsyncGenerator<Difference> {
  let left = selection.limit
  const all = between(log, start, end, inSelection(selection))
  for await (const found of selection.reverse ? backwards(all) : all) {
    if (left-- <= 0) return
    yield found
    if (left <= 0) return
  }
}

async function* backwards<T>(source: AsyncIterable<T>): AsyncGenerator<T> {
  const all: T[] = []
  for await (const one of source) all.push(one)
  yield* all.reverse()
}

async function* changesBetween(
  log: Log,
  prefix: string,
  start: Point,
  end: Point,
  selection: Selection,
): AsyncGenerator<DiffChange> {
  // What lies beside the main line has no changes of its own: it came with its import.
  const imports = [start, end].flatMap(({ aside, revision }) => (aside === undefined ? [] : [revision]))
  const imported = imports.length === 0 ? undefined : log.commitOf(Math.max(...imports))
  for await (const { key, before, after, change } of chosenBetween(log, start, end, selection)) {
    const found = toChange(log, key, before, after, imported ?? log.commitOfChange(change), prefix.length)
    yield before === undefined || after === undefined || log.isSecret(key) ? found : withDelta(log, found)
  }
}

/** Its delta is made when it is asked for; and it is not among what is counted as the change itself. */
function withDelta(log: Log, change: DiffChange): Change {
  let made: Delta | undefined
  return Object.defineProperty(change, 'delta', {
    get: () => (made ??= makeDelta(change.before, change.after, log.options.delta)),
  })
}

/** The changes that bring the state back to a point, as one revision. */
export function restoring(
  log: Log,
  view: View,
  point: Point,
  inRange: (key: string) => boolean,
  actor: string,
): Draft {
  const now = log.context.steady()
  const present: Point = { revision: log.head.revision, last: log.head.last, asOf: 0 }
  const ops = new Map<string, Op>()
  for (const { key, before } of betweenNow(log, point, present, inRange))
    ops.set(key, backTo(log, key, before, now))
  // What was written earlier in the same transaction is not in the log yet.
  for (const key of view.touched())
    if (inRange(key)) ops.set(key, backTo(log, key, log.entryAt(key, point), now))
  for (const [key, op] of ops) if (op.value === undefined && view.entry(key) === undefined) ops.delete(key)
  return { ops: [...ops.values()], actor, why: 'restore', origin: point.revision }
}

/** A deadline stays what it was: what has ended since does not come back to life. */
function backTo(log: Log, key: string, then: Entry | undefined, now: number): Op {
  const alive = then !== undefined && (then.expires === 0 || then.expires > now)
  return alive ? putOp(key, compressed(then.value, log.options), then.expires) : removeOp(key)
}
