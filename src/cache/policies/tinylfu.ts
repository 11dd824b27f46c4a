import { FrequencySketch } from './frequency-sketch.ts'
import { NO_SAMPLES, type Policy, type Slots } from './policy.ts'
import type { SlotOrder, StateReader, StateWriter } from './policy-state.ts'
import { WindowQueues } from './window-queues.ts'
import { WindowSteering } from './window-steering.ts'

/**
 * W-TinyLFU with a window that fits itself to the work, steered by miniatures of the cache. Nothing is steered before
 * anything had to go.
 */
export class TinyLfu implements Policy {
  readonly eager: boolean = false
  sampleBelow: number = NO_SAMPLES
  readonly #slots: Slots
  readonly #random: () => number
  readonly #sketch = new FrequencySketch()
  readonly #queues: WindowQueues
  #steering: WindowSteering | undefined
  /** For how many entries the rate of samples was chosen. */
  #sampledFor = 0
  /** The rate to go back to after a rest, as `sampleBelow`. */
  #rate: number = NO_SAMPLES
  #rest = 0

  constructor(slots: Slots, random: () => number) {
    this.#slots = slots
    this.#random = random
    this.#queues = new WindowQueues(slots, this.#sketch, true, 0.15, random)
  }

  grow(capacity: number): void {
    this.#sketch.grow(capacity)
    this.#queues.grow(capacity)
  }

  add(slot: number): void {
    this.#queues.add(slot)
    const hash = this.#slots.hashOf(slot)
    if (hash < this.sampleBelow) this.sample(hash)
    else if (this.#rest > 0 && --this.#rest === 0) this.sampleBelow = this.#rate
  }

  use(): void {}

  sample(hash: number): void {
    const steering = this.#steering as WindowSteering
    steering.sample(hash)
    this.#queues.share = steering.share
    if (steering.rest === 0) return
    this.#rest = Math.round((steering.rest * this.#sampledFor) / steering.size)
    steering.rest = 0
    this.sampleBelow = NO_SAMPLES
  }

  remove(slot: number): void {
    this.#queues.remove(slot)
  }

  evict(): number {
    const { count } = this.#queues
    if (Math.abs(count - this.#sampledFor) * 8 > count) this.#chooseSamples(count)
    return this.#queues.evict()
  }

  clear(): void {
    this.#queues.clear()
  }

  save(order: SlotOrder, notes: StateWriter): void {
    this.#queues.save(order)
    this.#sketch.save(notes)
    notes.number(this.#queues.share)
    notes.number(this.#sampledFor)
    notes.number(this.#rest)
    this.#steering?.save(notes)
  }

  restore(order: SlotOrder, notes: StateReader | undefined): void {
    this.#queues.restore(order)
    if (notes === undefined) {
      // Where an entry stood is all that is known of how often it was used.
      for (let i = 0; i < order.count; i++)
        this.#sketch.add(this.#slots.hashOf(order.slots[i] as number), 1 + ((order.marks[i] as number) & 3))
      return
    }
    this.#sketch.restore(notes)
    this.#queues.share = notes.number(0, 1)
    const sampledFor = notes.whole(0, 2 ** 31)
    const rest = notes.whole(0, 2 ** 31)
    if (sampledFor === 0 || !notes.ok) return
    this.#chooseSamples(sampledFor)
    this.#steering?.restore(notes)
    this.#rest = rest
    if (rest > 0) this.sampleBelow = NO_SAMPLES
  }

  #chooseSamples(count: number): void {
    const size = WindowSteering.sizeFor(count)
    if (this.#steering === undefined || this.#steering.size !== size)
      this.#steering = new WindowSteering(size, this.#random)
    this.#sampledFor = count
    this.#rest = 0
    // In 32 bits, as an integer: every hit compares with it.
    this.sampleBelow = this.#rate = Math.min(NO_SAMPLES + 2 ** 32 * (size / count), 2 ** 31 - 1) | 0
  }
}
