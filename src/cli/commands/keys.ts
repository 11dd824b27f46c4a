import type { Range } from '../../index.ts'
import type { Call, Command } from '../command.ts'
import { UsageError } from '../failures.ts'
import type { View } from '../output.ts'
import { atOf } from '../refs.ts'
import { oneLine } from '../text.ts'
import { brief, cell, tagged } from '../values.ts'

const keyView: View<string> = {
  columns: [{ title: 'KEY', plain: oneLine }],
  json: (key) => ({ key }),
}
const entryView: View<readonly [string, unknown]> = {
  columns: [
    { title: 'KEY', plain: ([key]) => oneLine(key), style: 'bold' },
    { title: 'VALUE', plain: ([, value]) => cell(value), human: ([, value]) => brief(value) },
  ],
  json: ([key, value]) => ({ key, value: tagged(value) }),
}
const countView: View<number> = {
  columns: [],
  plain: String,
  human: (count) => count.toLocaleString('en-US'),
  json: (count) => ({ count }),
}

export const keys: Command = {
  arguments: [
    {
      name: 'pattern',
      summary: 'only keys that match: * is one part, ** one or more; parts end at . / or :',
      optional: true,
    },
  ],
  options: [
    { name: 'prefix', value: 'text', summary: 'only keys that begin so', offers: 'key' },
    { name: 'after', value: 'key', summary: 'only keys behind this one', offers: 'key' },
    { name: 'limit', short: 'n', value: 'count', summary: 'at most so many' },
    { name: 'reverse', short: 'r', summary: 'from the last key to the first' },
    { name: 'at', value: 'point', summary: 'as they were at this point', offers: 'ref' },
    { name: 'values', short: 'v', summary: 'with their values' },
    { name: 'count', short: 'c', summary: 'only how many there are' },
  ],
  details: 'With --json, a line for each: {"key"}, with --values {"key","value"}; with --count: {"count"}.',
  examples: [
    [`varve keys 'user:*'`, 'all of one kind'],
    ['varve keys --prefix user: --values', 'with their values'],
    ['varve keys --count --at v17', 'how many there were'],
  ],
  async run(call) {
    const { options, out, reader } = call
    if (options.has('count') && options.has('values')) throw new UsageError('--count has no --values.')
    const range = rangeOf(call)
    const store = await reader()
    if (options.has('count')) await out.one(countView, await store.count(range))
    else if (options.has('values')) await out.list(entryView, store.entries(range))
    else await out.list(keyView, store.keys(range))
  },
}

function rangeOf({ args: [match], options }: Call): Range {
  const prefix = options.text('prefix')
  const after = options.text('after')
  const limit = options.count('limit')
  const reverse = options.has('reverse')
  return {
    ...atOf(options.text('at')),
    ...(match === undefined ? {} : { match }),
    ...(prefix === undefined ? {} : { prefix }),
    ...(after === undefined ? {} : reverse ? { lt: after } : { gt: after }),
    ...(limit === undefined ? {} : { limit }),
    ...(reverse ? { reverse } : {}),
  }
}
