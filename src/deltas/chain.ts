import { InvalidOptionError, NotFoundError } from '../errors.ts'
import { copyOf } from '../log/codec.ts'
import type { Delta, DeltaChainOptions, DeltaChainStats, DeltaStrategy, Value } from '../types.ts'
import type { Own } from './apply.ts'
import { packBlock, unpackBlock } from './block.ts'
import type { Step } from './block.ts'
import { readChain, writeChain } from './chain-json.ts'
import type { ChainParts, Landing } from './chain-json.ts'
import { compareShared } from './compare.ts'
import { checkStrategy } from './delta.ts'
import { NONE, STRUCTURAL } from './frame.ts'
import { frameOf } from './handle.ts'
import { applyUnchecked } from './patch.ts'
import { writeEdit } from './payload.ts'
import { makeDelta } from './strategies.ts'
import { readWhole, wholeBytes } from './whole.ts'

const DEFAULT_LENGTH = 32
/** Every so many landings there is a way over all of them at once, and so on: a way of any length takes few hops. */
const FAN = 16
/** A hop that takes more than this part of the whole value is the whole value. */
const WORTH_A_HOP = 0.6
const OPTIONS: readonly string[] = ['strategy', 'maxLength', 'rebase']

/**
 * Successive states as one base and small steps. After every `maxLength` steps the chain is rebased: the state reached is a
 * new _landing_, with a short way to it, and the steps up to there are compressed together. So any index is read in a few
 * hops and at most `maxLength` steps, and every index stays readable.
 *
 * What is pushed is copied, and what is read is a copy.
 *
 * @example
 * ```ts
 * import { DeltaChain } from 'varve'
 * const chain = new DeltaChain({ count: 0 })
 * for (let count = 1; count <= 100; count++) chain.push({ count })
 * console.log(chain.length, chain.at(0), chain.at(42), chain.current) // 101 { count: 0 } { count: 42 } { count: 100 }
 * console.log(chain.stats().rebases) // 3
 * ```
 */
export class DeltaChain {
  readonly #strategy: DeltaStrategy
  readonly #maxLength: number
  readonly #rebase: boolean
  #landings: Landing[] = []
  #blocks: Uint8Array[] = []
  #open: Delta[] = []
  #dates: (Date | undefined)[] = []
  #rebases = 0
  #fullBytes = 0
  /** The newest state, and that of the newest landing: ours alone. */
  #head: unknown
  #landed: unknown
  /** What of the newest state is not that of the newest landing. */
  #own: Own = new Set()

  constructor(initial?: Value, options: DeltaChainOptions = {}) {
    if (typeof options !== 'object' || options === null)
      throw new InvalidOptionError('The options of a DeltaChain are an object, such as { maxLength }.')
    for (const name of Object.keys(options))
      if (!OPTIONS.includes(name))
        throw new InvalidOptionError(
          `A DeltaChain has no option ${JSON.stringify(name)}; it knows ${OPTIONS.join(', ')}.`,
        )
    const { strategy = 'auto', maxLength = DEFAULT_LENGTH, rebase = true } = options
    checkStrategy(strategy)
    if (!Number.isSafeInteger(maxLength) || maxLength < 1)
      throw new InvalidOptionError(`maxLength is a whole number from 1 on, not ${String(maxLength)}.`)
    if (typeof rebase !== 'boolean')
      throw new InvalidOptionError(`rebase is true or false, not ${String(rebase)}.`)
    this.#strategy = strategy
    this.#maxLength = maxLength
    this.#rebase = rebase
    if (initial !== undefined) this.push(initial)
  }

  /** A chain as it was when `toJSON` wrote it. `IntegrityError` if anything of it was altered. */
  static from(json: unknown): DeltaChain {
    const { options, parts } = readChain(json)
    const chain = new DeltaChain(undefined, options)
    chain.#landings = [...parts.landings]
    chain.#blocks = [...parts.blocks]
    chain.#dates = [...parts.dates]
    chain.#rebases = parts.rebases
    chain.#fullBytes = parts.fullBytes
    chain.#open = [...parts.open]
    if (chain.length > 0) {
      chain.#landed = chain.#landing(chain.#landings.length - 1)
      chain.#head = chain.#read(chain.length - 1)
    }
    return chain
  }

  /** How many states it holds. */
  get length(): number {
    return this.#dates.length
  }

