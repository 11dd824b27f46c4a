import { BINARY, compressBytes, expand } from './frame.ts'
import type { Frame } from './frame.ts'
import { damaged, TapeReader, TapeWriter } from './tape.ts'

/** What it takes to make a step, where it is known what it is made from. */
export type Step = Pick<Frame, 'kind' | 'empty' | 'payload'>

/** A block is made once in many steps: up to so many bytes, a better method is worth its time. */
const MOST_AT_BEST = 2 ** 20

/**
 * Steps that nobody adds to any more, compressed together: what they have in common is said once. Uncompressed:
 *
 *   varint count, for each step: byte kind + 64 if it is empty, varint length; then all payloads
 */
export function packBlock(steps: readonly Step[]): Uint8Array {
  const tape = new TapeWriter()
  tape.varint(steps.length)
  for (const { kind, empty, payload } of steps) {
    tape.byte(kind + (empty ? 64 : 0))
    tape.varint(payload.length)
  }
  for (const { payload } of steps) tape.bytes(payload)
  const raw = tape.finish()
  const whole = new TapeWriter()
  whole.varint(raw.length)
  whole.bytes(compressBytes(raw, raw.length <= MOST_AT_BEST ? 9 : 5))
  return whole.copy()
}

export function unpackBlock(block: Uint8Array): Step[] {
  const outer = new TapeReader(block)
  const length = outer.varint()
  const raw = expand(outer.bytes(outer.left), length)
  const tape = new TapeReader(raw)
  const heads: { kind: number; empty: boolean; length: number }[] = []
  for (let left = tape.count(); left > 0; left--) {
    const head = tape.byte()
    const kind = head & 63
    if (kind > BINARY) throw damaged('it has a step of an unknown kind')
    heads.push({ kind, empty: (head & 64) !== 0, length: tape.varint() })
  }
  return heads.map((head) => ({ kind: head.kind, empty: head.empty, payload: tape.bytes(head.length) }))
}
