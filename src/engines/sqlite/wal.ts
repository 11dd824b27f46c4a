import { Worker } from 'node:worker_threads'
import type { Context } from '../../context.ts'
import { UnavailableError } from '../../errors.ts'
import type { Driver, Row } from './driver.ts'

/** From this size on the write-ahead log is brought into the database, on a thread of its own. */
const CHECKPOINT_BYTES = 48 * 2 ** 20
/** A flush on the spot costs a lone writer less than the trip to the thread pool, unless the disk is slow. */
const ON_THE_SPOT_MS = 2
/** How many flushes stay on the thread pool after one that took too long. */
const DETOUR = 200

/** Makes what is committed survive the loss of power: one flush of the write-ahead log for all who wait. */
export class WalFlusher {
  readonly #context: Context
  readonly #fd: number
  readonly #path: string
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined
  #detour = 0
  #failure: UnavailableError | undefined

  constructor(context: Context, path: string) {
    this.#context = context
    this.#path = path
    this.#fd = context.fs.openSync(path, 'r+')
  }

  /** After a failed flush nobody knows what is on the disk: the pages count as written and may be gone. So never go on. */
  get failure(): UnavailableError | undefined {
    return this.#failure
  }

  get size(): number {
    return this.#context.fs.fstatSync(this.#fd).size
  }

  get wantsCheckpoint(): boolean {
    return this.size >= CHECKPOINT_BYTES
  }

  flush(): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure)
    if (this.#running === undefined) return this.#start()
    // What was committed after the running flush began needs another one; all who come meanwhile share it.
    this.#next ??= this.#running.then(
      () => this.#start(),
      () => this.#start(),
    )
    return this.#next
  }

  flushNow(): boolean {
    if (this.#failure) throw this.#failure
    if (this.#running !== undefined) return false
    if (this.#detour > 0) {
      this.#detour--
      return false
    }
    const start = this.#context.ticks()
    try {
      this.#context.fs.fdatasyncSync(this.#fd)
    } catch (error) {
      throw this.#fail(error)
    }
    if (this.#context.ticks() - start > ON_THE_SPOT_MS) this.#detour = DETOUR
    return true
  }

  async close(): Promise<void> {
    await (this.#next ?? this.#running)?.catch(() => undefined)
    this.#context.fs.closeSync(this.#fd)
  }

  #start(): Promise<void> {
    this.#next = undefined
    if (this.#failure) return Promise.reject(this.#failure)
    this.#running = new Promise<void>((resolve, reject) => {
      this.#context.fs.fdatasync(this.#fd, (error) => {
        this.#running = undefined
        if (error) reject(this.#fail(error))
        else resolve()
      })
    })
    return this.#running
  }

  #fail(error: unknown): UnavailableError {
    this.#failure = new UnavailableError(
      `Flushing ${this.#path} to the disk failed, so the last writes may be lost; this handle is stopped. Close it, check the disk, open again and run verify.`,
      { cause: error },
    )
    return this.#failure
  }
}

/** What runs on the thread. Plain text, so that it is found wherever bundlers put this module. */
const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads')
const done = new Int32Array(workerData.done)
let answer
try {
  const module = require(workerData.driver)
  const Database = module.DatabaseSync ?? module
  const db = new Database(workerData.file)
  try {
    db.exec('pragma synchronous = normal; pragma busy_timeout = 2000')
    const rows = []
    for (const sql of workerData.work) {
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
  answer = { error: String(error && error.message) }
}
Atomics.store(done, 0, 1)
Atomics.notify(done, 0)
parentPort.postMessage(answer)
`

/** Runs statements on a connection and a thread of their own, so that they stop nobody however long they take. */
export function runApart(driver: Driver, file: string, work: readonly string[]): Promise<Row[][]> {
  return new Promise((resolve, reject) => {
    const done = new SharedArrayBuffer(4)
    const worker = new Worker(PROGRAM, {
      eval: true,
      execArgv: [],
      workerData: { driver: driver.path, file, work, done },
    })
    // A thread that is ended in the middle of a call takes the whole process with it: process.exit() has to wait.
    const hold = (): void => void Atomics.wait(new Int32Array(done), 0, 0, 10_000)
    process.once('exit', hold)
    const settle = (finish: () => void): void => {
      process.removeListener('exit', hold)
      finish()
    }
    worker.once('message', (answer: { rows?: Row[][]; error?: string }) => {
      worker.once('exit', () =>
        settle(() => (answer.rows ? resolve(answer.rows) : reject(new Error(answer.error ?? 'no answer')))),
      )
    })
    worker.once('error', (error) => settle(() => reject(error)))
  })
}

/** First what can be done beside the others, then the short rest for which writers have to wait. */
export const CHECKPOINT = ['pragma wal_checkpoint(passive)', 'pragma wal_checkpoint(truncate)'] as const
