import type { CommitRecord, Encoded, Entry, Mark } from '../change.ts'
import { GONE, recordSum } from './checksum.ts'

/** What is to become of one key, encoded and ready. */
export interface Op {
  readonly key: string
  /** undefined: the key goes. */
  readonly value: Encoded | undefined
  readonly expires: number
  readonly sum: number
}

export function putOp(key: string, value: Encoded, expires: number): Op {
  return { key, value, expires, sum: recordSum(key, value, expires) }
}

export function removeOp(key: string): Op {
  return { key, value: undefined, expires: 0, sum: GONE }
}

/** What a state adds up to. */
export type Totals = Pick<CommitRecord, 'keys' | 'bytes' | 'sums'>

/** One revision, or only marks, that an intent wants to be stored. */
export interface Draft {
  /** At most one per key. undefined: no revision, only marks. */
  readonly ops?: readonly Op[]
  readonly actor: string
  readonly why?: CommitRecord['why']
  readonly origin?: number
  readonly marks?: { readonly put?: readonly Mark[]; readonly drop?: readonly string[] }
  /**
   * Instead of ops: a state beside the main line becomes that of a revision of its own, and the revision after it says that
   * everything is as it was before.
   */
  readonly aside?: { readonly aside: number } & Totals
}

/** The newest state as an intent finds it, with what goes before it in the same group already done. */
export interface View {
  readonly revision: number
  readonly last: number
  /** The revision of the key's last change; 0: the key is absent. */
  revisionOf(key: string): number
  /** The live entry. Its `change` and `sum` are those of the engine's record: only `value` and `expires` are of use. */
  entry(key: string): Pick<Entry, 'key' | 'value' | 'expires'> | undefined
  /** All live keys, in order, with this group's changes in them. */
  entries(): Iterable<Pick<Entry, 'key' | 'value' | 'expires'>>
  /** All snapshots, in the order of their creation. */
  marks(): readonly Mark[]
  /** The keys that this group has written before. */
  touched(): Iterable<string>
  /** Whether a key for which `touches` is true has changed since this change. */
  changedSince(change: number, touches: (key: string) => boolean): boolean
}

/** Something to be written. */
export interface Intent {
  /** `build` runs code of the user's, which must never run while other processes wait for us. */
  readonly userCode?: boolean
  /** All that has ended has to be gone from the log before this one. */
  readonly afterExpiry?: boolean
  /** undefined: there is nothing to do. What it throws rejects this intent and no other. */
  build(view: View): Draft | undefined
}
