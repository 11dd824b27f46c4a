import type { Command } from '../command.ts'
import { agreed, DANGER } from '../danger.ts'
import type { View } from '../output.ts'
import { refFrom } from '../refs.ts'
import { oneLine } from '../text.ts'

interface Restored {
  readonly revision: number
  /** The snapshot of what was there before. */
  readonly before: string
}

const view: View<Restored> = {
  columns: [],
  plain: ({ revision, before }) => `${revision}\t${oneLine(before)}`,
  human: ({ revision, before }, { paint }) =>
    `restored at revision ${paint('yellow', String(revision))}; undo: varve snapshot restore ${oneLine(before)}`,
  json: ({ revision, before }) => ({ revision, before }),
}

export const snapshotRestore: Command = {
  arguments: [{ name: 'point', summary: 'a snapshot, a tag, a revision or a date', offers: 'ref' }],
  options: [
    { name: 'prefix', value: 'text', summary: 'only keys that begin so', offers: 'key' },
    { name: 'match', value: 'pattern', summary: 'only keys that match' },
    ...DANGER,
  ],
  details: `The past stays: a restore is one more revision. A snapshot of what was there before is made first.
Prints the new revision and that snapshot; with --json: {"revision","before"}.`,
  examples: [
    ['varve snapshot restore release --dry-run', 'what would change'],
    ['varve snapshot restore 17 --prefix user: --yes', 'a part, without asking'],
  ],
  async run(call) {
    const {
      args: [point = ''],
      options,
      out,
      reader,
      writer,
    } = call
    const ref = refFrom(point)
    const range = {
      ...(options.has('prefix') ? { prefix: options.text('prefix') ?? '' } : {}),
      ...(options.has('match') ? { match: options.text('match') ?? '' } : {}),
    }
    const store = await reader()
    const now = store.revision
    const { from, added, changed, removed } = await store.diff(ref, now, range).summary()
    // Seen from now: what came since goes, what went comes back.
    const plan = {
      what: `Restore ${call.address} to revision ${from}`,
      details: [
        ['comes back', removed],
        ['changes', changed],
        ['goes', added],
        ['kept first', `a snapshot of revision ${now}`],
      ],
    } as const
    if (!(await agreed(call, plan))) return
    const writing = await writer()
    const { version } = await writing.snapshots.create({
      tags: ['before-restore'],
      description: `before the restore of revision ${from}`,
    })
    const revision = await writing.restore(ref, range)
    await out.one(view, { revision, before: version })
  },
}
