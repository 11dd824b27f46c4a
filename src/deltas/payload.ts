import { IntegrityError } from '../errors.ts'
import { decode, encode } from '../log/codec.ts'
import { MOST_BYTES } from './byte-script.ts'
import { MOST_LEVELS } from './edit.ts'
import type { ByteScript, Edit, KeyedEdit, ListEdit, Name, OrderStep, Run } from './edit.ts'
import { NameReader, NameWriter } from './names.ts'
import { damaged, TapeReader, TapeWriter } from './tape.ts'

/**
 * How an edit is written: the instructions, then in one list all new values, as a store keeps them.
 *
 *   payload = varint length of the instructions, edit, values
 *   edit    = byte kind + 8 * flags, and what belongs to it; values are taken from the list in turn
 */
const KINDS = ['set', 'object', 'map', 'array', 'set-items', 'entries', 'text', 'bytes'] as const
const REMOVED = 8
const EDITS = 16
const ADDED = 32
const ORDER = 64
/** Exactly one edit, and nothing to count: what a step of a path costs is this byte and its name. */
const ONE_EDIT = 128

export function writeEdit(edit: Edit): Uint8Array {
  const values: unknown[] = []
  const tape = new TapeWriter()
  new EditWriter(tape, values).edit(edit)
  const instructions = tape.finish()
  const whole = new TapeWriter()
  whole.varint(instructions.length)
  whole.bytes(instructions)
  if (values.length > 0) {
    // JSON text begins with a bracket, the binary form with its version.
    const encoded = encode(values, { compression: false })
    if (typeof encoded === 'string') whole.text(encoded, 'utf8')
    else whole.bytes(encoded)
  }
  return whole.finish()
}

/** The edit, with values that nobody else has. IntegrityError for what cannot have been written. */
export function readEdit(payload: Uint8Array): Edit {
  const tape = new TapeReader(payload)
  const instructions = tape.bytes(tape.count())
  const rest = tape.bytes(tape.left)
  const values = readValues(rest)
  const reader = new EditReader(new TapeReader(instructions), values)
  try {
    const edit = reader.edit(0)
    reader.end()
    return edit
  } catch (error) {
    if (error instanceof IntegrityError) throw error
    throw damaged('it says something impossible', error)
  }
}

function readValues(bytes: Buffer): readonly unknown[] {
  if (bytes.length === 0) return []
  const values = decode(bytes[0] === 0x5b ? bytes.toString() : bytes)
  if (!Array.isArray(values)) throw damaged('it has no list of values')
  return values as unknown[]
}

export function writeScript(tape: TapeWriter, script: ByteScript): void {
  tape.varint(script.base)
  tape.varint(script.froms.length)
  let expected = 0
  for (let i = 0; i < script.froms.length; i++) {
    const from = script.froms[i] as number
    const length = script.lengths[i] as number
    tape.varint(from < 0 ? length * 2 + 1 : length * 2)
    if (from < 0) continue
    tape.signed(from - expected)
    expected = from + length
  }
  tape.bytes(script.literals)
}

export function readScript(tape: TapeReader): ByteScript {
  const base = tape.varint()
  const count = tape.count()
  const froms: number[] = []
  const lengths: number[] = []
  let expected = 0
  let literals = 0
  for (let i = 0; i < count; i++) {
    const head = tape.varint()
    const length = Math.floor(head / 2)
    lengths.push(length)
    if (head % 2 === 1) {
      froms.push(-1)
      literals += length
      continue
    }
    const from = expected + tape.signed()
    if (from < 0 || from + length > base) throw damaged('its runs do not fit its base')
    froms.push(from)
    expected = from + length
  }
  if (literals > MOST_BYTES) throw damaged('it is too long')
  return { base, froms, lengths, literals: tape.bytes(literals) }
}

class EditWriter {
  readonly #tape: TapeWriter
  readonly #values: unknown[]
  readonly #names: NameWriter

  constructor(tape: TapeWriter, values: unknown[]) {
    this.#tape = tape
    this.#values = values
    this.#names = new NameWriter(tape)
  }

  edit(edit: Edit): void {
    const kind = KINDS.indexOf(edit.kind)
    switch (edit.kind) {
      case 'set':
        this.#tape.byte(kind)
        this.#values.push(edit.value)
        break
      case 'object':
      case 'map':
        this.#keyed(edit, kind)
        break
      case 'text':
      case 'bytes':
        this.#tape.byte(kind)
        writeScript(this.#tape, edit.script)
        break
      default:
        this.#tape.byte(kind)
        this.#list(edit)
    }
  }

  #name(name: Name, kind: KeyedEdit['kind']): void {
    if (kind === 'object') this.#names.write(name as string)
    else this.#values.push(name)
  }

