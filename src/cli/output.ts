import { PipeClosed } from './failures.ts'
import { cut, manyLines, paintFor, safeJson, widthOf, type Paint, type Style } from './text.ts'

/** One column of a list, or one line of a record. */
export interface Column<T> {
  readonly title: string
  /** For programs: stable, never styled. */
  plain(item: T): string
  /** For people, where it differs. */
  human?(item: T): string
  readonly style?: Style | ((item: T) => Style | undefined)
  readonly right?: boolean
}

/** How a thing is shown: fetching it is the command's part. */
export interface View<T> {
  readonly columns: readonly Column<T>[]
  json(item: T): unknown
  /** Of a single thing, for people; default: a line for each column. */
  human?(item: T, terminal: { readonly paint: Paint; readonly width: number }): string
  /** Of a single thing, for programs; default: a line for each column. */
  plain?(item: T): string
}

export type Mode = 'human' | 'plain' | 'json'

const CHUNK = 64 * 1024
/** Rows that are looked at together for the widths of the columns. */
const BATCH = 200
const LEAST_LAST = 16

// Failures of writing are told by the callbacks below; without a listener they would end the process.
process.stdout.on('error', () => undefined)
process.stderr.on('error', () => undefined)

/** Standard output: data only, as fast as its reader takes it. */
export class Output {
  readonly mode: Mode
  readonly paint: Paint
  readonly #signal: AbortSignal
  #waiting = ''

  constructor(json: boolean, signal: AbortSignal) {
    this.mode = json ? 'json' : process.stdout.isTTY ? 'human' : 'plain'
    this.paint = paintFor(process.stdout)
    this.#signal = signal
  }

  get width(): number {
    return process.stdout.columns ?? 80
  }

  /** All items, one on a line. `live`: each is shown at once. Gives how many there were. */
  async list<T>(
    view: View<T>,
    items: AsyncIterable<T> | Iterable<T>,
    { live = false }: { live?: boolean } = {},
  ): Promise<number> {
    let count = 0
    const table = this.mode === 'human' ? new Table(view.columns, this.paint, this.width) : undefined
    for await (const item of items) {
      count++
      if (table === undefined) this.#waiting += `${this.#line(view, item)}\n`
      else table.add(item)
      if (table !== undefined && (live || table.rows >= BATCH)) this.#waiting += table.take()
      if (live || this.#waiting.length >= CHUNK) await this.flush()
      this.#signal.throwIfAborted()
    }
    if (table !== undefined) this.#waiting += table.take()
    await this.flush()
    return count
  }

  #line<T>(view: View<T>, item: T): string {
    if (this.mode === 'json') return safeJson(JSON.stringify(view.json(item)))
    return view.columns.map((column) => singleLine(column.plain(item))).join('\t')
  }

  /** One thing. */
  async one<T>(view: View<T>, item: T): Promise<void> {
    this.#waiting += `${this.#thing(view, item)}\n`
    await this.flush()
  }

  #thing<T>(view: View<T>, item: T): string {
    if (this.mode === 'json') return safeJson(JSON.stringify(view.json(item)))
    if (this.mode === 'plain') {
      return (
        view.plain?.(item) ??
        view.columns.map((one) => `${labelOf(one)}\t${singleLine(one.plain(item))}`).join('\n')
      )
    }
    const { paint, width } = this
    return view.human?.(item, { paint, width }) ?? record(view.columns, item, paint)
  }

  /** Text that is safe already. */
  async text(text: string): Promise<void> {
    this.#waiting += text
    await this.flush()
  }

  async bytes(bytes: Uint8Array): Promise<void> {
    await this.flush()
    await written(bytes)
  }

  async flush(): Promise<void> {
    if (this.#waiting === '') return
    const text = this.#waiting
    this.#waiting = ''
    await written(text)
  }
}

/** Written, when whoever reads has taken it. */
function written(data: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(data, (error) => {
      if (error === null || error === undefined) resolve()
      else if (['EPIPE', 'ERR_STREAM_DESTROYED'].includes(String((error as NodeJS.ErrnoException).code)))
        reject(new PipeClosed())
      else reject(error)
    })
  })
}

/** Whatever a column gives, it stays on its line. */
function singleLine(text: string): string {
  // Only what oneLine would find besides backslashes, which a column has written as it means them.
  return manyLines(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t')
}

function labelOf<T>(column: Column<T>): string {
  return column.title.toLowerCase().replaceAll(' ', '_')
}

function styleOf<T>({ style }: Column<T>, item: T): Style | undefined {
  return typeof style === 'function' ? style(item) : style
}

function humanOf<T>(column: Column<T>, item: T): string {
  return singleLine(column.human?.(item) ?? column.plain(item))
}

/** A thing for people: its names to the left. */
function record<T>(columns: readonly Column<T>[], item: T, paint: Paint): string {
  const wide = Math.max(...columns.map(({ title }) => title.length))
  return columns
    .map((column) => ({ column, text: humanOf(column, item) }))
    .filter(({ text }) => text !== '')
    .map(
      ({ column, text }) =>
        `${paint('dim', column.title.padEnd(wide))}  ${paint(styleOf(column, item), text)}`,
    )
    .join('\n')
}

/** Aligns what it was given; the columns grow with what comes later, the last one ends at the edge of the terminal. */
class Table<T> {
  readonly #columns: readonly Column<T>[]
  readonly #paint: Paint
  readonly #edge: number
  readonly #widths: number[]
  #items: T[] = []
  #headed: boolean

  constructor(columns: readonly Column<T>[], paint: Paint, edge: number) {
    this.#columns = columns
    this.#paint = paint
    this.#edge = edge
    this.#headed = columns.length < 2
    this.#widths = columns.map(({ title }) => (this.#headed ? 0 : title.length))
  }

  get rows(): number {
    return this.#items.length
  }

  add(item: T): void {
    this.#items.push(item)
  }

  take(): string {
    const rows = this.#items.map((item) => this.#columns.map((column) => humanOf(column, item)))
    for (const row of rows)
      row.forEach(
        (text, i) => (this.#widths[i] = Math.max(this.#widths[i] ?? 0, Math.min(widthOf(text), 60))),
      )
    let lines = ''
    if (!this.#headed && rows.length > 0) {
      this.#headed = true
      lines += `${this.#row(
        this.#columns.map(({ title }) => title),
        () => 'dim',
      )}\n`
    }
    rows.forEach((row, at) => {
      const item = this.#items[at] as T
      lines += `${this.#row(row, (i) => styleOf(this.#columns[i] as Column<T>, item))}\n`
    })
    this.#items = []
    return lines
  }

  #row(texts: readonly string[], style: (column: number) => Style | undefined): string {
    let used = 0
    const cells = texts.map((text, i) => {
      const last = i === texts.length - 1
      const wide = this.#widths[i] ?? 0
      // A list of one column is to be copied from: nothing is cut off.
      const room = texts.length < 2 ? Infinity : last ? Math.max(LEAST_LAST, this.#edge - used) : wide
      const shown = cut(text, room)
      used += wide + 2
      const gap = ' '.repeat(Math.max(0, wide - widthOf(shown)))
      const painted = this.#paint(style(i), shown)
      if (this.#columns[i]?.right === true) return gap + painted
      return last ? painted : painted + gap
    })
    return cells.join('  ').trimEnd()
  }
}
