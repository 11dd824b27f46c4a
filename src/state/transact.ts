import { ConflictError, InvalidOptionError } from '../errors.ts'
import { encode } from '../log/codec.ts'
import { checkKey, compareKeys } from '../log/keys.ts'
import type { Log, Point } from '../log/log.ts'
import { putOp, removeOp, type Op } from '../log/intent.ts'
import type { Writer } from '../log/writer.ts'
import { checkOptions, checkSignal } from '../options.ts'
import { parseDuration } from '../duration.ts'
import type { Range, TransactOptions, Transaction, Value } from '../types.ts'
import { inSelection, selectionOf } from '../log/selection.ts'
import { pages } from './ranges.ts'
import { Later, type Validator } from './schema.ts'

/** Somebody got in between: run again. */
class Retry extends Error {}

const RETRIES = 1_000

export interface TransactContext {
  readonly log: Log
  readonly writer: Writer
  readonly validator: Validator
  readonly actor: string
  readonly prefix: string
}

/** Runs `fn` on one state of the store and stores what it wrote as one revision, unless what it read has changed meanwhile. */
export async function transact<R>(
  context: TransactContext,
  fn: (tx: Transaction) => R | Promise<R>,
  options: TransactOptions = {},
): Promise<R> {
  checkOptions('transact', options, ['retries', 'signal'])
  const { retries = RETRIES, signal } = options
  if (!Number.isSafeInteger(retries) || retries < 0)
    throw new InvalidOptionError(`retries is a whole number from 0 on, not ${String(retries)}.`)
  checkSignal('transact', signal)
  const { log, writer } = context
  for (let attempt = 0; ; attempt++) {
    signal?.throwIfAborted()
    const tx = new RunningTransaction(context)
    try {
      const result = await fn(tx)
      const ops = await tx.finish()
      signal?.throwIfAborted()
      if (ops.length > 0)
        await writer.submit({
          build: (view) => {
            if (view.last !== tx.point.last && view.changedSince(tx.point.last, (key) => tx.hasRead(key)))
              throw new Retry('somebody got in between')
            return { ops, actor: context.actor }
          },
        })
      return result
    } catch (error) {
      if (!(error instanceof Retry)) throw error
      if (attempt >= retries)
        throw new ConflictError(
          `The transaction was overtaken ${attempt + 1} times by other writers; try again, or allow more retries.`,
          log.head.revision,
        )
      // Those who met here should not meet again at the same moment.
      if (attempt > 0) await log.context.sleep(log.context.random() * Math.min(attempt, 20))
    } finally {
      tx.end()
    }
  }
}

class RunningTransaction implements Transaction {
  readonly point: Point
  readonly #context: TransactContext
  readonly #release: () => void
  readonly #reads = new Set<string>()
  readonly #ranges: ((key: string) => boolean)[] = []
  readonly #writes = new Map<string, { value: unknown; ttl: number } | undefined>()
  readonly #encoded = new Map<string, Op>()
  readonly #checks: Promise<void>[] = []
  #ended = false

  constructor(context: TransactContext) {
    this.#context = context
    this.point = context.log.present()
    this.#release = context.log.pin(this.point)
  }

  hasRead(key: string): boolean {
    return this.#reads.has(key) || this.#ranges.some((covers) => covers(key))
  }

  async get<T = Value>(key: string): Promise<T | undefined> {
    this.#live()
    checkKey(key)
    const full = this.#context.prefix + key
    if (this.#writes.has(full)) {
      await Promise.all(this.#checks)
      const op = this.#encoded.get(full)
      return (
        op?.value === undefined
          ? undefined
          : this.#context.log.ownValue({ key: full, value: op.value, change: 0, expires: 0, sum: 0 })
      ) as T | undefined
    }
    this.#reads.add(full)
    const entry = this.#context.log.entryAt(full, this.point)
    return (entry === undefined ? undefined : this.#context.log.ownValue(entry)) as T | undefined
  }

  set(key: string, value: Value, options: { readonly ttl?: unknown } = {}): void {
    this.#live()
    checkKey(key)
    checkOptions('tx.set', options, ['ttl'])
    const full = this.#context.prefix + key
    checkKey(full)
    const ttl = options.ttl === undefined ? 0 : parseDuration(options.ttl, 'ttl')
    const written = { value, ttl }
    this.#writes.set(full, written)
    const checked = this.#context.validator.check(full, value)
    if (checked instanceof Later) {
      // Encoded now, so that later changes of the object do not matter; what the schema makes of it takes its place.
      this.#encoded.set(full, this.#encode(full, value, ttl))
      const settled = checked.value.then((result) => {
        if (this.#writes.get(full) === written) this.#encoded.set(full, this.#encode(full, result, ttl))
      })
      settled.catch(() => undefined)
      this.#checks.push(settled)
    } else {
      this.#encoded.set(full, this.#encode(full, checked, ttl))
    }
  }

  #encode(key: string, value: unknown, ttl: number): Op {
    const { log } = this.#context
    const encoded = encode(value, log.options, key)
    return putOp(key, encoded, ttl === 0 ? 0 : Math.ceil(log.context.steady() + ttl))
  }

  delete(key: string): void {
    this.#live()
    checkKey(key)
    const full = this.#context.prefix + key
    // Whether there is anything to remove is something read.
    if (!this.#writes.has(full)) this.#reads.add(full)
    this.#writes.set(full, undefined)
    this.#encoded.set(full, removeOp(full))
  }

  async *entries(range: Range = {}): AsyncGenerator<readonly [string, Value]> {
    this.#live()
    const { log, prefix } = this.#context
    if (range.at !== undefined)
      throw new InvalidOptionError('A transaction reads one state: its ranges have no `at`.')
    const selection = selectionOf(range, prefix)
    const covers = inSelection(selection)
    this.#ranges.push(covers)
    await Promise.all(this.#checks)
    const order = selection.reverse ? -1 : 1
    const written = [...this.#encoded.values()]
      .filter((op) => covers(op.key))
      .toSorted((a, b) => order * compareKeys(a.key, b.key))
    let left = selection.limit
    let next = 0
    const ours = function* (upTo: string | undefined): Generator<readonly [string, Value]> {
      for (let op = written[next]; op !== undefined; op = written[++next]) {
        if (upTo !== undefined && order * compareKeys(op.key, upTo) > 0) return
        if (op.value !== undefined)
          yield [
            op.key.slice(prefix.length),
            log.ownValue({ key: op.key, value: op.value, change: 0, expires: 0, sum: 0 }),
          ]
      }
    }
    for await (const page of pages(log, { ...selection, limit: Infinity }, this.point)) {
      for (const entry of page) {
        for (const one of ours(entry.key)) {
          if (left-- <= 0) return
          yield one
        }
        if (this.#encoded.has(entry.key)) continue
        if (left-- <= 0) return
        yield [entry.key.slice(prefix.length), log.ownValue(entry)]
      }
    }
    for (const one of ours(undefined)) {
      if (left-- <= 0) return
      yield one
    }
  }

  /** What is to be stored. Removals of what was not there are left out. */
  async finish(): Promise<Op[]> {
    this.#live()
    await Promise.all(this.#checks)
    this.#ended = true
    const { log } = this.#context
    return [...this.#encoded.values()].filter(
      (op) => op.value !== undefined || log.entryAt(op.key, this.point) !== undefined,
    )
  }

  end(): void {
    this.#ended = true
    this.#release()
  }

  #live(): void {
    if (this.#ended)
      throw new InvalidOptionError(
        'This transaction has ended; use the one that the running function was given.',
      )
  }
}
