import type { CommitRecord, PastChange } from '../change.ts'

/** What a list of records is sorted by. */
export const byId = (row: PastChange): number => row.id
export const byRevision = (record: CommitRecord): number => record.revision

/** Takes the items with these numbers out of a list that is sorted by number, and returns them. */
export function without<T>(items: T[], numbers: readonly number[], numberOf: (item: T) => number): T[] {
  const dropped: T[] = []
  if (numbers.length === 0) return dropped
  const drop = new Set(numbers)
  let [lowest, highest] = [Infinity, -Infinity]
  for (const number of drop) {
    if (number < lowest) lowest = number
    if (number > highest) highest = number
  }
  const start = placeOf(items, lowest, numberOf)
  const end = placeOf(items, highest + 1, numberOf)
  let kept = start
  for (const item of items.slice(start, end)) {
    if (drop.has(numberOf(item))) dropped.push(item)
    else items[kept++] = item
  }
  items.splice(kept, end - kept)
  return dropped
}

/** The index of the first item whose number is at least `least`. */
export function placeOf<T>(items: readonly T[], least: number, numberOf: (item: T) => number): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (numberOf(items[middle] as T) < least) low = middle + 1
    else high = middle
  }
  return low
}
