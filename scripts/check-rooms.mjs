/**
 * Holds src/ to its architecture: imports go down only, the doors to the world (clock, chance, timers, disk) are in
 * context.ts and the engines, and a file over 400 lines says why. Run by `npm run check:rooms`; exits 1 on a breach.
 * Another folder than src/ can be named as the argument.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'

const contract = [
  'types.ts',
  'reports.ts',
  'errors.ts',
  'change.ts',
  'engine.ts',
  'context.ts',
  'files.ts',
  'telemetry/',
]
const pure = ['cache/policies/', 'access/grants.ts', 'snapshots/retention.ts']
// Computation only, but with values as the log classifies, encodes and hashes them, and with zlib.
const deltas = 'deltas/'
const logPure = [
  'log/keys.ts',
  'log/pattern.ts',
  'log/checksum.ts',
  'log/canonical.ts',
  'log/classify.ts',
  'log/binary.ts',
  'log/binary-read.ts',
  'log/brotli.ts',
  'log/codec.ts',
]
/** What the caller said, checked: durations and options. */
const said = ['duration.ts', 'options.ts']
const views = ['state/', 'snapshots/', 'cache/', 'bus/', 'care/']
const shelf = ['engines/sqlite/shelf.ts', 'engines/sqlite/shelf-rows.ts', 'engines/sqlite/failures.ts']
const users = ['testing/', 'framework0/', 'recipes/', 'inspector/', 'cli/']
const below = [
  'open.ts',
  'restore-backup.ts',
  'places.ts',
  'store.ts',
  'access/',
  'log/',
  'engines/',
  ...said,
  ...views,
  ...pure,
  deltas,
  ...contract,
]

/**
 * The first row that fits a file is its rule; a file that fits none has no room and is a breach. A name that ends in
 * `/` is a folder with all that is in it. Files of the same folder entry may import each other.
 *   imports  what may be imported        types  what may be imported besides, with `import type`
 *   node     node: builtins?             npm    packages?
 */
const rooms = [
  { files: ['index.ts'], imports: below },
  { files: users, imports: ['index.ts'], types: contract, node: true },
  { files: ['open.ts', 'restore-backup.ts', 'places.ts'], imports: below, node: true },
  { files: pure, imports: ['errors.ts'], types: contract },
  { files: [deltas], imports: ['errors.ts', ...logPure], types: contract, node: true },
  { files: logPure, imports: ['errors.ts', ...logPure], types: contract, node: true },
  { files: said, imports: ['errors.ts', 'log/pattern.ts', ...said], types: contract },
  { files: contract, imports: contract, node: true },
  { files: ['log/'], imports: [...contract, deltas], node: true },
  { files: ['engines/'], imports: [...contract, ...logPure, deltas], node: true, npm: true },
  {
    files: ['store.ts'],
    imports: ['access/', 'log/', ...said, ...views, ...pure, deltas, ...contract],
    node: true,
  },
  {
    files: ['access/guard.ts'],
    imports: ['log/', ...views, ...pure, deltas, ...contract],
    node: true,
  },
  // Caches on disk bring their own disk: a database of SQLite, whatever the engine of the store.
  {
    files: ['cache/'],
    imports: [...shelf, 'cache/', 'log/', ...said, ...pure, ...contract],
    node: true,
  },
  { files: [...views, 'access/'], imports: ['log/', ...said, ...pure, deltas, ...contract], node: true },
]

/** The command line is a program, not the library: terminals, files and the time of day are its own business. */
const doors = ['context.ts', 'engines/', 'cli/']
const world =
  /\b(?:Date\.now|performance\.now|process\.hrtime|Math\.random|random(?:Bytes|UUID|Int)|getRandomValues|set(?:Timeout|Interval|Immediate))\b|\bnew Date\(\s*\)|\bnode:(?:fs(?:\/promises)?|timers(?:\/promises)?)\b/g
const limit = 400
const reason = /\bover 400 lines because\b/i

/** @param {string} file @param {string[]} list */
const entryOf = (file, list) =>
  list.find((entry) => (entry.endsWith('/') ? file.startsWith(entry) : file === entry))

/** Comments become blanks of the same length, so that places stay where they are. @param {string} text */
const withoutComments = (text) =>
  text.replace(
    /(^|[\s;,({[])(\/\*[\s\S]*?\*\/|\/\/.*$)/gm,
    (_, before, comment) => before + comment.replace(/[^\n]/g, ' '),
  )

const importing =
  /^[ \t]*(?:import|export)\s+(type\s)?[\w$*\s{},]*?\bfrom\s*(['"])(.+?)\2|^[ \t]*import\s*(['"])(.+?)\4|\bimport\s*\(\s*(['"])(.+?)\6/gm

const root = process.argv[2] ?? 'src'
/** @type {string[]} */
const breaches = []
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts') && !/\.test(-d)?\.ts$/.test(file))
  .sort()

for (const file of files) {
  const text = readFileSync(join(root, file), 'utf8')
  const code = withoutComments(text)
  /** @param {number} index @param {string} what */
  const breach = (index, what) =>
    breaches.push(`${posix.join(root, file)}:${text.slice(0, index).split('\n').length}: ${what}`)

  const room = rooms.find((row) => entryOf(file, row.files))
  if (!room) breach(0, 'fits no room: give it a row in scripts/check-rooms.mjs')
  for (const match of room ? code.matchAll(importing) : []) {
    const specifier = match[3] ?? match[5] ?? match[7] ?? ''
    const index = match.index + match[0].lastIndexOf(specifier)
    if (!specifier.startsWith('.')) {
      const builtin = specifier.startsWith('node:')
      if (!(builtin ? room?.node : room?.npm))
        breach(index, `'${specifier}': this room imports no ${builtin ? 'node: builtins' : 'packages'}`)
      continue
    }
    const target = posix.join(posix.dirname(file), specifier)
    const own = entryOf(file, room?.files ?? []) ?? ''
    const allowed = [own, ...(room?.imports ?? []), ...(match[1] ? (room?.types ?? []) : [])]
    if (!entryOf(target, allowed))
      breach(index, `may not import ${target}${match[1] ? ', not even its types' : ''}`)
  }

  if (!entryOf(file, doors)) {
    for (const match of code.matchAll(world))
      breach(match.index, `${match[0]}: clock, chance, timers and disk come from context`)
  }

  const lines = text.trimEnd().split('\n').length
  const first = /\/\*[\s\S]*?\*\/|(?:^[ \t]*\/\/.*\n?)+/m.exec(text)?.[0] ?? ''
  if (lines > limit && !reason.test(first.replace(/[\s*/]+/g, ' '))) {
    breach(
      text.length,
      `${lines} lines: split it, or say "over ${limit} lines because ..." in its first comment`,
    )
  }
}

for (const line of breaches) console.error(line)
console.log(`${files.length} files, ${breaches.length} breaches`)
process.exitCode = breaches.length > 0 ? 1 : 0
