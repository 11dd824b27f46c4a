import { compareShared } from './compare.ts'
import { BINARY, COMPRESS, NONE, STRUCTURAL } from './frame.ts'
import type { Frame } from './frame.ts'
import { applyFrame } from './patch.ts'
import { briefPaths } from './paths.ts'
import { writeEdit } from './payload.ts'
import { writeBinaryPayload } from './binary-payload.ts'
import { unsharedBytes, wholeBytes } from './whole.ts'

/** The delta that goes back, by the same strategy; one of a sequence is structural. */
export function invertFrame(before: unknown, frame: Frame): Frame {
  const after = applyFrame(before, frame)
  const turned = { ...frame, base: frame.result, result: frame.base }
  if (frame.empty) return turned
  if (frame.kind === NONE || frame.kind === COMPRESS) {
    const payload = wholeBytes(before)
    return { ...turned, whole: payload.length, payload }
  }
  const edit = compareShared(after, before)
  if (frame.kind === BINARY) {
    const paths = briefPaths(edit)
    return {
      ...turned,
      payload: writeBinaryPayload(unsharedBytes(after, false), unsharedBytes(before, false), paths),
    }
  }
  if (edit === undefined) return { ...turned, result: turned.base, empty: true, payload: new Uint8Array(0) }
  return { ...turned, kind: STRUCTURAL, payload: writeEdit(edit) }
}
