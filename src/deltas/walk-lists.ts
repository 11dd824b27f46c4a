import { addAfter, addBefore, alignItems, findMoves } from './align.ts'
import type { Edit, ListEdit, Run } from './edit.ts'
import { close, hashApart, hashValue, HIGH, placeAt } from './fingerprint.ts'
import { hashNumber, lanes, weighed } from './hash.ts'
import { ARRAY, itemsOf, SET } from './kind.ts'
import { listRuns } from './list-runs.ts'
import { ListSums } from './sums.ts'
import { closeBoth } from './walk.ts'
import type { Walk } from './walk.ts'

/** What is counted on a walk, before something is walked that may have to be walked again. */
interface Counted {
  readonly visits: number
  readonly visitsAfter: number
  readonly weight: number
  readonly weighed: number
}

/**
 * What changed between two lists: first as long as the items are the same. The rest is done elsewhere: here, no variable may
 * be one of a closure.
 */
export function walkLists(
  walk: Walk,
  a: object,
  b: object,
  kind: number,
  depth: number,
): ListEdit | undefined {
  const before = itemsOf(a, kind)
  const after = itemsOf(b, kind)
  const level = depth + 1
  const most = Math.min(before.length, after.length)
  const { hashing } = walk
  let low = 0
  let high = 0
  let { visits, weight } = walk.a
  let visitsAfter = walk.b.visits
  let weighedBefore = weighed[0] as number
  let front = 0
  let edit: Edit | undefined
  for (; front < most; front++) {
    const one = before[front]
    const other = after[front]
    if (typeof one === 'number' && one === other && one !== 0) {
      if (hashing) hashNumber(one)
    } else {
      if (hashing && typeof one === 'object') {
        visits = walk.a.visits
        weight = walk.a.weight
        visitsAfter = walk.b.visits
        weighedBefore = weighed[0] as number
      }
      edit = walk.step(one, other, level)
      if (edit !== undefined) break
    }
    if (!hashing) continue
    low = (low + placeAt(front, lanes[0] as number)) | 0
    high = (high + placeAt(front ^ HIGH, lanes[1] as number)) | 0
  }
  if (edit === undefined && before.length === after.length) {
    close(low, high, kind, front)
    return undefined
  }
  if (edit === undefined) return walkEnd(walk, { before, after, kind, level, front }, new ListSums(low, high))
  const counted = { visits, visitsAfter, weight, weighed: weighedBefore }
  return walkFurther(walk, { before, after, kind, level, front }, edit, counted, new ListSums(low, high))
}

/** Two lists that begin with `front` items that are the same. */
interface Lists {
  readonly before: readonly unknown[]
  readonly after: readonly unknown[]
  readonly kind: number
  readonly level: number
  readonly front: number
}

/** One list goes on where the other ends: what is most often done to a list needs no search. */
function walkEnd(walk: Walk, { before, after, kind, level, front }: Lists, sums: ListSums): ListEdit {
  if (walk.hashing) {
    for (let i = front; i < before.length; i++) {
      hashApart(before[i], level, walk.a)
      addBefore(sums, i)
    }
    for (let i = front; i < after.length; i++) {
      hashValue(after[i], level, walk.b)
      addAfter(sums, i)
    }
  }
  const runs: Run[] = []
  if (front > 0) runs.push({ kind: 'copy', from: 0, count: front })
  if (front < after.length) runs.push({ kind: 'insert', values: after.slice(front) })
  return closeList(walk, { before, after, kind }, sums, runs)
}

function walkFurther(walk: Walk, lists: Lists, first: Edit, counted: Counted, sums: ListSums): ListEdit {
  const { before, after, level, front } = lists
  /** Of what stands at the same place in both. */
  const edits = new Map<number, Edit>()
  edits.set(front, first)
  let sources: Int32Array | undefined
  if (before.length === after.length) sources = walkInPlace(walk, lists, edits, sums)
  if (sources === undefined) {
    // It is hashed, and counted, again with all that follows.
    walk.a.visits = counted.visits
    walk.a.weight = counted.weight
    walk.b.visits = counted.visitsAfter
    weighed[0] = counted.weighed
    sources = alignItems(before, after, front, level, sums, walk.a, walk.b)
  }
  const found = sources
  const runs = again(walk, () =>
    listRuns(before, after, found, (i, j) => {
      const known = i === j ? edits.get(i) : undefined
      return known ?? walk.step(before[i], after[j], level)
    }),
  )
  return closeList(walk, lists, sums, runs)
}

function closeList(
  walk: Walk,
  { before, after, kind }: Pick<Lists, 'before' | 'after' | 'kind'>,
  sums: ListSums,
  runs: readonly Run[],
): ListEdit {
  const { lowBefore, highBefore, lowAfter, highAfter } = sums
  closeBoth(walk, lowBefore, highBefore, before.length, lowAfter, highAfter, after.length, kind)
  return {
    kind: kind === ARRAY ? 'array' : kind === SET ? 'set-items' : 'entries',
    base: before.length,
    runs,
  }
}

/** So many items may differ before it is asked whether the list has shifted. */
const PATIENCE = 8

/**
 * Lists of the same length, of which most items stand where they stood. Fills `edits`, and tells which old item each new one
 * is; undefined if too many differ: then nothing has been added to `sums`.
 */
function walkInPlace(
  walk: Walk,
  { before, after, level, front }: Lists,
  edits: Map<number, Edit>,
  sums: ListSums,
): Int32Array | undefined {
  let { lowBefore, highBefore, lowAfter, highAfter } = sums
  for (let i = front; i < before.length; i++) {
    const edit = i === front ? edits.get(i) : walk.step(before[i], after[i], level)
    if (edit !== undefined) edits.set(i, edit)
    if (edits.size > PATIENCE + (i - front) / 2) return undefined
    if (!walk.hashing) continue
    const low = placeAt(i, lanes[0] as number)
    const high = placeAt(i ^ HIGH, lanes[1] as number)
    lowBefore = (lowBefore + low) | 0
    highBefore = (highBefore + high) | 0
    lowAfter = (lowAfter + (edit === undefined ? low : placeAt(i, walk.low))) | 0
    highAfter = (highAfter + (edit === undefined ? high : placeAt(i ^ HIGH, walk.high))) | 0
  }
  sums.lowBefore = lowBefore
  sums.highBefore = highBefore
  sums.lowAfter = lowAfter
  sums.highAfter = highAfter
  return findMoves(before, after, [...edits.keys()], level, walk.a, walk.b)
}

/** What was hashed is walked once more for its edits: that counts as no visit. */
function again(walk: Walk, work: () => Run[]): Run[] {
  const { hashing } = walk
  walk.hashing = false
  walk.a.paused = walk.b.paused = true
  const runs = work()
  walk.hashing = hashing
  walk.a.paused = walk.b.paused = !hashing
  return runs
}
