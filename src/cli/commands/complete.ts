import type { Command } from '../command.ts'
import { candidates, type Candidate } from '../completion/candidates.ts'
import { oneLine } from '../text.ts'
import { part } from '../words.ts'

/**
 * What the completion scripts call: `__complete bash <line>`, `__complete zsh|fish <word>…`. Prints a line for each candidate:
 * the word, a tab, what it is; `:files` where names of files fit.
 */
export const complete: Command = {
  storeless: true,
  arguments: [
    { name: 'shell', summary: 'the shell', choices: ['bash', 'zsh', 'fish'] },
    { name: 'word', summary: 'the line so far', many: true, optional: true },
  ],
  examples: [["varve __complete bash 'varve snap'", 'what the script of bash asks']],
  async run({ args: [shell, ...rest], out, program, session }) {
    const words = shell === 'bash' ? part(rest[0] ?? '').words.slice(1) : rest
    const found = await candidates(words, {
      entries: program.entries,
      open: (address) => session.open(address, { mode: 'read' }),
    })
    const current = words.at(-1) ?? ''
    const lines = found.words.map(({ word, about = '' }: Candidate) => {
      const shown = shell === 'bash' ? forBash(word, current) : word
      return `${shown}\t${oneLine(about)}\n`
    })
    await out.text(lines.join('') + (found.files ? ':files\t\n' : ''))
  },
}

/** Bash puts the answer in place of what stands behind the last colon or equals sign, and quotes nothing. */
function forBash(word: string, current: string): string {
  const behind = Math.max(current.lastIndexOf(':'), current.lastIndexOf('=')) + 1
  return word.slice(behind).replace(/[^\w@%+=:,./~-]/g, '\\$&')
}
