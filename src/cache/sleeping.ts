import type { Encoded } from '../change.ts'
import { recordFits, type Shelved } from '../engines/sqlite/shelf-rows.ts'
import { decode } from '../log/codec.ts'

/** A value as it came from the disk: checked and decoded when somebody wants it. */
export class Sleeping {
  /** What it takes in memory when it is awake. */
  readonly bytes: number
  readonly #encoded: Encoded
  readonly #made: number
  readonly #ends: number
  readonly #sum: number

  constructor({ value, made, ends, sum, bytes }: Shelved) {
    this.bytes = bytes
    this.#encoded = value
    this.#made = made
    this.#ends = ends
    this.#sum = sum
  }

  /** undefined: it is damaged. */
  wake(key: string): { readonly value: unknown } | undefined {
    return recordFits(key, this.#encoded, this.#made, this.#ends, this.#sum)
      ? { value: decode(this.#encoded) }
      : undefined
  }
}
