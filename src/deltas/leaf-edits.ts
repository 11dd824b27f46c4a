import { diffBytes, scriptWeight } from './byte-script.ts'
import type { Edit } from './edit.ts'

/** Texts and bytes shorter than this are replaced, not edited. */
const LEAST_EDITED = 48

/** What shorter texts have in common beside their ends is not searched for: a checksum, say, has nothing. */
const LEAST_SEARCHED = 128

/** How much of two texts is the same at the front and at the back. */
function commonEnds(a: string, b: string): number {
  const most = Math.min(a.length, b.length)
  let front = 0
  while (front < most && a.charCodeAt(front) === b.charCodeAt(front)) front++
  let back = 0
  while (back < most - front && a.charCodeAt(a.length - 1 - back) === b.charCodeAt(b.length - 1 - back))
    back++
  return front + back
}

/** A part of the text where that is less than the whole. */
export function textEdit(a: string, b: string): Edit {
  if (a.length < LEAST_EDITED || b.length < LEAST_EDITED) return { kind: 'set', value: b }
  if (b.length < LEAST_SEARCHED && commonEnds(a, b) < b.length / 4) return { kind: 'set', value: b }
  if (a.isWellFormed() && b.isWellFormed()) {
    const script = diffBytes(Buffer.from(a), Buffer.from(b))
    if (scriptWeight(script) < b.length * 0.75) return { kind: 'text', script }
  }
  return { kind: 'set', value: b }
}

/** undefined: the whole is not much more. */
export function bytesEdit(from: Uint8Array, to: Uint8Array): Edit | undefined {
  if (from.length < LEAST_EDITED || to.length < LEAST_EDITED) return undefined
  const script = diffBytes(from, to)
  return scriptWeight(script) < to.length * 0.75 ? { kind: 'bytes', script } : undefined
}