  /** The newest state; undefined if there is none. */
  get current(): Value {
    return this.length === 0 ? undefined : copyOf(this.#head)
  }

  /**
   * Adds a state. Returns the delta from the one before it; that of the first state stands on `null`. `at` is kept with it:
   * see `dateOf`.
   */
  push(state: Value, at?: Date): Delta {
    if (at !== undefined && !(at instanceof Date && !Number.isNaN(at.getTime())))
      throw new InvalidOptionError('The time of a state is a valid Date.')
    const first = this.length === 0
    const step = makeDelta(first ? null : this.#head, state, this.#strategy)
    const frame = frameOf(step)
    if (first) {
      const bytes = wholeBytes(state)
      this.#head = readWhole(bytes)
      this.#blocks.push(packBlock([{ kind: NONE, empty: false, payload: bytes }]))
      this.#landings.push({ index: 0, parent: -1 })
      this.#landed = this.#head
      this.#fullBytes = bytes.length
    } else {
      this.#head = applyUnchecked(this.#head, frame, false, this.#own)
      this.#open.push(step)
      this.#fullBytes += frame.whole
    }
    this.#dates.push(at === undefined ? undefined : new Date(at))
    if (this.#rebase && this.#open.length >= this.#maxLength) this.rebase()
    return step
  }

  /** The state at an index, 0 being the oldest. `NotFoundError` outside the chain. */
  at(index: number): Value {
    this.#check(index)
    return index === this.length - 1 ? this.current : this.#read(index)
  }

  /** When a state was pushed, if that was said. */
  dateOf(index: number): Date | undefined {
    this.#check(index)
    const date = this.#dates[index]
    return date === undefined ? undefined : new Date(date)
  }

  #check(index: number): void {
    if (!Number.isSafeInteger(index) || index < 0 || index >= this.length)
      throw new NotFoundError(
        this.length === 0
          ? 'The chain is empty.'
          : `The chain has the indices 0 to ${this.length - 1}, but not ${String(index)}.`,
      )
  }

  #read(index: number): unknown {
    let number = this.#landings.length - 1
    while ((this.#landings[number] as Landing).index > index) number--
    const { index: start } = this.#landings[number] as Landing
    const own: Own = new Set()
    let state = this.#landing(number, own)
    if (index === start) return state
    const block = this.#blocks[number + 1]
    const steps: readonly Step[] =
      block === undefined ? this.#open.slice(0, index - start).map(frameOf) : unpackBlock(block).slice(1)
    for (const step of steps.slice(0, index - start)) state = applyUnchecked(state, step, false, own)
    return state
  }

  /** The state at a landing, nobody else's. */
  #landing(number: number, own: Own = new Set()): unknown {
    const way: number[] = []
    for (let at = number; at >= 0; at = (this.#landings[at] as Landing).parent) way.push(at)
    let state: unknown
    for (const at of way.reverse()) {
      const [hop] = unpackBlock(this.#blocks[at] as Uint8Array)
      state = applyUnchecked(state, hop as Step, false, own)
    }
    return state
  }

  /**
   * Makes the newest state a landing, whatever `maxLength` says. No state is lost. Nothing happens where it is one already.
   */
  rebase(): void {
    if (this.#open.length === 0) return
    const number = this.#landings.length
    let span = 1
    while (number % (span * FAN) === 0) span *= FAN
    const parent = number - span
    const from = span === 1 ? this.#landed : this.#landing(parent)
    const hop = hopFrom(from, this.#head, frameOf(this.#open.at(-1) as Delta).whole)
    this.#blocks.push(packBlock([hop, ...this.#open.map(frameOf)]))
    this.#landings.push({ index: this.length - 1, parent: hop.kind === NONE ? -1 : parent })
    this.#open = []
    this.#landed = this.#head
    this.#own.clear()
    this.#rebases++
  }

  /** Forgets every state; the counters are zero again. */
  clear(): void {
    this.#landings = []
    this.#blocks = []
    this.#open = []
    this.#dates = []
    this.#rebases = 0
    this.#fullBytes = 0
    this.#head = this.#landed = undefined
    this.#own.clear()
  }

  /** `bytes`: of all that is kept; `fullBytes`: of all states whole (about, as JSON text); `ratio`: the first by the second. */
  stats(): DeltaChainStats {
    let bytes = 0
    for (const block of this.#blocks) bytes += block.length
    for (const step of this.#open) bytes += step.bytes
    const ratio = this.#fullBytes === 0 ? 0 : bytes / this.#fullBytes
    return { length: this.length, bytes, fullBytes: this.#fullBytes, ratio, rebases: this.#rebases }
  }

  /** The whole chain as plain JSON data, for `DeltaChain.from`. */
  toJSON(): unknown {
    const parts: ChainParts = {
      landings: this.#landings,
      blocks: this.#blocks,
      open: this.#open,
      dates: this.#dates,
      rebases: this.#rebases,
      fullBytes: this.#fullBytes,
    }
    return writeChain({ strategy: this.#strategy, maxLength: this.#maxLength, rebase: this.#rebase }, parts)
  }
}

/** From one state to another at once; the whole of the other, of about `whole` bytes, if that is hardly more. */
function hopFrom(from: unknown, to: unknown, whole: number): Step {
  const edit = compareShared(from, to)
  if (edit === undefined) return { kind: STRUCTURAL, empty: true, payload: new Uint8Array(0) }
  const payload = writeEdit(edit)
  return payload.length < whole * WORTH_A_HOP
    ? { kind: STRUCTURAL, empty: false, payload }
    : { kind: NONE, empty: false, payload: wholeBytes(to) }
}
