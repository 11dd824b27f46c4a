import { crc32 } from 'node:zlib'
import { IntegrityError } from '../errors.ts'
import { applyEdit } from './apply.ts'
import type { Own } from './apply.ts'
import { applyBytes } from './byte-script.ts'
import { fingerprint } from './fingerprint.ts'
import { beyondJson } from './hash.ts'
import { BINARY, COMPRESS, equalFingerprints, NONE, STRUCTURAL } from './frame.ts'
import type { Step } from './block.ts'
import type { Frame } from './frame.ts'
import { readEdit } from './payload.ts'
import { readSequence } from './sequence.ts'
import { readBinaryPayload } from './binary-payload.ts'
import { readWhole, unsharedBytes } from './whole.ts'

/** What a delta makes of its base, which is checked first. */
export function applyFrame(before: unknown, frame: Frame): unknown {
  checkBase(before, frame)
  // The fingerprint has looked at everything.
  return applyUnchecked(before, frame, frame.base !== undefined && beyondJson[0] === 0)
}

export function checkBase(before: unknown, frame: Frame): void {
  if (frame.base !== undefined && !equalFingerprints(fingerprint(before), frame.base)) throw wrongBase()
}

function wrongBase(): IntegrityError {
  return new IntegrityError(
    'The delta was made from another value than this one: apply it to the value that it was made from.',
  )
}

/** The same for who knows that it is the base; `json`: and that it is nothing but JSON. `own`: see `applyEdit`. */
export function applyUnchecked(before: unknown, frame: Step, json = false, own?: Own): unknown {
  if (frame.empty) return before
  switch (frame.kind) {
    case STRUCTURAL:
      return applyEdit(before, readEdit(frame.payload), own)
    case BINARY: {
      const { before: sum, after, script } = readBinaryPayload(frame.payload)
      const bytes = unsharedBytes(before, json)
      if ((crc32(bytes) | 0) !== sum) throw wrongBase()
      const result = applyBytes(bytes, script)
      if ((crc32(result) | 0) !== after) throw new IntegrityError('A delta is damaged: its result is wrong.')
      return readWhole(result)
    }
    case NONE:
    case COMPRESS:
      return readWhole(frame.payload)
    default:
      return readSequence(frame.payload).reduce<unknown>((value, step) => applyUnchecked(value, step), before)
  }
}
