import type { Store } from '../../../src/types.ts'

export declare const batchKeys: readonly string[]
export declare function operation(n: number): {
  kind: 'set' | 'setMany' | 'transact' | 'delete'
  writes: [key: string, value: unknown][]
  add?: number
}
export declare function apply(state: Map<string, unknown>, n: number): void
export declare function perform(store: Store, n: number): Promise<unknown>
