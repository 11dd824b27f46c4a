import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fencedBlocks, filesIn, linkPackage, read, type Block } from './support/pages.ts'

/**
 * A page that gives names to its programs is a story, and runs here from its own text, from top to bottom:
 *
 * - ```js file=name.mjs     is written to the story's folder, in which `import 'varve'` finds the package
 * - ```sh                   is run there, one block after the other; it must exit with 0. `sh no-run` is not
 * - ```text                 right behind it is what it must have printed, line by line
 *   ```text numbers-vary    the same, but any number may stand where a number stands
 *   ```text any-order       the same, with the lines in any order
 *   …                       inside a line stands for anything
 *
 * A heading of the first or second degree begins a new story in a new folder.
 */
interface Step {
  readonly script: Block
  readonly printed: Block | undefined
}
interface Story {
  readonly title: string
  readonly files: ReadonlyMap<string, Block>
  readonly steps: readonly Step[]
}

function storiesOf(file: string, text: string): Story[] {
  const blocks = fencedBlocks(file, text)
  const lines = text.split('\n')
  const headings = lines.flatMap((line, i) => {
    const inside = blocks.some((block) => block.line <= i && i < block.line + block.code.split('\n').length)
    return /^##? /.test(line) && !inside ? [{ line: i + 1, title: line.replace(/^#+ /, '') }] : []
  })
  return headings.flatMap(({ line, title }, i) => {
    const end = headings[i + 1]?.line ?? Infinity
    const own = blocks.filter((block) => block.line > line && block.line < end)
    const files = new Map<string, Block>()
    const steps: Step[] = []
    own.forEach((block, n) => {
      const name = block.words.find((word) => word.startsWith('file='))?.slice('file='.length)
      if (name !== undefined) files.set(name, block)
      if (block.words[0] !== 'sh' || block.words.includes('no-run')) return
      const next = own[n + 1]
      steps.push({ script: block, printed: next?.words[0] === 'text' ? next : undefined })
    })
    return files.size > 0 ? [{ title, files, steps }] : []
  })
}

/** What a line of a page stands for. */
function lineMatcher(line: string, numbersVary: boolean): RegExp {
  const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  const parts = line
    .split('…')
    .map((part) => (numbersVary ? part.split(/\d+/).map(literally).join('\\d+') : literally(part)))
  return new RegExp(`^${parts.join('.*')}$`)
}

/** Where what was printed is not what the page says, or nothing. */
function difference(page: Block, printed: string): string | undefined {
  const numbersVary = page.words.includes('numbers-vary')
  const wanted = page.code.split('\n')
  const got = printed.trimEnd().split('\n')
  const both = `the page says\n${page.code}\nbut this was printed\n${printed}`
  if (!page.words.includes('any-order')) {
    const same =
      wanted.length === got.length &&
      wanted.every((line, i) => lineMatcher(line, numbersVary).test(got[i] ?? ''))
    return same ? undefined : both
  }
  for (const line of wanted) {
    const place = got.findIndex((one) => lineMatcher(line, numbersVary).test(one))
    if (place === -1) return both
    got.splice(place, 1)
  }
  return got.length === 0 ? undefined : both
}

/** What it has printed. Programs that are still running after a minute end with the shell that began them. */
async function run({ file, line, code }: Block, cwd: string): Promise<string> {
  const env = {
    ...process.env,
    NODE_OPTIONS: '',
    PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
  }
  const shell = spawn('sh', ['-e', '-c', code], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  let complaints = ''
  shell.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text))
  shell.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text))
  const timer = setTimeout(() => process.kill(-(shell.pid as number), 'SIGKILL'), 60_000)
  const [exit, signal] = (await once(shell, 'close')) as [number | null, string | null]
  clearTimeout(timer)
  if (exit !== 0) throw new Error(`${file}:${line} ended with ${exit ?? signal}\n${printed}${complaints}`)
  return printed
}

const stories = filesIn('docs', /\.md$/).flatMap((file) =>
  storiesOf(file, read(file)).map((story) => [`${file}: ${story.title}`, story] as const),
)

const scratch = mkdtempSync(join(tmpdir(), 'varve-stories-'))
beforeAll(() => linkPackage(scratch))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

test('the pages tell stories', () => {
  const page =
    '# T\n## One\n```js file=a.mjs\n1\n```\n```sh\n# no heading\nnode a.mjs\n```\n```text\nx\n```\n## Two\n```sh\nls\n```\n'
  expect(storiesOf('p.md', page)).toMatchObject([
    { title: 'One', steps: [{ script: { line: 6 }, printed: { line: 10 } }] },
  ])
  expect(stories.length).toBeGreaterThanOrEqual(3)
})

test('what was printed is compared with the page', () => {
  const says = (code: string, ...marks: string[]): Block => ({
    file: 'p.md',
    line: 1,
    words: ['text', ...marks],
    code,
  })
  expect(difference(says('a 1\nb'), 'a 1\nb\n')).toBeUndefined()
  expect(difference(says('a 1\nb'), 'a 2\nb\n')).toBeDefined()
  expect(difference(says('a 1'), 'a 1\nb\n')).toBeDefined()
  expect(difference(says('a 1', 'numbers-vary'), 'a 25\n')).toBeUndefined()
  expect(difference(says('a 1', 'numbers-vary'), 'a b\n')).toBeDefined()
  expect(difference(says('at …/x (*)'), 'at /tmp/x (*)\n')).toBeUndefined()
  expect(difference(says('b\na', 'any-order'), 'a\nb\n')).toBeUndefined()
  expect(difference(says('b\nb', 'any-order'), 'a\nb\n')).toBeDefined()
})

describe.skipIf(process.platform === 'win32')('story', () => {
  test.each(stories)(
    '%s',
    async (_, { files, steps }) => {
      const folder = mkdtempSync(join(scratch, 'story-'))
      for (const [name, { code }] of files) writeFileSync(join(folder, name), `${code}\n`)
      for (const { script, printed } of steps) {
        const output = await run(script, folder)
        const wrong = printed && difference(printed, output)
        if (wrong !== undefined) throw new Error(`${printed?.file}:${printed?.line}: ${wrong}`)
      }
    },
    120_000,
  )
})
