import type { AsideEntry, AsideHead, Entry } from '../change.ts'
import type { Asides, PageQuery } from '../engine.ts'
import { compareKeys } from '../log/keys.ts'
import { SortedKeys } from './sorted-keys.ts'

interface Aside {
  readonly head: AsideHead
  readonly entries: Map<string, Entry>
  readonly keys: SortedKeys
}

/** States beside the main line, in memory. */
export class MemoryAsides implements Asides {
  readonly #asides = new Map<number, Aside>()

  heads(): AsideHead[] {
    return [...this.#asides.values()].map(({ head }) => head).sort((a, b) => a.aside - b.aside)
  }

  get(aside: number, key: string): Entry | undefined {
    return this.#asides.get(aside)?.entries.get(key)
  }

  page(aside: number, { from, to, reverse, limit }: Omit<PageQuery, 'at'>): Entry[] {
    const { entries, keys } = this.#asides.get(aside) ?? {}
    const found: Entry[] = []
    for (const key of keys?.range(from, to, reverse) ?? []) {
      if (found.length >= limit) break
      found.push(entries?.get(key) as Entry)
    }
    return found
  }

  async put(aside: number, at: number, begin: boolean, entries: readonly AsideEntry[]): Promise<boolean> {
    const old = this.#asides.get(aside)
    if (!begin && old?.head.revision !== 0) return false
    const there = {
      head: { aside, revision: 0, at },
      entries: old?.entries ?? new Map<string, Entry>(),
      keys: old?.keys ?? new SortedKeys(compareKeys),
    }
    this.#asides.set(aside, there)
    for (const { key, value, expires, sum } of entries) {
      if (value === undefined) {
        if (there.entries.delete(key)) there.keys.delete(key)
        continue
      }
      if (!there.entries.has(key)) there.keys.add(key)
      there.entries.set(key, { key, value, change: 0, expires, sum })
    }
    return true
  }

  /** Part of a plan. */
  complete(aside: number, revision: number): void {
    const there = this.#asides.get(aside)
    if (there) this.#asides.set(aside, { ...there, head: { ...there.head, revision } })
  }

  async drop(aside: number, limit: number): Promise<boolean> {
    const there = this.#asides.get(aside)
    const { entries, keys } = there ?? {}
    if (there) this.#asides.set(aside, { ...there, head: { aside, revision: 0, at: 0 } })
    let left = limit
    for (const key of entries?.keys() ?? []) {
      if (left-- <= 0) break
      entries?.delete(key)
      keys?.delete(key)
    }
    const more = (entries?.size ?? 0) > 0
    if (!more) this.#asides.delete(aside)
    return more
  }

  /** How many entries there are, for the size of the store. */
  get size(): number {
    let size = 0
    for (const { entries } of this.#asides.values()) size += entries.size
    return size
  }

  /** As of now, whatever is written afterwards; those that are whole. */
  records(): { head: AsideHead; entries: Entry[] }[] {
    return [...this.#asides.values()]
      .filter(({ head }) => head.revision > 0)
      .map(({ head, entries }) => ({ head, entries: [...entries.values()] }))
  }
}
