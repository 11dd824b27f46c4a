import type { Command } from '../command.ts'
import { snapshotTable } from '../views/snapshot.ts'

export const snapshotList: Command = {
  options: [{ name: 'tag', short: 't', value: 'tag', summary: 'only those with this tag', offers: 'tag' }],
  details: `A pipe gets: version, revision, time, who, keys, bytes, tags, description.
With --json, a line for each, as varve snapshot show prints it.`,
  examples: [
    ['varve snapshot list', 'all'],
    ['varve snapshot list --tag release --json', 'some, for a program'],
  ],
  async run({ options, out, reader }) {
    const tag = options.text('tag')
    const store = await reader()
    await out.list(snapshotTable, await store.snapshots.list(tag === undefined ? {} : { tag }))
  },
}
