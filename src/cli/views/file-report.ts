import type { BackupReport, ExportReport, RestoreReport } from '../../index.ts'
import type { Column, View } from '../output.ts'
import { numberColumn, revisionColumn, sizeColumn, textColumn } from './figures.ts'

const columns: readonly Column<BackupReport>[] = [
  textColumn('FILE', ({ path }) => path, 'bold'),
  revisionColumn('REVISION', ({ revision }) => revision),
  {
    title: 'BASE',
    plain: ({ base }) => (base === undefined ? '' : String(base)),
  },
  sizeColumn('SIZE', ({ bytes }) => bytes),
  textColumn('CHECKSUM', ({ checksum }) => checksum),
]

const backupJson = ({ path, revision, base, bytes, checksum }: BackupReport): object => ({
  path,
  revision,
  ...(base === undefined ? {} : { base }),
  bytes,
  checksum,
})

/** What a backup wrote. */
export const backupView: View<BackupReport> = { columns, json: backupJson }

/** What an export wrote. */
export const exportView: View<ExportReport> = {
  columns: [...columns, numberColumn('KEYS', ({ keys }) => keys)],
  json: (report) => ({ ...backupJson(report), keys: report.keys }),
}

/** What a backup was put back from, and where what stood there is now. */
export const restoreView: View<RestoreReport> = {
  columns: [
    textColumn('STORE', ({ path }) => path, 'bold'),
    ...columns.slice(1),
    textColumn('KEPT', ({ kept }) => kept),
  ],
  json: (report) => ({
    ...backupJson(report),
    ...(report.kept === undefined ? {} : { kept: report.kept }),
  }),
}
