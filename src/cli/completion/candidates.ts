import type { Store } from '../../index.ts'
import type { Command, Entry } from '../command.ts'
import type { ArgumentSpec, Offer, OptionSpec } from '../specs.ts'
import { GLOBALS, optionsOf, VERSION } from '../globals.ts'
import { isOption, readOption } from '../parse.ts'
import { addressFrom } from '../address.ts'
import { manyLines } from '../text.ts'

export interface Candidate {
  readonly word: string
  readonly about?: string
}
export interface Candidates {
  readonly words: readonly Candidate[]
  /** The names of files fit here, too. */
  readonly files: boolean
}
export interface Sources {
  readonly entries: readonly Entry[]
  readonly open: (address: string) => Promise<Store>
  /** Where the store is, if the line does not say. */
  readonly address?: string
}

/** Nobody reads more. */
const MOST_KEYS = 100
const NOTHING: Candidates = { words: [], files: false }

interface Place {
  readonly entry: Entry | undefined
  readonly level: readonly Entry[]
  readonly command: Command | undefined
  readonly specs: readonly OptionSpec[]
  readonly args: readonly string[]
  /** The option that waits for its value. */
  readonly waiting: OptionSpec | undefined
  readonly onlyArguments: boolean
  readonly address: string | undefined
}

/** Reads the words before the one that is being written. undefined: they lead nowhere. */
async function placeAfter(words: readonly string[], entries: readonly Entry[]): Promise<Place | undefined> {
  let level = entries
  let entry: Entry | undefined
  let command: Command | undefined
  let specs: readonly OptionSpec[] = [...GLOBALS, VERSION]
  let waiting: OptionSpec | undefined
  let onlyArguments = false
  let address: string | undefined
  const args: string[] = []
  for (const word of words) {
    if (waiting !== undefined) {
      if (waiting.name === 'url') address = word
      waiting = undefined
    } else if (word === '--') onlyArguments = true
    else if (!onlyArguments && isOption(word)) {
      for (const found of readOption(word, specs)) {
        if (found.waits) waiting = found.spec
        if (found.spec.name === 'url') address = found.value ?? address
      }
    } else if (command === undefined) {
      const next = level.find(({ name }) => name === word)
      if (next === undefined) return undefined
      entry = next
      level = next.commands ?? []
      command = await next.load?.()
      if (command !== undefined) specs = optionsOf(command)
    } else args.push(word)
  }
  return { entry, level, command, specs, args, waiting, onlyArguments, address }
}

/** What could stand where the last word is being written. Words that lead nowhere have no candidates. */
export async function candidates(line: readonly string[], sources: Sources): Promise<Candidates> {
  const words = line[0] === 'help' ? line.slice(1) : line
  const current = words.at(-1) ?? ''
  try {
    const place = await placeAfter(words.slice(0, -1), sources.entries)
    if (place === undefined) return NOTHING
    const { waiting, command, specs, args, level } = place
    const values = (spec: OptionSpec | ArgumentSpec, text: string): Promise<Candidates> =>
      offered(spec, text, () => sources.open(place.address ?? sources.address ?? addressFrom(undefined)))
    if (waiting !== undefined) return await values(waiting, current)
    if (!place.onlyArguments && current.startsWith('-')) {
      const [, name, text] = /^--([^=]+)=(.*)$/s.exec(current) ?? []
      if (name === undefined) return matching(specs.map(optionWord), current)
      const spec = specs.find((one) => one.name === name && one.value !== undefined)
      if (spec === undefined) return NOTHING
      const { words: found, files } = await values(spec, text ?? '')
      return { words: found.map((one) => ({ ...one, word: `--${name}=${one.word}` })), files }
    }
    if (command === undefined)
      return matching(
        level
          .filter(({ hidden }) => hidden !== true)
          .map(({ name, summary }) => ({ word: name, about: summary })),
        current,
      )
    const all = command.arguments ?? []
    const spec = all[args.length] ?? (all.at(-1)?.many === true ? all.at(-1) : undefined)
    return spec === undefined ? NOTHING : await values(spec, current)
  } catch {
    // Half a line is no place to complain.
    return NOTHING
  }
}

const optionWord = ({ name, summary }: OptionSpec): Candidate => ({ word: `--${name}`, about: summary })

function matching(all: readonly Candidate[], start: string): Candidates {
  return { words: all.filter(({ word }) => word.startsWith(start)), files: false }
}

async function offered(
  { choices, offers }: { readonly choices?: readonly string[]; readonly offers?: Offer },
  start: string,
  open: () => Promise<Store>,
): Promise<Candidates> {
  if (choices !== undefined)
    return matching(
      choices.map((word) => ({ word })),
      start,
    )
  switch (offers) {
    case 'file':
      return { words: [], files: true }
    case 'key': {
      const found: Candidate[] = []
      for await (const word of (await open()).keys({ prefix: start, limit: MOST_KEYS }))
        // What a terminal would not show cannot be typed, and must not be printed.
        if (manyLines(word) === word && !/[\n\t]/.test(word)) found.push({ word })
      return { words: found, files: false }
    }
    case 'ref': {
      const all = (await (await open()).snapshots.list()).toReversed()
      const versions = all.map(({ version, description }): Candidate => ({
        word: version,
        about: description ?? 'snapshot',
      }))
      return matching([...versions, ...tagsOf(all.flatMap(({ tags }) => tags))], start)
    }
    case 'tag':
      return matching(tagsOf([...(await (await open()).snapshots.tags()).keys()]), start)
    default:
      return NOTHING
  }
}

function tagsOf(tags: readonly string[]): Candidate[] {
  return [...new Set(tags)].map((word) => ({ word, about: 'tag' }))
}
