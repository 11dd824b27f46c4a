import type { Command, Entry } from './command.ts'
import type { OptionSpec } from './specs.ts'
import { UsageError } from './failures.ts'
import { isOption, readOption } from './parse.ts'
import { didYouMean, suggest } from './suggest.ts'

export const HELP: OptionSpec = { name: 'help', short: 'h', summary: 'print this' }
export const VERSION: OptionSpec = { name: 'version', short: 'V', summary: 'print the version' }
const SHARED: readonly OptionSpec[] = [
  { name: 'json', summary: 'print JSON: one object, or one a line' },
  { name: 'debug', summary: 'print the stack of a failure, too' },
  HELP,
]
const STORE: readonly OptionSpec[] = [
  { name: 'url', short: 'u', value: 'address', summary: 'where the store is', offers: 'file' },
  { name: 'as', value: 'actor', summary: 'who is writing; default: your login name' },
  {
    name: 'secret',
    value: 'pattern',
    many: true,
    summary: 'keep the values of these keys out of history, diffs, watches and exports',
  },
]
/** What every command that works on a store can be told. */
export const GLOBALS: readonly OptionSpec[] = [...STORE, ...SHARED]

export function globalsOf(command: Command): readonly OptionSpec[] {
  return command.storeless === true ? SHARED : GLOBALS
}

export function optionsOf(command: Command): OptionSpec[] {
  return [...(command.options ?? []), ...globalsOf(command)]
}

export interface Found {
  readonly entry: Entry | undefined
  /** The words that name it. */
  readonly names: readonly string[]
  readonly rest: readonly string[]
}

/** The command that a line names, and its other words. */
export function find(entries: readonly Entry[], words: readonly string[]): Found {
  const names: string[] = []
  const rest: string[] = []
  let level = entries
  let entry: Entry | undefined
  let i = 0
  for (; i < words.length; i++) {
    const word = words[i] ?? ''
    if (word === '--') break
    if (isOption(word)) {
      // Before the command's name only the options of every command can stand.
      const waits = readOption(word, [...GLOBALS, VERSION]).some((found) => found.waits)
      rest.push(word, ...(waits ? words.slice(i + 1, i + 2) : []))
      if (waits) i++
      continue
    }
    const next = level.find(({ name }) => name === word)
    if (next === undefined) throw unknown(entries, word, names, level)
    entry = next
    names.push(word)
    if (next.commands === undefined) {
      i++
      break
    }
    level = next.commands
  }
  return { entry, names, rest: [...rest, ...words.slice(i)] }
}

function unknown(
  entries: readonly Entry[],
  word: string,
  names: readonly string[],
  level: readonly Entry[],
): UsageError {
  const all = level.filter(({ hidden }) => hidden !== true).map(({ name }) => name)
  const before = names.map((name) => `${name} `).join('')
  const group = entries.find(({ commands }) => commands?.some(({ name }) => name === word) === true)
  const near =
    suggest(word, all) === undefined && group !== undefined
      ? ` Did you mean ${group.name} ${word}?`
      : didYouMean(word, all).replace('mean ', `mean ${before}`)
  return new UsageError(
    `There is no command ${JSON.stringify(before + word)}.${near}`,
    `varve ${before}--help`,
  )
}
