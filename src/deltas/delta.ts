import { InvalidOptionError } from '../errors.ts'
import { survey } from '../log/classify.ts'
import type { Delta, DeltaApi, DeltaStrategy, JsonPatchOperation, Value } from '../types.ts'
import { applyJsonPatch } from './apply-json-patch.ts'
import { readBinaryPayload } from './binary-payload.ts'
import { compareShared } from './compare.ts'
import { composeFrames } from './compose-frames.ts'
import { BINARY, SEQUENCE, STRUCTURAL, unseal } from './frame.ts'
import type { Frame } from './frame.ts'
import { deltaOf, frameOf } from './handle.ts'
import { invertFrame } from './invert.ts'
import { jsonPatch } from './json-patch.ts'
import { mergePatch } from './merge-patch.ts'
import { applyFrame, checkBase } from './patch.ts'
import { pathsOf } from './paths.ts'
import { readEdit } from './payload.ts'
import { readSequence } from './sequence.ts'
import { makeDelta } from './strategies.ts'

const STRATEGIES: readonly unknown[] = ['auto', 'structural', 'binary', 'compress', 'none']

export function checkStrategy(strategy: unknown): asserts strategy is DeltaStrategy {
  if (!STRATEGIES.includes(strategy))
    throw new InvalidOptionError(
      `A delta's strategy is one of ${STRATEGIES.join(', ')}, not ${JSON.stringify(strategy)}.`,
    )
}

function diff(before: Value, after: Value, options: { readonly strategy?: DeltaStrategy } = {}): Delta {
  if (typeof options !== 'object' || options === null)
    throw new InvalidOptionError('The options of delta.diff are an object, such as { strategy }.')
  for (const name of Object.keys(options))
    if (name !== 'strategy')
      throw new InvalidOptionError(`delta.diff has no option ${JSON.stringify(name)}; it knows strategy.`)
  const strategy = options.strategy ?? 'auto'
  checkStrategy(strategy)
  return makeDelta(before, after, strategy)
}

function patch<T = Value>(before: Value, delta: Delta): T {
  return applyFrame(before, frameOf(delta)) as T
}

function invert(before: Value, delta: Delta): Delta {
  return deltaOf(invertFrame(before, frameOf(delta)))
}

function compose(...deltas: Delta[]): Delta {
  const [only] = deltas
  const frames = deltas.map(frameOf)
  return deltas.length === 1 && only !== undefined ? only : deltaOf(composeFrames(frames))
}

function encode(delta: Delta): Uint8Array {
  // A delta that was tampered with is refused, and nobody gets hold of its bytes.
  frameOf(delta)
  return delta.data.slice()
}

function decode(bytes: Uint8Array): Delta {
  if (!(bytes instanceof Uint8Array))
    throw new InvalidOptionError('delta.decode takes the bytes that delta.encode made.')
  // A copy: the caller may go on with his.
  const own = new Uint8Array(bytes)
  return deltaOf(unseal(own), own)
}

function paths(delta: Delta): string[] {
  return pathsOfFrame(frameOf(delta))
}

function pathsOfFrame(frame: Frame): string[] {
  if (frame.empty) return []
  if (frame.kind === STRUCTURAL) return [...pathsOf(readEdit(frame.payload))]
  if (frame.kind === SEQUENCE)
    return [...new Set(readSequence(frame.payload).flatMap((one) => pathsOfFrame(one)))]
  const paths = frame.kind === BINARY ? readBinaryPayload(frame.payload).paths : []
  return paths.length > 0 ? [...paths] : ['$']
}

function toJsonPatch(before: Value, delta: Delta): JsonPatchOperation[] {
  const frame = frameOf(delta)
  if (frame.kind === STRUCTURAL && !frame.empty) {
    checkBase(before, frame)
    return jsonPatch(before, readEdit(frame.payload))
  }
  const edit = compareShared(before, applyFrame(before, frame))
  return edit === undefined ? [] : jsonPatch(before, edit)
}

function fromJsonPatch(before: Value, operations: readonly JsonPatchOperation[]): Delta {
  survey(before)
  return makeDelta(before, applyJsonPatch(before, operations), 'auto')
}

function toMergePatch(before: Value, delta: Delta): Value {
  return mergePatch(before, applyFrame(before, frameOf(delta)))
}

/**
 * The difference between two values, of any kind that a store takes.
 *
 * @example
 * ```ts
 * import { delta } from 'varve'
 * const before = { name: 'Ada', tags: ['x', 'y'] }
 * const after = { name: 'Ada', tags: ['y'], age: 36 }
 * const change = delta.diff(before, after)
 * console.log(delta.patch(before, change)) // { name: 'Ada', tags: [ 'y' ], age: 36 }
 * console.log(delta.paths(change)) // [ '$.tags[0]', '$.age' ]
 * ```
 */
export const delta: DeltaApi = {
  diff,
  patch,
  invert,
  compose,
  encode,
  decode,
  paths,
  toJsonPatch,
  fromJsonPatch,
  toMergePatch,
}
