import type { Engine } from '../engine.ts'
import { asideCases } from './engine/asides.ts'
import { commitCases } from './engine/commits.ts'
import { lookCases } from './engine/looks.ts'
import { noteCases } from './engine/notes.ts'
import { pastCases } from './engine/past.ts'
import { trimCases } from './engine/trims.ts'
import { skip, type EngineGroup, type EngineHarness, type Runner } from './harness.ts'

const groups: readonly EngineGroup[] = [commitCases, lookCases, pastCases, trimCases, noteCases, asideCases]

/**
 * What every engine does: the contract of `Engine`, one promise per case, without the log above it. An engine that
 * passes it carries a whole store; `storeSuite` shows that.
 *
 * @example
 * ```ts no-run
 * import { describe, it } from 'node:test'
 * import { engineSuite } from 'varve/testing'
 *
 * engineSuite({ describe, it }, {
 *   name: 'mine',
 *   async create() {
 *     const engine = myEngine()
 *     await engine.open()
 *     return engine
 *   },
 *   destroy: (engine) => engine.close(),
 * })
 * ```
 */
export function engineSuite(runner: Runner, harness: EngineHarness): void {
  runner.describe(`engine conformance: ${harness.name}`, () => {
    for (const { title, cases } of groups) {
      runner.describe(title, () => {
        cases((name, body, { reopens = false } = {}) => {
          if (reopens && !harness.reopen) skip(runner, name, 'nothing outlives this engine')
          else runner.it(name, () => runCase(harness, body))
        })
      })
    }
  })
}

async function runCase(
  harness: EngineHarness,
  body: (engine: Engine, reopen: (engine: Engine) => Promise<Engine>) => Promise<void>,
): Promise<void> {
  let current = await harness.create()
  try {
    await body(current, async (engine) => {
      current = (await harness.reopen?.(engine)) ?? engine
      return current
    })
  } finally {
    await harness.destroy(current)
  }
}
