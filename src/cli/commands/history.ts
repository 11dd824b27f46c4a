import type { Command } from '../command.ts'
import { CliError } from '../failures.ts'
import { optionalRef } from '../refs.ts'
import { changeTable, changeView } from '../views/change.ts'

export const history: Command = {
  arguments: [{ name: 'key', summary: 'the key', offers: 'key' }],
  options: [
    { name: 'limit', short: 'n', value: 'count', summary: 'at most so many' },
    { name: 'at', value: 'point', summary: 'as it was at this point: nothing newer', offers: 'ref' },
  ],
  details: `A pipe gets: revision, time, actor, what, key, before, after.
With --json, a line for each: {"revision","at","actor","type","key","before","after"}; type is added, changed, removed or expired.
The exit code is 3 if the key was never there.`,
  examples: [
    ['varve history user:1', 'who changed it, when, and how'],
    ['varve history user:1 -n 1', 'the last change'],
  ],
  async run({ args: [key = ''], options, out, reader }) {
    const from = optionalRef(options.text('at'))
    const limit = options.count('limit')
    const store = await reader()
    const changes = store.history(key, {
      ...(from === undefined ? {} : { from }),
      ...(limit === undefined ? {} : { limit }),
    })
    const shown = await out.list(out.mode === 'human' ? changeTable : changeView, changes)
    if (shown === 0 && limit !== 0)
      throw new CliError('VARVE_NO_KEY', `Nothing is known of a key ${JSON.stringify(key)}.`, 'varve keys')
  },
}
