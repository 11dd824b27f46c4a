import type { View } from '../output.ts'
import { oneLine } from '../text.ts'

export interface Written {
  readonly what: string
  readonly revision: number
  readonly key?: string
}

/** What a write has done: the new revision. */
export const writtenView: View<Written> = {
  columns: [],
  plain: ({ revision }) => String(revision),
  human: ({ what, revision, key }, { paint }) =>
    `${what}${key === undefined ? '' : ` ${paint('bold', oneLine(key))}`} at revision ${paint('yellow', String(revision))}`,
  json: ({ revision, key }) => ({ ...(key === undefined ? {} : { key }), revision }),
}
