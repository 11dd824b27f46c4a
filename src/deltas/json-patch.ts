import { InvalidValueError } from '../errors.ts'
import { encode } from '../log/codec.ts'
import { survey } from '../log/classify.ts'
import type { JsonPatchOperation } from '../types.ts'
import { applyEdit } from './apply.ts'
import type { Edit, KeyedEdit } from './edit.ts'
import { itemSteps } from './item-steps.ts'
import { fieldStep } from './paths.ts'

/** An edit as operations of RFC 6902. What JSON cannot say is refused by its path; the order of keys is left out. */
export function jsonPatch(before: unknown, edit: Edit): JsonPatchOperation[] {
  const operations: JsonPatchOperation[] = []
  write(before, edit, { pointer: '', path: '$' }, operations)
  return operations
}

/** The same place twice: for the reader of the patch, and for the reader of an error. */
interface Place {
  readonly pointer: string
  readonly path: string
}

function field(at: Place, name: string): Place {
  return { pointer: `${at.pointer}/${escape(name)}`, path: at.path + fieldStep(name) }
}

function item(at: Place, index: number): Place {
  return { pointer: `${at.pointer}/${index}`, path: `${at.path}[${index}]` }
}

function escape(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

function write(before: unknown, edit: Edit, at: Place, operations: JsonPatchOperation[]): void {
  switch (edit.kind) {
    case 'object':
      writeFields(before as Record<string, unknown>, edit, at, operations)
      break
    case 'array':
      for (const step of itemSteps(before as readonly unknown[], edit)) {
        const place = item(at, step.index)
        if (step.op === 'remove') operations.push({ op: 'remove', path: place.pointer })
        else if (step.op === 'add')
          operations.push({ op: 'add', path: place.pointer, value: json(step.value, place) })
        else if (step.op === 'move')
          operations.push({ op: 'move', from: item(at, step.from).pointer, path: place.pointer })
        else write(step.value, step.edit, place, operations)
      }
      break
    case 'set':
    case 'text':
      operations.push({ op: 'replace', path: at.pointer, value: json(applyEdit(before, edit), at) })
      break
    default:
      throw notJson(at.path)
  }
}

/** The value itself, if JSON can say it. */
function json(value: unknown, at: Place): unknown {
  if (value === undefined) throw notJson(at.path)
  if (typeof encode(value, { compression: false }) === 'string') return value
  throw notJson(placeOfTrouble(value, at.path))
}

function notJson(path: string): InvalidValueError {
  return new InvalidValueError(`A JSON patch cannot say what is at ${path}: it is no JSON value.`, path)
}

/** The first thing in a value that JSON cannot say; the value itself if it is only too deep or too large. */
export function placeOfTrouble(value: unknown, path: string): string {
  if (typeof value !== 'object' || value === null) return path
  const waiting: (readonly [unknown, string])[] = [[value, path]]
  const { ids } = survey(value)
  const seen = new Set<unknown>()
  for (const [next, where] of waiting) {
    if (typeof next === 'number' ? !Number.isFinite(next) || Object.is(next, -0) : false) return where
    if (next === undefined || typeof next === 'bigint') return where
    if (typeof next !== 'object' || next === null || seen.has(next)) continue
    seen.add(next)
    if (!ids.has(next)) return where
    if (Array.isArray(next)) next.forEach((one, i) => waiting.push([one, `${where}[${i}]`]))
    else if (Object.prototype.toString.call(next) !== '[object Object]') return where
    else for (const [name, one] of Object.entries(next)) waiting.push([one, where + fieldStep(name)])
  }
  return path
}

function writeFields(
  before: Record<string, unknown>,
  edit: KeyedEdit,
  at: Place,
  operations: JsonPatchOperation[],
): void {
  if (edit.kind !== 'object') throw notJson(at.path)
  for (const name of edit.removed as readonly string[])
    operations.push({ op: 'remove', path: field(at, name).pointer })
  for (const [name, inner] of edit.edits as readonly (readonly [string, Edit])[])
    write(before[name], inner, field(at, name), operations)
  for (const [name, value] of edit.added as readonly (readonly [string, unknown])[]) {
    const place = field(at, name)
    operations.push({ op: 'add', path: place.pointer, value: json(value, place) })
  }
}
