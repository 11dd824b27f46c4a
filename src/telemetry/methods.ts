import type { BackupReport, CompactReport, ExportReport, Operation, VerifyReport } from '../reports.ts'
import type { Snapshot } from '../types.ts'
import type { Measure } from './measured.ts'
import type { Work } from './telemetry.ts'

/** What each method of a store counts as, and what a log is told of its result. `get` and `getSync` count by themselves. */
export const MEASURED: Readonly<Record<string, Measure | Work>> = {
  getMany: 'get',
  has: 'get',
  expiresAt: 'get',
  set: 'set',
  setMany: 'set',
  update: 'set',
  transact: 'set',
  save: 'set',
  delete: 'delete',
  clear: 'delete',
  flush: 'flush',
  restore: {
    work: 'restore',
    told: (revision: number) => ['info', `Restored as revision ${revision}.`, { revision }],
  },
  compact: {
    work: 'compact',
    told: ({ before, after, oldestRevision }: CompactReport) => [
      'info',
      `Compacted: ${before.bytes} bytes became ${after.bytes}, everything is readable from revision ${oldestRevision} on.`,
      { bytesBefore: before.bytes, bytesAfter: after.bytes, oldestRevision },
    ],
  },
  backup: {
    work: 'backup',
    told: ({ path, revision, bytes, base }: BackupReport) => [
      'info',
      `Backed up revision ${revision} to ${path}.`,
      { path, revision, bytes, ...(base === undefined ? {} : { base }) },
    ],
  },
  verify: {
    work: 'verify',
    failure: ({ damaged }: VerifyReport) =>
      damaged.length === 0
        ? undefined
        : `verify found ${damaged.length} damaged; first: ${damaged[0]?.where}: ${damaged[0]?.why}`,
    told: ({ ok, revisions, keys, damaged }: VerifyReport) =>
      ok
        ? ['info', `Verified ${revisions} revisions and ${keys} keys: all is well.`, { revisions, keys }]
        : ['error', `Verified: ${damaged.length} damaged.`, { damaged: damaged.length }],
  },
}

/** The same of a store's snapshots. `take` makes them, for the user and for the clock. */
export const SNAPSHOTS: Readonly<Record<string, Measure | Work>> = {
  take: 'snapshot',
  export: {
    work: 'export',
    told: ({ path, revision, keys, bytes }: ExportReport) => [
      'info',
      `Exported revision ${revision} to ${path}: ${keys} keys.`,
      { path, revision, keys, bytes },
    ],
  },
  import: {
    work: 'import',
    told: ({ version, revision, keys }: Snapshot) => [
      'info',
      `Imported snapshot ${version} as revision ${revision}: ${keys} keys.`,
      { version, revision, keys },
    ],
  },
}

/** Streams, and what reading one counts as. `keys` and `entries` count by the pages that they read. */
export const STREAMS: Readonly<Record<string, Operation>> = { history: 'scan', log: 'scan' }

/** Methods whose first argument is a key. */
export const KEYED: readonly string[] = ['has', 'expiresAt', 'set', 'update', 'delete', 'history']
