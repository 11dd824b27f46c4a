import type { Duration } from '../../index.ts'
import type { Command } from '../command.ts'
import { valueFrom } from '../input.ts'
import type { Options } from '../parse.ts'
import { writtenView } from '../views/written.ts'

/** What all writes of one key can be told. */
export const WRITING = [
  {
    name: 'if-revision',
    value: 'revision',
    summary: "only if the key's last change has this revision (0: only if it is absent)",
  },
  { name: 'ttl', value: 'duration', summary: 'the key goes by itself after 500ms, 10s, 5m, 2h, 30d' },
] as const

export function writeOptions(options: Options): { ttl?: Duration; ifRevision?: number } {
  const ttl = options.text('ttl')
  const ifRevision = options.count('if-revision')
  return {
    ...(ttl === undefined ? {} : { ttl: ttl as Duration }),
    ...(ifRevision === undefined ? {} : { ifRevision }),
  }
}

export const set: Command = {
  arguments: [
    { name: 'key', summary: 'the key', offers: 'key' },
    { name: 'value', summary: 'JSON, else text; - reads standard input' },
  ],
  options: [
    ...WRITING,
    { name: 'text', summary: 'the value is text, also where it looks like JSON' },
    { name: 'bytes', summary: 'the value is bytes, a Uint8Array' },
    { name: 'typed', summary: 'the value is JSON with tags, as --json prints it: {"$date":"2026-01-31"}' },
  ],
  details: `Makes the store if there is none. Prints the new revision; with --json: {"key","revision"}.
Text from standard input loses its last line end; --text keeps it.`,
  examples: [
    [`varve set user:1 '{"name":"Ann"}'`, 'a value'],
    ['varve set session abc --ttl 30m', 'goes by itself'],
    ['varve set logo - --bytes < logo.png', 'bytes from a file'],
    ['varve set lock mine --if-revision 0', 'only if it is absent; else exit code 4'],
  ],
  async run({ args: [key = '', word = ''], options, out, session, writer }) {
    const reading = { text: options.has('text'), bytes: options.has('bytes'), typed: options.has('typed') }
    const writing = writeOptions(options)
    const value = await valueFrom(word, reading, session.input)
    const store = await writer({ create: true })
    const revision = await store.set(key, value, writing)
    await out.one(writtenView, { what: 'set', key, revision })
  },
}
