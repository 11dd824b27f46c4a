import type { Edit, KeyedEdit, ListEdit } from './edit.ts'

/** The places that an edit touches, written as in error messages: `$.user.name`, `$.items[3]`. */
export function pathsOf(edit: Edit, path = '$', paths: Set<string> = new Set()): Set<string> {
  switch (edit.kind) {
    case 'object':
    case 'map':
      keyedPaths(edit, path, paths)
      break
    case 'array':
      listPaths(edit, path, paths)
      break
    default:
      paths.add(path)
  }
  return paths
}

function keyedPaths(edit: KeyedEdit, path: string, paths: Set<string>): void {
  const step = (name: unknown): string =>
    path + (edit.kind === 'map' ? mapStep(name) : fieldStep(name as string))
  const { size } = paths
  for (const [name, inner] of edit.edits) pathsOf(inner, step(name), paths)
  for (const name of edit.removed) paths.add(step(name))
  for (const [name] of edit.added) paths.add(step(name))
  // Nothing but the order of the keys: that is a change of what holds them.
  if (paths.size === size) paths.add(path)
}

export function fieldStep(name: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`
}

function mapStep(name: unknown): string {
  return `.get(${typeof name === 'string' ? JSON.stringify(name) : typeof name === 'bigint' ? `${name}n` : String(name)})`
}

function listPaths({ base, runs }: ListEdit, path: string, paths: Set<string>): void {
  let expected = 0
  let index = 0
  const found = new Set<string>()
  for (const run of runs) {
    if (run.kind === 'insert') {
      for (const _ of run.values) found.add(`${path}[${index++}]`)
      continue
    }
    // Something has changed places: that is a change of the list.
    if (run.from < expected) {
      paths.add(path)
      return
    }
    for (let i = expected; i < run.from; i++) found.add(`${path}[${i}]`)
    if (run.kind === 'copy') {
      index += run.count
      expected = run.from + run.count
    } else {
      pathsOf(run.edit, `${path}[${index++}]`, found)
      expected = run.from + 1
    }
  }
  for (let i = expected; i < base; i++) found.add(`${path}[${i}]`)
  for (const one of found) paths.add(one)
}

const MOST_PATHS = 24
const MOST_LENGTH = 400

/** The same, if that is brief enough to be sent along; else none. */
export function briefPaths(edit: Edit | undefined): string[] {
  if (edit === undefined || touched(edit) > MOST_PATHS) return []
  const paths = [...pathsOf(edit)]
  const isBrief = paths.reduce((sum, path) => sum + path.length, 0) <= MOST_LENGTH
  return isBrief && paths.every((path) => path.isWellFormed()) ? paths : []
}

/** How many places an edit touches, at least as many as it has paths. */
function touched(edit: Edit): number {
  if (edit.kind === 'object' || edit.kind === 'map')
    return edit.edits.reduce(
      (sum, [, inner]) => (sum > MOST_PATHS ? sum : sum + touched(inner)),
      edit.removed.length + edit.added.length + 1,
    )
  if (edit.kind !== 'array') return 1
  let left = edit.base
  let sum = 0
  for (const run of edit.runs) {
    if (run.kind === 'copy') left -= run.count
    else if (run.kind === 'insert') sum += run.values.length
    else {
      left--
      sum += touched(run.edit)
    }
    if (sum > MOST_PATHS) return sum
  }
  return sum + Math.max(0, left)
}
