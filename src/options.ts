import { InvalidOptionError } from './errors.ts'
import type { Keep } from './change.ts'
import { compilePattern } from './log/pattern.ts'
import { parseDuration } from './duration.ts'
import type { CareOptions, Logger } from './reports.ts'
import type { DeltaStrategy, OpenOptions, Retention, StandardSchemaV1, StoreCacheOptions } from './types.ts'

/** Refuses anything but an object with these names. */
export function checkOptions(
  call: string,
  options: unknown,
  known: readonly string[],
  others: readonly string[] = [],
): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new InvalidOptionError(`The options of ${call} are an object, not ${describe(options)}.`)
  for (const name of Object.keys(options))
    if (!known.includes(name))
      throw new InvalidOptionError(
        `${call} has no option ${JSON.stringify(name)}; it knows ${[...others, ...known].join(', ')}.`,
      )
}

/** A value as messages name it. */
export function describe(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return JSON.stringify(value)
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : typeof value
}

/** Versions and tags are names, not paths, so that no one can be led outside the store. */
export function checkName(what: 'version' | 'tag', name: unknown): asserts name is string {
  if (typeof name !== 'string') throw new InvalidOptionError(`A ${what} is a text, not ${describe(name)}.`)
  const fits = name.length > 0 && name.length <= 255 && name.isWellFormed() && !/^\.+$/.test(name)
  // oxlint-disable-next-line no-control-regex
  if (!fits || /[\0-\u001f\u007f/\\]/.test(name))
    throw new InvalidOptionError(
      `${JSON.stringify(name.slice(0, 60))} cannot be a ${what}: use 1 to 255 characters without slashes, backslashes and control characters.`,
    )
}

/** A list of names, each once, as a list of our own. */
export function checkNames(what: 'tag', names: unknown): string[] {
  if (!Array.isArray(names))
    throw new InvalidOptionError(`The ${what}s are a list, such as ['release'], not ${describe(names)}.`)
  for (const name of names) checkName(what, name)
  return [...new Set(names as string[])]
}

export function checkActor(actor: unknown): asserts actor is string {
  if (
    typeof actor !== 'string' ||
    actor.length === 0 ||
    actor.length > 255 ||
    actor.includes('\0') ||
    !actor.isWellFormed()
  )
    throw new InvalidOptionError(
      `An actor is a text of 1 to 255 characters, not ${describe(actor).slice(0, 60)}.`,
    )
}

export function checkCount(name: string, value: unknown, least: number): asserts value is number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least)
    throw new InvalidOptionError(`${name} is a whole number from ${least} on, not ${describe(value)}.`)
}

export function checkBoolean(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean')
    throw new InvalidOptionError(`${name} is true or false, not ${describe(value)}.`)
}

/** What `verify`, `compact` and `transact` are told besides their work. */
export function checkSignal(call: string, signal: unknown): void {
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new InvalidOptionError(`The signal of ${call} is an AbortSignal, not ${describe(signal)}.`)
}

/** `others`: what the call knows besides; it has taken those out already. */
export function checkCare(call: string, options: CareOptions, others: readonly string[] = []): void {
  checkOptions(call, options, ['onProgress', 'signal'], others)
  checkSignal(call, options.signal)
  if (options.onProgress !== undefined && typeof options.onProgress !== 'function')
    throw new InvalidOptionError(
      `The onProgress of ${call} is a function, not ${describe(options.onProgress)}.`,
    )
}

const OPEN_OPTIONS = [
  'actor',
  'durability',
  'history',
  'maxSnapshots',
  'autoSnapshot',
  'compression',
  'delta',
  'cache',
  'schema',
  'readOnly',
  'logger',
  'secret',
] as const

/** `OpenOptions`, checked and with every default in its place. */
export interface Settings {
  readonly actor: string
  readonly durability: 'disk' | 'process'
  readonly keep: Keep
  readonly maxSnapshots: number
  readonly autoSnapshot: { readonly every: number; readonly tag: string } | undefined
  readonly compression: boolean
  readonly delta: DeltaStrategy
  readonly cache: {
    readonly enabled: boolean
    readonly maxStaleness: number
    /** Checked by the cache itself. */
    readonly limits: Omit<StoreCacheOptions, 'strategy' | 'consistency'>
  }
  readonly schema: readonly {
    readonly matches: (key: string) => boolean
    readonly schema: StandardSchemaV1
  }[]
  readonly readOnly: boolean
  readonly isSecret: (key: string) => boolean
  readonly logger: Logger | undefined
}

