import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fencedBlocks, filesIn, linkPackage, read, type Block } from './support/pages.ts'

/**
 * Every fenced `ts` or `js` block of README.md, docs/ and the TSDoc in src/ runs here, as it would for a reader who
 * pastes it into an .mjs file in an empty folder: on the built package, in a process of its own. Blocks are plain
 * JavaScript and stand alone; one that cannot run is fenced `ts no-run`. Blocks with a file's name (`js file=a.mjs`) are
 * parts of a story: stories.test.ts runs those.
 */

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

const isExample = ({ words: [language = '', ...marks] }: Block): boolean =>
  /^(ts|js|mjs|typescript|javascript)$/.test(language) &&
  !marks.some((mark) => mark === 'no-run' || mark.startsWith('file='))

// The reference repeats the TSDoc, which runs from where it was written.
const pages = ['README.md', ...filesIn('docs', /\.md$/).filter((file) => basename(file) !== 'reference.md')]
const sources = filesIn('src', /\.ts$/).filter((file) => !/\.test(-d)?\.ts$/.test(file))
const examples = [
  ...pages.flatMap((file) => fencedBlocks(file, read(file))),
  ...sources.flatMap((file) => fencedBlocks(file, docComments(read(file)))),
].filter(isExample)

const scratch = mkdtempSync(join(tmpdir(), 'varve-examples-'))
beforeAll(() => linkPackage(scratch))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

test('the extractor reads Markdown and TSDoc', () => {
  const page =
    'x\n```ts\na\n```\n```ts no-run\nb\n```\n```js file=f.mjs\nb\n```\n```sh\nc\n```\n  ```js\n  d\n    e\n  ```\n'
  expect(fencedBlocks('p.md', page).filter(isExample)).toEqual([
    { file: 'p.md', line: 2, words: ['ts'], code: 'a' },
    { file: 'p.md', line: 14, words: ['js'], code: 'd\n  e' },
  ])
  const source =
    "const glob = '/**/*.ts'\n  /**\n   * Says.\n   * @example\n   * ```ts\n   * f()\n   * ```\n   */\nf()\n"
  expect(fencedBlocks('s.ts', docComments(source))).toEqual([
    { file: 's.ts', line: 5, words: ['ts'], code: 'f()' },
  ])
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
function run({ file, line, code }: Block): Promise<string | undefined> {
  const home = mkdtempSync(join(scratch, 'run-'))
  const cwd = join(home, 'cwd')
  mkdirSync(cwd)
  // As many lines above the code as in its source: a stack trace shows the line to mend.
  const script = join(home, `${basename(file)}.mjs`)
  writeFileSync(script, '\n'.repeat(line) + code)
  const options = { cwd, timeout: 60_000, env: { ...process.env, NODE_OPTIONS: '' } }
  return new Promise((resolve) => {
    execFile(process.execPath, [script], options, (error, stdout, stderr) => {
      const end = error?.killed ? 'did not end within 60 s' : `exited with ${error?.code ?? error?.signal}`
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
    70_000,
  )
})
