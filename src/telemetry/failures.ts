/** Work that failed and has not worked since. */
export interface Failure {
  readonly work: string
  /** By the wall clock, when it failed first and last. */
  readonly since: number
  readonly last: number
  readonly times: number
  /** What went wrong the last time, in one line. */
  readonly message: string
}

/** What fails, by kind of work, until the same kind works again. */
export class Failures {
  readonly #standing = new Map<string, Failure & { readonly cured: () => boolean }>()

  /**
   * `cured`: asked before it is shown, where nobody says `worked`. `who`: where several do the same work, and one that works is
   * no cure for another. True if it is news.
   */
  failed(
    work: string,
    message: string,
    at: number,
    cured: () => boolean = () => false,
    who: string = work,
  ): boolean {
    const before = this.#standing.get(who)
    const known = before !== undefined && !before.cured()
    const { since = at, times = 0 } = known ? before : {}
    this.#standing.set(who, { work, since, last: at, times: times + 1, message, cured })
    return !known
  }

  /** True if it had failed. */
  worked(who: string): boolean {
    return this.#standing.delete(who)
  }

  has(who: string): boolean {
    return this.#standing.has(who)
  }

  get any(): boolean {
    return this.#standing.size > 0
  }

  standing(): readonly Failure[] {
    for (const [who, { cured }] of this.#standing) if (cured()) this.#standing.delete(who)
    return [...this.#standing.values()]
  }
}
