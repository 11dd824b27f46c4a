import type { Command } from '../command.ts'
import { agreed, DANGER } from '../danger.ts'
import { writtenView } from '../views/written.ts'

export const clear: Command = {
  options: [{ name: 'prefix', value: 'text', summary: 'only keys that begin so', offers: 'key' }, ...DANGER],
  details: `One revision; the past stays, so that it can be brought back: varve snapshot restore <revision before>.
Prints the new revision; with --json: {"revision"}.`,
  examples: [
    ['varve clear --dry-run', 'what would go'],
    ['varve clear --prefix session: --yes', 'all sessions'],
  ],
  async run(call) {
    const { address, options, out, reader, writer } = call
    const prefix = options.text('prefix')
    const store = await reader()
    const plan = {
      what: `Remove ${prefix === undefined ? 'all keys' : `all keys that begin with ${prefix}`} of ${address}`,
      details: [
        ['keys', await store.count(prefix === undefined ? {} : { prefix })],
        ['brought back by', `varve snapshot restore ${store.revision}`],
      ],
    } as const
    if (!(await agreed(call, plan))) return
    const writing = await writer()
    const revision = await (prefix === undefined ? writing : writing.scope(prefix)).clear()
    await out.one(writtenView, { what: 'cleared', revision })
  },
}
