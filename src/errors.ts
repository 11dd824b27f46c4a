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
  readonly code: VarveErrorCode
  constructor(code: VarveErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
    this.name = new.target.name
  }
}

/** A key that is not 1 to 1,024 bytes of well-formed text. */
export class InvalidKeyError extends VarveError {
  constructor(message: string) {
    super('VARVE_INVALID_KEY', message)
  }
}

/** A value that cannot be stored; `path` tells where in it (`$.user.save`). */
export class InvalidValueError extends VarveError {
  readonly path: string
  constructor(message: string, path = '$', options?: { cause?: unknown }) {
    super('VARVE_INVALID_VALUE', message, options)
    this.path = path
  }
}

/** An option or argument that is unknown, out of range or of the wrong type. */
export class InvalidOptionError extends VarveError {
  constructor(message: string) {
    super('VARVE_INVALID_OPTION', message)
  }
}

/** No such snapshot, tag, version or revision. */
export class NotFoundError extends VarveError {
  constructor(message: string) {
    super('VARVE_NOT_FOUND', message)
  }
}

/** What was asked for has been compacted away; `oldest` is the oldest revision from which everything is readable. */
export class CompactedError extends VarveError {
  readonly oldest: number
  constructor(message: string, oldest: number) {
    super('VARVE_COMPACTED', message)
    this.oldest = oldest
  }
}

/** Somebody else changed what this write stood on; `actual` is the revision that was found there. */
export class ConflictError extends VarveError {
  readonly actual: number
  constructor(message: string, actual: number) {
    super('VARVE_CONFLICT', message)
    this.actual = actual
  }
}

/** Damage was found. It is never served as data. */
export class IntegrityError extends VarveError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('VARVE_INTEGRITY', message, options)
  }
}

/** A write through a handle that was opened with `readOnly`. */
export class ReadOnlyError extends VarveError {
  constructor(message: string) {
    super('VARVE_READ_ONLY', message)
  }
}

/** The store was closed. */
export class ClosedError extends VarveError {
  constructor(message = 'The store is closed; open it again to go on.') {
    super('VARVE_CLOSED', message)
  }
}

/** The engine cannot do its work now: disk full, folder read-only, file locked, server away. */
export class UnavailableError extends VarveError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('VARVE_UNAVAILABLE', message, options)
  }
}
