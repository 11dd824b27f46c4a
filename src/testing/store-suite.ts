import assert from 'node:assert/strict'
import type { OpenOptions, Store } from '../index.ts'
import { assertHealthy } from './assertions.ts'
import {
  skip,
  type Ability,
  type CaseOptions,
  type Group,
  type Runner,
  type StoreHarness,
  type Trial,
} from './harness.ts'
import { archiveCareCases } from './store/archive-care.ts'
import { archiveCases } from './store/archives.ts'
import { backupCases } from './store/backups.ts'
import { actorCases } from './store/actors.ts'
import { careCases } from './store/care.ts'
import { compactionCases } from './store/compaction.ts'
import { concurrencyCases } from './store/concurrency.ts'
import { conditionCases } from './store/conditions.ts'
import { diffCases } from './store/diff.ts'
import { evictionCases } from './store/eviction.ts'
import { expiryCases } from './store/expiry.ts'
import { historyCases } from './store/history.ts'
import { isolationCases } from './store/isolation.ts'
import { keyCases } from './store/keys.ts'
import { lockCases } from './store/locks.ts'
import { lifecycleCases } from './store/lifecycle.ts'
import { logCases } from './store/log.ts'
import { optionCases } from './store/options.ts'
import { patternCases } from './store/patterns.ts'
import { pointCases } from './store/points.ts'
import { rangeCases } from './store/ranges.ts'
import { readOnlyCases } from './store/read-only.ts'
import { refusedValueCases } from './store/refused-values.ts'
import { restoreCases } from './store/restore.ts'
import { saveCases } from './store/save.ts'
import { scopeCases } from './store/scope.ts'
import { snapshotCases } from './store/snapshots.ts'
import { stateCases } from './store/state.ts'
import { tagCases } from './store/tags.ts'
import { transactCases } from './store/transact.ts'
import { transactConflictCases } from './store/transact-conflicts.ts'
import { updateCases } from './store/update.ts'
import { valueCases } from './store/values.ts'
import { watchCases } from './store/watch.ts'

const groups: readonly Group[] = [
  stateCases,
  updateCases,
  saveCases,
  keyCases,
  rangeCases,
  patternCases,
  valueCases,
  refusedValueCases,
  isolationCases,
  conditionCases,
  transactCases,
  transactConflictCases,
  concurrencyCases,
  expiryCases,
  historyCases,
  logCases,
  pointCases,
  diffCases,
  restoreCases,
  snapshotCases,
  tagCases,
  evictionCases,
  compactionCases,
  archiveCases,
  archiveCareCases,
  backupCases,
  actorCases,
  watchCases,
  lockCases,
  scopeCases,
  readOnlyCases,
  optionCases,
  careCases,
  lifecycleCases,
]

/**
 * What every store does, whatever it stands on: through the public API only, one small promise per case. A wrapper that
 * looks like a store must pass it too.
 *
 * @example
 * ```ts
 * import { describe, it } from 'node:test'
 * import { setTimeout } from 'node:timers/promises'
 * import { open } from 'varve'
 * import { storeSuite } from 'varve/testing'
 *
 * storeSuite({ describe, it }, {
 *   name: 'memory',
 *   supports: { reopen: 'nothing outlives it' },
 *   create: (options) => open('memory:', options),
 *   destroy: (store) => store.close(),
 *   pass: (ms) => setTimeout(ms),
 * })
 * ```
 */
export function storeSuite(runner: Runner, harness: StoreHarness): void {
  runner.describe(`store conformance: ${harness.name}`, () => {
    for (const { title, cases } of groups) {
      runner.describe(title, () => {
        cases((name, body, options = {}) => {
          const reason = whyNot(harness, options.needs ?? [])
          if (reason) skip(runner, name, reason)
          else runner.it(name, () => runCase(harness, body, options))
        })
      })
    }
  })
}

function whyNot(
  { supports = {}, reopen, folder }: StoreHarness,
  needs: readonly Ability[],
): string | undefined {
  const reasons = needs.map((need) => supports[need]).filter((reason) => typeof reason === 'string')
  if (needs.includes('reopen') && !reopen) reasons.push('the harness cannot reopen')
  if (needs.includes('files') && !folder) reasons.push('the harness has no folder for files')
  return reasons[0]
}

async function runCase(
  harness: StoreHarness,
  body: (trial: Trial) => Promise<void>,
  { options }: CaseOptions,
): Promise<void> {
  const stores = new Set<Store>()
  const keep = (store: Store): Store => {
    stores.add(store)
    return store
  }
  const create = async (wanted?: OpenOptions): Promise<Store> => keep(await harness.create(wanted))
  try {
    await body({
      store: await create(options),
      create,
      async reopen(store, wanted) {
        assert.ok(harness.reopen, "a case that reopens must say so: needs: ['reopen']")
        const again = keep(await harness.reopen(store, wanted))
        stores.delete(store)
        return again
      },
      pass: (ms) => harness.pass(ms),
      folder() {
        assert.ok(harness.folder, "a case that writes files must say so: needs: ['files']")
        return harness.folder()
      },
      async until(condition, what) {
        for (let waited = 0; !(await condition()); waited += 10) {
          assert.ok(waited < 5_000, `waited 5 s in vain until ${what}`)
          await harness.pass(10)
        }
      },
    })
    for (const store of stores) await assertHealthy(store)
  } finally {
    for (const store of stores) await harness.destroy(store)
  }
}
