/** For those who write an engine or a wrapper: the suites that ours pass, a model to compare with, and faults to inject. */
export { storeSuite } from './store-suite.ts'
export type { Ability, Runner, StoreHarness } from './harness.ts'
