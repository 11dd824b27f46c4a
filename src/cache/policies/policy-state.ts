/**
 * The slots of a policy in its own order: queue by queue, and in each the first to go first. What it keeps of each slot
 * beside its place is a mark of its own; 0 is what a newcomer has.
 */
export class SlotOrder {
  readonly slots: Int32Array
  readonly marks: Int32Array
  count = 0

  /** Room for so many. */
  constructor(size: number) {
    this.slots = new Int32Array(size)
    this.marks = new Int32Array(size)
  }

  push(slot: number, mark: number): void {
    this.slots[this.count] = slot
    this.marks[this.count++] = mark
  }
}

/** Writes numbers and arrays of numbers one after another, as bytes. */
export class StateWriter {
  #bytes = new Uint8Array(256)
  #end = 0

  number(number: number): void {
    this.#append(new Uint8Array(Float64Array.of(number).buffer))
  }

  /** Its length is not written: whoever reads it knows. */
  array(numbers: Int32Array | Uint32Array | Uint8Array | Float64Array): void {
    this.#append(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength))
  }

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#end)
  }

  #append(bytes: Uint8Array): void {
    const end = this.#end + bytes.length
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#bytes.length))
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    this.#bytes.set(bytes, this.#end)
    this.#end = end
  }
}

/**
 * Reads what `StateWriter` wrote, and believes none of it: what is missing or out of bounds makes `ok` false, and something
 * harmless is read instead.
 */
export class StateReader {
  ok = true
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Whether everything was read and nothing was wrong. */
  get complete(): boolean {
    return this.ok && this.#at === this.#bytes.length
  }

  check(truth: boolean): void {
    if (!truth) this.ok = false
  }

  /** A number within these bounds, both included. */
  number(least: number, most: number): number {
    const number = new Float64Array(this.#next(8).buffer)[0] as number
    if (number >= least && number <= most) return number
    this.ok = false
    return least
  }

  /** A whole number within these bounds, both included. */
  whole(least: number, most: number): number {
    const number = this.number(least, most)
    if (Number.isInteger(number)) return number
    this.ok = false
    return least
  }

  int32s(length: number): Int32Array<ArrayBuffer> {
    return new Int32Array(this.#next(4 * length).buffer)
  }

  uint32s(length: number): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.#next(4 * length).buffer)
  }

  float64s(length: number): Float64Array<ArrayBuffer> {
    return new Float64Array(this.#next(8 * length).buffer)
  }

  uint8s(length: number): Uint8Array<ArrayBuffer> {
    return this.#next(length)
  }

  /** A copy of the next so many bytes. */
  #next(length: number): Uint8Array<ArrayBuffer> {
    const end = this.#at + length
    if (end > this.#bytes.length) this.ok = false
    const next = new Uint8Array(length)
    if (this.ok) {
      next.set(this.#bytes.subarray(this.#at, end))
      this.#at = end
    }
    return next
  }
}
