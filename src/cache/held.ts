import type { Encoded } from '../change.ts'
import { decode, decodeFrozen } from '../log/codec.ts'

/** What memory holds of an entry whose other home is the disk. Decoded when it is read for the first time. */
export class Held {
  #encoded: Encoded | undefined
  #value: unknown
  readonly made: number
  readonly ends: number
  /** Of its set on the disk; undefined: on its way there. */
  seq: number | undefined
  readonly tagged: boolean
  /** That the disk has not heard of. */
  uses = 0

  constructor(encoded: Encoded, of: Pick<Held, 'made' | 'ends' | 'seq' | 'tagged'>) {
    this.#encoded = encoded
    this.made = of.made
    this.ends = of.ends
    this.seq = of.seq
    this.tagged = of.tagged
  }

  /** Plain data is frozen and shared; of anything else everyone gets a copy of their own. */
  get value(): unknown {
    if (this.#encoded === undefined) return this.#value
    if (this.#value === UNSHARED) return decode(this.#encoded)
    const { value, shareable } = decodeFrozen(this.#encoded)
    if (shareable) {
      this.#value = value
      this.#encoded = undefined
    } else this.#value = UNSHARED
    return value
  }
}

const UNSHARED = Symbol('unshared')
