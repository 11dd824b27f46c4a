import type { Command } from '../command.ts'
import { UsageError } from '../failures.ts'
import { untagged } from '../values.ts'
import { snapshotView } from '../views/snapshot.ts'

export const snapshotCreate: Command = {
  options: [
    { name: 'id', value: 'version', summary: 'its version; default: v<revision>' },
    { name: 'tag', short: 't', value: 'tag', many: true, summary: 'a tag', offers: 'tag' },
    { name: 'description', short: 'd', value: 'text', summary: 'what it is' },
    { name: 'meta', value: 'json', summary: 'an object of values to keep with it' },
  ],
  details: `Constant time and space, however large the store.
With --json: {"version","revision","tags","description","meta","createdAt","createdBy","keys","bytes","checksum","auto","base"}.`,
  examples: [
    ['varve snapshot create --tag release', 'a name for now'],
    [
      `varve snapshot create --id 1.4.0 -d 'before the sale' --meta '{"build":7}'`,
      'with all that is to be known',
    ],
  ],
  async run({ options, out, writer }) {
    const version = options.text('id')
    const description = options.text('description')
    const meta = options.text('meta')
    const chosen = {
      tags: [...options.list('tag')],
      ...(version === undefined ? {} : { version }),
      ...(description === undefined ? {} : { description }),
      ...(meta === undefined ? {} : { meta: metaFrom(meta) }),
    }
    await out.one(snapshotView, await (await writer()).snapshots.create(chosen))
  },
}

function metaFrom(text: string): Record<string, unknown> {
  let meta: unknown
  try {
    meta = untagged(JSON.parse(text))
  } catch (error) {
    if (error instanceof UsageError) throw error
  }
  if (typeof meta !== 'object' || meta === null || Array.isArray(meta))
    throw new UsageError(`--meta takes a JSON object, such as {"build":7}, not ${JSON.stringify(text)}.`)
  return meta as Record<string, unknown>
}
