import type { VarveErrorCode } from '../index.ts'
import { quoted } from './words.ts'

/** Exit codes, and what they mean to a script. */
export const EXIT = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  no: 3,
  conflict: 4,
  denied: 5,
  corrupt: 6,
  unavailable: 7,
  interrupted: 130,
} as const

/** The codes of failures that only the command line knows. */
export type CliCode =
  | 'VARVE_USAGE'
  | 'VARVE_NO_STORE'
  | 'VARVE_NO_KEY'
  | 'VARVE_DECLINED'
  | 'VARVE_INTERRUPTED'
  | 'VARVE_UNEXPECTED'

/** The one table from codes to exit codes. */
const EXIT_OF: Readonly<Record<VarveErrorCode | CliCode, number>> = {
  VARVE_INVALID_KEY: EXIT.usage,
  VARVE_INVALID_VALUE: EXIT.usage,
  VARVE_INVALID_OPTION: EXIT.usage,
  VARVE_USAGE: EXIT.usage,
  VARVE_NOT_FOUND: EXIT.no,
  VARVE_COMPACTED: EXIT.no,
  VARVE_NO_STORE: EXIT.no,
  VARVE_NO_KEY: EXIT.no,
  VARVE_DECLINED: EXIT.no,
  VARVE_CONFLICT: EXIT.conflict,
  VARVE_READ_ONLY: EXIT.denied,
  VARVE_INTEGRITY: EXIT.corrupt,
  VARVE_UNAVAILABLE: EXIT.unavailable,
  VARVE_CLOSED: EXIT.unavailable,
  VARVE_INTERRUPTED: EXIT.interrupted,
  VARVE_CACHE_FULL: EXIT.unexpected,
  VARVE_UNEXPECTED: EXIT.unexpected,
}

/** A failure of the command line itself. `next`: the command to try. */
export class CliError extends Error {
  readonly code: CliCode
  readonly next: string | undefined
  constructor(code: CliCode, message: string, next?: string) {
    super(message)
    this.name = 'CliError'
    this.code = code
    this.next = next
  }
}

/** The words of the line make no sense. */
export class UsageError extends CliError {
  constructor(message: string, next?: string) {
    super('VARVE_USAGE', message, next)
  }
}

/** The reader of our output is gone: no failure, but the end. */
export class PipeClosed extends Error {}

/** A failure as it is told. */
export interface Failure {
  readonly code: string
  readonly message: string
  readonly exit: number
  readonly next: string | undefined
}

/** What to try next, where the code alone tells. */
const NEXT: Readonly<Partial<Record<string, string>>> = {
  VARVE_NOT_FOUND: 'varve snapshot list',
  VARVE_COMPACTED: 'varve log',
  VARVE_INTEGRITY: 'varve verify',
  VARVE_UNAVAILABLE: 'varve doctor',
  VARVE_READ_ONLY: 'varve doctor',
}

/** What to try next, where it takes more than the code to tell. */
function nextOf(
  code: string,
  [command, name]: readonly string[],
  [key = '<key>']: readonly string[],
): string | undefined {
  if (code === 'VARVE_CONFLICT')
    return command === 'snapshot' ? 'varve snapshot list' : `varve history ${quoted(key)} -n 1`
  if (code === 'VARVE_INTEGRITY' && command === 'verify') return 'varve restore-backup <file> --to <address>'
  // It is the file that is damaged, not the store.
  if (code === 'VARVE_INTEGRITY' && command === 'restore-backup') return 'varve restore-backup --help'
  if (code === 'VARVE_INTEGRITY' && command === 'snapshot' && name === 'import')
    return 'varve snapshot import --help'
  if (code === 'VARVE_COMPACTED' && command === 'watch') return 'varve watch --from start'
  return NEXT[code]
}

/** `words`: those of the command that failed, and its arguments. */
export function failureOf(error: unknown, words: readonly string[], args: readonly string[] = []): Failure {
  const message = error instanceof Error ? error.message : String(error)
  const said = error instanceof Error ? (error as { code?: unknown }).code : undefined
  const code = typeof said === 'string' ? said : ''
  const exit = (EXIT_OF as Readonly<Record<string, number | undefined>>)[code]
  if (exit === undefined) {
    return {
      code: 'VARVE_UNEXPECTED',
      message,
      exit: EXIT.unexpected,
      next: `varve ${words.join(' ')} … --debug`,
    }
  }
  const own = error instanceof CliError ? error.next : undefined
  const help = exit === EXIT.usage ? `varve ${[...words, '--help'].join(' ')}` : undefined
  return { code, message, exit, next: own ?? nextOf(code, words, args) ?? help }
}
