import { InvalidOptionError } from '../errors.ts'
import type { Delta, DeltaStrategy } from '../types.ts'
import { BINARY, COMPRESS, NONE, seal, SEQUENCE, STRUCTURAL, unseal } from './frame.ts'
import type { Frame } from './frame.ts'

const STRATEGIES: Readonly<Record<number, DeltaStrategy>> = {
  [NONE]: 'none',
  [COMPRESS]: 'compress',
  [STRUCTURAL]: 'structural',
  [BINARY]: 'binary',
  [SEQUENCE]: 'auto',
}

/** A delta for the user: plain data, frozen. Its `data` is checked whenever it is read. */
export function deltaOf(frame: Frame, sealed: Uint8Array = seal(frame)): Delta {
  return Object.freeze({
    strategy: STRATEGIES[frame.kind] as DeltaStrategy,
    bytes: sealed.length,
    ratio: sealed.length / Math.max(1, frame.whole),
    empty: frame.empty,
    data: sealed,
  })
}

/** What a delta says, checked: somebody may have had it in his hands. */
export function frameOf(delta: Delta): Frame {
  const data: unknown = (delta as Partial<Delta> | null | undefined)?.data
  if (!(data instanceof Uint8Array))
    throw new InvalidOptionError('This is no delta: use one that delta.diff or delta.decode made.')
  return unseal(data)
}
