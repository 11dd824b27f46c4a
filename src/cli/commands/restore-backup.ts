import { existsSync } from 'node:fs'
import type { Command } from '../command.ts'
import { agreed, DANGER } from '../danger.ts'
import { UsageError } from '../failures.ts'
import { fileOf } from '../stores.ts'
import { restoreView } from '../views/file-report.ts'

export const restoreBackup: Command = {
  storeless: true,
  arguments: [
    {
      name: 'file',
      summary: 'a full backup, then its increments in their order',
      many: true,
      offers: 'file',
    },
  ],
  options: [{ name: 'to', value: 'address', summary: 'where the store is to be', offers: 'file' }, ...DANGER],
  details: `A damaged or broken chain is refused before anything changes. A store that is there already is kept beside, under a
name of its own. With --json: {"path","revision","base","bytes","checksum","kept"}.`,
  examples: [
    ['varve restore-backup monday.backup --to ./state', 'a full one'],
    ['varve restore-backup monday.backup tuesday.backup --to ./state --yes', 'and what came after it'],
  ],
  async run(call) {
    const { args: files, options, out, signal, talk } = call
    const to = options.text('to')
    if (to === undefined) throw new UsageError('Say where the store is to be: --to <address>.')
    const file = fileOf(to)
    const plan = {
      what: `Put ${files.length === 1 ? 'a backup' : `a chain of ${files.length} backups`} back at ${to}`,
      details: [
        ...files.map((name, i): [string, string] => [i === 0 ? 'base' : `step ${i}`, name]),
        ['there now', file !== undefined && existsSync(file) ? 'a store; it is kept beside' : 'nothing'],
      ] as [string, string][],
    }
    if (!(await agreed(call, plan))) return
    const { restoreBackup: restore } = await import('../../index.ts')
    const report = await talk.progress('restore-backup', (onProgress) =>
      restore([...files], to, { onProgress, signal }),
    )
    await out.one(restoreView, report)
  },
}
