import { lanes, place } from './hash.ts'

/** The sums over the entries of two values, while both are walked. The hash of an item comes first, then that of its key. */
export class Sums {
  low = 0
  high = 0
  lowAfter = 0
  highAfter = 0
  #itemLow = 0
  #itemHigh = 0

  keepItem(): void {
    this.#itemLow = lanes[0] as number
    this.#itemHigh = lanes[1] as number
  }

  /** The entry is in the first value only. */
  before(): void {
    this.low = (this.low + place(lanes[0] as number, this.#itemLow)) | 0
    this.high = (this.high + place(lanes[1] as number, this.#itemHigh)) | 0
  }

  /** In the second only. */
  after(): void {
    this.lowAfter = (this.lowAfter + place(lanes[0] as number, this.#itemLow)) | 0
    this.highAfter = (this.highAfter + place(lanes[1] as number, this.#itemHigh)) | 0
  }

  /** In both; `low` and `high` are the hash of the second item, if that is another one. */
  both(differ: boolean, low: number, high: number): void {
    this.before()
    if (differ) {
      this.#itemLow = low
      this.#itemHigh = high
    }
    this.after()
  }
}

/** The sums over the items of two lists, which begin with the same items. */
export class ListSums {
  lowBefore: number
  highBefore: number
  lowAfter: number
  highAfter: number

  constructor(low: number, high: number) {
    this.lowBefore = this.lowAfter = low
    this.highBefore = this.highAfter = high
  }
}
