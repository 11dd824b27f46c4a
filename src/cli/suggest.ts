/** The name that was probably meant: the nearest one, if it is near enough. */
export function suggest(word: string, names: readonly string[]): string | undefined {
  let best: string | undefined
  let least = Math.max(1, Math.floor(word.length * 0.4)) + 0.5
  for (const name of names) {
    const far = name.startsWith(word) && word.length > 1 ? 0.25 : distance(word, name)
    if (far < least) [best, least] = [name, far]
  }
  return best
}

/** ` Did you mean …?`, or nothing. */
export function didYouMean(word: string, names: readonly string[]): string {
  const name = suggest(word, names)
  return name === undefined ? '' : ` Did you mean ${name}?`
}

/** How many letters have to be put in, taken out, exchanged or swapped with their neighbour. */
function distance(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + same)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1)
      row.push(cost)
    }
    before = last
    last = row
  }
  return last[b.length] ?? 0
}
