import type { Command } from '../command.ts'
import { optionalRef, refFrom } from '../refs.ts'
import { exportView } from '../views/file-report.ts'

export const snapshotExport: Command = {
  arguments: [
    { name: 'point', summary: 'a snapshot, a tag, a revision or a date', offers: 'ref' },
    {
      name: 'file',
      summary: 'the file to write, or a folder for one that is named by the time',
      offers: 'file',
    },
  ],
  options: [
    { name: 'base', value: 'point', summary: 'write only what is different since then', offers: 'ref' },
  ],
  details: `The file appears whole or not at all, and takes the place of one that is there.
With --json: {"path","revision","base","bytes","checksum","keys"}.`,
  examples: [
    ['varve snapshot export release state.varve', 'all of it'],
    ['varve snapshot export v20 step.varve --base v10', 'only the difference'],
  ],
  async run({ args: [point = '', file = ''], options, out, reader, signal, talk }) {
    const ref = refFrom(point)
    const base = optionalRef(options.text('base'))
    const { snapshots } = await reader()
    const report = await talk.progress('export', (onProgress) =>
      snapshots.export(ref, file, { onProgress, signal, ...(base === undefined ? {} : { base }) }),
    )
    await out.one(exportView, report)
  },
}
