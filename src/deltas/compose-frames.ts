import { composeBytes } from './compose-bytes.ts'
import { uncomposable } from './compose-keyed.ts'
import { composeEdits, notInTurn } from './compose.ts'
import { BINARY, COMPRESS, equalFingerprints, NONE, SEQUENCE, STRUCTURAL } from './frame.ts'
import type { Frame } from './frame.ts'
import { applyFrame } from './patch.ts'
import { readEdit, writeEdit } from './payload.ts'
import { readSequence, writeSequence } from './sequence.ts'
import { packBinaryPayload, readBinaryPayload } from './binary-payload.ts'
import { readWhole, wholeBytes } from './whole.ts'

const NOTHING = new Uint8Array(0)

/** One delta for a run of them. Without any, one that changes nothing, whatever it is applied to. */
export function composeFrames(frames: readonly Frame[]): Frame {
  const list = frames.flatMap((frame) =>
    frame.kind === SEQUENCE && !frame.empty ? readSequence(frame.payload) : [frame],
  )
  const bound = list.filter(({ base }) => base !== undefined)
  const [first] = bound
  if (first === undefined)
    return { kind: STRUCTURAL, base: undefined, result: undefined, empty: true, whole: 0, payload: NOTHING }
  for (let i = 1; i < bound.length; i++) {
    const { result } = bound[i - 1] as Frame
    const { base } = bound[i] as Frame
    if (result === undefined || base === undefined || !equalFingerprints(result, base)) throw notInTurn()
  }
  const merged: Frame[] = []
  for (const frame of bound) {
    if (frame.empty) continue
    const last = merged.at(-1)
    const both = last === undefined ? undefined : merge(last, frame)
    if (both === undefined) merged.push(frame)
    else merged[merged.length - 1] = both
  }
  const rest = merged.filter(({ empty }) => !empty)
  if (rest.length === 0) return { ...first, result: first.base, empty: true, payload: NOTHING }
  if (rest.length === 1) return rest[0] as Frame
  return {
    kind: SEQUENCE,
    base: rest[0]?.base,
    result: rest.at(-1)?.result,
    empty: false,
    whole: rest.at(-1)?.whole ?? 0,
    payload: writeSequence(rest),
  }
}

/** One of two; undefined if they can only be kept as two. */
function merge(first: Frame, second: Frame): Frame | undefined {
  if (first.empty) return second
  const frame = { ...second, base: first.base }
  if (second.kind === NONE || second.kind === COMPRESS) return frame
  if (first.kind === NONE || first.kind === COMPRESS) {
    const after = applyFrame(readWhole(first.payload), second)
    return { ...frame, kind: first.kind, payload: wholeBytes(after) }
  }
  if (first.kind === STRUCTURAL && second.kind === STRUCTURAL) return mergeEdits(first, second, frame)
  if (first.kind !== BINARY || second.kind !== BINARY) return undefined
  const one = readBinaryPayload(first.payload)
  const two = readBinaryPayload(second.payload)
  // The same data, but with its keys in another order: other bytes.
  if (one.after !== two.before) return undefined
  const script = composeBytes(one.script, two.script)
  const known = one.paths.length > 0 && two.paths.length > 0
  const paths = known ? [...new Set([...one.paths, ...two.paths])] : []
  return { ...frame, payload: packBinaryPayload({ before: one.before, after: two.after, paths, script }) }
}

function mergeEdits(first: Frame, second: Frame, frame: Frame): Frame | undefined {
  try {
    const edit = composeEdits(readEdit(first.payload), readEdit(second.payload))
    if (edit === undefined) return { ...frame, result: first.base, empty: true, payload: NOTHING }
    return { ...frame, payload: writeEdit(edit) }
  } catch (error) {
    if (error === uncomposable) return undefined
    throw error
  }
}
