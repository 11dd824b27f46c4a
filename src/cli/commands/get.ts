import type { Call, Command } from '../command.ts'
import { CliError, EXIT, UsageError } from '../failures.ts'
import type { View } from '../output.ts'
import { atOf } from '../refs.ts'
import { jsonText, shown, tagged } from '../values.ts'

interface Got {
  readonly key: string
  readonly value: unknown
  readonly revision: number | undefined
  readonly expiresAt: Date | undefined
}

/** Text as it is, everything else as it is written: `varve get name` in a script gives the name. */
const view: View<Got> = {
  columns: [],
  plain: ({ value }) => (typeof value === 'string' ? value : jsonText(value)),
  human: ({ value }, { paint, width }) => shown(value, { colors: paint('red', 'x') !== 'x', width }),
  json: ({ key, value, revision, expiresAt }) => ({
    key,
    value: tagged(value),
    ...(revision === undefined ? {} : { revision }),
    ...(expiresAt === undefined ? {} : { expiresAt: expiresAt.toISOString() }),
  }),
}

export const get: Command = {
  arguments: [{ name: 'key', summary: 'the key', offers: 'key' }],
  options: [
    { name: 'at', value: 'point', summary: 'as it was at this point', offers: 'ref' },
    { name: 'raw', summary: 'exactly the text or the bytes, without a line end; not to a terminal' },
  ],
  details: `The exit code is 3 if the key is absent.
With --json: {"key","value","revision","expiresAt"}, where revision is that of the last change, for --if-revision.`,
  examples: [
    ['varve get user:1', 'as it is now'],
    ['varve get user:1 --at 2026-01-31T12:00:00Z', 'as it was then'],
    ['varve get logo --raw > logo.png', 'bytes to a file'],
  ],
  async run(call) {
    const [key = ''] = call.args
    const { options, out } = call
    if (options.has('raw') && (out.mode === 'human' || options.has('json')))
      throw new UsageError('--raw goes to a file or a pipe, and not with --json.')
    const store = await call.reader()
    const at = atOf(options.text('at'))
    const value = await store.get(key, at)
    if (value === undefined && !(await store.has(key, at)))
      throw new CliError('VARVE_NO_KEY', `There is no key ${JSON.stringify(key)}.`, 'varve keys')
    if (options.has('raw')) return raw(call, value)
    const json = out.mode === 'json'
    const expiresAt = json ? await store.expiresAt(key, at) : undefined
    await out.one(view, { key, value, revision: json ? await lastChange(call, key) : undefined, expiresAt })
    return EXIT.ok
  },
}

async function raw({ out }: Call, value: unknown): Promise<number> {
  if (typeof value === 'string') await out.text(value)
  else if (value instanceof ArrayBuffer) await out.bytes(new Uint8Array(value))
  else if (ArrayBuffer.isView(value))
    await out.bytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
  else throw new UsageError('--raw is for text and bytes; this value is neither.')
  return EXIT.ok
}

async function lastChange({ reader, options }: Call, key: string): Promise<number | undefined> {
  const { at: from } = atOf(options.text('at'))
  const newest = { limit: 1, ...(from === undefined ? {} : { from }) }
  for await (const { revision } of (await reader()).history(key, newest)) return revision
  return undefined
}
