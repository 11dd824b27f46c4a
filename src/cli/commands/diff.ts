import type { Range } from '../../index.ts'
import type { Command } from '../command.ts'
import { EXIT } from '../failures.ts'
import { optionalRef, refFrom } from '../refs.ts'
import { changeTable, changeView } from '../views/change.ts'
import { summaryView } from '../views/summary.ts'

export const diff: Command = {
  arguments: [
    { name: 'from', summary: 'the first point', offers: 'ref' },
    { name: 'to', summary: 'the second point; default: now', optional: true, offers: 'ref' },
  ],
  options: [
    { name: 'prefix', value: 'text', summary: 'only keys that begin so', offers: 'key' },
    { name: 'match', value: 'pattern', summary: 'only keys that match' },
    { name: 'summary', short: 's', summary: 'only how many are different' },
  ],
  details: `The exit code is 0 if both are the same, and 3 if not.
A pipe gets: revision, time, actor, what, key, before, after; with --json, a line for each with these fields.
With --summary --json: {"from","to","different","added","changed","removed"}.`,
  examples: [
    ['varve diff release', 'what is different since then'],
    ['varve diff 10 20 --prefix user:', 'between two revisions'],
    ['varve diff release --summary', 'how much'],
  ],
  async run({ args: [first = '', second], options, out, reader }) {
    const from = refFrom(first)
    const to = optionalRef(second)
    const range: Range = {
      ...(options.has('prefix') ? { prefix: options.text('prefix') ?? '' } : {}),
      ...(options.has('match') ? { match: options.text('match') ?? '' } : {}),
    }
    const differences = (await reader()).diff(from, to, range)
    if (options.has('summary')) {
      const summary = await differences.summary()
      await out.one(summaryView, summary)
      return summary.different ? EXIT.no : EXIT.ok
    }
    const count = await out.list(out.mode === 'human' ? changeTable : changeView, differences)
    return count > 0 ? EXIT.no : EXIT.ok
  },
}
