import { InvalidValueError } from '../errors.ts'
import { encode } from '../log/codec.ts'
import { define } from './define.ts'
import { MOST_LEVELS } from './edit.ts'
import { placeOfTrouble } from './json-patch.ts'
import { kindOf, OBJECT } from './kind.ts'
import { fieldStep } from './paths.ts'
import { isSame } from './same.ts'

/** What turns one value into another by RFC 7386. Refuses by its path what such a patch cannot say. */
export function mergePatch(before: unknown, after: unknown): unknown {
  return patchOf(before, after, '$', 0)
}

function cannotSay(path: string, what: string): InvalidValueError {
  return new InvalidValueError(`A merge patch cannot say ${what}, as at ${path}; use toJsonPatch.`, path)
}

/** What does not change need not be JSON. */
function patchOf(before: unknown, after: unknown, path: string, level: number): unknown {
  if (kindOf(after) !== OBJECT || level > MOST_LEVELS) {
    const isJson = after !== undefined && typeof encode(after, { compression: false }) === 'string'
    if (!isJson) throw cannotSay(placeOfTrouble(after, path), 'what is no JSON')
    return after
  }
  const patch = {}
  const target = after as Record<string, unknown>
  const source = kindOf(before) === OBJECT ? (before as Record<string, unknown>) : {}
  for (const name of Object.keys(source)) if (!Object.hasOwn(target, name)) define(patch, name, null)
  for (const name of Object.keys(target)) {
    const value = target[name]
    const was = Object.hasOwn(source, name)
    if (was && isSame(source[name], value, 0)) continue
    const place = path + fieldStep(name)
    // In a patch, null means that the field goes.
    if (value === null) throw cannotSay(place, 'null')
    define(patch, name, patchOf(was ? source[name] : undefined, value, place, level + 1))
  }
  return patch
}
