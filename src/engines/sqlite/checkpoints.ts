import { Worker } from 'node:worker_threads'
import type { Context } from '../../context.ts'
import type { Connection } from './connection.ts'
import type { Driver, Row } from './driver.ts'
import type { WalFlusher } from './wal.ts'

/** With so many pages in it the write-ahead log is brought into the database, on a thread of its own. */
const MANY_PAGES = 8_000
/** Up to so many it is done on the spot: a thread takes longer to start. */
const FEW_PAGES = 2_000

/**
 * First what can be done beside the others, then the short rest for which writers have to wait. The file keeps its length: to
 * write over what is there is flushed to the disk in half the time that a file takes which grows.
 */
export const CHECKPOINT: readonly string[] = [
  'pragma wal_checkpoint(passive)',
  'pragma wal_checkpoint(restart)',
]

/** Brings the write-ahead log into the database, so that neither it nor the next open takes too long. */
export class Checkpoints {
  readonly #context: Context
  readonly #driver: Driver
  readonly #db: Connection
  readonly #flusher: WalFlusher
  #running: Promise<void> | undefined

  constructor(context: Context, driver: Driver, db: Connection, flusher: WalFlusher) {
    this.#context = context
    this.#driver = driver
    this.#db = db
    this.#flusher = flusher
  }

  /** In the background, if it has grown large. */
  ifLarge(): void {
    if (this.#running === undefined && this.#waiting() >= MANY_PAGES) this.#running = this.#apart()
  }

  /** As far as other processes that read and write just now let it. */
  async now(): Promise<void> {
    await this.#running
    if (this.#flusher.failure !== undefined) return
    if (this.#waiting() > FEW_PAGES) await this.#apart()
    try {
      this.#db.exec('pragma wal_checkpoint(truncate)')
    } catch {
      // Others still use it, or the disk is in trouble: the write-ahead log stays, and nothing is lost.
    }
  }

  /** How many pages are in the write-ahead log and not yet in the database. */
  #waiting(): number {
    const [, pages, done] = this.#db.get('walPages') ?? []
    return Number(pages ?? 0) - Number(done ?? 0)
  }

  async #apart(): Promise<void> {
    try {
      await runApart(this.#driver, this.#db.path, CHECKPOINT)
      this.#context.worked('checkpoint')
    } catch (error) {
      this.#context.warn(
        `${this.#db.path}: bringing the write-ahead log into the database failed.`,
        error,
        'checkpoint',
      )
    } finally {
      this.#running = undefined
    }
  }
}

/** What runs on the thread. Plain text, so that it is found wherever bundlers put this module. */
const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads')
const done = new Int32Array(workerData.done)
let answer
try {
  const module = require(workerData.driver)
  const { file, readOnly } = workerData
  const db = module.DatabaseSync
    ? new module.DatabaseSync(file, { readOnly })
    : new module(file, { readonly: readOnly })
  try {
    db.exec('pragma synchronous = normal; pragma busy_timeout = 2000')
    const rows = []
    for (const sql of workerData.work) {
      // Only this tells on every driver why it failed.
      if (sql.startsWith('vacuum')) {
        db.exec(sql)
        rows.push([])
        continue
      }
      const statement = db.prepare(sql)
      if (statement.setReturnArrays) statement.setReturnArrays(true)
      else if (statement.reader) statement.raw(true)
      rows.push(statement.all())
    }
    answer = { rows }
  } finally {
    db.close()
  }
} catch (error) {
  answer = { error: String(error && error.message), code: error && error.code, errcode: error && error.errcode }
}
Atomics.store(done, 0, 1)
Atomics.notify(done, 0)
parentPort.postMessage(answer)
`

/** Runs statements on a connection and a thread of their own, so that they stop nobody however long they take. */
export function runApart(
  driver: Driver,
  file: string,
  work: readonly string[],
  readOnly = false,
): Promise<Row[][]> {
  return new Promise((resolve, reject) => {
    const done = new SharedArrayBuffer(4)
    const worker = new Worker(PROGRAM, {
      eval: true,
      execArgv: [],
      workerData: { driver: driver.path, file, work, readOnly, done },
    })
    // A thread that is ended in the middle of a call takes the whole process with it: process.exit() has to wait.
    const hold = (): void => void Atomics.wait(new Int32Array(done), 0, 0, 10_000)
    process.once('exit', hold)
    const settle = (finish: () => void): void => {
      process.removeListener('exit', hold)
      finish()
    }
    worker.once(
      'message',
      (answer: { rows?: Row[][]; error?: string; code?: unknown; errcode?: unknown }) => {
        worker.once('exit', () =>
          settle(() => (answer.rows ? resolve(answer.rows) : reject(failureIn(answer)))),
        )
      },
    )
    worker.once('error', (error) => settle(() => reject(error)))
  })
}

/** With SQLite's codes, which tell a full disk from damage. */
function failureIn({ error, code, errcode }: { error?: string; code?: unknown; errcode?: unknown }): Error {
  return Object.assign(new Error(error ?? 'no answer'), { code, errcode })
}
