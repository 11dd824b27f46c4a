import type { Command } from '../command.ts'
import { refFrom } from '../refs.ts'
import { snapshotView } from '../views/snapshot.ts'

export const snapshotShow: Command = {
  arguments: [{ name: 'snapshot', summary: 'its version, a tag, its revision or a date', offers: 'ref' }],
  details:
    'With --json: {"version","revision","tags","description","meta","createdAt","createdBy","keys","bytes","checksum","auto","base"}.',
  examples: [['varve snapshot show release', 'the newest with this tag']],
  async run({ args: [snapshot = ''], out, reader }) {
    const ref = refFrom(snapshot)
    await out.one(snapshotView, await (await reader()).snapshots.get(ref))
  },
}
