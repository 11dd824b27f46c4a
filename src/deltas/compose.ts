import { IntegrityError } from '../errors.ts'
import { applyEdit, misfit } from './apply.ts'
import { composeBytes } from './compose-bytes.ts'
import { composeKeyed } from './compose-keyed.ts'
import { composeLists } from './compose-lists.ts'
import type { Edit } from './edit.ts'

/** One edit that does what two do in turn; undefined if nothing is left. Takes time by the size of the edits. */
export function composeEdits(first: Edit, second: Edit): Edit | undefined {
  if (second.kind === 'set') return second
  if (first.kind === 'set') return { kind: 'set', value: applyEdit(first.value, second) }
  switch (first.kind) {
    case 'object':
    case 'map':
      if (second.kind !== first.kind) throw misfit()
      return composeKeyed(first, second, composeEdits)
    case 'text':
    case 'bytes':
      if (second.kind !== first.kind) throw misfit()
      return { kind: first.kind, script: composeBytes(first.script, second.script) }
    default:
      if (second.kind !== first.kind) throw misfit()
      return composeLists(first, second, composeEdits)
  }
}

/** Deltas of which one does not begin where the other one ends. */
export function notInTurn(): IntegrityError {
  return new IntegrityError(
    'These deltas do not follow one another: each must be made from the value that the one before it makes.',
  )
}
