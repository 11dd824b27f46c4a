import { scriptWeight } from './byte-script.ts'
import type { Edit, Run } from './edit.ts'

/** About how many bytes a value takes as JSON, counted up to a limit: for choosing, not for reporting. */
export function valueWeight(value: unknown, limit: number): number {
  let weight = 0
  const waiting: unknown[] = [value]
  while (waiting.length > 0 && weight < limit) {
    const next = waiting.pop()
    if (typeof next === 'string') weight += next.length + 3
    else if (typeof next === 'number') weight += numberWeight(next)
    else if (typeof next !== 'object' || next === null) weight += 5
    else if (ArrayBuffer.isView(next) || next instanceof ArrayBuffer) weight += next.byteLength + 4
    else if (next instanceof Map) {
      for (const [key, item] of next) waiting.push(key, item)
    } else if (Array.isArray(next) || next instanceof Set) {
      weight += 2
      for (const item of next) {
        waiting.push(item)
        if (waiting.length + weight > limit) return limit
      }
    } else {
      weight += 2
      for (const name of Object.keys(next)) {
        weight += name.length + 3
        waiting.push((next as Record<string, unknown>)[name])
      }
    }
  }
  return Math.min(weight, limit)
}

function numberWeight(value: number): number {
  if (Number.isInteger(value)) return value > -10 && value < 100 ? 3 : Math.abs(value) < 100_000 ? 5 : 11
  return Math.min(18, String(value).length + 1)
}

/** About how many bytes an edit takes, up to a limit. */
export function editWeight(edit: Edit, limit: number): number {
  switch (edit.kind) {
    case 'set':
      return 1 + valueWeight(edit.value, limit)
    case 'text':
    case 'bytes':
      return scriptWeight(edit.script)
    case 'object':
    case 'map': {
      let weight = 2
      for (const name of edit.removed) weight += nameWeight(name)
      for (const { name, anchor } of edit.order) weight += nameWeight(name) + nameWeight(anchor)
      for (const [name, value] of edit.added) {
        if (weight > limit) return limit
        weight += nameWeight(name) + valueWeight(value, limit)
      }
      for (const [name, inner] of edit.edits) {
        if (weight > limit) return limit
        weight += nameWeight(name) + editWeight(inner, limit)
      }
      return weight
    }
    default: {
      let weight = 4
      for (const run of edit.runs) {
        if (weight > limit) return limit
        weight += runWeight(run, limit)
      }
      return weight
    }
  }
}

function runWeight(run: Run, limit: number): number {
  if (run.kind === 'copy') return 2
  if (run.kind === 'edit') return 1 + editWeight(run.edit, limit)
  let weight = 1
  for (const value of run.values) {
    if (weight > limit) return limit
    weight += valueWeight(value, limit)
  }
  return weight
}

function nameWeight(name: unknown): number {
  return typeof name === 'string' ? name.length + 1 : 4
}
