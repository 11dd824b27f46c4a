import type { CacheOptions, EvictionReason } from './cache-options.ts'

/** Room for more than this is given back. */
const MANY = 96

/** What went, until `onEvict` is told of it: when everything is in order again. */
export class Departures {
  readonly #onEvict: CacheOptions['onEvict']
  /** Key, value and reason, one after another. Used again and again: something goes with most of what comes. */
  #gone: unknown[] = []
  #end = 0
  #telling = false

  constructor(onEvict: CacheOptions['onEvict']) {
    this.#onEvict = onEvict
  }

  /** Whether anybody wants to know. */
  get wanted(): boolean {
    return this.#onEvict !== undefined
  }

  note(key: unknown, value: unknown, reason: EvictionReason): void {
    const gone = this.#gone
    gone[this.#end++] = key
    gone[this.#end++] = value
    gone[this.#end++] = reason
  }

  /** Tells `onEvict`. What that does to the cache is told after it, not inside it. */
  tell(): void {
    if (this.#end > 0 && !this.#telling) this.#tellAll()
  }

  #tellAll(): void {
    let failure: { readonly error: unknown } | undefined
    this.#telling = true
    const gone = this.#gone
    for (let i = 0; i < this.#end; i += 3) {
      const key = gone[i]
      const value = gone[i + 1]
      gone[i] = gone[i + 1] = undefined
      try {
        this.#onEvict?.(key, value, gone[i + 2] as EvictionReason)
      } catch (error) {
        failure ??= { error }
      }
    }
    if (this.#end > MANY) this.#gone = []
    this.#end = 0
    this.#telling = false
    if (failure !== undefined) throw failure.error
  }
}
