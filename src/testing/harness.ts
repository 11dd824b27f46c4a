import type { Engine } from '../engine.ts'
import type { OpenOptions, Store } from '../index.ts'

/** What the suites use of a test runner: vitest, jest, mocha and node:test have it. */
export interface Runner {
  readonly describe: (name: string, body: () => void) => unknown
  readonly it: ((name: string, body: () => Promise<void>) => unknown) & {
    readonly skip?: (name: string, body: () => Promise<void>) => unknown
  }
}

/**
 * What a store may be unable to do.
 *
 * - `reopen`: what was written is there when it is opened again
 * - `sync`: `getSync`
 * - `files`: there is a folder for exports and backups
 * - `counted`: each of its reads is counted in its metrics
 * - `whole`: it is a store of its own, so that key lengths, totals and closing are its own too (a scope shares them)
 */
export type Ability = 'reopen' | 'sync' | 'whole' | 'files' | 'counted'

/** How `storeSuite` gets at the stores that it tests. */
export interface StoreHarness {
  readonly name: string
  /** `true`, or the reason why not: cases that need it are skipped with that reason. Default: it can. */
  readonly supports?: Readonly<Partial<Record<Ability, true | string>>>
  /** A new, empty store. */
  create(options?: OpenOptions): Promise<Store>
  /** Closes the store and opens the same data again. */
  reopen?(store: Store, options?: OpenOptions): Promise<Store>
  /** Closes the store, if it is not closed yet, and removes its data. */
  destroy(store: Store): Promise<void>
  /** A new, empty folder for files, removed with all that is in it when the run is over. */
  folder?(): string
  /** Lets time pass for the store: a timer, or a step of a fake clock. */
  pass(ms: number): Promise<void>
}

/** How `engineSuite` gets at the engines that it tests. */
export interface EngineHarness {
  readonly name: string
  /** A new, empty engine, open. */
  create(): Promise<Engine>
  /** Closes the engine and opens the same data again. Left out if nothing outlives it. */
  reopen?(engine: Engine): Promise<Engine>
  /** Closes the engine, if it is not closed yet, and removes its data. */
  destroy(engine: Engine): Promise<void>
}

/** What one case works with. What it creates is verified and destroyed after it. */
export interface Trial {
  readonly store: Store
  create(options?: OpenOptions): Promise<Store>
  reopen(store: Store, options?: OpenOptions): Promise<Store>
  pass(ms: number): Promise<void>
  /** A new, empty folder for files. */
  folder(): string
  /** Waits until the condition holds: for work that is done in the background. */
  until(condition: () => Promise<boolean>, what: string): Promise<void>
}

export interface CaseOptions {
  /** What `trial.store` is opened with. */
  readonly options?: OpenOptions
  readonly needs?: readonly Ability[]
}
/** Declares one case. */
export type Case = (name: string, body: (trial: Trial) => Promise<void>, options?: CaseOptions) => void
/** A few cases about one thing. */
export interface Group {
  readonly title: string
  readonly cases: (test: Case) => void
}

/** Declares one case about an engine that is open and empty. */
export type EngineCase = (
  name: string,
  body: (engine: Engine, reopen: (engine: Engine) => Promise<Engine>) => Promise<void>,
  options?: { readonly reopens?: boolean },
) => void
export interface EngineGroup {
  readonly title: string
  readonly cases: (test: EngineCase) => void
}

/** Declares a case that does not run, with the reason in its name. */
export function skip({ it }: Runner, name: string, reason: string): void {
  const title = `${name} [skipped: ${reason}]`
  const body = async (): Promise<void> => undefined
  if (it.skip) it.skip(title, body)
  else it(title, body)
}
