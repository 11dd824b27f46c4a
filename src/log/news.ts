import type { Log } from './log.ts'

/** A ring that came before what it rings for: look again after so long. */
const ONCE_MORE_MS = 1
/** Rings can be lost (a writer is killed between its commit and its ring): look by ourselves so often. */
const LOOK_EVERY_MS = 400
/** The ear stays open for a while after the last listener left: those who wait again and again pay for it once. */
const LINGER_MS = 2_000

/** Tells those who wait that there may be something new in the log, whoever wrote it. */
export class News {
  readonly #log: Log
  readonly #lookEvery: number
  readonly #listeners = new Set<() => void>()
  /** What is to be done when nobody listens any more. */
  #stops: (() => void)[] = []
  #letGo: (() => void) | undefined
  #linger: (() => void) | undefined
  #onceMore: (() => void) | undefined
  #lookAgain: (() => void) | undefined
  #closed = false

  /** `lookEvery`: milliseconds between looks without a ring; Infinity: never. */
  constructor(log: Log, lookEvery: number = LOOK_EVERY_MS) {
    this.#log = log
    this.#lookEvery = lookEvery
  }

  /** Calls `fn` when there may be news. Keeps the program alive if they may come from elsewhere. */
  subscribe(fn: () => void): () => void {
    if (this.#closed) return () => undefined
    const listener = (): void => fn()
    this.#listeners.add(listener)
    if (this.#listeners.size === 1) this.#start()
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#rest()
    }
  }

  #start(): void {
    const { engine, context } = this.#log
    if (engine.supports.multiProcess) this.#letGo = context.stay()
    this.#linger?.()
    this.#linger = undefined
    if (this.#stops.length > 0) return
    this.#stops = [
      this.#log.onNews(() => this.#tell()),
      engine.listen(() => this.#heard()),
      () => this.#onceMore?.(),
      () => this.#lookAgain?.(),
    ]
    if (engine.supports.multiProcess && this.#lookEvery !== Infinity) this.#keepLooking()
    // What came before the ear was open.
    this.#look()
  }

  /** Nobody listens just now. */
  #rest(): void {
    this.#letGo?.()
    this.#letGo = undefined
    this.#linger?.()
    this.#linger = this.#log.context.later(LINGER_MS, () => this.#stop())
  }

  #stop(): void {
    for (const stop of this.#stops) stop()
    this.#stops = []
    this.#onceMore = undefined
  }

  #keepLooking(): void {
    this.#lookAgain = this.#log.context.later(this.#lookEvery, () => {
      this.#look()
      this.#keepLooking()
    })
  }

  #heard(): void {
    this.#look()
    this.#onceMore ??= this.#log.context.later(ONCE_MORE_MS, () => {
      this.#onceMore = undefined
      this.#look()
    })
  }

  #look(): void {
    try {
      this.#log.look()
    } catch {
      // Those who wait look themselves, and say what is wrong.
    }
    this.#tell()
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }

  /** The last news: it is over. */
  close(): void {
    this.#closed = true
    this.#linger?.()
    this.#letGo?.()
    this.#stop()
    this.#tell()
    this.#listeners.clear()
  }
}
