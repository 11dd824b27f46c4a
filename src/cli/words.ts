/** A line as a shell would part it. */
export interface Parted {
  readonly words: readonly string[]
  /** A quote is open, or the last character is a backslash. */
  readonly open: boolean
  /** Where the last word begins in the line, with its quote. */
  readonly last: number
}

/** Words are parted by blanks; quotes and backslashes keep them together. The last one is empty if the line ends with a blank. */
export function part(line: string): Parted {
  const words: string[] = []
  let word = ''
  let quote = ''
  let escaped = false
  let last = -1
  for (let i = 0; i < line.length; i++) {
    const char = line[i] ?? ''
    if (last < 0 && !/\s/.test(char)) last = i
    if (escaped) {
      // Inside double quotes a backslash stands for itself before anything but these.
      word += quote === '"' && !/["\\$`]/.test(char) ? `\\${char}` : char
      escaped = false
    } else if (char === '\\' && quote !== "'") escaped = true
    else if (quote !== '') {
      if (char === quote) quote = ''
      else word += char
    } else if (char === '"' || char === "'") quote = char
    else if (/\s/.test(char)) {
      if (last >= 0) words.push(word)
      word = ''
      last = -1
    } else word += char
  }
  const open = quote !== '' || escaped
  return { words: [...words, word], open, last: last < 0 ? line.length : last }
}

/** A word as it can stand in a line. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./*~-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
