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

  /** `cured`: asked before it is shown, where nobody says `worked`. True if it is news. */
  failed(work: string, message: string, at: number, cured: () => boolean = () => false): boolean {
    const before = this.#standing.get(work)
    const known = before !== undefined && !before.cured()
    const { since = at, times = 0 } = known ? before : {}
    this.#standing.set(work, { work, since, last: at, times: times + 1, message, cured })
    return !known
  }

  /** True if it had failed. */
  worked(work: string): boolean {
    return this.#standing.delete(work)
  }

  get any(): boolean {
    return this.#standing.size > 0
  }

  standing(): readonly Failure[] {
    for (const [work, { cured }] of this.#standing) if (cured()) this.#standing.delete(work)
    return [...this.#standing.values()]
  }
}
