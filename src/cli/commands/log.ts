import type { Commit, LogOptions, Store } from '../../index.ts'
import type { Call, Command } from '../command.ts'
import { UsageError } from '../failures.ts'
import { optionalRef } from '../refs.ts'
import { commitTable, commitView } from '../views/commit.ts'

export const log: Command = {
  options: [
    { name: 'from', value: 'point', summary: 'the first one', offers: 'ref' },
    { name: 'to', value: 'point', summary: 'the last one', offers: 'ref' },
    { name: 'limit', short: 'n', value: 'count', summary: 'only the newest so many' },
    { name: 'reverse', short: 'r', summary: 'newest first' },
    { name: 'follow', short: 'f', summary: 'go on with those that come' },
  ],
  details: `A pipe gets: revision, time, actor, the revision that was restored if it is a restore, keys.
With --json, a line for each: {"revision","at","actor","keys","restoredFrom","hash"}.`,
  examples: [
    ['varve log -n 10', 'the ten newest'],
    ['varve log --from release --follow', 'since then, and on'],
  ],
  async run(call) {
    const { options, out, reader } = call
    const view = out.mode === 'human' ? commitTable : commitView
    const follow = options.has('follow')
    if (follow && (options.has('reverse') || options.has('to')))
      throw new UsageError('--follow has no end, so it takes neither --to nor --reverse.')
    const store = await reader()
    await out.list(view, follow ? following(store, call) : kept(store, call), { live: follow })
  },
}

/** Those that are there. `--limit` means the newest ones, in whatever order they are shown. */
async function* kept(store: Store, { options }: Call): AsyncGenerator<Commit> {
  const from = optionalRef(options.text('from'))
  const to = optionalRef(options.text('to'))
  const limit = options.count('limit')
  const reverse = options.has('reverse')
  const range: LogOptions = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
  if (limit === undefined || reverse) {
    yield* store.log({ ...range, reverse, ...(limit === undefined ? {} : { limit }) })
    return
  }
  const newest: Commit[] = []
  for await (const commit of store.log({ ...range, reverse: true, limit })) newest.push(commit)
  yield* newest.reverse()
}

/** Those that are there and all that come: every change that is seen says up to where there is something to list. */
async function* following(store: Store, call: Call): AsyncGenerator<Commit> {
  const { signal } = call
  let last = store.revision
  const changes = store.watch('**', { from: last, signal })
  for await (const commit of kept(store, call)) {
    last = Math.max(last, commit.revision)
    yield commit
  }
  for await (const { revision } of changes) {
    if (revision <= last) continue
    for await (const commit of store.log({ from: last + 1, to: revision })) yield commit
    last = revision
  }
  signal.throwIfAborted()
}
