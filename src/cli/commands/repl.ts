import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Call, Command, Session } from '../command.ts'
import { candidates } from '../completion/candidates.ts'
import { CliError, EXIT } from '../failures.ts'
import { GLOBALS } from '../globals.ts'
import { stateFolder } from '../state.ts'
import { part, quoted } from '../words.ts'

const MOST_LINES = 1_000

export const repl: Command = {
  details: `The commands are those of the shell, without varve in front; Tab completes them, keys, versions and tags; exit or Ctrl-D
ends, Ctrl-C stops a command. Options of this line hold for all. From a pipe, each line is run; the exit code is that of the
last one that failed. A line that begins with a blank is not kept in the history.`,
  examples: [
    ['varve repl', 'on the store here'],
    ['varve repl --url memory:', 'a store to play with'],
    [`printf 'set a 1\\nget a\\n' | varve repl`, 'many commands, one start'],
  ],
  run(call) {
    return process.stdin.isTTY && process.stdout.isTTY ? dialogue(call) : batch(call)
  },
}

/** What holds for every line, and what this line said for all. */
function sessionOf({ session, options }: Call): Omit<Session, 'ask'> {
  const inherited = new Map(session.inherited)
  for (const { name } of GLOBALS) if (options.has(name)) inherited.set(name, options.list(name))
  return { ...session, inherited, input: undefined }
}

function wordsOf(line: string): readonly string[] {
  const { words, open } = part(line.trim())
  if (open) throw new CliError('VARVE_USAGE', 'A quote in this line is never closed.')
  return words[0] === 'varve' ? words.slice(1) : words
}

/** undefined: nothing to run. */
async function runLine(call: Call, line: string, session: Session): Promise<number | undefined> {
  if (line.trim() === '' || line.trim().startsWith('#')) return undefined
  let words: readonly string[]
  try {
    words = wordsOf(line)
  } catch (error) {
    call.talk.failure(
      { code: 'VARVE_USAGE', message: (error as Error).message, exit: 2, next: undefined },
      error,
    )
    return EXIT.usage
  }
  if (words[0] === 'repl') {
    call.talk.note('This is the repl.')
    return EXIT.ok
  }
  return call.program.run(words, session)
}

const isEnd = (line: string): boolean => ['exit', 'quit', '.exit'].includes(line.trim())

async function batch(call: Call): Promise<number> {
  const { signal } = call
  const session: Session = { ...sessionOf(call), ask: undefined }
  const lines = createInterface({ input: process.stdin })
  const stop = (): void => lines.close()
  signal.addEventListener('abort', stop, { once: true })
  let code = 0
  for await (const line of lines) {
    if (isEnd(line) || signal.aborted) break
    code = (await runLine(call, line, session)) || code
  }
  signal.throwIfAborted()
  return code
}

function dialogue(call: Call): Promise<number> {
  const history = new History()
  const base = sessionOf(call)
  const prompt = `varve ${call.address}> `
  const lines = createInterface({
    input: process.stdin,
    output: process.stdout,
    prompt,
    history: history.read(),
    historySize: MOST_LINES,
    removeHistoryDuplicates: true,
    completer: completerOf(call),
  })
  let running: AbortController | undefined
  let asking = false
  lines.on('history', (kept) => {
    // Answers are no commands; and a blank in front is how one asks not to be remembered.
    if (asking || kept[0]?.startsWith(' ') === true) kept.shift()
    history.lines = kept.map((line) => line.trimEnd())
  })
  lines.on('SIGINT', () => {
    if (running !== undefined && !asking)
      return running.abort(new CliError('VARVE_INTERRUPTED', 'Interrupted.'))
    // To be asked and to say stop is to say no.
    if (asking) return lines.write('\n')
    process.stdout.write('\n')
    if (lines.line === '') call.talk.note('exit or Ctrl-D ends.')
    // Empties the line that was being written.
    lines.write(null, { ctrl: true, name: 'e' })
    lines.write(null, { ctrl: true, name: 'u' })
    lines.prompt()
  })
  const ask = (question: string): Promise<string> => {
    asking = true
    return new Promise<string>((resolve) => lines.question(question, resolve)).finally(() => (asking = false))
  }
  return new Promise((resolve, reject) => {
    let last: Promise<void> = Promise.resolve()
    const one = async (line: string): Promise<void> => {
      running = new AbortController()
      const signal = AbortSignal.any([base.signal, running.signal])
      await runLine(call, line, { ...base, signal, ask })
      running = undefined
    }
    lines.on('line', (line) => {
      if (isEnd(line)) return lines.close()
      last = last.then(() => one(line)).then(() => lines.prompt())
      last.catch((error: unknown) => {
        lines.close()
        reject(error instanceof Error ? error : new Error(String(error)))
      })
    })
    lines.on('close', () => {
      running?.abort(new CliError('VARVE_INTERRUPTED', 'Interrupted.'))
      void last.then(() => {
        history.write(call)
        process.stdout.write('\n')
        resolve(EXIT.ok)
      })
    })
    base.signal.addEventListener('abort', () => lines.close(), { once: true })
    lines.prompt()
  })
}

type Completer = (line: string, done: (error: Error | null, result: [string[], string]) => void) => void

function completerOf(call: Call): Completer {
  const { program, session, address } = call
  return (line, done) => {
    const { words, last } = part(line)
    const sources = {
      entries: program.entries,
      address,
      open: (where: string) => session.open(where, { mode: 'read' }),
    }
    void candidates(words, sources).then(({ words: found }) =>
      done(null, [found.map(({ word }) => `${quoted(word)} `), line.slice(last)]),
    )
  }
}

/** The lines of earlier days, newest first as readline has them. */
class History {
  lines: string[] = []
  readonly #folder = stateFolder()
  readonly #file = join(this.#folder, 'repl-history')

  read(): string[] {
    try {
      this.lines = readFileSync(this.#file, 'utf8').split('\n').filter(Boolean).reverse()
    } catch {
      // There is none yet, or it cannot be read: we begin anew.
    }
    return [...this.lines]
  }

  write({ talk }: Call): void {
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
      const text = this.lines.slice(0, MOST_LINES).toReversed().join('\n')
      writeFileSync(this.#file, `${text}\n`, { mode: 0o600 })
    } catch (error) {
      talk.warn('The history cannot be kept.', error)
    }
  }
}
