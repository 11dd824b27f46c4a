import type { Encoded, PastChange } from '../change.ts'
import { loadDelta, loadDeltas } from '../deltas/stored.ts'
import { IntegrityError } from '../errors.ts'

/**
 * Past values that are kept as what is different from the value that took their place: bytes of which the first says so. A
 * value that nothing replaced (the newest one of a key) is whole, and so is that of every rung, so that few steps lead to any.
 */
const PACKED = 4

export function packedForm(delta: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + delta.length)
  bytes[0] = PACKED
  bytes.set(delta, 1)
  return bytes
}

function isPacked(before: Encoded | undefined): before is Uint8Array {
  return typeof before === 'object' && before[0] === PACKED
}

/** What the values of a key are put together from. */
export interface Chain {
  /** What stands in the state now. */
  newest(key: string): { readonly change: number; readonly value: Encoded } | undefined
  /** Some changes of a key behind this one, oldest first and without a gap: the first is the one that replaced it. */
  behind(key: string, change: number): readonly PastChange[]
}

/** What does not match any checksum stands for what cannot be put together: whoever reads it will say which it is. */
const LOST: Uint8Array = new Uint8Array(0)

/** Rows of the log with their values as they were. */
export function unpacked(chain: Chain, rows: readonly PastChange[]): PastChange[] {
  if (!rows.some(({ before }) => isPacked(before))) return rows as PastChange[]
  // What each change wrote, as far as these rows tell: the row that replaced it holds it.
  const written = new Map<number, Encoded>()
  for (const { prev, before } of rows)
    if (before !== undefined && !isPacked(before)) written.set(prev, before)
  const whole = new Map<number, PastChange>()
  for (const row of rows.toSorted((a, b) => b.id - a.id)) {
    if (!isPacked(row.before)) continue
    const before = unpack(row.before, () => written.get(row.id) ?? valueOf(chain, row.key, row.id))
    if (before !== LOST) written.set(row.prev, before)
    whole.set(row.id, { ...row, before, packed: true })
  }
  return rows.map((row) => whole.get(row.id) ?? row)
}

function unpack(packed: Uint8Array, newer: () => Encoded): Encoded {
  try {
    return loadDelta(newer(), packed.subarray(1))
  } catch (error) {
    if (error instanceof IntegrityError) return LOST
    throw error
  }
}

/** What a change wrote, put together from the changes behind it. */
function valueOf(chain: Chain, key: string, change: number): Encoded {
  const packed: Uint8Array[] = []
  let value: Encoded | undefined
  for (let at = change; value === undefined;) {
    const newest = chain.newest(key)
    if (newest?.change === at) {
      value = newest.value
      break
    }
    const rows = chain.behind(key, at)
    if (rows[0]?.prev !== at) throw new IntegrityError(`Change ${at} has no follower.`)
    for (const { id, before } of rows) {
      if (before === undefined) throw new IntegrityError(`Change ${id} replaced nothing.`)
      if (!isPacked(before)) {
        value = before
        break
      }
      packed.push(before)
      at = id
    }
  }
  const deltas = packed.toReversed().map((one) => one.subarray(1))
  return loadDeltas(value, deltas)
}
