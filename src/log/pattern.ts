import { InvalidOptionError } from '../errors.ts'

/**
 * A pattern is a row of runs with `**` between them; a run is a row of steps: text to be found as it is, or ONE part.
 * Wildcards are whole parts, so a run after `**` begins with a separator, and one before `**` ends with one. How many
 * separators a run takes is therefore fixed, and the first place where it fits is the best one: nothing is ever tried
 * again further left, and the work is at most the name's length times the run's.
 */
interface Run {
  readonly steps: readonly (string | typeof ONE)[]
  readonly separators: number
}
const ONE = Symbol('one part')

/**
 * Makes the test of a `Pattern`: `*` is one part that is not empty, `**` one or more parts (any text that is not empty,
 * from one separator to another). Only whole parts are wildcards: in `a*` the star is a star.
 */
export function compilePattern(pattern: string): (name: string) => boolean {
  checkPattern(pattern)
  if (pattern === '**') return () => true
  const [first, ...rest] = parse(pattern)
  const last = rest.pop()
  if (last === undefined) {
    if (first.steps.every((step) => step !== ONE)) return (name) => name === pattern
    return (name) => endOf(first, name, 0) === name.length
  }
  return (name) => {
    let at = endOf(first, name, 0)
    for (let i = 0; at >= 0 && i < rest.length; i++) at = endOfFirst(rest[i] as Run, name, at + 1)
    if (at < 0) return false
    const start = startOfLast(last, name)
    return start > at && endOf(last, name, start) === name.length
  }
}

/** What every name that the pattern matches begins with: the pattern itself if it has no wildcard. */
export function literalPrefix(pattern: string): string {
  checkPattern(pattern)
  const first = parse(pattern)[0].steps[0]
  return typeof first === 'string' ? first : ''
}

export function checkPattern(pattern: unknown): asserts pattern is string {
  if (typeof pattern !== 'string' || pattern === '' || !pattern.isWellFormed())
    throw new InvalidOptionError(
      `A pattern is well-formed text of at least one character, such as 'user:*' or 'orders.**', not ${
        typeof pattern === 'string'
          ? JSON.stringify(pattern.slice(0, 60))
          : pattern === null
            ? 'null'
            : `of type ${typeof pattern}`
      }.`,
    )
}

function parse(pattern: string): [Run, ...Run[]] {
  const runs: Run[] = []
  let steps: (string | typeof ONE)[] = []
  let separators = 0
  let text = ''
  const endText = (): void => {
    if (text !== '') steps.push(text)
    text = ''
  }
  const endRun = (): void => {
    endText()
    runs.push({ steps, separators })
    steps = []
    separators = 0
  }
  // Every second piece is a separator.
  for (const [i, piece] of pattern.split(/([./:])/).entries()) {
    if (piece === '**') endRun()
    else if (piece === '*') {
      endText()
      steps.push(ONE)
    } else {
      text += piece
      separators += i % 2
    }
  }
  endRun()
  return runs as [Run, ...Run[]]
}

/** Where the run ends if it begins at `at`; -1: it does not fit there. */
function endOf(run: Run, name: string, at: number): number {
  for (const step of run.steps) {
    if (step === ONE) {
      const start = at
      while (at < name.length && !isSeparator(name, at)) at++
      if (at === start) return -1
    } else {
      if (!name.startsWith(step, at)) return -1
      at += step.length
    }
  }
  return at
}

/** Where the run ends in the first place that it fits, from `from` on; -1: nowhere. */
function endOfFirst(run: Run, name: string, from: number): number {
  const opening = run.steps[0] as string
  for (let start = name.indexOf(opening, from); start >= 0; start = name.indexOf(opening, start + 1)) {
    const end = endOf(run, name, start)
    if (end >= 0) return end
  }
  return -1
}

/** The only place where the last run can begin. */
function startOfLast(run: Run, name: string): number {
  let at = name.length
  for (let left = run.separators; left > 0; left--) {
    do at--
    while (at >= 0 && !isSeparator(name, at))
    if (at < 0) return -1
  }
  return at
}

function isSeparator(name: string, at: number): boolean {
  const code = name.charCodeAt(at)
  return code === 46 || code === 47 || code === 58
}
