import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Context } from '../../context.ts'

/**
 * With some drivers a closed connection keeps its files open, and its place among those who use the database, until its
 * statements are garbage collected: see `Driver.lingers`. So many may wait before the collector is asked to come.
 */
const MANY = 8
let waiting = 0
const collected = new FinalizationRegistry(() => void waiting--)

/** A connection was closed of which statements may be left. */
export function linger(connection: object): void {
  waiting++
  collected.register(connection, undefined)
}

/** Sees to it that they do not pile up. */
export async function collectMany(context: Context): Promise<void> {
  if (waiting >= MANY) await collectClosed(context)
}

/** Sees to it that closed connections of this process hold no file and no lock any more. */
export async function collectClosed(context: Context): Promise<void> {
  if (waiting === 0) return
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const turn = (): Promise<void> => new Promise((resolve) => context.turn(resolve))
  await turn()
  collect()
  await turn()
}
