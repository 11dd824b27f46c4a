import { IntegrityError, InvalidOptionError } from '../errors.ts'
import { checksum } from '../log/checksum.ts'
import type { JsonPatchOperation } from '../types.ts'
import { define } from './define.ts'
import { ARRAY, kindOf, OBJECT } from './kind.ts'

/**
 * What operations of RFC 6902 make of a value, which is not touched. All or nothing: an operation that cannot be done is
 * refused, a `test` that fails is an IntegrityError.
 */
export function applyJsonPatch(before: unknown, operations: readonly JsonPatchOperation[]): unknown {
  if (!Array.isArray(operations))
    throw new InvalidOptionError('A JSON patch is a list of operations, such as [{ op, path, value }].')
  const document = new Document(before)
  ;(operations as readonly JsonPatchOperation[]).forEach((operation, i) => {
    if (typeof operation !== 'object' || operation === null)
      throw new InvalidOptionError(`Operation ${i} of the JSON patch is no operation.`)
    document.run(operation, i)
  })
  return document.root
}

class Document {
  root: unknown
  /** The containers that are copies already. */
  readonly #owned = new Set<unknown>()
  #operation = ''

  constructor(root: unknown) {
    this.root = root
  }

  run(operation: JsonPatchOperation, i: number): void {
    const { op, path, from } = operation
    this.#operation = `Operation ${i} of the JSON patch (${op} ${JSON.stringify(path)})`
    const target = this.#parse(path)
    switch (op) {
      case 'add':
        return this.#put(target, this.#valueOf(operation), true)
      case 'replace':
        return this.#put(target, this.#valueOf(operation), false)
      case 'remove':
        this.#take(target)
        return undefined
      case 'move': {
        const source = this.#parse(from)
        if (target.length > source.length && source.every((step, at) => target[at] === step))
          throw this.#impossible('nothing can be moved into itself')
        return this.#put(target, this.#take(source), true)
      }
      case 'copy':
        // Two places share it now: neither may be changed in place.
        this.#owned.clear()
        return this.#put(target, this.#look(this.#parse(from)), true)
      case 'test':
        // In a patch the order of keys says nothing.
        if (checksum(this.#look(target)) !== checksum(this.#valueOf(operation)))
          throw new IntegrityError(`${this.#operation} fails: something else stands there.`)
        return undefined
      default:
        throw this.#impossible('there is no such operation')
    }
  }

  #impossible(why: string): InvalidOptionError {
    return new InvalidOptionError(`${this.#operation} cannot be done: ${why}.`)
  }

  #valueOf(operation: JsonPatchOperation): unknown {
    if (!Object.hasOwn(operation, 'value')) throw this.#impossible('it has no value')
    return operation.value
  }

  #parse(pointer: unknown): string[] {
    if (typeof pointer !== 'string' || (pointer !== '' && !pointer.startsWith('/')))
      throw this.#impossible('a path is a JSON pointer, such as /user/name')
    if (/~(?![01])/.test(pointer)) throw this.#impossible('after ~ there is a 0 or a 1')
    return pointer
      .split('/')
      .slice(1)
      .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
  }

  #look(steps: readonly string[]): unknown {
    let value = this.root
    for (const step of steps) value = this.#child(value, step)
    return value
  }

  #child(holder: unknown, step: string): unknown {
    const kind = kindOf(holder)
    if (kind === ARRAY) return (holder as unknown[])[this.#index(holder as unknown[], step, 1)]
    if (kind !== OBJECT || !Object.hasOwn(holder as object, step))
      throw this.#impossible(`there is no ${JSON.stringify(step)}`)
    return (holder as Record<string, unknown>)[step]
  }

  /** `least`: how many items there must be from the index on. */
  #index(items: readonly unknown[], step: string, least: number): number {
    const index = step === '-' ? items.length : /^(?:0|[1-9]\d*)$/.test(step) ? Number(step) : -1
    if (index < 0 || index + least > items.length)
      throw this.#impossible(`the list has no place ${JSON.stringify(step)}`)
    return index
  }

  /** The holder of a place, as a copy that may be changed, as are all around it. */
  #open(steps: readonly string[]): unknown {
    this.root = this.#own(this.root)
    let holder = this.root
    for (const step of steps.slice(0, -1)) {
      const inner = this.#own(this.#child(holder, step))
      if (Array.isArray(holder)) holder[this.#index(holder, step, 1)] = inner
      else define(holder as object, step, inner)
      holder = inner
    }
    return holder
  }

  #own(value: unknown): unknown {
    if (this.#owned.has(value)) return value
    const kind = kindOf(value)
    if (kind !== ARRAY && kind !== OBJECT) throw this.#impossible('the path leads through what holds nothing')
    const copy = kind === ARRAY ? (value as unknown[]).slice() : { ...(value as object) }
    this.#owned.add(copy)
    return copy
  }

  #put(steps: readonly string[], value: unknown, insert: boolean): void {
    const last = steps.at(-1)
    if (last === undefined) {
      this.root = value
      return
    }
    const holder = this.#open(steps)
    if (Array.isArray(holder)) {
      const index = this.#index(holder, last, insert ? 0 : 1)
      holder.splice(index, insert ? 0 : 1, value)
    } else {
      if (!insert) this.#child(holder, last)
      define(holder as object, last, value)
    }
  }

  #take(steps: readonly string[]): unknown {
    const last = steps.at(-1)
    if (last === undefined) throw this.#impossible('the whole cannot be removed')
    const holder = this.#open(steps)
    const value = this.#child(holder, last)
    if (Array.isArray(holder)) holder.splice(this.#index(holder, last, 1), 1)
    else Reflect.deleteProperty(holder as object, last)
    return value
  }
}
