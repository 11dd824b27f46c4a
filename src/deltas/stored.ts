import type { Encoded } from '../change.ts'
import { decode, encode, plainForm } from '../log/codec.ts'
import type { DeltaStrategy } from '../types.ts'
import { applyEdit } from './apply.ts'
import { applyBytes, diffBytes } from './byte-script.ts'
import { compareShared } from './compare.ts'
import { compressBytes, expand } from './frame.ts'
import { readEdit, readScript, writeEdit, writeScript } from './payload.ts'
import { damaged, TapeReader, TapeWriter } from './tape.ts'
import { bytesOf, encodedOf } from './whole.ts'

/**
 * How a log keeps a past value beside the newer one that took its place. No checksums: the log has its own over every record.
 *
 *   byte 0   1: a script over the newer value's bytes; 2: a structural edit of the newer value; 3: the whole value;
 *            + 128 if what follows is compressed
 *   varint   bytes before compression (only if it is compressed)
 *   the rest
 */
const SCRIPT = 1
const EDIT = 2
const WHOLE = 3
const COMPRESSED = 128
/** A delta that takes more of the whole than this is not worth the reading. */
const WORTH = 0.6
const LEAST_COMPRESSED = 160

/**
 * The older of two stored values as bytes that are read beside the newer one; undefined if that does not pay: keep it whole
 * then. Values may be given compressed; what comes back is not.
 */
export function storeDelta(newer: Encoded, older: Encoded, strategy: DeltaStrategy): Uint8Array | undefined {
  if (strategy === 'none') return undefined
  const to = bytesOf(plainForm(older))
  const found: Uint8Array[] = []
  if (strategy === 'binary' || strategy === 'auto') {
    const tape = new TapeWriter()
    writeScript(tape, diffBytes(bytesOf(plainForm(newer)), to))
    found.push(pack(SCRIPT, tape.finish()))
  }
  if (strategy === 'structural') {
    const edit = editOf(newer, older)
    if (edit !== undefined) found.push(pack(EDIT, edit))
  }
  const size = (): number => found[0]?.length ?? Infinity
  if (strategy === 'compress' || (strategy === 'auto' && size() > to.length / 4)) {
    const whole = pack(WHOLE, to)
    if (whole.length < size()) found[0] = whole
  }
  return size() < to.length * WORTH ? found[0] : undefined
}

/** The older value, as it was stored but for its compression. IntegrityError for what `storeDelta` has not made of `newer`. */
export function loadDelta(newer: Encoded, stored: Uint8Array): Encoded {
  return loadDeltas(newer, [stored])
}

/** The same over several deltas, from the newest to the oldest: in between, nothing is made a text that would be bytes again. */
export function loadDeltas(newest: Encoded, stored: readonly Uint8Array[]): Encoded {
  let bytes = bytesOf(plainForm(newest))
  for (const one of stored) {
    const { tag, body } = unpack(one)
    if (tag === WHOLE) bytes = body
    else if (tag === SCRIPT) bytes = applyBytes(bytes, readScript(new TapeReader(body)))
    else bytes = bytesOf(encode(applyEdit(decode(encodedOf(bytes)), readEdit(body)), PLAIN))
  }
  return encodedOf(bytes)
}

const PLAIN = { compression: false }

function editOf(newer: Encoded, older: Encoded): Uint8Array | undefined {
  const from = decode(newer)
  const edit = compareShared(from, decode(older))
  if (edit === undefined) return undefined
  const bytes = writeEdit(edit)
  // What is shared within a value is not shared in what an edit makes: to the byte, or not at all.
  const back = bytesOf(encode(applyEdit(from, readEdit(bytes)), PLAIN))
  return Buffer.compare(back, bytesOf(plainForm(older))) === 0 ? bytes : undefined
}

function pack(tag: number, body: Uint8Array): Uint8Array {
  const tape = new TapeWriter()
  const compressed = body.length >= LEAST_COMPRESSED ? compressBytes(body) : undefined
  if (compressed !== undefined && compressed.length + 3 < body.length) {
    tape.byte(tag + COMPRESSED)
    tape.varint(body.length)
    tape.bytes(compressed)
  } else {
    tape.byte(tag)
    tape.bytes(body)
  }
  return tape.copy()
}

function unpack(stored: Uint8Array): { tag: number; body: Uint8Array } {
  const tape = new TapeReader(stored)
  const head = tape.byte()
  const tag = head & ~COMPRESSED
  if (tag !== SCRIPT && tag !== EDIT && tag !== WHOLE) throw damaged('it is of an unknown form')
  if (head === tag) return { tag, body: tape.bytes(tape.left) }
  const length = tape.varint()
  return { tag, body: expand(tape.bytes(tape.left), length) }
}
