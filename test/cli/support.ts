import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, onTestFinished } from 'vitest'

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** A folder for a whole file of tests. */
export function sharedFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'varve-cli-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}
export interface How {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string | Uint8Array
}

/** What a shell of our own would pass on: nothing of ours, and a state folder that is not the user's. */
function environment({ cwd, env }: How): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env
  return {
    PATH,
    HOME,
    ...(TMPDIR === undefined ? {} : { TMPDIR }),
    XDG_STATE_HOME: join(cwd, 'state'),
    TZ: 'UTC',
    ...env,
  }
}

/** The command line, still running. */
export class Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ran>
  out = ''
  err = ''

  constructor(command: string, args: readonly string[], how: How) {
    this.child = spawn(command, args, { cwd: how.cwd, env: environment(how) })
    this.child.stdout?.on('data', (text: Buffer) => (this.out += text.toString()))
    this.child.stderr?.on('data', (text: Buffer) => (this.err += text.toString()))
    this.child.stdin?.on('error', () => undefined)
    if (how.input !== undefined) this.child.stdin?.end(how.input)
    this.ended = new Promise((resolve) => {
      this.child.on('close', (code) => resolve({ code, out: this.out, err: this.err }))
    })
    onTestFinished(() => void this.child.kill('SIGKILL'))
  }

  type(text: string): void {
    this.child.stdin?.write(text)
  }

  /** Until it has said so. */
  async until(said: RegExp, where: 'out' | 'err' = 'out'): Promise<void> {
    const until = Date.now() + 15_000
    while (!said.test(this[where])) {
      if (Date.now() > until) throw new Error(`never said ${String(said)}: ${this.out}${this.err}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}

export function start(args: readonly string[], how: How): Running {
  return new Running(process.execPath, [main, ...args], how)
}

/** Runs it to its end; standard input is empty unless something is given. */
export function varve(args: readonly string[], how: How): Promise<Ran> {
  return start(args, { input: '', ...how }).ended
}

/** Runs lines in one process, for what is not in question: how a store came to be. */
export async function prepared(lines: readonly string[], how: How): Promise<void> {
  const { code, err } = await varve(['repl'], { ...how, input: `${lines.join('\n')}\n` })
  if (code !== 0) throw new Error(err)
}

/** What it printed as JSON, line by line. */
export async function json(args: readonly string[], how: How): Promise<unknown[]> {
  const { out } = await varve([...args, '--json'], how)
  return out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown)
}

/** Whether a terminal can be had: `script` of util-linux. */
export const hasTerminal: boolean =
  spawnSync('script', ['--version']).stdout?.toString().includes('util-linux') === true

const shellWord = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`

/** The same on a terminal of 100 columns: what is typed comes from standard input, both outputs come as one. */
export function onTerminal(args: readonly string[], how: How): Running {
  const line = [process.execPath, main, ...args].map(shellWord).join(' ')
  return new Running('script', ['-qec', `stty cols 100 rows 30 -echo; ${line}`, '/dev/null'], {
    ...how,
    env: { TERM: 'xterm-256color', ...how.env },
  })
}

/** A line of a shell, in which `varve` is the command line. */
export function shell(line: string, how: How): Promise<Ran> {
  const script = `varve() { ${shellWord(process.execPath)} ${shellWord(main)} "$@"; }\n${line}`
  return new Running('bash', ['-c', script], { input: '', ...how }).ended
}
