import type { CompactReport, Duration, Retention } from '../../index.ts'
import type { Command } from '../command.ts'
import { agreed, DANGER } from '../danger.ts'
import { UsageError } from '../failures.ts'
import type { View } from '../output.ts'
import { count, numberColumn, revisionColumn, size, sizeColumn } from '../views/figures.ts'

const view: View<CompactReport> = {
  columns: [
    sizeColumn('SIZE BEFORE', ({ before }) => before.bytes),
    sizeColumn('SIZE AFTER', ({ after }) => after.bytes),
    numberColumn('RECORDS BEFORE', ({ before }) => before.records),
    numberColumn('RECORDS AFTER', ({ after }) => after.records),
    revisionColumn('OLDEST REVISION', ({ oldestRevision }) => oldestRevision),
  ],
  json: ({ before, after, oldestRevision }) => ({
    before: { bytes: before.bytes, records: before.records },
    after: { bytes: after.bytes, records: after.records },
    oldestRevision,
  }),
  human: ({ before, after, oldestRevision }, { paint }) =>
    `${size(before.bytes)} → ${paint('bold', size(after.bytes))}, ${count(before.records, 'record')} → ${after.records.toLocaleString('en-US')}; everything is readable from revision ${oldestRevision} on`,
}

export const compact: Command = {
  options: [
    {
      name: 'history',
      value: 'what',
      summary:
        'what of the past stays beside the snapshots: all (default), snapshots, a count of revisions, an age',
    },
    ...DANGER,
  ],
  details: `The state and the snapshots always stay. With --json: {"before":{"bytes","records"},"after":{…},"oldestRevision"}.`,
  examples: [
    ['varve compact --history 30d', 'a month of history stays'],
    ['varve compact --history 1000 --yes', 'the newest thousand revisions stay'],
    ['varve compact --history snapshots --dry-run', 'what would go'],
  ],
  async run(call) {
    const { address, options, out, reader, session, signal, talk } = call
    if (/^memory:/i.test(address))
      throw new UsageError('A store in memory goes by itself; there is nothing to compact.')
    const said = options.text('history') ?? 'all'
    const history = historyFrom(said)
    const store = await reader()
    const snapshots = await store.snapshots.list()
    const plan = {
      what: `Compact ${address}`,
      details: [
        ['of the past stays', describe(history)],
        ['snapshots stay', snapshots.length],
        ['newest revision', store.revision],
      ],
    } as const
    if (!(await agreed(call, plan))) return
    const writing = await session.open(address, { mode: 'write', options: { history } })
    const report = await talk.progress('compact', (onProgress) => writing.compact({ onProgress, signal }))
    await out.one(view, report)
  },
}

function historyFrom(text: string): Retention {
  if (text === 'all' || text === 'snapshots') return text
  if (/^\d+$/.test(text)) return { revisions: Number(text) }
  if (/^\d+(\.\d+)?(ms|s|m|h|d)$/.test(text)) return { age: text as Duration }
  throw new UsageError(
    `--history is all, snapshots, a count such as 1000, or an age such as 30d, not ${JSON.stringify(text)}.`,
  )
}

function describe(history: Retention): string {
  if (history === 'all') return 'everything; only space that is free already is given back'
  if (history === 'snapshots') return 'only what snapshots name'
  return history.revisions === undefined
    ? `the last ${history.age}`
    : `the newest ${count(history.revisions, 'revision')}`
}
