import { applyEdit } from './apply.ts'
import type { Edit, KeyedEdit, OrderStep } from './edit.ts'

type Compose = (first: Edit, second: Edit) => Edit | undefined

/** Thrown where two edits cannot become one without their base: they are kept as two, then. */
export const uncomposable: Error = new Error('Two edits cannot become one without their base.')

/** By key. What the first has removed and the second adds again is both: it goes, and comes to the end. */
export function composeKeyed(first: KeyedEdit, second: KeyedEdit, compose: Compose): KeyedEdit | undefined {
  const removed = new Set(first.removed)
  const edits = new Map(first.edits)
  const added = new Map(first.added)
  let order: OrderStep[] = [...first.order]
  for (const name of second.removed) {
    // Others were put behind it; where that is without it, only the base knows.
    if (order.some((step) => !step.front && Object.is(step.anchor, name))) throw uncomposable
    order = order.filter((step) => !Object.is(step.name, name))
    if (added.delete(name)) continue
    edits.delete(name)
    removed.add(name)
  }
  for (const [name, edit] of second.edits) {
    if (added.has(name)) {
      added.set(name, applyEdit(added.get(name), edit))
      continue
    }
    const before = edits.get(name)
    const both = before === undefined ? edit : compose(before, edit)
    if (both === undefined) edits.delete(name)
    else edits.set(name, both)
  }
  for (const [name, value] of second.added) added.set(name, value)
  order.push(...second.order)
  if (removed.size + edits.size + added.size + order.length === 0) return undefined
  return { kind: first.kind, removed: [...removed], edits: [...edits], added: [...added], order }
}
