import { IntegrityError } from '../errors.ts'

/** Bytes being written: numbers of seven bits a byte, lowest first, the high bit set on all but the last. */
export class TapeWriter {
  #buffer = Buffer.allocUnsafe(128)
  #at = 0

  #room(size: number): void {
    if (this.#at + size <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#at + size, this.#buffer.length * 2))
    larger.set(this.#buffer.subarray(0, this.#at))
    this.#buffer = larger
  }

  byte(value: number): void {
    this.#room(1)
    this.#buffer[this.#at++] = value
  }

  varint(value: number): void {
    this.#room(8)
    for (; value > 127; value = Math.floor(value / 128)) this.#buffer[this.#at++] = (value % 128) + 128
    this.#buffer[this.#at++] = value
  }

  /** A number of either sign, small ones short. */
  signed(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value)
  }

  word(value: number): void {
    this.#room(4)
    this.#at = this.#buffer.writeInt32LE(value | 0, this.#at)
  }

  bytes(value: Uint8Array): void {
    this.#room(value.length)
    this.#buffer.set(value, this.#at)
    this.#at += value.length
  }

  text(value: string, encoding: 'utf8' | 'utf16le'): void {
    const length = Buffer.byteLength(value, encoding)
    this.#room(length)
    this.#at += this.#buffer.write(value, this.#at, encoding)
  }

  /** Text of nothing but ASCII, where it is so short that writing it here is quicker than a call of the runtime. */
  shortText(value: string): void {
    this.#room(value.length)
    for (let i = 0; i < value.length; i++) this.#buffer[this.#at++] = value.charCodeAt(i)
  }

  get length(): number {
    return this.#at
  }

  /** What was written, as bytes of their own. */
  copy(): Uint8Array {
    return new Uint8Array(this.finish())
  }

  /** What was written. Nobody writes on. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#at)
  }
}

const SHORT_TEXT = 32

/** Whether it may be written by `shortText`. */
export function isShortText(text: string): boolean {
  if (text.length > SHORT_TEXT) return false
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false
  return true
}

/** Bytes being read. Whatever they are, it returns what stands there or throws IntegrityError. */
export class TapeReader {
  readonly #buffer: Buffer
  #at: number

  constructor(bytes: Uint8Array, at = 0) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#at = at
  }

  get left(): number {
    return this.#buffer.length - this.#at
  }

  byte(): number {
    if (this.#at >= this.#buffer.length) throw damaged('it is cut short')
    return this.#buffer[this.#at++] as number
  }

  varint(): number {
    let value = 0
    for (let factor = 1; factor <= 2 ** 49; factor *= 128) {
      const byte = this.byte()
      value += (byte % 128) * factor
      if (byte < 128 && value <= Number.MAX_SAFE_INTEGER) return value
    }
    throw damaged('it has a number without an end')
  }

  signed(): number {
    const value = this.varint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  /** How many follow; each takes at least one byte. */
  count(): number {
    const value = this.varint()
    if (value > this.left) throw damaged('it is cut short')
    return value
  }

  word(): number {
    if (this.left < 4) throw damaged('it is cut short')
    this.#at += 4
    return this.#buffer.readInt32LE(this.#at - 4)
  }

  bytes(count: number): Buffer {
    if (count > this.left) throw damaged('it is cut short')
    this.#at += count
    return this.#buffer.subarray(this.#at - count, this.#at)
  }

  text(count: number, encoding: 'utf8' | 'utf16le'): string {
    return this.bytes(count).toString(encoding)
  }
}

export function damaged(why: string, cause?: unknown): IntegrityError {
  return new IntegrityError(`A delta is damaged: ${why}.`, cause === undefined ? undefined : { cause })
}
