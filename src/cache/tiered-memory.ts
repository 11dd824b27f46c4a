import type { Context } from '../context.ts'
import { CacheFullError } from '../errors.ts'
import type { CacheStats } from '../reports.ts'
import { Cache } from './cache.ts'
import type { Held } from './held.ts'
import type { TieredSettings } from './tiered-options.ts'

/** The upper tier: entries whose other home is the disk. */
export class MemoryTier {
  readonly #context: Context
  readonly #settings: TieredSettings['memory']
  readonly #cache: Cache<string, Held>

  /** `demoted` is told of what had to make room. */
  constructor(
    context: Context,
    { memory, memoryOptions }: TieredSettings,
    demoted: (key: string, held: Held) => void,
  ) {
    this.#context = context
    this.#settings = memory
    const { onEvict } = memory
    this.#cache = new Cache<string, Held>(
      {
        ...memoryOptions,
        onEvict: (key, it, reason) => {
          const held = it as Held
          if (reason === 'size') demoted(key as string, held)
          onEvict?.(key, held.value, reason)
        },
      },
      context,
    )
  }

  /** Counts as a use. */
  get(key: string): Held | undefined {
    const held = this.#cache.get(key)
    if (held !== undefined) held.uses++
    return held
  }

  /** How often it was used since the disk was told last: it is told now. */
  takeUses(key: string): number {
    const held = this.#cache.peek(key)
    if (held === undefined || held.uses === 0) return 0
    const { uses } = held
    held.uses = 0
    return uses
  }

  peek(key: string): Held | undefined {
    return this.#cache.peek(key)
  }

  /** Puts it in, if it fits and its time is not over. */
  keep(key: string, held: Held, bytes: number): boolean {
    const { ttl: most, sizeOf } = this.#settings
    const ttl = Math.min(held.ends - this.#context.steady(), most)
    const size = sizeOf === undefined ? bytes : sizeOf(held.value, key)
    try {
      if (ttl <= 0) this.#cache.delete(key)
      else this.#cache.set(key, held, { ttl, size })
      return ttl > 0
    } catch (error) {
      if (!(error instanceof CacheFullError)) throw error
      this.#cache.delete(key)
      return false
    }
  }

  /** `held`: only if this is what is there. */
  delete(key: string, held?: Held): void {
    if (held === undefined || this.#cache.peek(key) === held) this.#cache.delete(key)
  }

  clear(): void {
    this.#cache.clear()
  }

  keys(): string[] {
    return [...this.#cache.keys()]
  }

  stats(): CacheStats {
    return this.#cache.stats()
  }
}
