import type { Command } from '../command.ts'
import { CliError, UsageError } from '../failures.ts'
import { writtenView } from '../views/written.ts'
import { WRITING, writeOptions } from './set.ts'

export const remove: Command = {
  arguments: [{ name: 'key', summary: 'the keys', many: true, offers: 'key' }],
  options: [WRITING[0]],
  details: `Several keys go in one revision. The exit code is 3 if one of them is absent: then none goes.
Prints the new revision; with --json: {"key","revision"}, of several keys {"revision"}.`,
  examples: [
    ['varve delete user:1', 'one key'],
    ['varve delete user:1 user:2', 'two keys, one revision'],
  ],
  async run({ args: keys, options, out, writer }) {
    const writing = writeOptions(options)
    const [key = '', ...more] = keys
    if (more.length > 0 && 'ifRevision' in writing) throw new UsageError('--if-revision is for one key.')
    const store = await writer()
    if (more.length > 0)
      await store.transact(async (tx) => {
        for (const one of keys) {
          if ((await tx.get(one)) === undefined) throw absent(one)
          tx.delete(one)
        }
      })
    else if (!(await store.delete(key, writing))) throw absent(key)
    const { revision } = store
    await out.one(writtenView, { what: 'deleted', revision, ...(more.length === 0 ? { key } : {}) })
  },
}

function absent(key: string): CliError {
  return new CliError(
    'VARVE_NO_KEY',
    `There is no key ${JSON.stringify(key)}; nothing was deleted.`,
    'varve keys',
  )
}
