import type { Change, WatchOptions } from '../../index.ts'
import type { Command } from '../command.ts'
import { refFrom } from '../refs.ts'
import { changeTable, changeView } from '../views/change.ts'

export const watch: Command = {
  arguments: [{ name: 'pattern', summary: 'only keys that match; default: ** (all)', optional: true }],
  options: [
    {
      name: 'from',
      value: 'point',
      summary: 'now (default), start, or a point: what came after it comes first',
      offers: 'ref',
    },
    { name: 'limit', short: 'n', value: 'count', summary: 'end after so many' },
  ],
  details: `Ends with Ctrl-C, or with --limit. A pipe gets: revision, time, actor, what, key, before, after.
With --json, a line for each: {"revision","at","actor","type","key","before","after"}.
The revision of the last line goes on exactly there: --from <revision>.`,
  examples: [
    [`varve watch 'user:**'`, 'what happens to users'],
    ['varve watch --from start --json', 'everything that is kept, and on'],
  ],
  async run({ args: [pattern = '**'], options, out, reader, signal }) {
    const from = options.text('from')
    const limit = options.count('limit')
    const where: WatchOptions = {
      signal,
      ...(from === undefined ? {} : { from: from === 'now' || from === 'start' ? from : refFrom(from) }),
    }
    const store = await reader()
    const changes = store.watch(pattern, where)
    await out.list(
      out.mode === 'human' ? changeTable : changeView,
      limit === undefined ? changes : first(limit, changes),
      { live: true },
    )
    signal.throwIfAborted()
  },
}

async function* first(limit: number, changes: AsyncIterable<Change>): AsyncGenerator<Change> {
  let left = limit
  if (left === 0) return
  for await (const change of changes) {
    yield change
    if (--left <= 0) return
  }
}
