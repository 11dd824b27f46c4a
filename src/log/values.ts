/** A decoded value that is remembered in front of the engine. */
export interface Slot {
  /** Plain data, frozen and shared; undefined: the key is absent, or the value is decoded afresh from `encoded`. */
  readonly value: unknown
  /** Set where a value cannot be frozen (Map, Date, bytes …), so that everyone gets a copy of their own. */
  readonly encoded: Uint8Array | string | undefined
  /** The change that wrote it; 0: the key is absent. */
  readonly change: number
  readonly expires: number
  readonly bytes: number
}

/** What the log needs of a cache of decoded values; the policy is the cache room's business. */
export interface ValueCache {
  readonly size: number
  readonly bytes: number
  /** Infinity: no limit of this kind. */
  readonly maxEntries: number
  readonly maxBytes: number
  get(key: string): Slot | undefined
  set(key: string, slot: Slot): void
  delete(key: string): void
  clear(): void
}
