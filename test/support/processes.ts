import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { OpenOptions } from '../../src/index.ts'

const programs = new URL('../processes/programs/', import.meta.url)

export function programPath(name: string): string {
  return fileURLToPath(new URL(name, programs))
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** The command that runs node, with its arguments: `strace …`. */
  readonly under?: readonly [command: string, ...args: string[]]
}

/** A process of ours that runs one of the programs. */
export class Program {
  readonly exited: Promise<Exit>
  readonly #child: ChildProcess
  readonly #messages: unknown[] = []
  readonly #waiting: { resolve(message: unknown): void; reject(error: Error): void }[] = []
  #exit: Exit | undefined
  #errors = ''
  #letGo = false

  constructor(name: string, args: readonly string[], { env, cwd, under }: ProgramOptions = {}) {
    const [execPath, ...execArgv] = under ? [...under, process.execPath] : [process.execPath]
    this.#child = fork(programPath(name), [...args], {
      execPath,
      execArgv,
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, NODE_OPTIONS: '', ...env },
      ...(cwd === undefined ? {} : { cwd }),
    })
    this.#child.stderr?.on('data', (text: Buffer) => (this.#errors += text.toString()))
    this.#child.on('message', (message) => {
      const next = this.#waiting.shift()
      if (next) next.resolve(message)
      else this.#messages.push(message)
    })
    this.exited = new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null): void => {
        this.#exit = { code, signal }
        resolve(this.#exit)
        for (const { reject } of this.#waiting.splice(0)) reject(this.#gone(name))
      }
      // 'close' comes after the last message; but it never comes to those who have let go of the child themselves.
      this.#child.on('close', end)
      this.#child.on('exit', (code, signal) => {
        if (!this.#child.connected && this.#letGo) end(code, signal)
      })
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** What it has written to its standard error. */
  get errors(): string {
    return this.#errors
  }

  send(message: unknown): void {
    this.#child.send(message as object)
  }

  /** Its next message. */
  next<T>(): Promise<T> {
    if (this.#messages.length > 0) return Promise.resolve(this.#messages.shift() as T)
    if (this.#exit) return Promise.reject(this.#gone('It'))
    return new Promise<unknown>((resolve, reject) => this.#waiting.push({ resolve, reject })) as Promise<T>
  }

  ask<T>(message: unknown): Promise<T> {
    this.send(message)
    return this.next<T>()
  }

  /** Lets go of it: our programs end by themselves then. For those that run under another command. */
  disconnect(): void {
    this.#letGo = true
    if (this.#child.connected) this.#child.disconnect()
  }

  /** Without warning: SIGKILL, to this process alone. */
  async kill(): Promise<void> {
    if (this.#exit === undefined) this.#child.kill('SIGKILL')
    await this.exited
  }

  #gone(name: string): Error {
    return new Error(`${name} ended with ${JSON.stringify(this.#exit)}: ${this.#errors}`)
  }
}

/** Starts a program of test/processes/programs; it is killed when the test is over, if it still lives. */
export function start(name: string, args: readonly string[] = [], options: ProgramOptions = {}): Program {
  const program = new Program(name, args, options)
  onTestFinished(() => program.kill())
  return program
}

/** What a failed call in another process tells of its error. */
export interface RemoteError {
  readonly name: string
  readonly code: string
  readonly message: string
}
type Reply = { readonly value: unknown } | { readonly error: RemoteError }

/** A store that another process has open. */
export class RemoteStore {
  readonly program: Program

  constructor(program: Program) {
    this.program = program
  }

  /** Calls a method there, such as `get` or `snapshots.create`; iterables come back as arrays. */
  async call<T = unknown>(method: string, ...args: unknown[]): Promise<T> {
    return this.callAs<T>(undefined, method, ...args)
  }

  /** The same as another actor. */
  async callAs<T = unknown>(actor: string | undefined, method: string, ...args: unknown[]): Promise<T> {
    const reply = await this.program.ask<Reply>({ method, args, actor })
    if ('error' in reply) throw Object.assign(new Error(reply.error.message), reply.error)
    return reply.value as T
  }
}

/** Opens a store in a process of its own. */
export async function elsewhere(url: string, options: OpenOptions = {}): Promise<RemoteStore> {
  const remote = new RemoteStore(start('remote.mjs'))
  try {
    await remote.call('open', url, options)
  } catch (error) {
    await remote.program.kill()
    throw error
  }
  return remote
}
