import { survey } from '../log/classify.ts'
import type { Edit, KeyedEdit } from './edit.ts'
import { close, hashApart, hashValue } from './fingerprint.ts'
import { hashText, lanes, place, shapeOf } from './hash.ts'
import { fieldOrder } from './key-order.ts'
import { OBJECT } from './kind.ts'
import { hasNames } from './same.ts'
import { Sums } from './sums.ts'
import { closeBoth, closeSums } from './walk.ts'
import type { Walk } from './walk.ts'

/** What changed between the fields of two objects. */
export function walkFields(
  walk: Walk,
  a: Record<string, unknown>,
  b: Record<string, unknown>,
  depth: number,
): Edit | undefined {
  const names = Object.keys(b)
  if (--walk.unasked >= 0 && Object.getOwnPropertySymbols(b).length > 0) survey(b)
  if (!hasNames(a, names)) return otherFields(walk, a, b, names, depth)
  const hashing = walk.hashing
  const shape = hashing ? shapeOf(names) : undefined
  let low = 0
  let high = 0
  let lowChange = 0
  let highChange = 0
  let edits: [string, Edit][] | undefined
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string
    const before = a[name]
    const after = b[name]
    let edit: Edit | undefined
    // The usual case without a call.
    if (typeof before === 'string' && before === after) {
      if (hashing) hashText(before)
    } else edit = walk.step(before, after, depth + 1)
    if (!hashing) {
      if (edit !== undefined) (edits ??= []).push([name, edit])
      continue
    }
    const itemLow = lanes[0] as number
    const itemHigh = lanes[1] as number
    if (shape === undefined) hashText(name)
    const nameLow = shape === undefined ? (lanes[0] as number) : (shape.lows[i] as number)
    const nameHigh = shape === undefined ? (lanes[1] as number) : (shape.highs[i] as number)
    const placedLow = place(nameLow, itemLow)
    const placedHigh = place(nameHigh, itemHigh)
    low = (low + placedLow) | 0
    high = (high + placedHigh) | 0
    if (edit === undefined) continue
    ;(edits ??= []).push([name, edit])
    lowChange = (lowChange + place(nameLow, walk.low) - placedLow) | 0
    highChange = (highChange + place(nameHigh, walk.high) - placedHigh) | 0
  }
  if (edits === undefined) {
    close(low, high, OBJECT, names.length)
    return undefined
  }
  closeBoth(walk, low, high, names.length, low + lowChange, high + highChange, names.length, OBJECT)
  return { kind: 'object', removed: [], edits, added: [], order: [] }
}

/** Fields have come or gone, or stand in another order. */
function otherFields(
  walk: Walk,
  a: Record<string, unknown>,
  b: Record<string, unknown>,
  names: readonly string[],
  depth: number,
): KeyedEdit {
  const old = Object.keys(a)
  const removed: string[] = []
  const edits: [string, Edit][] = []
  const sums = new Sums()
  let kept = 0
  let inOrder = true
  for (const name of old) {
    const value = a[name]
    // Most stand where they stood: then there is nothing to be looked up.
    const stands = names[kept] === name
    if (!stands && !Object.hasOwn(b, name)) {
      removed.push(name)
      if (!walk.hashing) continue
      hashApart(value, depth + 1, walk.a)
      sums.keepItem()
      hashText(name)
      sums.before()
      continue
    }
    kept++
    if (!stands) inOrder = false
    const edit = walk.step(value, b[name], depth + 1)
    if (edit !== undefined) edits.push([name, edit])
    if (!walk.hashing) continue
    sums.keepItem()
    hashText(name)
    sums.both(edit !== undefined, walk.low, walk.high)
  }
  // What stayed stands in front, in its old order: then the rest is what was added.
  const fresh = inOrder ? names.slice(kept) : names.filter((name) => !Object.hasOwn(a, name))
  const added: [string, unknown][] = []
  for (const name of fresh) {
    added.push([name, b[name]])
    if (!walk.hashing) continue
    hashValue(b[name], depth + 1, walk.b)
    sums.keepItem()
    hashText(name)
    sums.after()
  }
  closeSums(walk, sums, old.length, names.length, OBJECT)
  const order = inOrder ? [] : fieldOrder(old, removed, fresh, names)
  return { kind: 'object', removed, edits, added, order }
}
