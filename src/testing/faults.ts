import type { Context, FileSystem } from '../context.ts'

/** A clock that stands still until it is told. */
export interface ManualClock {
  /** By the wall clock: what people read, and may set. */
  wall(): number
  /** As the process counts: only `advance` moves it. */
  steady(): number
  /** Lets `ms` pass: both clocks go on, and what was put off until then is done, in order. */
  advance(ms: number): void
  /** Sets the wall clock, forwards or backwards: the steady clock does not notice. */
  setWall(ms: number): void
  /** Calls `fn` when `ms` have passed. The function that it returns calls it off. */
  later(ms: number, fn: () => void): () => void
}

/** A clock that begins at `start`, in milliseconds since 1970. */
export function manualClock(start: number = Date.UTC(2030, 0, 1)): ManualClock {
  let steady = start
  let ahead = 0
  const waiting = new Set<{ readonly at: number; readonly fn: () => void }>()
  return {
    wall: () => steady + ahead,
    steady: () => steady,
    setWall(ms) {
      ahead = ms - steady
    },
    advance(ms) {
      const end = steady + ms
      for (;;) {
        const [next] = [...waiting].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
        if (!next) break
        waiting.delete(next)
        steady = Math.max(steady, next.at)
        next.fn()
      }
      steady = end
    },
    later(ms, fn) {
      const alarm = { at: steady + ms, fn }
      waiting.add(alarm)
      return () => void waiting.delete(alarm)
    },
  }
}

export type FileSystemCall = keyof FileSystem
/** The code of a failure of the operating system, or an error of your own. */
export type Fault = 'ENOSPC' | 'EIO' | 'EROFS' | 'EACCES' | 'EMFILE' | Error
export interface FaultOptions {
  /** So many calls go through first. Default 0. */
  readonly after?: number
  /** So many calls fail. Default 1; `Infinity`: until `heal`. */
  readonly times?: number
}

/** A context whose clock and disk are in your hands. */
export interface FaultyContext extends Context {
  readonly clock: ManualClock
  /** What was told in the background. */
  readonly warnings: readonly { readonly message: string; readonly cause: unknown }[]
  /** How often each file operation was called, failed calls included. */
  readonly calls: ReadonlyMap<FileSystemCall, number>
  /** Makes calls of one file operation fail: one that takes a callback by its callback, any other by throwing. */
  failNext(call: FileSystemCall, fault: Fault, options?: FaultOptions): void
  /** From now on everything works. */
  heal(): void
}

/**
 * Wraps a context: the clock stands until `clock.advance`, file operations fail when told to, warnings are kept. Turns of
 * the event loop, `ticks` and `sleep` stay real, so that what waits for something else than time goes on.
 */
export function faultyContext(base: Context): FaultyContext {
  const clock = manualClock()
  const warnings: { message: string; cause: unknown }[] = []
  const calls = new Map<FileSystemCall, number>()
  let faults: { call: FileSystemCall; fault: Fault; after: number; times: number }[] = []

  const faultOf = (call: FileSystemCall): Error | undefined => {
    calls.set(call, (calls.get(call) ?? 0) + 1)
    const next = faults.find((one) => one.call === call && one.times > 0)
    if (!next) return undefined
    if (next.after > 0) {
      next.after--
      return undefined
    }
    next.times--
    return next.fault instanceof Error ? next.fault : systemError(next.fault, call)
  }

  return {
    ...base,
    wall: () => clock.wall(),
    steady: () => clock.steady(),
    uptime: () => clock.steady(),
    later: (ms, fn) => clock.later(ms, fn),
    warn: (message, cause) => void warnings.push({ message, cause }),
    fs: faultyFileSystem(base, faultOf),
    clock,
    warnings,
    calls,
    failNext(call, fault, { after = 0, times = 1 } = {}) {
      faults.push({ call, fault, after, times })
    },
    heal() {
      faults = []
    },
  }
}

type AnyCall = (...args: unknown[]) => unknown

function faultyFileSystem(base: Context, faultOf: (call: FileSystemCall) => Error | undefined): FileSystem {
  // A copy: the real module's properties cannot be stood in for.
  return new Proxy(
    { ...base.fs },
    {
      get(target, name) {
        const real = Reflect.get(target, name) as unknown
        if (typeof real !== 'function') return real
        return (...args: unknown[]): unknown => {
          const error = faultOf(name as FileSystemCall)
          if (!error) return (real as AnyCall)(...args)
          const callback = args.at(-1)
          if (typeof callback !== 'function') throw error
          base.turn(() => void (callback as AnyCall)(error))
          return undefined
        }
      },
    },
  )
}

const errnos = { EIO: -5, EACCES: -13, EMFILE: -24, ENOSPC: -28, EROFS: -30 } as const
const texts = {
  EIO: 'i/o error',
  EACCES: 'permission denied',
  EMFILE: 'too many open files',
  ENOSPC: 'no space left on device',
  EROFS: 'read-only file system',
} as const

function systemError(code: keyof typeof errnos, call: FileSystemCall): NodeJS.ErrnoException {
  const syscall = call.replace(/Sync$/, '')
  return Object.assign(new Error(`${code}: ${texts[code]}, ${syscall}`), {
    code,
    errno: errnos[code],
    syscall,
  })
}
