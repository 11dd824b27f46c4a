import type { Edit, Run } from './edit.ts'
import { editWeight, valueWeight } from './weight.ts'

/** What changed between an old and a new item, by their places. */
type Walk = (i: number, j: number) => Edit | undefined

/** Fields that tell records apart. Only a hint which old item a new one may have come from: its content is compared. */
const IDENTITIES = ['id', '_id', 'key', 'uuid', 'name'] as const

/**
 * The runs of a list edit. `sources` tells for each new item which old one it is (-1: none); what is new is paired with what
 * is gone, so that a changed record is an edit and not another record.
 */
export function listRuns(
  before: readonly unknown[],
  after: readonly unknown[],
  sources: Int32Array,
  walk: Walk,
): Run[] {
  const partners = pair(before, after, sources)
  const runs: Run[] = []
  let values: unknown[] = []
  const flush = (): void => {
    if (values.length > 0) runs.push({ kind: 'insert', values })
    values = []
  }
  for (let j = 0; j < after.length;) {
    const from = sources[j] as number
    if (from >= 0) {
      let count = 1
      while (j + count < after.length && sources[j + count] === from + count) count++
      if (isWorthless(before, from, count, j, sources)) {
        for (let k = 0; k < count; k++) values.push(after[j + k])
      } else {
        flush()
        runs.push({ kind: 'copy', from, count })
      }
      j += count
      continue
    }
    const partner = partners === undefined ? -1 : (partners[j] as number)
    const edit = partner < 0 ? undefined : worthwhile(walk(partner, j), after[j])
    if (edit === undefined) values.push(after[j])
    else {
      flush()
      runs.push({ kind: 'edit', from: partner, edit })
    }
    j++
  }
  flush()
  return runs
}

function worthwhile(edit: Edit | undefined, value: unknown): Edit | undefined {
  if (edit === undefined || edit.kind === 'set') return undefined
  const limit = valueWeight(value, 1 << 20)
  return editWeight(edit, limit) < limit ? edit : undefined
}

/** A short run of small items between new ones costs more to copy than to say again. */
function isWorthless(
  before: readonly unknown[],
  from: number,
  count: number,
  j: number,
  sources: Int32Array,
): boolean {
  if (count > 2 || (j > 0 && sources[j - 1] !== -1)) return false
  if (j + count < sources.length && sources[j + count] !== -1) return false
  let weight = 0
  for (let i = from; i < from + count; i++) weight += valueWeight(before[i], 16)
  return weight < 6
}

/** For each new item that no old one equals, the old one that it may have come from; each is taken once. */
function pair(
  before: readonly unknown[],
  after: readonly unknown[],
  sources: Int32Array,
): Int32Array | undefined {
  const kept = new Uint8Array(before.length)
  let fresh = 0
  for (const from of sources) {
    if (from >= 0) kept[from] = 1
    else fresh++
  }
  if (fresh === 0 || before.length === 0) return undefined
  const partners = new Int32Array(after.length).fill(-1)
  const identities = new Map<unknown, number>()
  for (let i = before.length - 1; i >= 0; i--) {
    const identity = kept[i] === 1 ? undefined : identityOf(before[i])
    if (identity !== undefined) identities.set(identity, i)
  }
  for (let j = 0; j < after.length; j++) {
    if (sources[j] !== -1) continue
    const identity = identityOf(after[j])
    const i = identity === undefined ? undefined : identities.get(identity)
    if (i === undefined || kept[i] === 1) continue
    partners[j] = i
    kept[i] = 1
  }
  // The others in the order in which they stand between the same neighbours.
  let i = 0
  for (let j = 0; j < after.length; j++) {
    const from = Math.max(sources[j] as number, partners[j] as number)
    if (from >= 0) {
      i = from + 1
      continue
    }
    if (i < before.length && kept[i] === 0 && isAlike(before[i], after[j])) {
      partners[j] = i
      kept[i++] = 1
    }
  }
  return partners
}

function identityOf(item: unknown): string | undefined {
  if (typeof item !== 'object' || item === null) return undefined
  for (const name of IDENTITIES) {
    if (!Object.hasOwn(item, name)) continue
    const value = (item as Record<string, unknown>)[name]
    if (typeof value === 'string') return `${name}:${value}`
    if (typeof value === 'number') return `${name}=${value}`
  }
  return undefined
}

/** Records with different identities are different records. */
function isAlike(a: unknown, b: unknown): boolean {
  if (typeof a === 'string' && typeof b === 'string') return a.length > 100 && b.length > 100
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return false
  return Array.isArray(a) === Array.isArray(b) && identityOf(a) === identityOf(b)
}
