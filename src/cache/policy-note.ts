import { createHash } from 'node:crypto'
import type { Shelf } from '../engines/sqlite/shelf.ts'
import type { EntriesState } from './entries-state.ts'
import { StateReader, StateWriter } from './policies/policy-state.ts'

const VERSION = 1
/** A long note is written in parts, so that no write takes long. */
const PART_BYTES = 256 * 1024
const HEAD_NOTE = 'policy'

/** What a cache knows of its entries beside their values, as it lies on the disk. */
export interface PolicyNote {
  readonly state: EntriesState
  /** For each of `state.slots`, in their order: its set on the disk, */
  readonly seqs: Float64Array
  /** its last use, */
  readonly used: Float64Array
  /** and how many there were. */
  readonly uses: Int32Array
}

export function noteBytes({ state, seqs, used, uses }: PolicyNote): Uint8Array {
  const notes = new StateWriter()
  for (const number of [VERSION, state.seed, state.slots.length, state.policy.length]) notes.number(number)
  for (const array of [seqs, used, state.marks, uses, state.touches, state.policy]) notes.array(array)
  return notes.bytes()
}

/** undefined: it is of another version, or not whole. The slots are none yet. */
function noteOf(bytes: Uint8Array): PolicyNote | undefined {
  const notes = new StateReader(bytes)
  notes.number(VERSION, VERSION)
  const seed = notes.number(-(2 ** 31), 2 ** 31)
  const count = notes.whole(0, bytes.length)
  const length = notes.whole(0, bytes.length)
  if (!notes.ok) return undefined
  const seqs = notes.float64s(count)
  const used = notes.float64s(count)
  const marks = notes.int32s(count)
  const uses = notes.int32s(count)
  const touches = notes.uint8s(count)
  const policy = notes.uint8s(length)
  if (!notes.complete) return undefined
  return { seqs, used, uses, state: { seed, slots: new Int32Array(count).fill(-1), marks, touches, policy } }
}

/** The parts under names that no note of before has, then the head that names them: there is always one whole note. */
export function* noteWrites(
  shelf: Shelf,
  bytes: Uint8Array,
  seed: number,
  id: string,
): Generator<() => void> {
  const parts = Math.ceil(bytes.length / PART_BYTES)
  for (let n = 0; n < parts; n++)
    yield () => shelf.setNote(`${id}:${n}`, bytes.subarray(n * PART_BYTES, (n + 1) * PART_BYTES))
  const hash = createHash('sha256').update(bytes).digest('hex')
  yield () => {
    shelf.setNote(HEAD_NOTE, Buffer.from(JSON.stringify({ id, parts, seed, hash } satisfies Head)))
    shelf.dropNotesBut([HEAD_NOTE, ...Array.from({ length: parts }, (_, n) => `${id}:${n}`)])
  }
}

/** What keys were hashed with. */
export function readSeed(shelf: Shelf): number | undefined {
  return headOf(shelf)?.seed
}

/** The last note that was written whole; undefined: there is none, or it is damaged. */
export function readNote(shelf: Shelf): PolicyNote | undefined {
  const head = headOf(shelf)
  if (head === undefined) return undefined
  const parts = Array.from({ length: head.parts }, (_, n) => shelf.note(`${head.id}:${n}`))
  if (parts.includes(undefined)) return undefined
  const bytes = Buffer.concat(parts as Uint8Array[])
  return createHash('sha256').update(bytes).digest('hex') === head.hash ? noteOf(bytes) : undefined
}

interface Head {
  readonly id: string
  readonly parts: number
  readonly seed: number
  readonly hash: string
}

function headOf(shelf: Shelf): Head | undefined {
  const bytes = shelf.note(HEAD_NOTE)
  if (bytes === undefined) return undefined
  try {
    const { id, parts, seed, hash } = JSON.parse(Buffer.from(bytes).toString()) as Record<keyof Head, unknown>
    return typeof id === 'string' &&
      typeof parts === 'number' &&
      Number.isSafeInteger(parts) &&
      typeof seed === 'number' &&
      typeof hash === 'string'
      ? { id, parts, seed, hash }
      : undefined
  } catch {
    return undefined
  }
}
