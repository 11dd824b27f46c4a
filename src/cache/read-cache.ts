import type { Slot, ValueCache } from '../log/values.ts'

/** What an entry costs beside its value: key, slot, and its place in the map. */
const ENTRY_BYTES = 160
/** How many entries one insert looks at before it takes the next best: no insert may stop the program. */
const LOOKS = 16

/**
 * Decoded values in front of the engine, bounded by number and by bytes. A second chance for what was read since the hand
 * came by last (CLOCK), at the price of one byte written per hit.
 */
export class ReadCache implements ValueCache {
  readonly #slots = new Map<string, Slot>()
  readonly #maxEntries: number
  readonly #maxBytes: number
  #bytes = 0

  /** 0: no limit of this kind. */
  constructor(maxEntries: number, maxBytes: number) {
    this.#maxEntries = maxEntries === 0 ? Infinity : maxEntries
    this.#maxBytes = maxBytes === 0 ? Infinity : maxBytes
  }

  get(key: string): Slot | undefined {
    const slot = this.#slots.get(key)
    if (slot !== undefined) slot.hot = true
    return slot
  }

  set(key: string, slot: Slot): void {
    this.delete(key)
    const cost = slot.bytes + ENTRY_BYTES
    // One that would take a quarter of the cache is not worth what it would drive out.
    if (cost > this.#maxBytes / 4) return
    this.#slots.set(key, slot)
    this.#bytes += cost
    while (this.#bytes > this.#maxBytes || this.#slots.size > this.#maxEntries) this.#evict()
  }

  delete(key: string): void {
    const slot = this.#slots.get(key)
    if (slot === undefined) return
    this.#slots.delete(key)
    this.#bytes -= slot.bytes + ENTRY_BYTES
  }

  clear(): void {
    this.#slots.clear()
    this.#bytes = 0
  }

  #evict(): void {
    let looks = LOOKS
    for (const [key, slot] of this.#slots) {
      if (!slot.hot || --looks === 0) return this.delete(key)
      slot.hot = false
      this.#slots.delete(key)
      this.#slots.set(key, slot)
    }
  }
}

/** No cache at all: every read asks the engine. */
export class NoCache implements ValueCache {
  get(): undefined {
    return undefined
  }
  set(): void {}
  delete(): void {}
  clear(): void {}
}
