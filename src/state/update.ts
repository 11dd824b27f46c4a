import type { Entry } from '../change.ts'
import { InvalidOptionError } from '../errors.ts'
import { removeOp, type Op, type View } from '../log/intent.ts'
import type { Log } from '../log/log.ts'
import { Later, type Validator } from './schema.ts'

/** One read, change and write of a key. It may run several times: the last run counts. */
export class Update {
  result: unknown
  /** A schema of this key answers with a promise, so that nothing was written. */
  waits = false
  readonly #log: Log
  readonly #validator: Validator
  readonly #key: string
  readonly #fn: (current: unknown) => unknown

  constructor(log: Log, validator: Validator, key: string, fn: (current: unknown) => unknown) {
    this.#log = log
    this.#validator = validator
    this.#key = key
    this.#fn = fn
  }

  /** What is to be written; undefined: nothing. */
  run(view: View, put: (value: unknown) => Op): Op | undefined {
    const entry = view.entry(this.#key)
    // A copy of its own, so that the function may change what it is given.
    const next = this.#fn(entry === undefined ? undefined : this.#log.ownValue(entry as Entry))
    if (next instanceof Promise) {
      next.catch(() => undefined)
      throw new InvalidOptionError(
        'The function of update returns the new value at once; use transact to wait for something.',
      )
    }
    this.result = next
    if (next === undefined) return entry === undefined ? undefined : removeOp(this.#key)
    const valid = this.#validator.check(this.#key, next)
    this.waits = valid instanceof Later
    if (valid instanceof Later) {
      valid.value.catch(() => undefined)
      return undefined
    }
    this.result = valid
    return put(valid)
  }
}
