import { InvalidOptionError } from '../errors.ts'
import type { LogLevel } from './bridge.ts'
import { lineOf, type LogRecord } from './record.ts'
import { fileSink, stderrSink, theWorld, type Sink } from './sinks.ts'

/** `'silent'`: nothing. */
export type LoggerLevel = LogLevel | 'silent'
/** A text, or a function that makes it: it is called only if somebody will see it. */
export type LogMessage = string | (() => string)
/** What is told beside the text. */
export type LogFields = Readonly<Record<string, unknown>>
/** Standard error, the path of a file, or a function that is given each record and the line that it makes. */
export type LogSink = 'stderr' | string | URL | ((record: LogRecord, line: string) => void)

/** Of `createLogger`. */
export interface LoggerOptions {
  /** What is less grave is not told. Default `'info'`. May be set at any time. */
  readonly level?: LoggerLevel
  /** Default `'stderr'`. A file called stderr is `'./stderr'`. */
  readonly to?: LogSink | readonly LogSink[]
}

/** Tells with the text first, or with the fields first as pino does. */
export interface LoggerMethod {
  (message: LogMessage, fields?: LogFields): void
  (fields: LogFields, message: LogMessage): void
}

/**
 * Made by `createLogger`.
 *
 * @example
 * ```ts
 * import { createLogger } from 'varve'
 *
 * const logger = createLogger('jobs', { to: (record) => console.log(record.level, record.message, record.job) })
 * logger.info('begun', { job: 7 }) // info begun 7
 * console.log(logger.isLevelEnabled('debug')) // false
 * ```
 */
export interface NamedLogger {
  /** As it was given. */
  readonly name: string
  /** In force at once, in every sink. */
  level: LoggerLevel
  /** What is worth knowing when something is looked for. */
  readonly debug: LoggerMethod
  /** What happened. */
  readonly info: LoggerMethod
  /** What went wrong, and goes on. */
  readonly warn: LoggerMethod
  /** What went wrong and does not go on. */
  readonly error: LoggerMethod
  /** Whether something of this level would be told. */
  isLevelEnabled(level: string): boolean
}

const RANKS: Readonly<Record<LoggerLevel, number>> = { debug: 20, info: 30, warn: 40, error: 50, silent: 100 }

const loggers = new Map<string, TheLogger>()

/**
 * A logger that writes one JSON object per line: `time`, `level`, `name`, `message`, where they are given `actor`,
 * `operation` and `key`, and whatever else is given. The same name is the same logger, wherever it is asked for; options
 * that are given later take the place of earlier ones. It touches neither the console nor any handler of the program, and
 * a sink that fails stops nobody.
 *
 * @example
 * ```ts
 * import { createLogger, open } from 'varve'
 *
 * const logger = createLogger('app', { level: 'info', to: './app.log' })
 * const store = await open('memory:', { logger })
 * logger.info('ready', { operation: 'start' })
 * logger.debug(() => JSON.stringify({ costly: true })) // not called: the level is info
 * logger.level = 'debug' // from now on it would be
 * await store.close()
 * ```
 */
export function createLogger(name: string, options: LoggerOptions = {}): NamedLogger {
  if (typeof name !== 'string' || name === '')
    throw new InvalidOptionError('A logger needs a name, such as the name of the program.')
  if (typeof options !== 'object' || options === null)
    throw new InvalidOptionError('The options of createLogger are an object.')
  for (const option of Object.keys(options))
    if (option !== 'level' && option !== 'to')
      throw new InvalidOptionError(
        `createLogger has no option ${JSON.stringify(option)}; it knows level, to.`,
      )
  const { level, to } = options
  const sinks = to === undefined ? undefined : sinksOf(to)
  let logger = loggers.get(name)
  if (logger === undefined) loggers.set(name, (logger = new TheLogger(name)))
  if (level !== undefined) logger.level = level
  if (sinks !== undefined) logger.sinks = sinks
  return logger
}

/** A sink with the choice of the record or its line. */
type Writing = (record: LogRecord, line: string) => void

function sinksOf(to: NonNullable<LoggerOptions['to']>): readonly Writing[] {
  const list = (Array.isArray(to) ? to : [to]) as readonly LogSink[]
  const told = (sink: Sink): Writing => {
    return (_, line) => sink(line)
  }
  // The same sink twice would print everything twice.
  const sinks = new Map<unknown, Writing>()
  for (const one of list) {
    if (typeof one === 'function') {
      sinks.set(one, (record, line) => {
        try {
          one(record, line.trimEnd())
        } catch {
          // Whoever logs is not to blame for the sink.
        }
      })
    } else if (one === 'stderr') sinks.set(stderrSink, told(stderrSink))
    else if ((typeof one === 'string' && one !== '' && !one.includes('\0')) || one instanceof URL) {
      const sink = fileSink(one)
      sinks.set(sink, told(sink))
    } else throw new InvalidOptionError(`A logger writes to 'stderr', the path of a file, or a function.`)
  }
  return [...sinks.values()]
}

class TheLogger implements NamedLogger {
  readonly name: string
  sinks: readonly Writing[] = sinksOf('stderr')
  readonly debug: LoggerMethod
  readonly info: LoggerMethod
  readonly warn: LoggerMethod
  readonly error: LoggerMethod
  #level: LoggerLevel = 'info'

  constructor(name: string) {
    this.name = name
    // Bound: methods of a logger are often handed on by themselves.
    const method = (level: LogLevel): LoggerMethod => {
      return (first: LogMessage | LogFields, second?: LogMessage | LogFields) =>
        this.#tell(level, first, second)
    }
    this.debug = method('debug')
    this.info = method('info')
    this.warn = method('warn')
    this.error = method('error')
  }

  get level(): LoggerLevel {
    return this.#level
  }

  set level(level: LoggerLevel) {
    if (!Object.hasOwn(RANKS, level))
      throw new InvalidOptionError(
        `A level is one of ${Object.keys(RANKS).join(', ')}, not ${JSON.stringify(level)}.`,
      )
    this.#level = level
  }

  isLevelEnabled(level: string): boolean {
    return (RANKS[level as LoggerLevel] ?? 0) >= RANKS[this.#level]
  }

  #tell(level: LogLevel, first: LogMessage | LogFields, second?: LogMessage | LogFields): void {
    if (RANKS[level] < RANKS[this.#level]) return
    const textFirst = typeof first === 'string' || typeof first === 'function'
    const message = (textFirst ? first : second) as LogMessage | undefined
    const fields = (textFirst ? second : first) as LogFields | undefined
    const record: LogRecord = {
      ...ordered(fields),
      time: new Date(theWorld().wall()).toISOString(),
      level,
      name: this.name,
      message: textOf(message),
    }
    const line = lineOf(record)
    for (const sink of this.sinks) sink(record, line)
  }
}

/** What a function that makes a text throws is told in its place. */
function textOf(message: LogMessage | undefined): string {
  if (message === undefined || typeof message === 'string') return message ?? ''
  try {
    return String(typeof message === 'function' ? message() : message)
  } catch (error) {
    return `(the message could not be made: ${String(error)})`
  }
}

/** The fields of a record that its own names would hide, under a name that they do not. */
function ordered(fields: LogFields | undefined): Record<string, unknown> {
  if (typeof fields !== 'object' || fields === null) return fields === undefined ? {} : { detail: fields }
  if (fields instanceof Error) return { err: fields }
  const safe: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(fields))
    safe[OWN.has(name) ? `${name}_` : name === '__proto__' ? 'proto' : name] = value
  return safe
}
const OWN: ReadonlySet<string> = new Set(['time', 'level', 'name', 'message'])
