import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import { basename } from 'node:path'
import {
  setImmediate as nodeSetImmediate,
  setTimeout as nodeSetTimeout,
  clearTimeout as nodeClearTimeout,
  setInterval as nodeSetInterval,
  clearInterval as nodeClearInterval,
} from 'node:timers'

/** The file operations that engines and archives use beside SQLite's own. */
export type FileSystem = Pick<
  typeof fs,
  | 'closeSync'
  | 'existsSync'
  | 'fdatasync'
  | 'fdatasyncSync'
  | 'fstatSync'
  | 'fsync'
  | 'fsyncSync'
  | 'linkSync'
  | 'mkdirSync'
  | 'openSync'
  | 'readSync'
  | 'readdirSync'
  | 'renameSync'
  | 'rmSync'
  | 'statSync'
  | 'statfs'
  | 'watch'
  | 'writeSync'
>

/**
 * The doors to the world, and the only source of each: tests put fake clocks and failing disks here.
 * Durations are measured with `steady`, which no change of the wall clock touches; `wall` is what people read.
 */
export interface Context {
  /** Milliseconds since 1970 by the wall clock. */
  wall(): number
  /** Milliseconds since 1970 as this process counts them: runs on evenly when the wall clock jumps. */
  steady(): number
  /** Milliseconds from an arbitrary start, for measuring. */
  ticks(): number
  /** Calls `fn` after `ms`, without keeping the program alive. The function that it returns calls it off. */
  later(ms: number, fn: () => void): () => void
  /** The next turn of the event loop. */
  turn(fn: () => void): void
  /** Waits `ms`, keeping the program alive. */
  sleep(ms: number): Promise<void>
  /** Keeps the program alive, though nothing else may. The function that it returns lets go. */
  stay(): () => void
  /** Calls `fn` when the process ends by itself; it cannot wait for anything. The function that it returns calls it off. */
  atExit(fn: () => void): () => void
  /** Milliseconds that only grow, the same in all processes of this machine since it was started. */
  uptime(): number
  random(): number
  /** Hex digits that nobody else has. */
  unique(): string
  readonly fs: FileSystem
  /** Where failures of work in the background are told. `work`: health is degraded until that kind of work has worked. */
  warn(message: string, cause?: unknown, work?: string): void
  /** A kind of work that may have failed before has worked. */
  worked(work: string): void
}

/** The actor of a process that does not say who it is. */
export function defaultActor(): string {
  const program = process.argv[1] ? basename(process.argv[1]).replace(/\.[cm]?[jt]sx?$/, '') : 'node'
  return `${program}:${process.pid}`
}

/** One listener for all: Node warns of many. */
const atExit = new Set<() => void>()
function exiting(): void {
  for (const fn of atExit) fn()
}

/** The real world. */
export function realContext(): Context {
  const start = Date.now() - performance.now()
  return {
    wall: () => Date.now(),
    steady: () => start + performance.now(),
    ticks: () => performance.now(),
    later(ms, fn) {
      const timer = nodeSetTimeout(fn, Math.min(ms, 2 ** 31 - 1))
      timer.unref()
      return () => nodeClearTimeout(timer)
    },
    turn: (fn) => void nodeSetImmediate(fn),
    sleep: (ms) => new Promise((resolve) => void nodeSetTimeout(resolve, ms)),
    stay() {
      const timer = nodeSetInterval(() => undefined, 2 ** 31 - 1)
      return () => nodeClearInterval(timer)
    },
    atExit(fn) {
      if (atExit.size === 0) process.once('exit', exiting)
      const entry = (): void => fn()
      atExit.add(entry)
      return () => {
        atExit.delete(entry)
        if (atExit.size === 0) process.off('exit', exiting)
      }
    },
    uptime: () => Number(process.hrtime.bigint()) / 1e6,
    random: () => Math.random(),
    unique: () => randomBytes(8).toString('hex'),
    fs,
    warn: (message, cause) =>
      process.emitWarning(cause instanceof Error ? `${message} ${cause.message}` : message, 'VarveWarning'),
    worked: () => undefined,
  }
}
