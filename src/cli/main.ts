#!/usr/bin/env node
import { userInfo } from 'node:os'
import type { Logger } from '../index.ts'
import type { Session } from './command.ts'
import { CliError, PipeClosed } from './failures.ts'
import { runLine } from './program.ts'
import type { Stores } from './stores.ts'
import { Talk } from './talk.ts'

/** What the shell expects of a program that a signal has ended. */
const SIGNALS: Readonly<Record<string, number>> = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }

/** Who writes, if nobody says. */
function login(): string {
  try {
    return userInfo().username || 'varve'
  } catch {
    // Containers run as users that have no name.
    return 'varve'
  }
}

/** What the library has to say. Its errors come out of its calls, too, and are told there. */
function loggerOf(talk: Talk, debug: boolean): Logger {
  const tell = (message: string): void => talk.warn(message)
  return debug ? { warn: tell, error: tell, info: tell, debug: tell } : { warn: tell, error: () => undefined }
}

async function ask(question: string): Promise<string> {
  const { createInterface } = await import('node:readline/promises')
  const asking = createInterface({ input: process.stdin, output: process.stderr })
  // Ctrl-C says stop here as everywhere, and the end of the input is no yes.
  asking.once('SIGINT', () => {
    process.emit('SIGINT')
    asking.close()
  })
  const ended = new Promise<string>((resolve) => asking.once('close', () => resolve('')))
  try {
    return await Promise.race([asking.question(question), ended])
  } finally {
    asking.close()
  }
}

async function main(words: readonly string[]): Promise<number> {
  const stop = new AbortController()
  let ended: number | undefined
  for (const [name, code] of Object.entries(SIGNALS)) {
    process.on(name, () => {
      // The first one lets the work come to a clean end; whoever insists is obeyed: a store survives that, too.
      if (ended !== undefined) process.exit(code)
      ended = code
      stop.abort(new CliError('VARVE_INTERRUPTED', 'Interrupted.'))
    })
  }
  const talk = new Talk({ json: words.includes('--json'), debug: words.includes('--debug') })
  // What help and version do not need is loaded when it is needed.
  let stores: Promise<Stores> | undefined
  const opening = async (): Promise<Stores> => {
    const { Stores } = await import('./stores.ts')
    return new Stores({ actor: login(), logger: loggerOf(talk, words.includes('--debug')) })
  }
  const session: Session = {
    open: async (address, how) => (await (stores ??= opening())).open(address, how),
    signal: stop.signal,
    ask: process.stdin.isTTY && process.stderr.isTTY ? ask : undefined,
    input: async () => (await import('./input.ts')).standardInput(stop.signal),
    inherited: new Map(),
  }
  let code = 0
  try {
    code = await runLine(words, session)
  } catch (error) {
    // The reader has read enough: `varve keys | head -1`.
    if (!(error instanceof PipeClosed)) throw error
  } finally {
    await (await stores)?.close()
  }
  return code === SIGNALS['SIGINT'] ? (ended ?? code) : code
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    new Talk({ json: false, debug: true }).warn('The program failed.', error)
    process.exit(1)
  },
)
