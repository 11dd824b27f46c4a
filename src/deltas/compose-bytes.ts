import { scriptLength, ScriptBuilder } from './byte-script.ts'
import type { ByteScript } from './edit.ts'
import { damaged } from './tape.ts'

/** Maps the copies of the second script through the first. */
export function composeBytes(first: ByteScript, second: ByteScript): ByteScript {
  if (second.base !== scriptLength(first)) throw damaged('its runs do not fit its base')
  const starts: number[] = []
  const literals: number[] = []
  let at = 0
  let taken = 0
  for (let i = 0; i < first.froms.length; i++) {
    const length = first.lengths[i] as number
    starts.push(at)
    literals.push(taken)
    at += length
    if (first.froms[i] === -1) taken += length
  }
  const script = new ScriptBuilder(first.base, second.literals)
  let used = 0
  for (let i = 0; i < second.froms.length; i++) {
    const from = second.froms[i] as number
    let left = second.lengths[i] as number
    if (from < 0) {
      script.insert(used, used + left)
      used += left
      continue
    }
    let run = runAt(starts, from)
    let skip = from - (starts[run] ?? 0)
    for (; left > 0; run++, skip = 0) {
      const count = Math.min(left, (first.lengths[run] as number) - skip)
      const source = first.froms[run] as number
      if (source >= 0) {
        if (count > 0) script.copy(source + skip, count)
      } else {
        const start = (literals[run] as number) + skip
        script.literal(first.literals.subarray(start, start + count))
      }
      left -= count
    }
  }
  return script.finish()
}

/** The last run that begins at or before a place. */
export function runAt(starts: readonly number[], place: number): number {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((starts[middle] as number) <= place) low = middle
    else high = middle - 1
  }
  return low
}