export function settingsOf(options: OpenOptions, defaultActor: string): Settings {
  checkOptions('open', options, OPEN_OPTIONS)
  const { actor = defaultActor, durability = 'disk', maxSnapshots = 50, logger } = options
  checkActor(actor)
  if (durability !== 'disk' && durability !== 'process')
    throw new InvalidOptionError(`durability is 'disk' or 'process', not ${describe(durability)}.`)
  checkCount('maxSnapshots', maxSnapshots, 0)
  checkBoolean('compression', options.compression)
  checkBoolean('readOnly', options.readOnly)
  if (logger !== undefined && typeof (logger as { warn?: unknown } | null)?.warn !== 'function')
    throw new InvalidOptionError('logger needs a method warn(message, …), as console and pino have it.')
  return {
    actor,
    durability,
    keep: keepOf(options.history ?? 'all'),
    maxSnapshots,
    autoSnapshot: autoSnapshotOf(options.autoSnapshot),
    compression: options.compression ?? true,
    delta: deltaOf(options.delta ?? 'auto'),
    cache: cacheOf(options.cache === undefined ? 'memory' : options.cache),
    schema: schemaOf(options.schema),
    readOnly: options.readOnly ?? false,
    isSecret: secretOf(options.secret),
    logger,
  }
}

function keepOf(history: Retention): Keep {
  if (history === 'all') return { revisions: undefined, age: undefined }
  if (history === 'snapshots') return { revisions: 1, age: undefined }
  if (typeof history !== 'object' || history === null)
    throw new InvalidOptionError(
      `history is 'all', 'snapshots' or { revisions, age }, not ${describe(history)}.`,
    )
  checkOptions('history', history, ['revisions', 'age'])
  const { revisions, age } = history
  if (revisions === undefined && age === undefined)
    throw new InvalidOptionError(
      `history needs revisions or age, such as { revisions: 1000 } or { age: '30d' }.`,
    )
  if (revisions !== undefined) checkCount('history.revisions', revisions, 1)
  return { revisions, age: age === undefined ? undefined : parseDuration(age, 'history.age') }
}

function autoSnapshotOf(auto: OpenOptions['autoSnapshot']): Settings['autoSnapshot'] {
  if (auto === undefined) return undefined
  checkOptions('autoSnapshot', auto, ['every', 'tag'])
  const { every, tag = 'auto' } = auto
  checkName('tag', tag)
  return { every: parseDuration(every, 'autoSnapshot.every'), tag }
}

function cacheOf(cache: string | StoreCacheOptions): Settings['cache'] {
  const options: StoreCacheOptions = typeof cache === 'string' ? { strategy: cache as 'memory' } : cache
  checkOptions('cache', options, [
    'strategy',
    'consistency',
    'policy',
    'maxEntries',
    'maxBytes',
    'ttl',
    'maxIdle',
    'sizeOf',
    'onEvict',
  ])
  const { strategy = 'memory', consistency = 'strict', ...limits } = options
  if (!['memory', 'tiered', 'none'].includes(strategy))
    throw new InvalidOptionError(`cache is 'memory', 'tiered' or 'none', not ${describe(strategy)}.`)
  let maxStaleness = 0
  if (consistency !== 'strict') {
    checkOptions('cache.consistency', consistency, ['maxStaleness'])
    maxStaleness = parseDuration(consistency.maxStaleness, 'cache.consistency.maxStaleness')
  }
  return {
    enabled: strategy !== 'none',
    maxStaleness,
    limits: { ...limits, maxBytes: limits.maxBytes === undefined ? 64 * 2 ** 20 : limits.maxBytes },
  }
}

/** What is asked where nothing is secret. */
export const nothingSecret = (): boolean => false

const STRATEGIES: readonly DeltaStrategy[] = ['auto', 'structural', 'binary', 'compress', 'none']

function deltaOf(strategy: DeltaStrategy): DeltaStrategy {
  if (STRATEGIES.includes(strategy)) return strategy
  throw new InvalidOptionError(`delta is one of ${STRATEGIES.join(', ')}; it is ${describe(strategy)}.`)
}

function secretOf(patterns: OpenOptions['secret']): Settings['isSecret'] {
  if (patterns === undefined || (Array.isArray(patterns) && patterns.length === 0)) return nothingSecret
  if (!Array.isArray(patterns))
    throw new InvalidOptionError(
      `secret is a list of patterns, such as ['**.password'], not ${describe(patterns)}.`,
    )
  const matchers = patterns.map((pattern) => compilePattern(pattern as string))
  return (key) => matchers.some((matches) => matches(key))
}

function schemaOf(schema: OpenOptions['schema']): Settings['schema'] {
  if (schema === undefined) return []
  if (typeof schema !== 'object' || schema === null)
    throw new InvalidOptionError(`schema is an object of schemas by key pattern, not ${describe(schema)}.`)
  return Object.entries(schema).map(([pattern, one]) => {
    if (typeof (one as StandardSchemaV1 | undefined)?.['~standard']?.validate !== 'function')
      throw new InvalidOptionError(
        `The schema for ${JSON.stringify(pattern)} does not follow Standard Schema; zod, valibot and arktype schemas do.`,
      )
    return { matches: compilePattern(pattern), schema: one }
  })
}
