import { styleText } from 'node:util'

/** What would move the cursor, change colours, hide, reorder or end a line: nothing of it reaches a terminal raw. */
const UNSAFE = /[\p{Cc}\p{Cs}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu
const NAMES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function escapeOf(char: string): string {
  return NAMES[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** On one line, and unambiguous: a backslash is written twice. */
export function oneLine(text: string): string {
  return text.replaceAll('\\', '\\\\').replace(UNSAFE, escapeOf)
}

/** Line ends and tabs stay; for people, not for programs. */
export function manyLines(text: string): string {
  return text.replace(UNSAFE, (char) => (char === '\n' || char === '\t' ? char : escapeOf(char)))
}

/** JSON text is safe but for what JSON lets through; inside its strings an escape means the same. */
export function safeJson(text: string): string {
  return text.replace(UNSAFE, escapeOf)
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan' | 'magenta'
export type Paint = (style: Style | undefined, text: string) => string

/** Paints for this stream: asks NO_COLOR, FORCE_COLOR and the stream once. */
export function paintFor(stream: NodeJS.WriteStream): Paint {
  const colours = styleText('red', 'x', { stream }) !== 'x'
  return (style, text) =>
    colours && style !== undefined && text !== '' ? styleText(style, text, { validateStream: false }) : text
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u
const NONE = /\p{M}|\ufe0f|\u200d/u

/** Columns of a terminal. */
export function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length
  let width = 0
  for (const char of text) width += NONE.test(char) ? 0 : WIDE.test(char) ? 2 : 1
  return width
}

/** At most so wide; what is cut off is shown by an ellipsis. */
export function cut(text: string, width: number): string {
  if (text.length <= width && widthOf(text) <= width) return text
  let kept = ''
  let room = width - 1
  for (const char of text) {
    room -= widthOf(char)
    if (room < 0) break
    kept += char
  }
  return `${kept}…`
}
