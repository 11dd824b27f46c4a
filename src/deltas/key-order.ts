import type { Name, OrderStep } from './edit.ts'

/** The steps that bring keys from one order into another, moving as few as possible. Both hold the same keys. */
export function orderSteps(from: readonly Name[], to: readonly Name[]): OrderStep[] {
  let differs = 0
  while (differs < to.length && Object.is(from[differs], to[differs])) differs++
  if (differs === to.length) return []
  const places = new Map<Name, number>()
  for (let i = 0; i < from.length; i++) places.set(from[i], i)
  const sequence = to.map((name) => places.get(name) as number)
  const stays = longestIncreasing(sequence)
  const steps: OrderStep[] = []
  for (let i = 0; i < to.length; i++) {
    if (stays[i] === 1) continue
    // Everything before it in the new order stands already.
    steps.push({ name: to[i], anchor: i === 0 ? undefined : to[i - 1], front: i === 0 })
  }
  return steps
}

/** Marks (1) the members of a longest increasing run. */
export function longestIncreasing(sequence: readonly number[]): Uint8Array {
  const marks = new Uint8Array(sequence.length)
  const ends: number[] = []
  const before = new Int32Array(sequence.length)
  for (let i = 0; i < sequence.length; i++) {
    const value = sequence[i] as number
    let low = 0
    let high = ends.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((sequence[ends[middle] as number] as number) < value) low = middle + 1
      else high = middle
    }
    before[i] = low > 0 ? (ends[low - 1] as number) : -1
    ends[low] = i
  }
  for (let i = ends.at(-1) ?? -1; i >= 0; i = before[i] as number) marks[i] = 1
  return marks
}

/** Puts keys in order; undefined if the steps speak of keys that are not there. Linear. */
export function reorder(names: readonly Name[], steps: readonly OrderStep[]): Name[] | undefined {
  // A ring of the keys, closed by an object, which no key can be.
  const start = {}
  const next = new Map<Name, Name>()
  const previous = new Map<Name, Name>()
  const link = (a: Name, b: Name): void => {
    next.set(a, b)
    previous.set(b, a)
  }
  let last: Name = start
  for (const name of names) {
    link(last, name)
    last = name
  }
  link(last, start)
  for (const { name, anchor, front } of steps) {
    const target = front ? start : anchor
    if (!next.has(name) || !next.has(target) || target === name) return undefined
    link(previous.get(name), next.get(name))
    const follower = next.get(target)
    link(target, name)
    link(name, follower)
  }
  const ordered: Name[] = []
  for (let name = next.get(start); name !== start; name = next.get(name)) ordered.push(name)
  return ordered
}

/** Names that are array indices come first in every object, in the order of numbers: nothing to put in order. */
export function isIndex(name: string): boolean {
  const first = name.charCodeAt(0)
  if (!(first >= 48 && first <= 57) || name.length > 10) return false
  return /^(?:0|[1-9]\d*)$/.test(name) && Number(name) < 2 ** 32 - 1
}

/** The steps for the fields of an object, of which some went and some came to the end. */
export function fieldOrder(
  old: readonly string[],
  removed: readonly string[],
  added: readonly string[],
  names: readonly string[],
): OrderStep[] {
  const gone = new Set(removed)
  const stands = old.filter((name) => !gone.has(name) && !isIndex(name))
  for (const name of added) if (!isIndex(name)) stands.push(name)
  return orderSteps(
    stands,
    names.filter((name) => !isIndex(name)),
  )
}
