import type { Call } from './command.ts'
import type { OptionSpec } from './specs.ts'
import { CliError, UsageError } from './failures.ts'
import type { View } from './output.ts'
import { manyLines } from './text.ts'

/** What a command is about to do that cannot be taken back with a word. */
export interface Plan {
  /** `Compact ./state` */
  readonly what: string
  readonly details: readonly (readonly [name: string, value: string | number])[]
}

export const DANGER: readonly OptionSpec[] = [
  { name: 'yes', short: 'y', summary: 'do it without asking' },
  { name: 'dry-run', summary: 'only say what would be done' },
]

/** Names without blanks, for programs. */
const label = (name: string): string => name.replaceAll(' ', '_')

const planView: View<Plan> = {
  columns: [],
  json: ({ what, details }) => ({
    dryRun: true,
    plan: what,
    details: Object.fromEntries(details.map(([name, value]) => [label(name), value])),
  }),
  plain: ({ what, details }) =>
    [
      `plan\t${manyLines(what)}`,
      ...details.map(([name, value]) => `${label(name)}\t${manyLines(String(value))}`),
    ].join('\n'),
  human: describe,
}

function describe({ what, details }: Plan): string {
  const wide = Math.max(0, ...details.map(([name]) => name.length))
  return [
    `${manyLines(what)}:`,
    ...details.map(([name, value]) => `  ${name.padEnd(wide)}  ${manyLines(String(value))}`),
  ].join('\n')
}

/** Whether to go on: shows the plan and asks, unless the line has answered. False: it was a dry run. */
export async function agreed(call: Call, plan: Plan): Promise<boolean> {
  const { options, out, talk, session } = call
  if (options.has('dry-run')) {
    await out.one(planView, plan)
    return false
  }
  if (options.has('yes')) return true
  if (session.ask === undefined)
    throw new UsageError('This needs --yes, for there is nobody to ask; --dry-run tells what would be done.')
  talk.line(describe(plan))
  const answer = await session.ask('Go on? [y/N] ')
  if (/^y(es)?$/i.test(answer.trim())) return true
  throw new CliError('VARVE_DECLINED', 'Nothing was changed.')
}
