import type { Entry } from '../change.ts'
import { removeOp, type Op, type View } from '../log/intent.ts'
import type { Log } from '../log/log.ts'
import { differs } from '../log/past.ts'

/** The changes that make the state under a prefix exactly what `ops` say: what is there already is not written again. */
export function replacing(log: Log, view: View, prefix: string, ops: ReadonlyMap<string, Op>): Op[] {
  const wanted = new Map(ops)
  const gone: Op[] = []
  for (const old of view.entries()) {
    if (!old.key.startsWith(prefix)) continue
    const op = wanted.get(old.key)
    if (op === undefined) gone.push(removeOp(old.key))
    else if (old.expires === 0 && !differs(log, old as Entry, { ...old, value: op.value } as Entry))
      wanted.delete(old.key)
  }
  return [...gone, ...wanted.values()]
}