  #keyed({ kind, removed, edits, added, order }: KeyedEdit, tag: number): void {
    const tape = this.#tape
    const one = removed.length + added.length + order.length === 0 && edits.length === 1
    const flags =
      (removed.length > 0 ? REMOVED : 0) |
      (edits.length > 0 ? EDITS : 0) |
      (added.length > 0 ? ADDED : 0) |
      (order.length > 0 ? ORDER : 0)
    tape.byte(tag | (one ? ONE_EDIT : flags))
    if (removed.length > 0) tape.varint(removed.length)
    for (const name of removed) this.#name(name, kind)
    if (edits.length > 0 && !one) tape.varint(edits.length)
    for (const [name, edit] of edits) {
      this.#name(name, kind)
      this.edit(edit)
    }
    if (added.length > 0) tape.varint(added.length)
    for (const [name, value] of added) {
      this.#name(name, kind)
      this.#values.push(value)
    }
    if (order.length > 0) tape.varint(order.length)
    for (const { name, anchor, front } of order) {
      tape.byte(front ? 1 : 0)
      this.#name(name, kind)
      if (!front) this.#name(anchor, kind)
    }
  }

  #list({ base, runs }: ListEdit): void {
    const tape = this.#tape
    tape.varint(base)
    tape.varint(runs.length)
    let expected = 0
    for (const run of runs) {
      // Two bits: 0 copy what comes next, 1 insert, 2 edit what comes next, 3 go elsewhere first.
      if (run.kind === 'insert') {
        tape.varint(run.values.length * 4 + 1)
        for (const value of run.values) this.#values.push(value)
        continue
      }
      if (run.from !== expected) {
        const step = run.from - expected
        tape.varint((step < 0 ? -2 * step - 1 : 2 * step) * 4 + 3)
      }
      if (run.kind === 'copy') {
        tape.varint(run.count * 4)
        expected = run.from + run.count
      } else {
        tape.varint(2)
        this.edit(run.edit)
        expected = run.from + 1
      }
    }
  }
}

class EditReader {
  readonly #tape: TapeReader
  readonly #values: readonly unknown[]
  readonly #names: NameReader
  #taken = 0

  constructor(tape: TapeReader, values: readonly unknown[]) {
    this.#tape = tape
    this.#values = values
    this.#names = new NameReader(tape)
  }

  end(): void {
    if (this.#tape.left > 0 || this.#taken !== this.#values.length)
      throw damaged('there is something behind its end')
  }

  #value(): unknown {
    if (this.#taken >= this.#values.length) throw damaged('it has too few values')
    return this.#values[this.#taken++]
  }

  edit(level: number): Edit {
    if (level > 2 * MOST_LEVELS) throw damaged('it is too deep')
    const head = this.#tape.byte()
    const kind = KINDS[head & 7] as (typeof KINDS)[number]
    switch (kind) {
      case 'set':
        return { kind, value: this.#value() }
      case 'object':
      case 'map':
        return this.#keyed(kind, head, level)
      case 'text':
      case 'bytes':
        return { kind, script: readScript(this.#tape) }
      default:
        return this.#list(kind, level)
    }
  }

  #name(kind: KeyedEdit['kind']): Name {
    if (kind === 'object') return this.#names.read()
    const name = this.#value()
    if (typeof name === 'object' && name !== null) throw damaged('it has an object for a key')
    return name
  }

  #keyed(kind: KeyedEdit['kind'], head: number, level: number): KeyedEdit {
    const count = (flag: number): number => {
      const many = (head & flag) === 0 ? 0 : this.#tape.varint()
      // Each takes a byte here, or a value.
      if (many > this.#tape.left + this.#values.length - this.#taken) throw damaged('it is cut short')
      return many
    }
    const removed: Name[] = []
    const edits: [Name, Edit][] = []
    const added: [Name, unknown][] = []
    const order: OrderStep[] = []
    if ((head & ONE_EDIT) !== 0) edits.push([this.#name(kind), this.edit(level + 1)])
    for (let left = count(REMOVED); left > 0; left--) removed.push(this.#name(kind))
    for (let left = count(EDITS); left > 0; left--) edits.push([this.#name(kind), this.edit(level + 1)])
    for (let left = count(ADDED); left > 0; left--) added.push([this.#name(kind), this.#value()])
    for (let left = count(ORDER); left > 0; left--) {
      const front = this.#tape.byte() === 1
      const name = this.#name(kind)
      order.push({ name, anchor: front ? undefined : this.#name(kind), front })
    }
    return { kind, removed, edits, added, order }
  }

  #list(kind: ListEdit['kind'], level: number): ListEdit {
    const tape = this.#tape
    const base = tape.varint()
    const runs: Run[] = []
    let expected = 0
    for (let left = tape.count(); left > 0;) {
      const head = tape.varint()
      const size = Math.floor(head / 4)
      if (head % 4 === 3) {
        expected += size % 2 === 0 ? size / 2 : -(size + 1) / 2
        if (expected < 0 || expected > base) throw damaged('its runs do not fit its base')
        continue
      }
      left--
      if (head % 4 === 1) {
        if (size > this.#values.length - this.#taken) throw damaged('it has too few values')
        runs.push({ kind: 'insert', values: this.#values.slice(this.#taken, (this.#taken += size)) })
      } else if (head % 4 === 2) {
        runs.push({ kind: 'edit', from: expected++, edit: this.edit(level + 1) })
      } else {
        if (expected + size > base) throw damaged('its runs do not fit its base')
        runs.push({ kind: 'copy', from: expected, count: size })
        expected += size
      }
    }
    return { kind, base, runs }
  }
}
