import { damaged, isShortText } from './tape.ts'
import type { TapeReader, TapeWriter } from './tape.ts'

/**
 * Names of fields, on a tape: of a name that came before, its number; of a new one, what it does not share with the new name
 * before it (keys that stand together often begin alike).
 *
 *   name = varint number * 4
 *        | varint bytes * 4 + 1, varint shared units, the rest as UTF-8
 *        | varint bytes * 4 + 2, the whole as UTF-16 (little-endian), if it is ill-formed
 *        | varint bytes * 4 + 3, the whole as UTF-8
 */
export class NameWriter {
  readonly #tape: TapeWriter
  readonly #numbers = new Map<string, number>()
  #last = ''

  constructor(tape: TapeWriter) {
    this.#tape = tape
  }

  write(name: string): void {
    const number = this.#numbers.get(name)
    if (number !== undefined) {
      this.#tape.varint(number * 4)
      return
    }
    this.#numbers.set(name, this.#numbers.size)
    if (isShortText(name)) {
      const shared = sharedFront(this.#last, name)
      const rest = shared > 1 ? name.slice(shared) : name
      this.#tape.varint(rest.length * 4 + (shared > 1 ? 1 : 3))
      if (shared > 1) this.#tape.varint(shared)
      this.#tape.shortText(rest)
    } else if (name.isWellFormed()) {
      const shared = sharedFront(this.#last, name)
      const rest = shared > 1 ? name.slice(shared) : name
      this.#tape.varint(Buffer.byteLength(rest) * 4 + (shared > 1 ? 1 : 3))
      if (shared > 1) this.#tape.varint(shared)
      this.#tape.text(rest, 'utf8')
    } else {
      this.#tape.varint(name.length * 8 + 2)
      this.#tape.text(name, 'utf16le')
    }
    this.#last = name
  }
}

const MOST_UNITS = 2 ** 27

export class NameReader {
  readonly #tape: TapeReader
  readonly #names: string[] = []
  #last = ''
  #units = 0

  constructor(tape: TapeReader) {
    this.#tape = tape
  }

  read(): string {
    const head = this.#tape.varint()
    const size = Math.floor(head / 4)
    if (head % 4 === 0) {
      const known = this.#names[size]
      if (known === undefined) throw damaged('it uses a name that it does not have')
      return known
    }
    let name: string
    if (head % 4 === 1) {
      const shared = this.#tape.varint()
      if (shared > this.#last.length) throw damaged('it has half a name')
      name = this.#last.slice(0, shared) + this.#tape.text(size, 'utf8')
    } else name = this.#tape.text(size, head % 4 === 2 ? 'utf16le' : 'utf8')
    // Each name might be the one before and a little more: what few bytes can grow to is bounded.
    this.#units += name.length
    if (this.#units > MOST_UNITS) throw damaged('its names are too long')
    this.#names.push(name)
    this.#last = name
    return name
  }
}

function sharedFront(a: string, b: string): number {
  const most = Math.min(a.length, b.length)
  let shared = 0
  while (shared < most && a.charCodeAt(shared) === b.charCodeAt(shared)) shared++
  // Never between the halves of a pair.
  const unit = shared > 0 ? b.charCodeAt(shared - 1) : 0
  return unit >= 0xd800 && unit <= 0xdbff ? shared - 1 : shared
}
