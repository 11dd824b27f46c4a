/**
 * What would break a record in two or paint on somebody's terminal: control characters, line separators, and those that
 * turn the direction of what follows.
 */
// oxlint-disable-next-line no-control-regex
const UNSEEN = /[\0-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** A text in which nothing can end a line or hide: such characters are written out. */
export function oneLine(text: string): string {
  return text
    .toWellFormed()
    .replace(
      UNSEEN,
      (character) => SHORT[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
}

/** Of whatever was thrown: what it is and what it says, in one line. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return oneLine(String(error)).slice(0, 1_000)
  const code = (error as { code?: unknown }).code
  const name = typeof code === 'string' ? code : error.name
  const message = error.message.startsWith(name) ? error.message : `${name}: ${error.message}`
  return oneLine(message)
}
