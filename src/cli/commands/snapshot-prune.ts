import type { Snapshot } from '../../index.ts'
import type { Command } from '../command.ts'
import { agreed, DANGER } from '../danger.ts'
import { UsageError } from '../failures.ts'
import type { Options } from '../parse.ts'
import { deletedView } from '../views/deleted.ts'

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

export const snapshotPrune: Command = {
  options: [
    { name: 'keep', short: 'k', value: 'count', summary: 'keep the newest so many' },
    { name: 'older-than', value: 'age', summary: 'only those older than 90m, 12h, 30d' },
    { name: 'tagged', summary: 'those with tags, too; without this they stay' },
    ...DANGER,
  ],
  details: `The newest snapshot always stays. Needs --keep, --older-than or both: then both have to hold.
Prints the versions that went; with --json, a line for each: {"deleted"}.`,
  examples: [
    ['varve snapshot prune --keep 10 --dry-run', 'what would go'],
    ['varve snapshot prune --older-than 30d --tagged --yes', 'all old ones'],
  ],
  async run(call) {
    const { address, options, out, reader, writer } = call
    const going = chosen(await (await reader()).snapshots.list(), options)
    const plan = {
      what: `Delete ${going.length} of the snapshots of ${address}`,
      details: going.map(({ version, createdAt }): [string, string] => [version, createdAt.toISOString()]),
    }
    if (going.length === 0 && !options.has('dry-run')) {
      call.talk.note('There is nothing to delete.')
      return
    }
    if (!(await agreed(call, plan))) return
    const { snapshots } = await writer()
    for (const { version } of going) {
      call.signal.throwIfAborted()
      await snapshots.delete(version)
    }
    await out.list(
      deletedView,
      going.map(({ version }) => version),
    )
  },
}

function chosen(all: readonly Snapshot[], options: Options): Snapshot[] {
  const keep = options.count('keep')
  const age = options.text('older-than')
  if (keep === undefined && age === undefined)
    throw new UsageError(
      'Say how many to keep (--keep 10), or how old those that go have to be (--older-than 30d).',
    )
  const before = age === undefined ? Infinity : Date.now() - ageOf(age)
  const old = all.slice(0, all.length - Math.max(1, keep ?? 1))
  return old.filter(
    ({ createdAt, tags }) => createdAt.getTime() < before && (tags.length === 0 || options.has('tagged')),
  )
}

function ageOf(text: string): number {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)([mhd])$/.exec(text) ?? []
  if (amount === undefined)
    throw new UsageError(`--older-than takes an age such as 90m, 12h or 30d, not ${JSON.stringify(text)}.`)
  return Number(amount) * (UNITS[unit] ?? 0)
}
