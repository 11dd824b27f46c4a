import type { Progress } from '../index.ts'
import type { Failure } from './failures.ts'
import { manyLines, paintFor, safeJson, type Paint } from './text.ts'

const PATIENCE_MS = 300
const REDRAW_MS = 80
const BAR = 24

/** Standard error: everything that is said besides the data. */
export class Talk {
  readonly paint: Paint
  readonly #json: boolean
  readonly #debug: boolean

  constructor(options: { json: boolean; debug: boolean }) {
    this.paint = paintFor(process.stderr)
    this.#json = options.json
    this.#debug = options.debug
  }

  line(text: string): void {
    process.stderr.write(`${text}\n`)
  }

  /** Something good to know, for people only. */
  note(text: string): void {
    if (process.stderr.isTTY && !this.#json) this.line(this.paint('dim', manyLines(text)))
  }

  warn(message: string, cause?: unknown): void {
    const whole = cause instanceof Error ? `${message} ${cause.message}` : message
    if (this.#json) this.line(safeJson(JSON.stringify({ warning: { message: whole } })))
    else this.line(`${this.paint('yellow', 'varve:')} ${manyLines(whole)}`)
  }

  failure({ code, message, next }: Failure, error: unknown): void {
    if (this.#json) this.line(safeJson(JSON.stringify({ error: { code, message } })))
    else {
      const said = /[.!?…]$/.test(message) ? message : `${message}.`
      this.line(
        `${this.paint('red', 'varve:')} ${manyLines(said)} ${this.paint('dim', `(${code})`)}` +
          (next === undefined ? '' : `\n  ${this.paint('dim', 'try:')} ${manyLines(next)}`),
      )
    }
    if (this.#debug) this.line(manyLines(stackOf(error)))
  }

  /** Shows how far a long work is, on a terminal, when it takes long enough to wonder. */
  async progress<R>(label: string, work: (onProgress: Progress) => Promise<R>): Promise<R> {
    if (!process.stderr.isTTY) return work(() => undefined)
    const bar = new Bar(label, this.paint)
    try {
      return await work((done, total) => bar.show(done, total))
    } finally {
      bar.clear()
    }
  }
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { stack = String(error), cause } = error
  return cause === undefined ? stack : `${stack}\ncaused by ${stackOf(cause)}`
}

class Bar {
  readonly #label: string
  readonly #paint: Paint
  readonly #began = performance.now()
  #drawn = 0
  #percent = 0

  constructor(label: string, paint: Paint) {
    this.#label = label
    this.#paint = paint
  }

  show(done: number, total: number): void {
    const now = performance.now()
    if (now - this.#began < PATIENCE_MS || now - this.#drawn < REDRAW_MS) return
    this.#drawn = now
    const part = total > 0 ? Math.min(1, done / total) : 0
    this.#percent = Math.max(this.#percent, part)
    const filled = Math.round(this.#percent * BAR)
    const left = this.#percent > 0.05 ? ((now - this.#began) / this.#percent) * (1 - this.#percent) : NaN
    const wait = Number.isNaN(left) ? '' : `  ${Math.ceil(left / 1000)} s left`
    const bar = `${this.#paint('green', '━'.repeat(filled))}${this.#paint('dim', '━'.repeat(BAR - filled))}`
    const percent = String(Math.floor(this.#percent * 100)).padStart(3)
    process.stderr.write(`\r\u001b[K${this.#label} ${bar} ${percent} %${wait}`)
  }

  clear(): void {
    if (this.#drawn > 0) process.stderr.write('\r\u001b[K')
  }
}
