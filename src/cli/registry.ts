import type { Entry } from './command.ts'

/** Every command: its name and what it is for. Their code is loaded one by one, when they are called. */
export const entries: readonly Entry[] = [
  {
    name: 'get',
    summary: 'print the value of a key',
    load: async () => (await import('./commands/get.ts')).get,
  },
  {
    name: 'set',
    summary: 'store a value under a key',
    load: async () => (await import('./commands/set.ts')).set,
  },
  {
    name: 'delete',
    summary: 'remove keys',
    load: async () => (await import('./commands/delete.ts')).remove,
  },
  {
    name: 'keys',
    summary: 'list keys, with their values or counted if you like',
    load: async () => (await import('./commands/keys.ts')).keys,
  },
  {
    name: 'ttl',
    summary: 'tell or change when a key goes by itself',
    load: async () => (await import('./commands/ttl.ts')).ttl,
  },
  {
    name: 'clear',
    summary: 'remove all keys, or all with a prefix',
    load: async () => (await import('./commands/clear.ts')).clear,
  },
  {
    name: 'history',
    summary: 'list every change of a key, newest first',
    load: async () => (await import('./commands/history.ts')).history,
  },
  {
    name: 'diff',
    summary: 'list what is different between two points',
    load: async () => (await import('./commands/diff.ts')).diff,
  },
  {
    name: 'log',
    summary: 'list the commits, oldest first',
    load: async () => (await import('./commands/log.ts')).log,
  },
  {
    name: 'watch',
    summary: 'show changes as they happen',
    load: async () => (await import('./commands/watch.ts')).watch,
  },
  {
    name: 'snapshot',
    summary: 'names for points in the life of the store',
    commands: [
      {
        name: 'create',
        summary: 'name the state as it is now',
        load: async () => (await import('./commands/snapshot-create.ts')).snapshotCreate,
      },
      {
        name: 'list',
        summary: 'list the snapshots, oldest first',
        load: async () => (await import('./commands/snapshot-list.ts')).snapshotList,
      },
      {
        name: 'show',
        summary: 'all about one snapshot',
        load: async () => (await import('./commands/snapshot-show.ts')).snapshotShow,
      },
      {
        name: 'diff',
        summary: 'compare two snapshots',
        load: async () => (await import('./commands/snapshot-diff.ts')).snapshotDiff,
      },
      {
        name: 'tag',
        summary: 'give a snapshot tags',
        load: async () => (await import('./commands/snapshot-tag.ts')).snapshotTag,
      },
      {
        name: 'untag',
        summary: 'take tags from a snapshot',
        load: async () => (await import('./commands/snapshot-untag.ts')).snapshotUntag,
      },
      {
        name: 'restore',
        summary: 'bring the state back to a point, as a new revision',
        load: async () => (await import('./commands/snapshot-restore.ts')).snapshotRestore,
      },
      {
        name: 'export',
        summary: 'write a snapshot to a portable file',
        load: async () => (await import('./commands/snapshot-export.ts')).snapshotExport,
      },
      {
        name: 'import',
        summary: 'add the snapshot of a file',
        load: async () => (await import('./commands/snapshot-import.ts')).snapshotImport,
      },
      {
        name: 'delete',
        summary: 'forget snapshots',
        load: async () => (await import('./commands/snapshot-delete.ts')).snapshotDelete,
      },
      {
        name: 'prune',
        summary: 'forget all but the newest snapshots',
        load: async () => (await import('./commands/snapshot-prune.ts')).snapshotPrune,
      },
    ],
  },
  {
    name: 'backup',
    summary: 'copy the store to a file while others write',
    load: async () => (await import('./commands/backup.ts')).backup,
  },
  {
    name: 'restore-backup',
    summary: 'put a backup back as a store',
    load: async () => (await import('./commands/restore-backup.ts')).restoreBackup,
  },
  {
    name: 'verify',
    summary: 'read everything and check every checksum',
    load: async () => (await import('./commands/verify.ts')).verify,
  },
  {
    name: 'compact',
    summary: 'give back what nobody can ask for any more',
    load: async () => (await import('./commands/compact.ts')).compact,
  },
  {
    name: 'stats',
    summary: 'numbers of the store, and its health',
    load: async () => (await import('./commands/stats.ts')).stats,
  },
  {
    name: 'doctor',
    summary: 'find out what is wrong',
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
  {
    name: 'repl',
    summary: 'many commands on one open store',
    load: async () => (await import('./commands/repl.ts')).repl,
  },
  {
    name: 'completion',
    summary: 'print the completion script of a shell',
    load: async () => (await import('./commands/completion.ts')).completion,
  },
  {
    name: '__complete',
    summary: 'what could stand at the end of a line',
    hidden: true,
    load: async () => (await import('./commands/complete.ts')).complete,
  },
]
