import { applyEdit, misfit, repeats } from './apply.ts'
import { runAt } from './compose-bytes.ts'
import type { Edit, ListEdit, Run } from './edit.ts'
import { readEdit, writeEdit } from './payload.ts'
import { readWhole, wholeBytes } from './whole.ts'

type Compose = (first: Edit, second: Edit) => Edit | undefined

/** Maps the runs of the second edit through the first. */
export function composeLists(first: ListEdit, second: ListEdit, compose: Compose): ListEdit {
  const starts: number[] = []
  let length = 0
  for (const run of first.runs) {
    starts.push(length)
    length += run.kind === 'copy' ? run.count : run.kind === 'insert' ? run.values.length : 1
  }
  if (second.base !== length) throw misfit()
  const runs: Run[] = []
  // What the first brings in one place and the second puts in two must be two: a Set would drop one of them.
  const once = repeats(second) ? new Set<unknown>() : undefined
  for (const run of second.runs) {
    if (run.kind === 'insert') {
      push(runs, run)
      continue
    }
    let left = run.kind === 'copy' ? run.count : 1
    if (run.from + left > length) throw misfit()
    let at = runAt(starts, run.from)
    let skip = run.from - (starts[at] ?? 0)
    for (; left > 0; at++, skip = 0) {
      const source = first.runs[at] as Run
      const count = Math.min(left, lengthOf(source) - skip)
      if (count > 0) {
        const taken = slice(source, skip, count, once)
        push(runs, run.kind === 'edit' ? edited(taken, run.edit, compose) : taken)
      }
      left -= count
    }
  }
  return { kind: first.kind, base: first.base, runs }
}

function lengthOf(run: Run): number {
  return run.kind === 'copy' ? run.count : run.kind === 'insert' ? run.values.length : 1
}

function slice(run: Run, skip: number, count: number, once: Set<unknown> | undefined): Run {
  if (run.kind === 'copy') return { kind: 'copy', from: run.from + skip, count }
  if (run.kind === 'insert') {
    const values = run.values.slice(skip, skip + count)
    return { kind: 'insert', values: once === undefined ? values : values.map((value) => own(value, once)) }
  }
  if (once === undefined) return run
  if (once.has(run)) return { ...run, edit: readEdit(writeEdit(run.edit)) }
  once.add(run)
  return run
}

function own(value: unknown, once: Set<unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (once.has(value)) return readWhole(wholeBytes(value))
  once.add(value)
  return value
}

/** A run of one item, and an edit of that item. */
function edited(run: Run, edit: Edit, compose: Compose): Run {
  if (run.kind === 'copy') return { kind: 'edit', from: run.from, edit }
  if (run.kind === 'insert') return { kind: 'insert', values: [applyEdit(run.values[0], edit)] }
  const whole = compose(run.edit, edit)
  return whole === undefined
    ? { kind: 'copy', from: run.from, count: 1 }
    : { kind: 'edit', from: run.from, edit: whole }
}

/** Runs that go on where the last one ended become one. */
function push(runs: Run[], run: Run): void {
  const last = runs.at(-1)
  if (last?.kind === 'copy' && run.kind === 'copy' && last.from + last.count === run.from)
    runs[runs.length - 1] = { kind: 'copy', from: last.from, count: last.count + run.count }
  else if (last?.kind === 'insert' && run.kind === 'insert') {
    for (const value of run.values) (last.values as unknown[]).push(value)
  } else runs.push(run.kind === 'insert' ? { kind: 'insert', values: [...run.values] } : run)
}
