// Which test holds which statement: reads the titles of all tests below test/ and writes README.md beside this file.
// With --check it writes nothing and fails if README.md is old, or if a wanted number has neither a test nor a reason.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

/** Statements of the behaviours that this package is held to so far: state, history, lifetimes, snapshots, deltas, engines. */
const wantedStatements = [
  [1, 65],
  [67, 68],
  [72, 209],
  [214, 216],
  [241, 245],
  [247, 252],
  [254, 285],
  [287, 287],
  [290, 297],
]
const wantedTraps = [
  [3, 3],
  [8, 10],
  [24, 37],
  [39, 39],
  [41, 44],
  [46, 48],
  [51, 51],
  [53, 109],
  [112, 113],
  [115, 117],
  [119, 120],
  [128, 129],
]

/** Statements that do not apply, and why. */
const excused = new Map([
  [32, 'no snapshot stands on another: what is imported from a delta file is complete in itself'],
  [
    41,
    'there is no persistence every n seconds: each write is stored before its promise settles; see 25 and 34',
  ],
  [241, 'the conformance suite is a test of its own: test/conformance/'],
  [249, 'no engine is exclusive yet: both here are shared or live within one process'],
])

const root = new URL('../', import.meta.url)
const readme = new URL('README.md', import.meta.url)

const numbers = (ranges) =>
  ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i))

/** Titles by number: the texts in the sources that begin with [n] or [trap n]. */
function readTitles() {
  const statements = new Map()
  const traps = new Map()
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.test.ts'))
    .sort()
  for (const file of files) {
    const source = readFileSync(new URL(file, root), 'utf8')
    for (const [, quote, marks, rest] of source.matchAll(/(['`])((?:\[(?:trap )?\d+\] ?)+)((?:(?!\1).)*)/g)) {
      const title = quote === '`' ? rest.replace(/\$\{[^}]*\}/g, '…') : rest
      for (const [, trap, number] of marks.matchAll(/\[(trap )?(\d+)\]/g)) {
        const found = trap ? traps : statements
        found.set(Number(number), [...(found.get(Number(number)) ?? []), { file, title: title.trim() }])
      }
    }
  }
  return { statements, traps }
}

const { statements, traps } = readTitles()
const missing = [
  ...numbers(wantedStatements)
    .filter((n) => !statements.has(n) && !excused.has(n))
    .map((n) => `statement ${n}`),
  ...numbers(wantedTraps)
    .filter((n) => !traps.has(n))
    .map((n) => `trap ${n}`),
]
const needless = [...excused.keys()].filter((n) => statements.has(n))

/** A table as the formatter leaves it. */
function table(head, rows) {
  const widths = head.map((name, i) => Math.max(3, name.length, ...rows.map((row) => row[i].length)))
  const line = (cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

const rows = (found) =>
  [...found]
    .sort(([a], [b]) => a - b)
    .flatMap(([n, tests]) =>
      tests.map(({ file, title }) => [
        `${n}`,
        title.replaceAll('|', '\\|').replace(/__\w+__/g, '`$&`'),
        file,
      ]),
    )

const text = `# Statements and their tests

Written by \`node test/behaviours/index.mjs\`. A number in the name of a test is that of a statement of what the system
does, or of a trap that it avoids.

## Statements

${table(['#', 'test', 'file below test/'], rows(statements))}

## Statements that do not apply, and why

${table(
  ['#', 'why'],
  [...excused].map(([n, why]) => [`${n}`, why]),
)}

## Traps

${table(['#', 'test', 'file below test/'], rows(traps))}
`

const check = process.argv.includes('--check')
let old = false
if (check) {
  try {
    old = readFileSync(readme, 'utf8') !== text
  } catch {
    old = true
  }
} else {
  writeFileSync(readme, text)
}
for (const what of missing) console.error(`${what} has neither a test nor a reason`)
for (const n of needless) console.error(`statement ${n} has a test and an excuse`)
if (old) console.error('README.md is old: run node test/behaviours/index.mjs')
process.exitCode = old || missing.length + needless.length > 0 ? 1 : 0
