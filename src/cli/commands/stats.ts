import type { Metrics } from '../../index.ts'
import type { Command } from '../command.ts'
import { EXIT, UsageError } from '../failures.ts'
import type { View } from '../output.ts'
import { manyLines } from '../text.ts'
import { numberColumn, revisionColumn, sizeColumn } from '../views/figures.ts'
import { healthView } from '../views/health.ts'

/** Of a store that has just been opened: what it holds, not what was done to it. */
const view: View<Metrics> = {
  columns: [
    revisionColumn('REVISION', ({ revision }) => revision),
    revisionColumn('OLDEST REVISION', ({ oldestRevision }) => oldestRevision),
    numberColumn('KEYS', ({ keys }) => keys),
    numberColumn('SNAPSHOTS', ({ snapshots }) => snapshots),
    sizeColumn('DISK', ({ bytes }) => bytes.disk),
  ],
  json: ({ revision, oldestRevision, keys, snapshots, bytes }) => ({
    revision,
    oldestRevision,
    keys,
    snapshots,
    bytes: { disk: bytes.disk },
  }),
}

export const stats: Command = {
  options: [
    { name: 'health', summary: 'check whether it works; the exit code is 3 if not' },
    { name: 'prometheus', summary: "in Prometheus' text format" },
  ],
  details: `With --json: {"revision","oldestRevision","keys","snapshots","bytes":{"disk"}}.
With --health --json: {"status","at","checks":{"engine":{"ok","detail","ms"},…}}.`,
  examples: [
    ['varve stats', 'what the store holds'],
    ['varve stats --health', 'for a probe: exit code 0 or 3'],
    ['varve stats --prometheus > /var/lib/node_exporter/varve.prom', 'for a collector of text files'],
  ],
  async run({ options, out, reader }) {
    if (options.has('health') && options.has('prometheus'))
      throw new UsageError('--health and --prometheus exclude each other.')
    if (options.has('prometheus') && options.has('json'))
      throw new UsageError('--prometheus has a format of its own: leave --json away.')
    const store = await reader()
    if (options.has('health')) {
      const health = await store.health()
      await out.one(healthView, health)
      return health.status === 'ok' ? EXIT.ok : EXIT.no
    }
    const metrics = store.metrics()
    if (options.has('prometheus')) await out.text(manyLines(metrics.toPrometheus()))
    else await out.one(view, metrics)
    return EXIT.ok
  },
}
