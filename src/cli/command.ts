import type { Store } from '../index.ts'
import type { Output } from './output.ts'
import type { Options } from './parse.ts'
import type { ArgumentSpec, OptionSpec } from './specs.ts'
import type { OpenHow } from './stores.ts'
import type { Talk } from './talk.ts'

/** A command: what it takes, and what it does. Its name and its summary stand in the registry. */
export interface Command {
  readonly arguments?: readonly ArgumentSpec[]
  readonly options?: readonly OptionSpec[]
  /** What the help says besides. */
  readonly details?: string
  readonly examples: readonly (readonly [line: string, what: string])[]
  /** Works on no store, or asks for its place in its own way: `--url` is not for it. */
  readonly storeless?: boolean
  run(call: Call): Promise<number | void>
}

/** A command, or a group of commands, as the registry lists it: the code is loaded when it is called. */
export interface Entry {
  readonly name: string
  readonly summary: string
  readonly hidden?: boolean
  readonly load?: () => Promise<Command>
  readonly commands?: readonly Entry[]
}

/** The program, as a command that runs other commands sees it. */
export interface Program {
  readonly entries: readonly Entry[]
  /** Runs one line of words in this session, and tells its failures itself. Gives the exit code. */
  run(words: readonly string[], session: Session): Promise<number>
}

/** What the commands of one run share: one for a call from the shell, many in the repl. */
export interface Session {
  /** Opens at an address and remembers what is open. */
  readonly open: (address: string, how: OpenHow) => Promise<Store>
  readonly signal: AbortSignal
  /** Asks the person at the terminal. undefined: nobody can be asked. */
  readonly ask: ((question: string) => Promise<string>) | undefined
  /** All of standard input. undefined: the lines of the repl come from there. */
  readonly input: (() => Promise<Buffer>) | undefined
  /** Global options that hold unless the line says otherwise. */
  readonly inherited: ReadonlyMap<string, readonly string[]>
}

/** One call of a command, with all that it needs. */
export interface Call {
  readonly args: readonly string[]
  readonly options: Options
  readonly out: Output
  readonly talk: Talk
  readonly signal: AbortSignal
  readonly program: Program
  readonly session: Session
  /** Where the store is. */
  readonly address: string
  /** The store, to be read: it is never created, and nothing is written. */
  reader(): Promise<Store>
  /** The store, to be written by the actor of the call. `create`: it may be new. */
  writer(how?: { create: boolean }): Promise<Store>
}
