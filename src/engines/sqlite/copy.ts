import type { Records } from '../../change.ts'
import type { Context } from '../../context.ts'
import { runApart } from './checkpoints.ts'
import { Connection } from './connection.ts'
import type { Driver, SqlValue } from './driver.ts'
import { translate } from './failures.ts'
import { fromCommit, fromMark, toSqlKey } from './rows.ts'
import { NEW_DATABASE, SEAL, TRIGGERS, type SqlName } from './schema.ts'

/** So many rows are written before the event loop gets its turn. */
const TURN_ROWS = 2_000

/** What a copy leaves behind: who held a lock then does not hold it in the copy, and a seal is for the file that it was made for. */
const LEFT_BEHIND = `pragma secure_delete = on; pragma journal_mode = wal;
  delete from meta where name glob 'note:lock:*' or name = '${SEAL}'; pragma wal_checkpoint(truncate);`

/** Copies a database that others write, as of one moment, on a thread of its own. `source`: a path, or a URL of a frozen one. */
export async function copyDatabase(
  driver: Driver,
  source: string,
  readOnly: boolean,
  path: string,
): Promise<void> {
  try {
    await runApart(driver, source, [`vacuum into '${path.replaceAll("'", "''")}'`], readOnly)
    const connection = driver.open(path, false)
    try {
      connection.exec(LEFT_BEHIND)
    } finally {
      connection.close()
    }
  } catch (error) {
    throw translate(error, path)
  }
}

/** Makes a database of records that come from elsewhere. */
export async function databaseOf(
  context: Context,
  driver: Driver,
  path: string,
  records: Records,
): Promise<void> {
  try {
    const begun = driver.open(path, false)
    try {
      // Without a journal: what is not finished is thrown away. The triggers would write the history anew.
      begun.exec(NEW_DATABASE)
    } finally {
      begun.close()
    }
  } catch (error) {
    throw translate(error, path)
  }
  const db = new Connection(driver, path)
  try {
    db.open('write')
    db.exec('pragma journal_mode = off; begin')
    let rows = 0
    for (const [name, params] of rowsOf(records)) {
      db.run(name, ...params)
      if (++rows % TURN_ROWS === 0) await new Promise<void>((resolve) => context.turn(resolve))
    }
    db.exec(`commit; ${TRIGGERS}`)
  } catch (error) {
    throw translate(error, path)
  } finally {
    await db.close(context)
  }
  try {
    const finished = driver.open(path, false)
    try {
      finished.exec(LEFT_BEHIND)
    } finally {
      finished.close()
    }
  } catch (error) {
    throw translate(error, path)
  }
}

function* rowsOf(records: Records): Generator<[SqlName, SqlValue[]]> {
  const ends = (expires: number): number | null => (expires === 0 ? null : expires)
  for (const { key, value, change, expires, sum } of records.state)
    yield ['loadState', [toSqlKey(key), value, change, ends(expires), sum]]
  for (const { id, key, prev, before, expires, sum } of records.changes)
    yield ['loadChange', [id, toSqlKey(key), prev, before ?? null, ends(expires), sum]]
  for (const { key, change, sum } of records.gone) yield ['addGone', [toSqlKey(key), change, sum]]
  for (const commit of records.commits) {
    yield ['addCommit', fromCommit(commit)]
    if (commit.prior !== undefined) yield ['keepCommit', [commit.revision, Buffer.from(commit.prior, 'hex')]]
  }
  for (const mark of records.marks) yield ['putMark', fromMark(mark)]
  for (const { head, entries } of records.asides) {
    yield ['putAside', [head.aside, head.at]]
    yield ['closeAside', [head.aside, head.revision]]
    for (const { key, value, expires, sum } of entries)
      if (value !== undefined) yield ['putAsideEntry', [head.aside, toSqlKey(key), value, ends(expires), sum]]
  }
  if (records.horizon > 0) yield ['putMeta', ['horizon', records.horizon]]
}
