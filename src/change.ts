/** What travels between the log and its engines: records as they are stored. Types only. */

/** A stored value: JSON text, or tagged bytes for everything that JSON cannot say. */
export type Encoded = string | Uint8Array

/** One key as it is (or was) at some point. */
export interface Entry {
  readonly key: string
  readonly value: Encoded
  /** The number of the change that wrote it. */
  readonly change: number
  /** When it ends, in milliseconds since 1970; 0: never. */
  readonly expires: number
  /** Checksum over key, value and expiry, plus `change`: see log/checksum.ts. */
  readonly sum: number
}

/** One row of the log: which key changed, and what was there before. */
export interface PastChange {
  readonly id: number
  readonly key: string
  /** The change that had written `before` (or had removed the key); 0: the key had never existed. */
  readonly prev: number
  /** What the key was until this change; undefined: absent. */
  readonly before: Encoded | undefined
  readonly expires: number
  /** The checksum of the record `before` under the number `prev`. */
  readonly sum: number
  /** It is stored as what is different from the value that took its place. */
  readonly packed?: true
}

/** A change that is about to be stored. */
export interface NewChange {
  readonly id: number
  readonly key: string
  /** undefined: the key goes. */
  readonly value: Encoded | undefined
  readonly expires: number
  readonly sum: number
  /** What the replaced value is kept as, where that is less than the whole: see deltas/stored.ts. */
  readonly past?: { readonly delta: Uint8Array; readonly bytes: number }
}

/** What one new change took the place of. */
export interface Replaced {
  /** Bytes of the encoded value in its plain form; -1: the key was absent. */
  readonly bytes: number
  /** Bytes that it takes as it is kept. */
  readonly kept: number
  readonly sum: number
  readonly prev: number
}

/** One revision. */
export interface CommitRecord {
  readonly revision: number
  /** Its last change; that of the revision before if nothing changed. */
  readonly last: number
  /** Milliseconds since 1970, never less than the revision before. */
  readonly at: number
  readonly actor: string
  readonly why: '' | 'expiry' | 'restore' | 'import'
  /** With `why: 'restore'`: the revision that was brought back; with `'import'`: the number of the state beside the main line. */
  readonly origin: number
  /** Running totals of the state after it (of an import: of the state that was brought in): keys, bytes of keys and values, sum of the records' checksums. */
  readonly keys: number
  readonly bytes: number
  readonly sums: number
  /** SHA-256 over the hash of the revision before and all of the above, in hex. */
  readonly hash: string
  /** The hash of the revision before, written down when that was compacted away. */
  readonly prior?: string
}

/** A name for a revision. */
export interface Mark {
  /** Order of creation. */
  readonly id: number
  readonly version: string
  readonly revision: number
  readonly tags: readonly string[]
  readonly description: string | undefined
  /** Encoded like any value. */
  readonly meta: Encoded
  readonly createdAt: number
  readonly createdBy: string
  readonly auto: boolean
  /** Of an imported delta file: the version that it stands on. */
  readonly base?: string
  readonly sum: number
}

/** A state beside the main line, brought in by an import: it changes nothing of the newest state and stands in no history. */
export interface AsideHead {
  readonly aside: number
  /** The revision that it is the state of; 0: it is still being brought in. */
  readonly revision: number
  /** When its last rows came, in milliseconds since 1970: what is left behind by an import that was killed is known by it. */
  readonly at: number
}

/** One entry that comes to an aside, or (value undefined) goes from it. */
export interface AsideEntry {
  readonly key: string
  readonly value: Encoded | undefined
  readonly expires: number
  /** Not bound to a change: no change wrote it. */
  readonly sum: number
}

/** All records of a store, as of one moment. */
export interface Records {
  readonly state: Iterable<Entry>
  readonly changes: Iterable<PastChange>
  /** Removed keys, the change that removed each, and its checksum. */
  readonly gone: Iterable<{ readonly key: string; readonly change: number; readonly sum: number }>
  readonly commits: Iterable<CommitRecord>
  readonly marks: Iterable<Mark>
  readonly asides: Iterable<{ readonly head: AsideHead; readonly entries: Iterable<AsideEntry> }>
  readonly horizon: number
}

/** How much of the past stays readable beside the snapshots. Each limit that is given holds. */
export interface Keep {
  /** So many revisions, the newest included; undefined: no limit. */
  readonly revisions: number | undefined
  /** So many milliseconds; undefined: no limit. */
  readonly age: number | undefined
}
