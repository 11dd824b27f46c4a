import type { Duration } from '../../index.ts'
import type { Call, Command } from '../command.ts'
import { CliError, EXIT, UsageError } from '../failures.ts'
import type { View } from '../output.ts'
import { atOf } from '../refs.ts'
import { localTime, span } from '../views/figures.ts'
import { writtenView } from '../views/written.ts'
import { WRITING } from './set.ts'

interface Ttl {
  readonly key: string
  readonly expiresAt: Date | undefined
}

const left = (date: Date): number => Math.max(0, date.getTime() - Date.now())

const view: View<Ttl> = {
  columns: [],
  plain: ({ expiresAt }) => (expiresAt === undefined ? 'never' : String(left(expiresAt))),
  human: ({ expiresAt }) =>
    expiresAt === undefined ? 'never' : `in ${span(left(expiresAt))}, at ${localTime(expiresAt)}`,
  json: ({ key, expiresAt }) => ({
    key,
    ttlMs: expiresAt === undefined ? null : left(expiresAt),
    expiresAt: expiresAt?.toISOString() ?? null,
  }),
}

export const ttl: Command = {
  arguments: [
    { name: 'key', summary: 'the key', offers: 'key' },
    { name: 'duration', summary: 'from now on: 500ms, 10s, 5m, 2h, 30d, or never', optional: true },
  ],
  options: [{ name: 'at', value: 'point', summary: 'as it was at this point', offers: 'ref' }, WRITING[0]],
  details: `Without a duration: the milliseconds that are left, or never; with --json: {"key","ttlMs","expiresAt"}.
With one: the value is written again with that ttl, as a new revision.`,
  examples: [
    ['varve ttl session', 'how long it will stay'],
    ['varve ttl session 1h', 'an hour from now on'],
    ['varve ttl session never', 'it stays'],
  ],
  run(call) {
    return call.args.length > 1 ? change(call) : tell(call)
  },
}

async function tell({ args: [key = ''], options, out, reader }: Call): Promise<number> {
  if (options.has('if-revision'))
    throw new UsageError('--if-revision is for changing the ttl: name a duration.')
  const at = atOf(options.text('at'))
  const store = await reader()
  if (!(await store.has(key, at))) throw absent(key)
  await out.one(view, { key, expiresAt: await store.expiresAt(key, at) })
  return EXIT.ok
}

async function change({ args: [key = '', word = ''], options, out, writer }: Call): Promise<number> {
  if (options.has('at')) throw new UsageError('The past cannot be changed: --at is for asking.')
  const ifRevision = options.count('if-revision')
  const store = await writer()
  const value = await store.update(key, (current) => current, {
    ...(word === 'never' ? {} : { ttl: word as Duration }),
    ...(ifRevision === undefined ? {} : { ifRevision }),
  })
  if (value === undefined) throw absent(key)
  await out.one(writtenView, { what: 'set the ttl of', key, revision: store.revision })
  return EXIT.ok
}

function absent(key: string): CliError {
  return new CliError('VARVE_NO_KEY', `There is no key ${JSON.stringify(key)}.`, 'varve keys')
}
