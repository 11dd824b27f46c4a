import type { Snapshot } from '../../index.ts'
import type { View } from '../output.ts'
import { oneLine } from '../text.ts'
import { brief, cell, tagged } from '../values.ts'
import { numberColumn, revisionColumn, sizeColumn, textColumn, timeColumn } from './figures.ts'

export function snapshotJson(snapshot: Snapshot): unknown {
  const {
    version,
    revision,
    tags,
    description,
    meta,
    createdAt,
    createdBy,
    keys,
    bytes,
    checksum,
    auto,
    base,
  } = snapshot
  return {
    version,
    revision,
    tags,
    ...(description === undefined ? {} : { description }),
    meta: tagged(meta),
    createdAt: createdAt.toISOString(),
    createdBy,
    keys,
    bytes,
    checksum,
    auto,
    ...(base === undefined ? {} : { base }),
  }
}

const tagsOf = ({ tags }: Snapshot): string => tags.map(oneLine).join(' ')

/** A snapshot on a line. */
export const snapshotTable: View<Snapshot> = {
  columns: [
    textColumn('VERSION', ({ version }) => version, 'bold'),
    revisionColumn('REVISION', ({ revision }) => revision),
    timeColumn('CREATED', ({ createdAt }) => createdAt),
    textColumn('BY', ({ createdBy }) => createdBy),
    numberColumn('KEYS', ({ keys }) => keys),
    sizeColumn('SIZE', ({ bytes }) => bytes),
    { title: 'TAGS', plain: tagsOf, style: 'cyan' },
    textColumn('DESCRIPTION', ({ description }) => description),
  ],
  json: snapshotJson,
}

/** All that is known of one. */
export const snapshotView: View<Snapshot> = {
  columns: [
    ...snapshotTable.columns,
    {
      title: 'META',
      plain: ({ meta }) => cell(meta),
      human: ({ meta }) => (Object.keys(meta).length === 0 ? '' : brief(meta)),
    },
    textColumn('CHECKSUM', ({ checksum }) => checksum),
    { title: 'AUTO', plain: ({ auto }) => String(auto), human: ({ auto }) => (auto ? 'yes' : '') },
    textColumn('BASE', ({ base }) => base),
  ],
  json: snapshotJson,
}
