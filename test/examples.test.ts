import { execFile } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

/**
 * Every fenced `ts` or `js` block of README.md, docs/*.md and the TSDoc in src/ runs here, as it would for a reader who
 * pastes it into an .mjs file in an empty folder: on the built package, in a process of its own. Blocks are plain
 * JavaScript and stand alone; one that cannot run is fenced `ts no-run`.
 */
const repository = fileURLToPath(new URL('..', import.meta.url))

interface Example {
  file: string
  line: number
  code: string
}

/** The text of TSDoc comments only, every line where it was. */
function docComments(source: string): string {
  const lines = source.split('\n').map(() => '')
  for (const comment of source.matchAll(/^[ \t]*\/\*\*[\s\S]*?\*\//gm)) {
    const first = source.slice(0, comment.index).split('\n').length - 1
    comment[0]
      .split('\n')
      .forEach((line, i) => (lines[first + i] = line.replace(/^\s*(\/\*\*|\*(?!\/))? ?|\s*\*\/$/g, '')))
  }
  return lines.join('\n')
}

function fencedBlocks(file: string, text: string): Example[] {
  const examples: Example[] = []
  let open: { indent: number; fence: string; line: number; runs: boolean; code: string[] } | undefined
  text.split('\n').forEach((line, i) => {
    const fence = /^(\s*)(`{3,})\s*([^`]*)$/.exec(line)
    if (!open && fence) {
      const [, indent = '', ticks = '', info = ''] = fence
      const runs = /^(ts|js|mjs|typescript|javascript)\b/.test(info) && !/\bno-run\b/.test(info)
      open = { indent: indent.length, fence: ticks, line: i + 1, runs, code: [] }
    } else if (open && line.trim() === open.fence) {
      if (open.runs) examples.push({ file, line: open.line, code: open.code.join('\n') })
      open = undefined
    } else if (open) {
      open.code.push(line.slice(Math.min(open.indent, line.length - line.trimStart().length)))
    }
  })
  if (open) throw new Error(`${file}:${open.line}: this block is never closed`)
  return examples
}

const filesIn = (folder: string, ending: RegExp): string[] =>
  existsSync(join(repository, folder))
    ? readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => ending.test(file))
        .map((file) => join(folder, file))
        .sort()
    : []

const read = (file: string): string => readFileSync(join(repository, file), 'utf8')
const pages = ['README.md', ...filesIn('docs', /^[^/\\]+\.md$/)]
const sources = filesIn('src', /\.ts$/).filter((file) => !/\.test(-d)?\.ts$/.test(file))
const examples = [
  ...pages
    .filter((file) => existsSync(join(repository, file)))
    .flatMap((file) => fencedBlocks(file, read(file))),
  ...sources.flatMap((file) => fencedBlocks(file, docComments(read(file)))),
]

const scratch = mkdtempSync(join(tmpdir(), 'varve-examples-'))
beforeAll(() => {
  if (!existsSync(join(repository, 'dist/index.js'))) throw new Error('dist/ is missing: npm run build')
  mkdirSync(join(scratch, 'node_modules'))
  symlinkSync(repository, join(scratch, 'node_modules/varve'), 'junction')
})
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

test('the extractor reads Markdown and TSDoc', () => {
  const page = 'x\n```ts\na\n```\n```ts no-run\nb\n```\n```sh\nc\n```\n  ```js\n  d\n    e\n  ```\n'
  expect(fencedBlocks('p.md', page)).toEqual([
    { file: 'p.md', line: 2, code: 'a' },
    { file: 'p.md', line: 11, code: 'd\n  e' },
  ])
  const source =
    "const glob = '/**/*.ts'\n  /**\n   * Says.\n   * @example\n   * ```ts\n   * f()\n   * ```\n   */\nf()\n"
  expect(fencedBlocks('s.ts', docComments(source))).toEqual([{ file: 's.ts', line: 5, code: 'f()' }])
  expect(() => fencedBlocks('p.md', '```ts\n')).toThrow('p.md:1')
})

test('the README shows code that runs', () => {
  expect(examples.map((example) => example.file)).toContain('README.md')
})

test('every @example has a fenced block', () => {
  const bare = sources.flatMap((file) => {
    const lines = docComments(read(file)).split('\n')
    return lines.flatMap((line, i) => {
      if (!/^\s*@example\b/.test(line)) return []
      const next = lines.slice(i + 1).find((below) => /^\s*(```|@\w)/.test(below)) ?? ''
      return next.trim().startsWith('```') ? [] : [`${file}:${i + 1}`]
    })
  })
  expect(bare).toEqual([])
})

/** What went wrong, or nothing. */
function run({ file, line, code }: Example): Promise<string | undefined> {
  const home = mkdtempSync(join(scratch, 'run-'))
  const cwd = join(home, 'cwd')
  mkdirSync(cwd)
  // As many lines above the code as in its source: a stack trace shows the line to mend.
  const script = join(home, `${basename(file)}.mjs`)
  writeFileSync(script, '\n'.repeat(line) + code)
  const options = { cwd, timeout: 20_000, env: { ...process.env, NODE_OPTIONS: '' } }
  return new Promise((resolve) => {
    execFile(process.execPath, [script], options, (error, stdout, stderr) => {
      const end = error?.killed ? 'did not end within 20 s' : `exited with ${error?.code ?? error?.signal}`
      resolve(error ? `${file}:${line} ${end}\n${stdout}${stderr}` : undefined)
    })
  })
}

describe.concurrent('example', () => {
  test.each(examples.map((example) => [`${example.file}:${example.line}`, example] as const))(
    '%s',
    async (_, example) => {
      const failure = await run(example)
      if (failure !== undefined) throw new Error(failure)
    },
  )
})
