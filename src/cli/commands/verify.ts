import type { VerifyReport } from '../../index.ts'
import type { Command } from '../command.ts'
import { EXIT } from '../failures.ts'
import type { View } from '../output.ts'
import { manyLines, oneLine } from '../text.ts'
import { count } from '../views/figures.ts'

/** What a check of everything has found. */
const view: View<VerifyReport> = {
  columns: [],
  json: ({ ok, revisions, keys, records, damaged }) => ({
    ok,
    revisions,
    keys,
    records,
    damaged: damaged.map(({ where, why }) => ({ where, why })),
  }),
  plain: ({ ok, revisions, keys, records, damaged }) =>
    [
      `ok\t${ok}`,
      `revisions\t${revisions}`,
      `keys\t${keys}`,
      `records\t${records}`,
      ...damaged.map(({ where, why }) => `damaged\t${oneLine(where)}\t${oneLine(why)}`),
    ].join('\n'),
  human: ({ ok, revisions, keys, records, damaged }, { paint }) =>
    [
      `${ok ? paint('green', 'whole') : paint('red', 'damaged')}: ${count(revisions, 'revision')}, ${count(keys, 'key')}, ${count(records, 'record')} read`,
      ...damaged.map(({ where, why }) => `  ${paint('bold', manyLines(where))}  ${manyLines(why)}`),
    ].join('\n'),
}

export const verify: Command = {
  details: `Nothing is repaired, and nothing is changed. The exit code is 6 if anything is damaged or missing.
With --json: {"ok","revisions","keys","records","damaged":[{"where","why"}]}.`,
  examples: [['varve verify', 'read it all']],
  async run({ out, reader, signal, talk }) {
    const store = await reader()
    const report = await talk.progress('verify', (onProgress) => store.verify({ onProgress, signal }))
    await out.one(view, report)
    return report.ok ? EXIT.ok : EXIT.corrupt
  },
}
