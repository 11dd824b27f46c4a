import type { DiffSummary } from '../../index.ts'
import type { View } from '../output.ts'
import { numberColumn, revisionColumn } from './figures.ts'

/** How much is different. */
export const summaryView: View<DiffSummary> = {
  columns: [
    revisionColumn('FROM', ({ from }) => from),
    revisionColumn('TO', ({ to }) => to),
    {
      title: 'DIFFERENT',
      plain: ({ different }) => String(different),
      human: ({ different }) => (different ? 'yes' : 'no'),
    },
    numberColumn('ADDED', ({ added }) => added),
    numberColumn('CHANGED', ({ changed }) => changed),
    numberColumn('REMOVED', ({ removed }) => removed),
  ],
  json: ({ from, to, different, added, changed, removed }) => ({
    from,
    to,
    different,
    added,
    changed,
    removed,
  }),
}
