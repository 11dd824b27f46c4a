// @ts-check
/** From the figures of the slices to the lines of the table. */
import { median } from './measure.js'

/**
 * @typedef {import('./rows.js').Row} Row
 * @typedef {import('./rows.js').Line} Line
 * @typedef {Record<string, import('./runner.js').Outcome>} Outcomes
 * @typedef {{ row: string, work: string, of: string, ours: string, peer: string, theirs: string, ratio: string, aim: string, verdict: string, figures: { ours: number, theirs: number, ratio: number } }} Told
 */

const LARGER_IS_BETTER = new Set(['/s'])

/** @param {Row} row @param {Outcomes} outcomes @returns {Told[]} */
export function tell(row, outcomes) {
  return row.lines
    .filter(
      ({ against }) => against === undefined || !(row.sides[against]?.optional && outcomes[against]?.missing),
    )
    .map((line) => tellLine(row, line, outcomes))
}

/** @param {Row} row @param {Line} line @param {Outcomes} outcomes @returns {Told} */
function tellLine(row, line, outcomes) {
  const { measure, unit, of = 'varve', against, againstMeasure = measure, aim, absolute = false } = line
  const gather = row.gather?.[measure]
  const ours = figure(outcomes[of], measure, gather)
  const theirs = against === undefined ? Number.NaN : figure(outcomes[against], againstMeasure, gather)
  const kind = line.ratio ?? (LARGER_IS_BETTER.has(unit) ? 'speed' : 'cost')
  let ratio = Number.NaN
  if (against !== undefined && kind !== 'none') {
    ratio = paired(outcomes[of], measure, outcomes[against], againstMeasure, gather)
    if ((kind === 'speed') !== LARGER_IS_BETTER.has(unit)) ratio = 1 / ratio
  }
  return {
    row: row.id,
    work: line.work ?? row.work,
    of,
    ours: absent(outcomes[of]) ?? show(ours, unit),
    peer: against === undefined ? '' : against === of ? `its ${againstMeasure}` : against,
    theirs: against === undefined ? '' : (absent(outcomes[against]) ?? show(theirs, unit)),
    ratio: Number.isNaN(ratio) ? '' : `${digits(ratio)}x`,
    aim: aim === undefined ? '' : absolute ? `${aim} ${unit}`.trim() : `${aim}x`,
    verdict: aim === undefined ? '' : judge(absolute ? ours : ratio, aim),
    figures: { ours, theirs, ratio },
  }
}

/** @param {Outcomes[string] | undefined} outcome */
function absent(outcome) {
  if (outcome?.missing?.includes('varve is not built')) return 'n/a (not built)'
  if (outcome?.missing?.includes('not in this build')) return 'n/a (not in this build)'
  if (outcome?.missing !== undefined) return 'n/a (not installed)'
  if (outcome?.failed !== undefined) return 'failed'
  return undefined
}

/** One figure for a measure: of the slices, then of the repeats. @param {Outcomes[string] | undefined} outcome
 * @param {string} measure @param {'max' | 'sum' | undefined} gather */
function figure(outcome, measure, gather) {
  const lists = (outcome?.repeats ?? [])
    .map((repeat) => repeat[measure] ?? [])
    .filter((list) => list.length > 0)
  if (lists.length === 0) return Number.NaN
  if (gather === 'max') return Math.max(...lists.flat())
  if (gather === 'sum') return lists.flat().reduce((sum, value) => sum + value, 0)
  return median(lists.map(median))
}

/**
 * Ours divided by theirs: slice by slice where the slices stand side by side, then the median of the repeats.
 * @param {Outcomes[string] | undefined} ours @param {string} measure @param {Outcomes[string] | undefined} theirs
 * @param {string} theirMeasure @param {'max' | 'sum' | undefined} gather
 */
function paired(ours, measure, theirs, theirMeasure, gather) {
  if (gather !== undefined) return figure(ours, measure, gather) / figure(theirs, theirMeasure, gather)
  const ratios = (ours?.repeats ?? []).flatMap((repeat, i) => {
    const a = repeat[measure] ?? []
    const b = theirs?.repeats[i]?.[theirMeasure] ?? []
    if (a.length === 0 || b.length === 0) return []
    return [
      a.length === b.length
        ? median(a.map((value, j) => value / /** @type {number} */ (b[j])))
        : median(a) / median(b),
    ]
  })
  return ratios.length === 0 ? Number.NaN : median(ratios)
}

/** @param {number} value @param {string} aim */
function judge(value, aim) {
  if (Number.isNaN(value)) return 'n/a'
  const [, sign, limit] = /^(<=|>=|<|=)\s*([\d.,]+)$/.exec(aim) ?? []
  const bound = Number(limit?.replaceAll(',', ''))
  const met =
    sign === '<='
      ? value <= bound
      : sign === '>='
        ? value >= bound
        : sign === '<'
          ? value < bound
          : value === bound
  return met ? 'met' : 'not met'
}

/** Three digits that mean something. @param {number} value */
function digits(value) {
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size >= 100) return Math.round(value).toLocaleString('en-US')
  return value.toFixed(size >= 10 ? 1 : size >= 1 ? 2 : 3)
}

/** @param {number} value @param {string} unit */
function show(value, unit) {
  if (Number.isNaN(value)) return 'n/a'
  return unit === '/s' ? `${digits(value)}/s` : `${digits(value)} ${unit}`.trim()
}

const HEAD = ['row', 'work', 'ours', 'peer', 'theirs', 'ratio', 'aim', '']

/** @param {Told[]} lines @returns {string[][]} */
function cells(lines) {
  return lines.map(({ row, work, of, ours, peer, theirs, ratio, aim, verdict }) => [
    row,
    of === 'varve' ? work : `${work} (${of})`,
    ours,
    peer,
    theirs,
    ratio,
    aim,
    verdict,
  ])
}

/** For a terminal. @param {Told[]} lines */
export function plain(lines) {
  const table = [HEAD, ...cells(lines)]
  const widths = HEAD.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  return table
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** For docs/benchmarks.md. @param {Told[]} lines @param {string} about */
export function markdown(lines, about) {
  const escape = (/** @type {string} */ cell) => cell.replaceAll('|', '\\|')
  const rows = [HEAD, HEAD.map(() => '-'), ...cells(lines)].map((row) => `| ${row.map(escape).join(' | ')} |`)
  return `${about}\n\n${rows.join('\n')}\n`
}
