import { InvalidValueError } from '../errors.ts'
import type { Settings } from '../options.ts'
import type { StandardResult } from '../types.ts'

/** A schema that has to wait. A value that is a promise itself is something else, and refused. */
export class Later {
  readonly value: Promise<unknown>
  constructor(value: Promise<unknown>) {
    this.value = value
  }
}

/** Checks values against the schemas whose pattern matches their key; a value may come out changed (defaults, coercion). */
export class Validator {
  readonly #schemas: Settings['schema']

  constructor(schemas: Settings['schema']) {
    this.#schemas = schemas
  }

  /** The value to be stored, or `Later` if a schema that applies has to wait. */
  check(key: string, value: unknown): unknown {
    let checked: unknown = value
    for (const { matches, schema } of this.#schemas) {
      if (!matches(key)) continue
      const validate = (input: unknown): unknown => {
        const result = schema['~standard'].validate(input)
        return result instanceof Promise
          ? new Later(result.then((told) => accept(key, told)))
          : accept(key, result)
      }
      checked =
        checked instanceof Later
          ? new Later(checked.value.then((told) => settled(validate(told))))
          : validate(checked)
    }
    return checked
  }
}

/** The value itself, also of a schema that has to wait. */
export async function settled(checked: unknown): Promise<unknown> {
  return checked instanceof Later ? await checked.value : checked
}

function accept(key: string, result: StandardResult): unknown {
  if (result.issues === undefined) return result.value
  const [issue] = result.issues
  const path = issue?.path ?? []
  const where = path
    .map((part) => `.${String(typeof part === 'object' && part !== null && 'key' in part ? part.key : part)}`)
    .join('')
  throw new InvalidValueError(
    `The value of ${JSON.stringify(key)} does not fit its schema at $${where}: ${issue?.message ?? 'invalid'}.`,
    `$${where}`,
  )
}
