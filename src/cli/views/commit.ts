import type { Commit } from '../../index.ts'
import type { View } from '../output.ts'
import { oneLine } from '../text.ts'
import { revisionColumn, textColumn, timeColumn } from './figures.ts'

const MOST_KEYS = 8

function keysInShort({ keys, restoredFrom }: Commit): string {
  const restored = restoredFrom === undefined ? '' : `restored from ${restoredFrom}: `
  const more = keys.length > MOST_KEYS ? ` and ${keys.length - MOST_KEYS} more` : ''
  return `${restored}${keys.slice(0, MOST_KEYS).map(oneLine).join(' ')}${more}`
}

export const commitView: View<Commit> = {
  columns: [
    revisionColumn('REVISION', ({ revision }) => revision),
    timeColumn('WHEN', ({ at }) => at),
    textColumn('ACTOR', ({ actor }) => actor),
    {
      title: 'RESTORED FROM',
      plain: ({ restoredFrom }) => (restoredFrom === undefined ? '' : String(restoredFrom)),
    },
    { title: 'KEYS', plain: ({ keys }) => keys.map(oneLine).join(' ') },
  ],
  json: ({ revision, at, actor, keys, restoredFrom, hash }) => ({
    revision,
    at: at.toISOString(),
    actor,
    keys,
    ...(restoredFrom === undefined ? {} : { restoredFrom }),
    hash,
  }),
}

/** The same for people: few keys, and where a restore came from stands with them. */
export const commitTable: View<Commit> = {
  columns: [
    ...commitView.columns.slice(0, 3),
    { title: 'KEYS', plain: ({ keys }) => keys.map(oneLine).join(' '), human: keysInShort },
  ],
  json: commitView.json,
}
