import type { Command } from '../command.ts'
import { agreed, DANGER } from '../danger.ts'
import { refFrom } from '../refs.ts'
import { deletedView } from '../views/deleted.ts'

export const snapshotDelete: Command = {
  arguments: [{ name: 'snapshot', summary: 'versions, tags, revisions or dates', many: true, offers: 'ref' }],
  options: DANGER,
  details: `The state stays as it is; only the names go. What no snapshot names can go with the next compaction.
Prints the versions; with --json, a line for each: {"deleted"}.`,
  examples: [['varve snapshot delete v17 v18 --yes', 'two of them']],
  async run(call) {
    const refs = call.args.map(refFrom)
    const { snapshots } = await call.reader()
    // All are looked up before the first one goes: one that is not there changes nothing.
    const found = await Promise.all(refs.map((ref) => snapshots.get(ref)))
    const versions = [...new Set(found.map(({ version }) => version))]
    const plan = {
      what: `Delete ${versions.length === 1 ? 'a snapshot' : `${versions.length} snapshots`} of ${call.address}`,
      details: found.map(({ version, revision, keys, tags }): [string, string] => [
        version,
        `revision ${revision}, ${keys} keys${tags.length > 0 ? `, tags ${tags.join(' ')}` : ''}`,
      ]),
    }
    if (!(await agreed(call, plan))) return
    const writing = await call.writer()
    for (const version of versions) await writing.snapshots.delete(version)
    await call.out.list(deletedView, versions)
  },
}
