import { isUtf8 } from 'node:buffer'
import { UsageError } from './failures.ts'
import { untagged } from './values.ts'

export interface Reading {
  /** As it is, to the last line end. */
  readonly text: boolean
  readonly bytes: boolean
  /** JSON with tags for what JSON cannot say. */
  readonly typed: boolean
}

/** The value that a word or standard input (`-`) means. */
export async function valueFrom(
  word: string,
  { text, bytes, typed }: Reading,
  input: (() => Promise<Buffer>) | undefined,
): Promise<unknown> {
  if (Number(text) + Number(bytes) + Number(typed) > 1)
    throw new UsageError('--text, --bytes and --typed exclude each other.')
  const raw = word === '-' ? await readAll(input) : undefined
  if (bytes) return new Uint8Array(raw ?? Buffer.from(word))
  if (raw !== undefined && !isUtf8(raw))
    throw new UsageError('What came in is not UTF-8 text; store it as bytes with --bytes.')
  const said = raw?.toString() ?? word
  if (text) return said
  const parsed = jsonOf(said)
  if (typed) {
    if (parsed === undefined) throw new UsageError('--typed takes JSON, and this is none.')
    return untagged(parsed.value)
  }
  if (parsed === undefined) return raw === undefined ? said : said.replace(/\r?\n$/, '')
  if (typeof parsed.value === 'number' && !Number.isSafeInteger(parsed.value) && /^-?\d+$/.test(said.trim()))
    throw new UsageError(
      `${said.trim()} is more than a number can say exactly; use --text, or --typed '{"$bigint":"${said.trim()}"}'.`,
    )
  return parsed.value
}

async function readAll(input: (() => Promise<Buffer>) | undefined): Promise<Buffer> {
  if (input === undefined)
    throw new UsageError('- stands for standard input, and that is taken by the lines.')
  return input()
}

function jsonOf(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return undefined
  }
}

/** All of standard input, until its end or until the work is called off. */
export async function standardInput(signal: AbortSignal): Promise<Buffer> {
  const stop = (): void => void process.stdin.destroy()
  signal.addEventListener('abort', stop, { once: true })
  try {
    const chunks: Buffer[] = []
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
    signal.throwIfAborted()
    return Buffer.concat(chunks)
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
