import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { realContext, type Context } from '../context.ts'

/** Where finished lines go. It never throws: a log that cannot be written must not stop the program. */
export type Sink = (line: string) => void

const STDERR = 2
/** A pipe whose reader is slow is full at times: so often it is tried again, a millisecond apart, then the line is lost. */
const TRIES = 50

let world: Context | undefined
/** The real world, made when it is first needed. */
export const theWorld = (): Context => (world ??= realContext())

const files = new Map<string, Sink>()

/** One open file for each path, however many loggers write to it. */
export function fileSink(path: string | URL): Sink {
  const full = resolve(path instanceof URL ? fileURLToPath(path) : path)
  let sink = files.get(full)
  if (sink === undefined) files.set(full, (sink = appending(full, theWorld())))
  return sink
}

/** Not by `process.stderr`: that is the host's, and fails by an event that somebody would have to handle. */
export const stderrSink: Sink = (line) => {
  try {
    writeAll(theWorld(), STDERR, Buffer.from(line))
  } catch {
    // There is nowhere left to say so.
  }
}

/** Appends whole lines; after a failure the file is opened anew, once with this line and again with the next. */
export function appending(path: string, { fs }: Pick<Context, 'fs'>): Sink {
  let file: number | undefined
  const write = (line: Buffer): void => {
    file ??= fs.openSync(path, 'a', 0o644)
    writeAll({ fs }, file, line)
  }
  const forget = (): void => {
    if (file === undefined) return
    try {
      fs.closeSync(file)
    } catch {
      // It is of no use either way.
    }
    file = undefined
  }
  return (text) => {
    const line = Buffer.from(text)
    try {
      write(line)
    } catch {
      forget()
      try {
        write(line)
      } catch {
        forget()
      }
    }
  }
}

function writeAll({ fs }: Pick<Context, 'fs'>, file: number, bytes: Buffer): void {
  let tries = TRIES
  for (let done = 0; done < bytes.length;) {
    try {
      done += fs.writeSync(file, bytes, done)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || tries-- === 0) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    }
  }
}
