import type { Command, Entry } from './command.ts'
import type { ArgumentSpec, OptionSpec } from './specs.ts'
import type { Paint } from './text.ts'

type Row = readonly [name: string, text: string]

/** Where the help is read. */
export interface Terminal {
  readonly paint: Paint
  readonly width: number
}

/** Too narrow a column is worse than a line that the terminal breaks. */
const LEAST = 30

/** Breaks at blanks; later lines begin further in. */
function wrap(text: string, width: number, indent = 0): string {
  if (text.length <= width || width < LEAST) return text
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].join(`\n${' '.repeat(indent)}`)
}

function table(rows: readonly Row[], { paint, width }: Terminal): string {
  const wide = Math.max(...rows.map(([name]) => name.length))
  return rows
    .map(([name, text]) =>
      `  ${paint('bold', name.padEnd(wide))}  ${wrap(text, width - wide - 4, wide + 4)}`.trimEnd(),
    )
    .join('\n')
}

const paragraphs = (text: string, { width }: Terminal): string =>
  text
    .split('\n')
    .map((line) => wrap(line, width))
    .join('\n')

function optionRow(spec: OptionSpec): Row {
  const { name, short, value, choices, many } = spec
  const what = `${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` <${value}>`}`
  const notes = [
    ...(choices === undefined ? [] : [choices.join(', ')]),
    ...(many === true ? ['may be given again'] : []),
  ]
  return [what, notes.length === 0 ? spec.summary : `${spec.summary} (${notes.join('; ')})`]
}

function argumentWord({ name, optional, many }: ArgumentSpec): string {
  const word = `<${name}>${many === true ? '…' : ''}`
  return optional === true ? `[${word}]` : word
}

const CODES: readonly Row[] = [
  ['0', 'ok'],
  ['1', 'unexpected failure'],
  ['2', 'the line makes no sense'],
  ['3', 'no: key or store absent, different, not healthy'],
  ['4', 'conflict: somebody else was there first'],
  ['5', 'denied'],
  ['6', 'corrupt'],
  ['7', 'busy, locked or unreachable'],
  ['130', 'interrupted'],
]

const rowsOf = (entries: readonly Entry[], prefix = ''): Row[] =>
  entries
    .filter((entry) => entry.hidden !== true)
    .map((entry) => [
      `${prefix}${entry.name}`,
      entry.commands === undefined
        ? entry.summary
        : `${entry.summary}: ${entry.commands.map(({ name }) => name).join(', ')}`,
    ])

export function programHelp(
  entries: readonly Entry[],
  globals: readonly OptionSpec[],
  terminal: Terminal,
): string {
  const { paint } = terminal
  return [
    'varve - one append-only log of revisions; state, history, snapshots and diffs are views of it',
    `${paint('bold', 'Usage:')} varve <command> [options]`,
    `${paint('bold', 'Commands:')}\n${table(rowsOf(entries), terminal)}`,
    `${paint('bold', 'Options of every command:')}\n${table(globals.map(optionRow), terminal)}`,
    paragraphs(
      `The store is at --url, else $VARVE_URL, else ./.varve. A read never makes one.
Values are JSON where they parse as JSON, else text; - reads standard input.
A point of the past is a revision, an ISO date, or the version or tag of a snapshot.`,
      terminal,
    ),
    `${paint('bold', 'Exit codes:')}\n${table(CODES, terminal)}`,
    `${paint('bold', 'Examples:')}
  varve set user:1 '{"name":"Ann"}'
  varve get user:1
  varve keys user:* --values
  varve snapshot create --tag release && varve diff release`,
    'varve <command> --help tells more about a command.',
  ].join('\n\n')
}

export function groupHelp(group: Entry, terminal: Terminal): string {
  const { paint } = terminal
  return [
    `varve ${group.name} - ${group.summary}`,
    `${paint('bold', 'Usage:')} varve ${group.name} <command> [options]`,
    `${paint('bold', 'Commands:')}\n${table(rowsOf(group.commands ?? []), terminal)}`,
    `varve ${group.name} <command> --help tells more about a command.`,
  ].join('\n\n')
}

export function commandHelp(
  words: readonly string[],
  summary: string,
  command: Command,
  globals: readonly OptionSpec[],
  terminal: Terminal,
): string {
  const { paint } = terminal
  const name = `varve ${words.join(' ')}`
  const specs = command.arguments ?? []
  const usage = [name, ...specs.map(argumentWord), '[options]'].join(' ')
  const parts = [`${name} - ${summary}`, `${paint('bold', 'Usage:')} ${usage}`]
  if (specs.length > 0) {
    const rows = specs.map((spec): Row => {
      const choices = spec.choices === undefined ? '' : ` (${spec.choices.join(', ')})`
      return [`<${spec.name}>`, spec.summary + choices]
    })
    parts.push(`${paint('bold', 'Arguments:')}\n${table(rows, terminal)}`)
  }
  const options = [...(command.options ?? []), ...globals].map(optionRow)
  parts.push(`${paint('bold', 'Options:')}\n${table(options, terminal)}`)
  if (command.details !== undefined) parts.push(paragraphs(command.details, terminal))
  parts.push(`${paint('bold', 'Examples:')}\n${table(command.examples, terminal)}`)
  return parts.join('\n\n')
}
