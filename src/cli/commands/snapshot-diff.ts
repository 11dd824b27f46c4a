import type { DiffSummary, Snapshot } from '../../index.ts'
import type { Command } from '../command.ts'
import { EXIT } from '../failures.ts'
import type { View } from '../output.ts'
import { refFrom } from '../refs.ts'
import { numberColumn, sizeColumn, textColumn } from '../views/figures.ts'

interface Compared extends DiffSummary {
  readonly one: Snapshot
  readonly other: Snapshot
}

const view: View<Compared> = {
  columns: [
    textColumn('FROM', ({ one }) => one.version, 'bold'),
    textColumn('TO', ({ other }) => other.version, 'bold'),
    {
      title: 'DIFFERENT',
      plain: ({ different }) => String(different),
      human: ({ different }) => (different ? 'yes' : 'no'),
    },
    numberColumn('ADDED', ({ added }) => added),
    numberColumn('CHANGED', ({ changed }) => changed),
    numberColumn('REMOVED', ({ removed }) => removed),
    numberColumn('KEYS FROM', ({ one }) => one.keys),
    numberColumn('KEYS TO', ({ other }) => other.keys),
    sizeColumn('SIZE FROM', ({ one }) => one.bytes),
    sizeColumn('SIZE TO', ({ other }) => other.bytes),
  ],
  json: ({ one, other, different, added, changed, removed }) => ({
    from: short(one),
    to: short(other),
    different,
    added,
    changed,
    removed,
  }),
}

const short = ({ version, revision, keys, bytes, checksum }: Snapshot): object => ({
  version,
  revision,
  keys,
  bytes,
  checksum,
})

export const snapshotDiff: Command = {
  arguments: [
    { name: 'from', summary: 'a snapshot', offers: 'ref' },
    { name: 'to', summary: 'another; default: the newest', optional: true, offers: 'ref' },
  ],
  details: `The exit code is 0 if both hold the same, and 3 if not. Each change by itself: varve diff <from> <to>.
With --json: {"from":{"version","revision","keys","bytes","checksum"},"to":{…},"different","added","changed","removed"}.`,
  examples: [
    ['varve snapshot diff release', 'with the newest'],
    ['varve snapshot diff v10 v20', 'two of them'],
  ],
  async run({ args: [from = '', to], out, reader }) {
    const [first, second] = [refFrom(from), to === undefined ? undefined : refFrom(to)]
    const store = await reader()
    const { snapshots } = store
    const one = await snapshots.get(first)
    const other = second === undefined ? ((await snapshots.latest()) ?? one) : await snapshots.get(second)
    const summary = await store.diff(one.version, other.version).summary()
    await out.one(view, { ...summary, one, other })
    return summary.different ? EXIT.no : EXIT.ok
  },
}
