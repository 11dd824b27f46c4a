/**
 * A structural delta while it is worked on: a tree of what changed. On the wire it is a payload (payload.ts). What it holds
 * of the values may be the caller's: whoever keeps an edit encodes it first.
 */
export type Edit = SetEdit | KeyedEdit | ListEdit | TextEdit | BytesEdit

/** Another value in its place. */
export interface SetEdit {
  readonly kind: 'set'
  readonly value: unknown
}

/** The key of an object's field, or of a Map's entry: then any primitive. */
export type Name = unknown

/**
 * Fields of an object, or entries of a Map whose keys are all primitives. Applied in this order: what is removed goes, what
 * is edited changes in its place, what is added comes to the end, then `order` moves things.
 */
export interface KeyedEdit {
  readonly kind: 'object' | 'map'
  readonly removed: readonly Name[]
  readonly edits: readonly (readonly [Name, Edit])[]
  readonly added: readonly (readonly [Name, unknown])[]
  readonly order: readonly OrderStep[]
}

/** One step of putting keys in order: `name` goes behind `anchor`, or, where there is none, to the front. */
export interface OrderStep {
  readonly name: Name
  readonly anchor: Name
  readonly front: boolean
}

/** Items of an array, members of a Set, or (`entries`) keys and values of a Map in turn. */
export interface ListEdit {
  readonly kind: 'array' | 'set-items' | 'entries'
  /** How many items the base has. */
  readonly base: number
  /** The result, from front to back. */
  readonly runs: readonly Run[]
}

export type Run =
  | { readonly kind: 'copy'; readonly from: number; readonly count: number }
  | { readonly kind: 'edit'; readonly from: number; readonly edit: Edit }
  | { readonly kind: 'insert'; readonly values: readonly unknown[] }

/** A well-formed text: its bytes as UTF-8. */
export interface TextEdit {
  readonly kind: 'text'
  readonly script: ByteScript
}

/** A value that is more than its fields (a typed array, an Error …), or one that is entangled: the bytes of its binary form. */
export interface BytesEdit {
  readonly kind: 'bytes'
  readonly script: ByteScript
}

/** Bytes made of other bytes: run i copies `lengths[i]` bytes from `froms[i]` on, or, at -1, takes them from `literals`. */
export interface ByteScript {
  /** How many bytes the base has. */
  readonly base: number
  readonly froms: readonly number[]
  readonly lengths: readonly number[]
  readonly literals: Uint8Array
}

/** Edits lie within one another at most so deep: the recursion over them stays within any stack. */
export const MOST_LEVELS = 400
