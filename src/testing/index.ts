/** For those who write an engine or a wrapper: the suites that ours pass, a model to compare with, and faults to inject. */
export { storeSuite } from './store-suite.ts'
export { applyToModel, applyToStore, compareWithModel } from './compare.ts'
export { StoreModel } from './model.ts'
export { randomOperations, seeded } from './random.ts'
export type { Ability, Runner, StoreHarness } from './harness.ts'
export type { RandomRun } from './compare.ts'
export type { ModelChange, ModelRange } from './model.ts'
export type { Operation, Point } from './random.ts'
