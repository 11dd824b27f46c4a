import type { Change } from '../../index.ts'
import type { View } from '../output.ts'
import type { Style } from '../text.ts'
import { brief, cell, tagged } from '../values.ts'
import { revisionColumn, textColumn, timeColumn } from './figures.ts'

const STYLES: Readonly<Record<Change['type'], Style>> = {
  added: 'green',
  changed: 'cyan',
  removed: 'red',
  expired: 'magenta',
}

/** What is absent has no field: `undefined` is no value. */
export function changeJson({ key, type, before, after, revision, at, actor }: Change): unknown {
  return {
    revision,
    at: at.toISOString(),
    actor,
    type,
    key,
    ...(before === undefined ? {} : { before: tagged(before) }),
    ...(after === undefined ? {} : { after: tagged(after) }),
  }
}

function inShort({ before, after }: Change): string {
  if (before === undefined) return brief(after)
  if (after === undefined) return `was ${brief(before)}`
  return `${brief(before)} → ${brief(after)}`
}

/** A change on a line: of a diff, or as it is watched. */
export const changeView: View<Change> = {
  columns: [
    revisionColumn('REVISION', ({ revision }) => revision),
    timeColumn('WHEN', ({ at }) => at),
    textColumn('ACTOR', ({ actor }) => actor),
    { title: 'WHAT', plain: ({ type }) => type, style: ({ type }) => STYLES[type] },
    textColumn('KEY', ({ key }) => key, 'bold'),
    { title: 'BEFORE', plain: ({ before }) => cell(before) },
    { title: 'AFTER', plain: ({ after }) => cell(after) },
  ],
  json: changeJson,
}

/** The same for people: before and after in one column. */
export const changeTable: View<Change> = {
  columns: [
    ...changeView.columns.slice(0, 5),
    { title: 'VALUE', plain: ({ after }) => cell(after), human: inShort },
  ],
  json: changeJson,
}
