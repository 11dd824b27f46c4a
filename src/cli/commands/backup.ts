import type { Command } from '../command.ts'
import { optionalRef } from '../refs.ts'
import { backupView } from '../views/file-report.ts'

export const backup: Command = {
  arguments: [
    {
      name: 'file',
      summary: 'the file to write, or a folder for one that is named by the time',
      offers: 'file',
    },
  ],
  options: [{ name: 'base', value: 'point', summary: 'only what came after this point', offers: 'ref' }],
  details: `One revision, while others write: the state, its history and its snapshots. The file appears whole or not at all.
With --json: {"path","revision","base","bytes","checksum"}; the revision is the base of the next one.`,
  examples: [
    ['varve backup monday.backup', 'all of it'],
    ['varve backup tuesday.backup --base 1200', 'what came after revision 1200'],
  ],
  async run({ args: [file = ''], options, out, reader, signal, talk }) {
    const base = optionalRef(options.text('base'))
    const store = await reader()
    const report = await talk.progress('backup', (onProgress) =>
      store.backup(file, { onProgress, signal, ...(base === undefined ? {} : { base }) }),
    )
    await out.one(backupView, report)
  },
}
