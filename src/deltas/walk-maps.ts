import type { Edit, Name } from './edit.ts'
import { hashApart, hashValue } from './fingerprint.ts'
import { orderSteps } from './key-order.ts'
import { MAP } from './kind.ts'
import { Sums } from './sums.ts'
import { closeSums } from './walk.ts'
import type { Walk } from './walk.ts'

/** What changed between the entries of two Maps of which all keys are primitives. */
export function walkMaps(
  walk: Walk,
  a: Map<unknown, unknown>,
  b: Map<unknown, unknown>,
  depth: number,
): Edit | undefined {
  const removed: Name[] = []
  const edits: [Name, Edit][] = []
  const added: [Name, unknown][] = []
  const kept: Name[] = []
  const sums = new Sums()
  for (const [name, value] of a) {
    const stays = b.has(name)
    const edit = stays ? walk.step(value, b.get(name), depth + 1) : undefined
    if (!stays) {
      removed.push(name)
      if (walk.hashing) hashApart(value, depth + 1, walk.a)
    } else kept.push(name)
    if (edit !== undefined) edits.push([name, edit])
    if (!walk.hashing) continue
    sums.keepItem()
    hashValue(name, depth + 1, walk.a)
    if (stays) sums.both(edit !== undefined, walk.low, walk.high)
    else sums.before()
  }
  for (const [name, value] of b) {
    if (a.has(name)) continue
    added.push([name, value])
    kept.push(name)
    if (!walk.hashing) continue
    hashValue(value, depth + 1, walk.b)
    sums.keepItem()
    hashValue(name, depth + 1, walk.b)
    sums.after()
  }
  closeSums(walk, sums, a.size, b.size, MAP)
  const order = orderSteps(kept, [...b.keys()])
  if (removed.length + edits.length + added.length + order.length === 0) return undefined
  return { kind: 'map', removed, edits, added, order }
}
