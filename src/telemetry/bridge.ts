import type { Logger } from '../reports.ts'
import { describeError, oneLine } from './one-line.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export type Fields = Readonly<Record<string, unknown>>

/** The order of levels, in the numbers that pino and bunyan use. A name that is not here is let through. */
const RANKS: Readonly<Record<string, number>> = {
  trace: 10,
  debug: 20,
  verbose: 20,
  info: 30,
  http: 30,
  warn: 40,
  warning: 40,
  error: 50,
  fatal: 60,
  silent: Infinity,
}

/**
 * Tells a host's logger. pino-like loggers take the fields first and know an `err`; console-like ones take the text first.
 * What is told is one record with nothing in it that could end a line; values of the store are never among it.
 */
export class Bridge {
  readonly #logger: Logger
  readonly #fieldsFirst: boolean
  /** So that a logger that is broken is not told of with every record. */
  #broken = false
  readonly #onBroken: (error: unknown) => void

  constructor(logger: Logger, onBroken: (error: unknown) => void) {
    this.#logger = logger
    this.#onBroken = onBroken
    const { child, isLevelEnabled, level } = logger
    this.#fieldsFirst =
      (typeof child === 'function' || typeof isLevelEnabled === 'function' || typeof level === 'string') &&
      // winston has all of these and takes the text first.
      !('transports' in logger)
  }

  /** Whether anybody would see it. Asked anew each time, so that a level that changes holds at once. */
  isOn(level: LogLevel): boolean {
    try {
      return this.#isOn(level)
    } catch (error) {
      this.#tellBroken(error)
      return false
    }
  }

  #isOn(level: LogLevel): boolean {
    const logger = this.#logger
    if (typeof logger[level] !== 'function') return level === 'error'
    if (typeof logger.isLevelEnabled === 'function') return logger.isLevelEnabled(level)
    if (typeof logger.level !== 'string') return true
    return (RANKS[level] as number) >= (RANKS[logger.level] ?? 0)
  }

  /** `make` runs only if somebody would see what it makes. A logger that throws does not stop the work. */
  log(level: LogLevel, make: () => readonly [message: string, fields: Fields, cause?: unknown]): void {
    try {
      if (!this.isOn(level)) return
      const [message, fields, cause] = make()
      const text = oneLine(message)
      const method = (this.#logger[level] ?? this.#logger.warn) as (...details: unknown[]) => unknown
      const told = escaped(fields)
      if (this.#fieldsFirst)
        method.call(this.#logger, cause === undefined ? told : { ...told, err: cause }, text)
      else method.call(this.#logger, text, cause === undefined ? told : { ...told, ...errorFields(cause) })
    } catch (error) {
      this.#tellBroken(error)
    }
  }

  #tellBroken(error: unknown): void {
    if (this.#broken) return
    this.#broken = true
    this.#onBroken(error)
  }
}

/** Texts among the fields, and in lists among them, as texts of one line. */
function escaped(fields: Fields): Record<string, unknown> {
  const safe = (value: unknown): unknown =>
    typeof value === 'string' ? oneLine(value) : Array.isArray(value) ? value.map(safe) : value
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, safe(value)]))
}

/** An error as a console shows it without lines that the error itself could forge. */
function errorFields(error: unknown): Fields {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const frames = stack
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('at '))
  return { error: describeError(error), ...(frames.length === 0 ? {} : { stack: frames.map(oneLine) }) }
}
