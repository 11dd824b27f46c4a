import type { View } from '../output.ts'
import { oneLine } from '../text.ts'

/** The version of a snapshot that is gone. */
export const deletedView: View<string> = {
  columns: [{ title: 'DELETED', plain: oneLine }],
  json: (version) => ({ deleted: version }),
}
