import { equalFingerprints, seal, SEQUENCE, unseal } from './frame.ts'
import type { Frame } from './frame.ts'
import { damaged, TapeReader, TapeWriter } from './tape.ts'

/** Several deltas in turn, for those that cannot become one without their base. */
export function writeSequence(frames: readonly Frame[]): Uint8Array {
  const tape = new TapeWriter()
  tape.varint(frames.length)
  for (const frame of frames) {
    const bytes = seal(frame)
    tape.varint(bytes.length)
    tape.bytes(bytes)
  }
  return tape.finish()
}

export function readSequence(payload: Uint8Array): Frame[] {
  const tape = new TapeReader(payload)
  const frames: Frame[] = []
  for (let left = tape.count(); left > 0; left--) {
    const frame = unseal(tape.bytes(tape.count()))
    // One within another could go on for ever.
    if (frame.kind === SEQUENCE) throw damaged('it holds a sequence within a sequence')
    const before = frames.at(-1)?.result
    if (before !== undefined && (frame.base === undefined || !equalFingerprints(before, frame.base)))
      throw damaged('its parts do not follow one another')
    frames.push(frame)
  }
  return frames
}
