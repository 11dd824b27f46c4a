import type { Command } from '../command.ts'
import { snapshotView } from '../views/snapshot.ts'

export const snapshotImport: Command = {
  arguments: [{ name: 'file', summary: 'a file that varve snapshot export wrote', offers: 'file' }],
  options: [
    { name: 'id', value: 'version', summary: 'its version here; default: the one in the file' },
    { name: 'tag', short: 't', value: 'tag', many: true, summary: 'a tag; default: import', offers: 'tag' },
  ],
  details: `The current state stays as it is; varve snapshot restore brings the imported one back.
Makes the store if there is none. Prints the snapshot, as varve snapshot show does.`,
  examples: [['varve snapshot import state.varve --tag from-home', 'a snapshot of another store']],
  async run({ args: [file = ''], options, out, signal, talk, writer }) {
    const version = options.text('id')
    const tags = [...options.list('tag')]
    const { snapshots } = await writer({ create: true })
    const snapshot = await talk.progress('import', (onProgress) =>
      snapshots.import(file, {
        onProgress,
        signal,
        ...(tags.length === 0 ? {} : { tags }),
        ...(version === undefined ? {} : { version }),
      }),
    )
    await out.one(snapshotView, snapshot)
  },
}
