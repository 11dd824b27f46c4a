import { type CacheSettings, type EvictionReason, POLICIES } from './cache-options.ts'
import { type EntryTable, MOST_ENTRIES, NONE, STRIDE, USES } from './entry-table.ts'
import type { Policy } from './policies/policy.ts'
import { SlotOrder, StateReader, StateWriter } from './policies/policy-state.ts'

/** Of the bytes of `EntriesState.policy`, and of what they mean: also how keys are hashed. */
const VERSION = 1

/** What the policy of a cache knows, to be taken back by another cache that has the same entries. */
export interface EntriesState {
  /** That keys were hashed with: whoever takes the state back needs the same, see `Entries.reseed`. */
  readonly seed: number
  /**
   * Each entry's slot, in the policy's own order: queue by queue, in each the first to go first. For another cache, put the
   * numbers of its own slots here; -1 for what is gone.
   */
  readonly slots: Int32Array
  /** For each of `slots` what the policy keeps of it: its queue, its frequency; 0 for a newcomer. */
  readonly marks: Int32Array
  /** For each of `slots` the uses that the policy has not looked at yet. */
  readonly touches: Uint8Array
  /** What the policy keeps beside the entries. Good for the same policy with the same limits only. */
  readonly policy: Uint8Array
}

/** Hears at once of what changes, by slot. It may read the entry and must not use the cache. */
export interface EntriesListener {
  /** A new entry, or a new value in the place of another. */
  put(slot: number): void
  /** It is still there. */
  going(slot: number, reason: EvictionReason): void
  /** Everything is gone. */
  cleared(): void
}

/** What one entry had in a cache before this one. Times are milliseconds since 1970. */
export interface KeptEntry {
  readonly createdAt: number
  readonly accessedAt: number
  readonly accesses: number
  /** However often it is used; `Infinity`: never. */
  readonly endsAt: number
  /** If not given, it is measured where that matters. */
  readonly bytes?: number
}

export function saveState(settings: CacheSettings, table: EntryTable, policy: Policy): EntriesState {
  const order = new SlotOrder(table.size)
  const notes = new StateWriter()
  for (const number of headerOf(settings)) notes.number(number)
  notes.number(table.capacity)
  policy.save(order, notes)
  const { slots, marks } = order
  const touches = new Uint8Array(slots.length)
  for (let i = 0; i < slots.length; i++) touches[i] = table.touches[slots[i] as number] as number
  return {
    seed: table.seed,
    slots,
    marks,
    touches,
    policy: notes.bytes(),
  }
}

function headerOf({ policy, maxEntries, maxBytes }: CacheSettings): number[] {
  return [VERSION, POLICIES.indexOf(policy), maxEntries, maxBytes]
}

/** What came while a state was on its way is used again so often at most when the state is laid over it. */
const MOST_REPLAYED = 15

/**
 * A policy that knows what the state says. What the state does not know is newer: it comes after the rest, in the order in which
 * the policy until now has it, and with its uses. `make` gives a fresh policy, with room for so many entries.
 */
export function policyOf(
  state: EntriesState,
  settings: CacheSettings,
  table: EntryTable,
  until: Policy,
  make: (capacity: number) => Policy,
): Policy {
  const newer = new SlotOrder(table.size)
  until.save(newer, new StateWriter())
  const { order, notes, capacity, knows } = soundState(state, settings, table)
  let policy = make(notes === undefined ? 0 : capacity)
  policy.restore(order, notes)
  if (notes?.complete === false) {
    policy = make(0)
    policy.restore(order, undefined)
  }
  for (let i = 0; i < newer.count; i++) {
    const slot = newer.slots[i] as number
    if (knows(slot)) continue
    policy.add(slot)
    // The others find their uses in `touches`.
    if (!policy.eager) continue
    const uses = Math.min(table.meta[slot * STRIDE + USES] as number, MOST_REPLAYED)
    for (let use = 0; use < uses; use++) policy.use(slot)
  }
  return policy
}

/** What can be believed of a state. */
interface SoundState {
  /** The slots that the state knows and that are there, each once. Their touches are written to the table. */
  readonly order: SlotOrder
  /** Whether the state knows a slot. */
  readonly knows: (slot: number) => boolean
  /** What the policy kept beside the entries; undefined if it was another one. */
  readonly notes: StateReader | undefined
  /** How many entries there was room for. */
  readonly capacity: number
}

/** Looks through a state for a table of entries. Whatever is wrong with it is left out. */
function soundState(state: EntriesState, settings: CacheSettings, table: EntryTable): SoundState {
  const notes = new StateReader(state.policy)
  const [version, policy, ...limits] = headerOf(settings)
  const header = [0, 0, 0, 0].map(() => notes.number(-Infinity, Infinity))
  const room = notes.whole(0, MOST_ENTRIES)
  // Only policies that remember keys by hash care, and those need more than a byte for each.
  const capacity = room <= state.policy.length ? room : 0
  // Marks are of use to the same policy only, what lies beside the entries only with the same limits and hashes.
  const same = header[0] === version && header[1] === policy
  const alike = same && state.seed === table.seed && limits.every((limit, i) => header[i + 2] === limit)
  const order = new SlotOrder(table.size)
  const seen = new Uint8Array(table.end)
  for (let i = 0; i < state.slots.length; i++) {
    const slot = state.slots[i] ?? NONE
    if (!(slot >= 0 && slot < table.end) || seen[slot] === 1 || table.isFree(slot)) continue
    seen[slot] = 1
    order.push(slot, same ? (state.marks[i] ?? 0) : 0)
    table.touches[slot] = same ? (state.touches[i] ?? 0) : 0
  }
  const knows = (slot: number): boolean => seen[slot] === 1
  return { order, knows, notes: alike ? notes : undefined, capacity }
}
