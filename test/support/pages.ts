import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const repository: string = fileURLToPath(new URL('../..', import.meta.url))

/** A fenced block of a page. `words` are what stands behind the fence: the language, then marks such as `no-run`. */
export interface Block {
  readonly file: string
  readonly line: number
  readonly words: readonly string[]
  readonly code: string
}

export function fencedBlocks(file: string, text: string): Block[] {
  const blocks: Block[] = []
  let open: { indent: number; fence: string; line: number; words: string[]; code: string[] } | undefined
  text.split('\n').forEach((line, i) => {
    const fence = /^(\s*)(`{3,})\s*([^`]*)$/.exec(line)
    if (!open && fence) {
      const [, indent = '', ticks = '', info = ''] = fence
      const words = info.split(/\s+/).filter((word) => word !== '')
      open = { indent: indent.length, fence: ticks, line: i + 1, words, code: [] }
    } else if (open && line.trim() === open.fence) {
      blocks.push({ file, line: open.line, words: open.words, code: open.code.join('\n') })
      open = undefined
    } else if (open) {
      open.code.push(line.slice(Math.min(open.indent, line.length - line.trimStart().length)))
    }
  })
  if (open) throw new Error(`${file}:${open.line}: this block is never closed`)
  return blocks
}

export const filesIn = (folder: string, ending: RegExp): string[] =>
  existsSync(join(repository, folder))
    ? readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => ending.test(file))
        .map((file) => join(folder, file))
        .sort()
    : []

export const read = (file: string): string => readFileSync(join(repository, file), 'utf8')

/** A folder in which `import 'varve'` finds the built package. */
export function linkPackage(folder: string): void {
  if (!existsSync(join(repository, 'dist/index.js'))) throw new Error('dist/ is missing: npm run build')
  mkdirSync(join(folder, 'node_modules'), { recursive: true })
  symlinkSync(repository, join(folder, 'node_modules/varve'), 'junction')
}
