import { IntegrityError } from '../errors.ts'
import { readBinary } from '../log/binary-read.ts'
import { writeBinary } from '../log/binary.ts'
import { applyBytes, MOST_BYTES } from './byte-script.ts'
import { define } from './define.ts'
import type { Edit, KeyedEdit, ListEdit, Name } from './edit.ts'
import { isIndex, reorder } from './key-order.ts'
import { readWhole, wholeBytes } from './whole.ts'
import { ARRAY, ENTRIES, itemsOf, kindOf, MAP, OBJECT, SET } from './kind.ts'

/** Lists longer than this no honest delta makes. */
const MOST_ITEMS = 2 ** 27

/**
 * Objects that nobody else has and that stand in one place only, because an edit has made them: the next one may change them
 * as they are. Many edits in turn copy an object with many fields once then.
 */
export type Own = Set<object>

/**
 * What an edit makes of a value, which is not touched (but for what is `own`): what did not change is shared, the rest is new.
 * The values that the edit brings become part of the result as they are.
 */
export function applyEdit(before: unknown, edit: Edit, own?: Own): unknown {
  switch (edit.kind) {
    case 'set':
      return edit.value
    case 'object':
      return applyToObject(before, edit, own)
    case 'map':
      return applyToMap(before, edit, own)
    case 'text':
      if (typeof before !== 'string') throw misfit()
      return applyBytes(Buffer.from(before), edit.script).toString()
    case 'bytes':
      return readBinary(applyBytes(writeBinary(before, MOST_BYTES), edit.script)).value
    case 'array':
      return applyToItems(itemsFor(before, ARRAY), edit, own)
    case 'set-items':
      return new Set(applyToItems(itemsFor(before, SET), edit, own))
    case 'entries':
      return mapOf(applyToItems(itemsFor(before, ENTRIES), edit, own))
  }
}

export function misfit(): IntegrityError {
  return new IntegrityError('A delta is damaged: it does not fit the value that it was made from.')
}

function itemsFor(before: unknown, kind: number): readonly unknown[] {
  if (kindOf(before) !== kind) throw misfit()
  return itemsOf(before, kind)
}

function mapOf(items: readonly unknown[]): Map<unknown, unknown> {
  if (items.length % 2 !== 0) throw misfit()
  const map = new Map<unknown, unknown>()
  for (let i = 0; i < items.length; i += 2) map.set(items[i], items[i + 1])
  return map
}

function applyToObject(before: unknown, edit: KeyedEdit, own: Own | undefined): object {
  if (kindOf(before) !== OBJECT) throw misfit()
  const source = before as Record<string, unknown>
  const fields = new Map<string, unknown>()
  for (const [name, inner] of edit.edits) {
    if (!Object.hasOwn(source, name as string)) throw misfit()
    fields.set(name as string, applyEdit(source[name as string], inner, own))
  }
  if (edit.removed.length === 0 && edit.order.length === 0) {
    const after: object = own?.has(source) === true ? source : { ...source }
    own?.add(after)
    for (const [name, value] of fields) define(after, name, value)
    for (const [name, value] of edit.added) define(after, name as string, value)
    return after
  }
  const added = new Map(edit.added as readonly (readonly [string, unknown])[])
  const after = {}
  for (const name of keysAfter(Object.keys(source), edit, true) as string[]) {
    const value = added.has(name) ? added.get(name) : fields.has(name) ? fields.get(name) : source[name]
    define(after, name, value)
  }
  return after
}

function applyToMap(before: unknown, edit: KeyedEdit, own: Own | undefined): Map<unknown, unknown> {
  if (kindOf(before) !== MAP) throw misfit()
  const source = before as Map<unknown, unknown>
  const fields = new Map<unknown, unknown>()
  for (const [name, inner] of edit.edits) {
    if (!source.has(name)) throw misfit()
    fields.set(name, applyEdit(source.get(name), inner, own))
  }
  const added = new Map(edit.added)
  const after = new Map<unknown, unknown>()
  for (const name of keysAfter([...source.keys()], edit, false))
    after.set(
      name,
      added.has(name) ? added.get(name) : fields.has(name) ? fields.get(name) : source.get(name),
    )
  return after
}

/** The keys that there are after an edit, in their order. */
function keysAfter(keys: readonly Name[], edit: KeyedEdit, indicesApart: boolean): readonly Name[] {
  const removed = new Set(edit.removed)
  const names = keys.filter((name) => !removed.has(name))
  for (const [name] of edit.added) names.push(name)
  if (edit.order.length === 0) return names
  if (!indicesApart) return reorder(names, edit.order) ?? fail()
  const indices = names.filter((name) => isIndex(name as string))
  const others = reorder(
    names.filter((name) => !isIndex(name as string)),
    edit.order,
  )
  return [...indices, ...(others ?? fail())]
}

function fail(): never {
  throw misfit()
}

function applyToItems(before: readonly unknown[], edit: ListEdit, own: Own | undefined): unknown[] {
  if (before.length !== edit.base) throw misfit()
  let length = 0
  for (const run of edit.runs)
    length += run.kind === 'copy' ? run.count : run.kind === 'insert' ? run.values.length : 1
  if (length > MOST_ITEMS) throw misfit()
  const after: unknown[] = []
  // One object in two places would change in both.
  const once = repeats(edit) ? new Set<unknown>() : undefined
  const take = (item: unknown): unknown => {
    if (once === undefined || typeof item !== 'object' || item === null) return item
    if (once.has(item)) return readWhole(wholeBytes(item))
    once.add(item)
    return item
  }
  for (const run of edit.runs) {
    if (run.kind === 'insert') for (const value of run.values) after.push(value)
    else if (run.kind === 'edit') {
      if (run.from >= before.length) throw misfit()
      after.push(applyEdit(take(before[run.from]), run.edit, own))
    } else {
      if (run.from + run.count > before.length) throw misfit()
      for (let i = run.from; i < run.from + run.count; i++) after.push(take(before[i]))
    }
  }
  return after
}

/** Whether runs may take an item twice; they do not as long as they go forward. */
export function repeats({ runs }: ListEdit): boolean {
  let end = 0
  for (const run of runs) {
    if (run.kind === 'insert') continue
    if (run.from < end) return true
    end = run.from + (run.kind === 'copy' ? run.count : 1)
  }
  return false
}
