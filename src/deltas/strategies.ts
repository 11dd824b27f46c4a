import { deflateRawSync } from 'node:zlib'
import type { Delta, DeltaStrategy } from '../types.ts'
import { writeBinaryPayload } from './binary-payload.ts'
import { compare } from './compare.ts'
import type { Comparison } from './compare.ts'
import { BINARY, COMPRESS, NONE, STRUCTURAL } from './frame.ts'
import type { Frame } from './frame.ts'
import { deltaOf } from './handle.ts'
import { briefPaths } from './paths.ts'
import { writeEdit } from './payload.ts'
import { unsharedBytes, wholeBytes } from './whole.ts'

const NOTHING = new Uint8Array(0)

/** Makes a delta by a strategy. */
export function makeDelta(before: unknown, after: unknown, strategy: DeltaStrategy): Delta {
  const found = compare(before, after)
  if (found.edit === undefined) return deltaOf(frame(found, KINDS[strategy], NOTHING, found.whole))
  if (strategy === 'auto') return smallest(before, after, found)
  return deltaOf(frameBy(strategy, before, after, found))
}

const KINDS: Readonly<Record<DeltaStrategy, number>> = {
  none: NONE,
  compress: COMPRESS,
  binary: BINARY,
  structural: STRUCTURAL,
  auto: STRUCTURAL,
}

function frame(found: Comparison, kind: number, payload: Uint8Array, whole: number): Frame {
  const { base, result, edit } = found
  return { kind, base, result, empty: edit === undefined, whole, payload }
}

function frameBy(
  strategy: Exclude<DeltaStrategy, 'auto'>,
  before: unknown,
  after: unknown,
  found: Comparison,
): Frame {
  if (strategy === 'structural' && found.edit !== undefined)
    return frame(found, STRUCTURAL, writeEdit(found.edit), found.whole)
  if (strategy === 'binary') return binaryFrame(before, after, found)
  const bytes = wholeBytes(after)
  return frame(found, KINDS[strategy], bytes, bytes.length)
}

function binaryFrame(
  before: unknown,
  after: unknown,
  found: Comparison,
  bytes: Uint8Array = unsharedBytes(after, found.json),
): Frame {
  const payload = writeBinaryPayload(unsharedBytes(before, found.json), bytes, briefPaths(found.edit))
  return frame(found, BINARY, payload, bytes.length)
}

/** A structural delta this small is not beaten: the others need as much for their frames and checksums, */
const SMALL_ENOUGH = 16
/** unless the whole value is hardly more than its frame. */
const SMALL_WHOLE = 64
/** In more than this, what takes so little of the whole is not worth another comparison: there are only bytes to be gained. */
const MUCH = 65_536
const LITTLE = 1000
/** Beyond this, bytes are only compared where the structural delta is no success. */
const MOST_COMPARED = 4 * 2 ** 20
/** How much of the best a structural delta may be larger and still be preferred: it can tell what it touches. */
const PREFERENCE = 1.08

/**
 * `auto`: the structural delta, unless another is smaller. Bytes are compared and values compressed only where that can be
 * so, which takes at most a few times as long as the structural comparison.
 */
function smallest(before: unknown, after: unknown, found: Comparison): Delta {
  const first = frameBy('structural', before, after, found)
  const structural = deltaOf(first)
  const { length } = first.payload
  const { whole } = found
  if (whole > MUCH && length * LITTLE <= whole) return structural
  if (length <= SMALL_ENOUGH && length < whole)
    return whole > SMALL_WHOLE ? structural : chosenFrom(structural, [wholeDelta(after, found)])
  const size = structural.bytes
  const bytes = unsharedBytes(after, found.json)
  const candidates: Delta[] = []
  if (whole <= MOST_COMPARED || size > whole / 50)
    candidates.push(deltaOf(binaryFrame(before, after, found, bytes)))
  const best = Math.min(size, candidates[0]?.bytes ?? Infinity)
  if (compressesBelow(best, bytes)) candidates.push(wholeDelta(after, found, found.json ? bytes : undefined))
  return chosenFrom(structural, candidates)
}

function wholeDelta(after: unknown, found: Comparison, bytes: Uint8Array = wholeBytes(after)): Delta {
  return deltaOf(frame(found, COMPRESS, bytes, bytes.length))
}

function chosenFrom(structural: Delta, others: readonly Delta[]): Delta {
  return others.reduce((chosen, one) => {
    const worth = chosen === structural ? PREFERENCE : 1
    return one.bytes * worth < chosen.bytes ? one : chosen
  }, structural)
}

const SAMPLE = 4096
/** What the sample may be told small by, at most: of little bytes, by a better method; of many, by what is alike in all of them. */
const GAIN_OF_FEW = 0.5
const GAIN_OF_MANY = 0.1
/** Few bytes never shrink more than that, unless they say the same again and again. */
const MOST_GAIN = 12

/** Judged by a sample from the middle: of few bytes, compressing all of them is what would take longest. */
function compressesBelow(size: number, bytes: Uint8Array): boolean {
  const few = bytes.length < 2 * SAMPLE
  if (!few && size > bytes.length / 20) return true
  if (few && size * MOST_GAIN < bytes.length) return false
  const sample = few ? bytes : bytes.subarray(bytes.length >> 1, (bytes.length >> 1) + SAMPLE)
  const packed = deflateRawSync(sample, { level: 1 }).length / sample.length
  return packed * bytes.length * (few ? GAIN_OF_FEW : GAIN_OF_MANY) < size
}
