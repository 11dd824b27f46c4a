import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { fencedBlocks, filesIn, read, repository } from './support/pages.ts'

/** Links between our own pages lead to a file, and to a heading of it. */
const pages = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'bench/README.md',
  ...filesIn('docs', /\.md$/),
]

function withoutBlocks(file: string): string {
  const lines = read(file).split('\n')
  for (const { line, code } of fencedBlocks(file, read(file)))
    lines.fill('', line - 1, line + code.split('\n').length + 1)
  return lines.join('\n')
}

/** As GitHub makes them. */
function anchorsOf(file: string): string[] {
  const seen = new Map<string, number>()
  return [...withoutBlocks(file).matchAll(/^#{1,6} (.+)$/gm)].map(([, title = '']) => {
    const anchor = title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-')
    const times = seen.get(anchor) ?? 0
    seen.set(anchor, times + 1)
    return times === 0 ? anchor : `${anchor}-${times}`
  })
}

test.each(pages)('the links of %s lead somewhere', (page) => {
  const broken = [...withoutBlocks(page).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
    if (/^[a-z]+:/.test(target)) return []
    const [path = '', anchor] = target.split('#')
    const file = path === '' ? page : join(dirname(page), path)
    if (!existsSync(join(repository, file))) return [target]
    return anchor === undefined || anchorsOf(file).includes(anchor) ? [] : [target]
  })
  expect(broken).toEqual([])
})
