import type { Command } from '../command.ts'
import { refFrom } from '../refs.ts'
import { snapshotView } from '../views/snapshot.ts'

export const snapshotUntag: Command = {
  arguments: [
    { name: 'snapshot', summary: 'its version, a tag, its revision or a date', offers: 'ref' },
    { name: 'tag', summary: 'the tags that go', many: true, offers: 'tag' },
  ],
  details: 'Prints the snapshot, as varve snapshot show does.',
  examples: [['varve snapshot untag v17 stable', 'one tag less']],
  async run({ args: [snapshot = '', ...tags], out, writer }) {
    const ref = refFrom(snapshot)
    await out.one(snapshotView, await (await writer()).snapshots.untag(ref, ...tags))
  },
}
