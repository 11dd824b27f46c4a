/** The codes that a `VarveError` can carry. They do not change within a major version; messages may. */
export type VarveErrorCode =
  | 'VARVE_INVALID_KEY'
  | 'VARVE_INVALID_VALUE'
  | 'VARVE_INVALID_OPTION'
  | 'VARVE_NOT_FOUND'
  | 'VARVE_COMPACTED'
  | 'VARVE_CONFLICT'
  | 'VARVE_INTEGRITY'
  | 'VARVE_READ_ONLY'
  | 'VARVE_CLOSED'
  | 'VARVE_UNAVAILABLE'
  | 'VARVE_CACHE_FULL'

/**
 * Every error that this package throws: a stable `code`, one sentence that says what to do, and the `cause`.
 *
 * @example
 * ```ts
 * import { open, VarveError } from 'varve'
 * const store = await open('memory:')
 * try {
 *   await store.set('', 1)
 * } catch (error) {
 *   console.log(error instanceof VarveError, error.code) // true VARVE_INVALID_KEY
 * }
 * await store.close()
 * ```
 */
export class VarveError extends Error {
  /** Which error it is: stable within a major version. */
  readonly code: VarveErrorCode
  constructor(code: VarveErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
    this.name = new.target.name
  }
}

/**
 * A key that is not 1 to 1,024 bytes of well-formed text.
 *
 * @example
 * ```ts
 * import { open, InvalidKeyError } from 'varve'
 * const store = await open('memory:')
 * await store.set('', 1).catch((error) => console.log(error instanceof InvalidKeyError)) // true
 * await store.close()
 * ```
 */
export class InvalidKeyError extends VarveError {
  constructor(message: string) {
    super('VARVE_INVALID_KEY', message)
  }
}

/**
 * A value that cannot be stored; `path` tells where in it (`$.user.save`).
 *
 * @example
 * ```ts
 * import { open, InvalidValueError } from 'varve'
 * const store = await open('memory:')
 * await store.set('a', { b: () => 1 }).catch((error) => console.log(error instanceof InvalidValueError, error.path)) // true $.b
 * await store.close()
 * ```
 */
export class InvalidValueError extends VarveError {
  /** Where in the value: `$` is the value itself. */
  readonly path: string
  constructor(message: string, path = '$', options?: { cause?: unknown }) {
    super('VARVE_INVALID_VALUE', message, options)
    this.path = path
  }
}

/**
 * An option or argument that is unknown, out of range or of the wrong type.
 *
 * @example
 * ```ts
 * import { open, InvalidOptionError } from 'varve'
 * const store = await open('memory:')
 * await store.set('a', 1, { ttl: '60' }).catch((error) => console.log(error instanceof InvalidOptionError)) // true
 * await store.close()
 * ```
 */
export class InvalidOptionError extends VarveError {
  constructor(message: string) {
    super('VARVE_INVALID_OPTION', message)
  }
}

/**
 * No such snapshot, tag, version or revision.
 *
 * @example
 * ```ts
 * import { open, NotFoundError } from 'varve'
 * const store = await open('memory:')
 * await store.restore('no such tag').catch((error) => console.log(error instanceof NotFoundError)) // true
 * await store.close()
 * ```
 */
export class NotFoundError extends VarveError {
  constructor(message: string) {
    super('VARVE_NOT_FOUND', message)
  }
}

/**
 * What was asked for has been compacted away; `oldest` is the oldest revision from which everything is readable.
 *
 * @example
 * ```ts
 * import { open, CompactedError } from 'varve'
 * const store = await open('memory:', { history: 'snapshots' })
 * await store.set('a', 1)
 * await store.set('a', 2)
 * await store.compact()
 * await store.get('a', { at: 1 }).catch((error) => console.log(error instanceof CompactedError, error.oldest)) // true 2
 * await store.close()
 * ```
 */
export class CompactedError extends VarveError {
  /** The oldest revision from which everything is readable. */
  readonly oldest: number
  constructor(message: string, oldest: number) {
    super('VARVE_COMPACTED', message)
    this.oldest = oldest
  }
}

/**
 * Somebody else changed what this write stood on; `actual` is the revision that was found there.
 *
 * @example
 * ```ts
 * import { open, ConflictError } from 'varve'
 * const store = await open('memory:')
 * await store.set('a', 1)
 * await store.set('a', 2, { ifRevision: 0 }).catch((error) => console.log(error instanceof ConflictError, error.actual)) // true 1
 * await store.close()
 * ```
 */
export class ConflictError extends VarveError {
  /** The revision that was found. */
  readonly actual: number
  constructor(message: string, actual: number) {
    super('VARVE_CONFLICT', message)
    this.actual = actual
  }
}

/**
 * Damage was found. It is never served as data.
 *
 * @example
 * ```ts
 * import { writeFileSync } from 'node:fs'
 * import { open, IntegrityError } from 'varve'
 * writeFileSync('notes.txt', 'These are notes, not a store. '.repeat(10))
 * await open('sqlite:notes.txt').catch((error) => console.log(error instanceof IntegrityError)) // true
 * ```
 */
export class IntegrityError extends VarveError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('VARVE_INTEGRITY', message, options)
  }
}

/**
 * A write through a handle that was opened with `readOnly`.
 *
 * @example
 * ```ts
 * import { open, ReadOnlyError } from 'varve'
 * await (await open('./state')).close()
 * const store = await open('./state', { readOnly: true })
 * await store.set('a', 1).catch((error) => console.log(error instanceof ReadOnlyError)) // true
 * await store.close()
 * ```
 */
export class ReadOnlyError extends VarveError {
  constructor(message: string) {
    super('VARVE_READ_ONLY', message)
  }
}

/**
 * The store was closed.
 *
 * @example
 * ```ts
 * import { open, ClosedError } from 'varve'
 * const store = await open('memory:')
 * await store.close()
 * await store.get('a').catch((error) => console.log(error instanceof ClosedError)) // true
 * ```
 */
export class ClosedError extends VarveError {
  constructor(message = 'The store is closed; open it again to go on.') {
    super('VARVE_CLOSED', message)
  }
}

/**
 * The engine cannot do its work now: disk full, folder read-only, file locked, server away.
 *
 * @example
 * ```ts
 * import { open, UnavailableError } from 'varve'
 * await open('./nothing-here', { readOnly: true }).catch((error) => console.log(error instanceof UnavailableError)) // true
 * ```
 */
export class UnavailableError extends VarveError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('VARVE_UNAVAILABLE', message, options)
  }
}

/**
 * One entry alone is larger than the whole cache. Nothing has changed.
 *
 * @example
 * ```ts
 * import { Cache, CacheFullError } from 'varve'
 * const cache = new Cache({ maxBytes: 1_000 })
 * try {
 *   cache.set('a', 'x'.repeat(2_000))
 * } catch (error) {
 *   console.log(error instanceof CacheFullError, cache.size) // true 0
 * }
 * ```
 */
export class CacheFullError extends VarveError {
  constructor(message: string) {
    super('VARVE_CACHE_FULL', message)
  }
}

/**
 * The cache has no such entry, or not any more.
 *
 * @example
 * ```ts
 * import { Cache, CacheEntryNotFoundError } from 'varve'
 * try {
 *   new Cache().metadata('a')
 * } catch (error) {
 *   console.log(error instanceof CacheEntryNotFoundError) // true
 * }
 * ```
 */
export class CacheEntryNotFoundError extends NotFoundError {}
