import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import { basename } from 'node:path'
import {
  setImmediate as nodeSetImmediate,
  setTimeout as nodeSetTimeout,
  clearTimeout as nodeClearTimeout,
} from 'node:timers'

/** The file operations that engines use beside SQLite's own. */
export type FileSystem = Pick<
  typeof fs,
  | 'closeSync'
  | 'existsSync'
  | 'fdatasync'
  | 'fdatasyncSync'
  | 'fstatSync'
  | 'fsyncSync'
  | 'linkSync'
  | 'mkdirSync'
  | 'openSync'
  | 'readSync'
  | 'readdirSync'
  | 'rmSync'
  | 'statSync'
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
  random(): number
  /** Hex digits that nobody else has. */
  unique(): string
  readonly fs: FileSystem
  /** Where failures of work in the background are told. */
  warn(message: string, cause?: unknown): void
}

/** The actor of a process that does not say who it is. */
export function defaultActor(): string {
  const program = process.argv[1] ? basename(process.argv[1]).replace(/\.[cm]?[jt]sx?$/, '') : 'node'
  return `${program}:${process.pid}`
}

/** The real world. */
export function realContext(warn?: Context['warn']): Context {
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
    random: () => Math.random(),
    unique: () => randomBytes(8).toString('hex'),
    fs,
    warn:
      warn ??
      ((message, cause) =>
        process.emitWarning(
          cause instanceof Error ? `${message} ${cause.message}` : message,
          'VarveWarning',
        )),
  }
}
