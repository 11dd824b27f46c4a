import { applyEdit, misfit } from './apply.ts'
import type { Edit, ListEdit } from './edit.ts'
import { longestIncreasing } from './key-order.ts'

/** One step on a list; each index is of the list as it stands just then. */
export type ItemStep =
  | { readonly op: 'remove'; readonly index: number }
  | { readonly op: 'add'; readonly index: number; readonly value: unknown }
  | { readonly op: 'move'; readonly index: number; readonly from: number }
  | { readonly op: 'edit'; readonly index: number; readonly value: unknown; readonly edit: Edit }

interface Item {
  /** Its place in the old list; -1: new. */
  readonly from: number
  readonly edit: Edit | undefined
  readonly value: unknown
}

/**
 * A list edit as steps in turn, for formats that know no copies: first what is gone goes, from the back; then, from the
 * front, what has moved moves and what is new comes. As many items as possible stay where they are.
 */
export function itemSteps(before: readonly unknown[], edit: ListEdit): ItemStep[] {
  if (before.length !== edit.base) throw misfit()
  const used = new Uint8Array(before.length)
  const after = itemsAfter(before, edit, used)
  const steps: ItemStep[] = []
  for (let i = before.length - 1; i >= 0; i--) if (used[i] === 0) steps.push({ op: 'remove', index: i })

  const kept = after.filter(({ from }) => from >= 0)
  const marks = longestIncreasing(kept.map(({ from }) => from))
  const waiting = new Waiting(before.length)
  const stays = new Uint8Array(before.length)
  kept.forEach(({ from }, i) => {
    if (marks[i] === 1) stays[from] = 1
    else waiting.add(from, 1)
  })
  // Where the items that stay are in the old list and in the new one.
  const stayedFrom: number[] = []
  const stayedAt: number[] = []
  after.forEach(({ from }, index) => {
    if (from < 0 || stays[from] === 0) return
    stayedFrom.push(from)
    stayedAt.push(index)
  })
  let lastStay = -1
  let stayed = 0
  after.forEach(({ from, edit: inner, value }, index) => {
    if (from >= 0 && stays[from] === 1) {
      lastStay = from
      stayed++
    } else if (from >= 0) {
      // Before it: what is done and stands before it, what will stay and stands before it, and what waits before it.
      const above = firstAbove(stayedFrom, from)
      const done = from > lastStay ? index + above - stayed : (stayedAt[above] as number)
      const at = done + waiting.before(from)
      waiting.add(from, -1)
      const to = index + waiting.before(lastStay)
      if (at !== to) steps.push({ op: 'move', from: at, index: to })
    }
    const here = index + waiting.before(lastStay)
    if (from < 0) steps.push({ op: 'add', index: here, value })
    else if (inner !== undefined) steps.push({ op: 'edit', index: here, value: before[from], edit: inner })
  })
  return steps
}

function itemsAfter(before: readonly unknown[], { runs }: ListEdit, used: Uint8Array): Item[] {
  const after: Item[] = []
  for (const run of runs) {
    if (run.kind === 'insert') {
      for (const value of run.values) after.push({ from: -1, edit: undefined, value })
      continue
    }
    const count = run.kind === 'copy' ? run.count : 1
    const inner = run.kind === 'edit' ? run.edit : undefined
    if (run.from + count > before.length) throw misfit()
    for (let i = run.from; i < run.from + count; i++) {
      // A second copy of an item is a new item.
      if (used[i] === 1)
        after.push({
          from: -1,
          edit: undefined,
          value: inner === undefined ? before[i] : applyEdit(before[i], inner),
        })
      else after.push({ from: i, edit: inner, value: undefined })
      used[i] = 1
    }
  }
  return after
}

/** The place of the first number above another one; the numbers increase. */
function firstAbove(numbers: readonly number[], value: number): number {
  let low = 0
  let high = numbers.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((numbers[middle] as number) > value) high = middle
    else low = middle + 1
  }
  return low
}

/** Counts the items that have yet to move, by their old places: a Fenwick tree. */
class Waiting {
  readonly #tree: Int32Array

  constructor(length: number) {
    this.#tree = new Int32Array(length + 1)
  }

  add(place: number, by: number): void {
    for (let at = place + 1; at < this.#tree.length; at += at & -at)
      this.#tree[at] = (this.#tree[at] as number) + by
  }

  /** How many have smaller places. */
  before(place: number): number {
    let sum = 0
    for (let at = place; at > 0; at -= at & -at) sum += this.#tree[at] as number
    return sum
  }
}
