import { addressFrom } from './address.ts'
import type { Call, Entry, Program, Session } from './command.ts'
import type { OptionSpec } from './specs.ts'
import { EXIT, failureOf, PipeClosed } from './failures.ts'
import { find, globalsOf, GLOBALS, HELP, optionsOf, VERSION, type Found } from './globals.ts'
import { Output } from './output.ts'
import { checkArguments, Options, parse } from './parse.ts'
import { entries } from './registry.ts'
import { Talk } from './talk.ts'
import type { Paint } from './text.ts'
import type { Terminal } from './help.ts'

const terminalOf = (stream: NodeJS.WriteStream, paint: Paint): Terminal => ({
  paint,
  width: stream.isTTY ? stream.columns : Infinity,
})

/** Says what a line asks for instead of being run, if it does. */
async function instead(found: Found, out: Output, talk: Talk): Promise<number | undefined> {
  const { entry, names, rest } = found
  const end = rest.indexOf('--')
  const asked = (spec: OptionSpec): boolean =>
    rest
      .slice(0, end < 0 ? undefined : end)
      .some((word) => word === `--${spec.name}` || word === `-${spec.short}`)
  if (entry === undefined && asked(VERSION)) {
    const { version } = await import('./version.ts')
    await out.text(`${version()}\n`)
    return EXIT.ok
  }
  if (entry?.load !== undefined && !asked(HELP)) return undefined
  const { commandHelp, groupHelp, programHelp } = await import('./help.ts')
  if (entry?.load !== undefined) {
    const command = await entry.load()
    await out.text(
      `${commandHelp(names, entry.summary, command, globalsOf(command), terminalOf(process.stdout, out.paint))}\n`,
    )
    return EXIT.ok
  }
  const help = (terminal: Terminal): string =>
    entry === undefined ? programHelp(entries, [...GLOBALS, VERSION], terminal) : groupHelp(entry, terminal)
  if (asked(HELP)) {
    await out.text(`${help(terminalOf(process.stdout, out.paint))}\n`)
    return EXIT.ok
  }
  // A line without a command is not finished: the help is talk, and the exit code says so.
  talk.line(help(terminalOf(process.stderr, talk.paint)))
  return EXIT.usage
}

/** `help x y` is `x y --help`. */
function unhelped(words: readonly string[]): readonly string[] {
  return words[0] === 'help' ? [...words.slice(1), '--help'] : words
}

function callOf(session: Session, options: Options, args: readonly string[], out: Output, talk: Talk): Call {
  const address = addressFrom(options.text('url'))
  const actor = options.text('as')
  const secret = options.list('secret')
  const opened = secret.length === 0 ? {} : { options: { secret } }
  return {
    args,
    options,
    out,
    talk,
    signal: session.signal,
    program,
    session,
    address,
    reader: () => session.open(address, { mode: 'read', ...opened }),
    async writer({ create } = { create: false }) {
      const store = await session.open(address, { mode: create ? 'create' : 'write', ...opened })
      return actor === undefined ? store : store.as(actor)
    },
  }
}

/** Runs a line and tells what went wrong. Gives the exit code. */
export async function runLine(line: readonly string[], session: Session): Promise<number> {
  const words = unhelped(line)
  const end = words.indexOf('--')
  const before = end < 0 ? words : words.slice(0, end)
  const says = (name: string): boolean => before.includes(`--${name}`) || session.inherited.has(name)
  const talk = new Talk({ json: says('json'), debug: says('debug') })
  const out = new Output(says('json'), session.signal)
  let names: readonly string[] = []
  let args: readonly string[] = []
  try {
    const found = words[0] === '__complete' ? verbatim(words) : find(entries, words)
    names = found.names
    const said = await instead(found, out, talk)
    if (said !== undefined) return said
    const command = await (found.entry as Required<Pick<Entry, 'load'>>).load()
    const parsed = parse(found.rest, optionsOf(command))
    args = parsed.args
    checkArguments(args, command.arguments ?? [])
    const options = new Options(new Map([...session.inherited, ...parsed.given]))
    return (await command.run(callOf(session, options, args, out, talk))) ?? EXIT.ok
  } catch (error) {
    if (error instanceof PipeClosed) throw error
    const failure = failureOf(session.signal.aborted ? session.signal.reason : error, names, args)
    talk.failure(failure, error)
    return failure.exit
  }
}

/** The words to be completed are nobody's options. */
function verbatim([name, ...words]: readonly string[]): Found {
  return { entry: entries.find((entry) => entry.name === name), names: [], rest: ['--', ...words] }
}

export const program: Program = { entries, run: runLine }
