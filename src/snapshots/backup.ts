import type { CommitRecord, Mark, NewChange, PastChange, Records } from '../change.ts'
import { IntegrityError } from '../errors.ts'
import { GONE, seal } from '../log/checksum.ts'
import { now } from '../log/commits.ts'
import type { Log } from '../log/log.ts'
import { beforeOf } from '../log/past.ts'
import { marksOf, pointAt, revisionOf } from '../log/refs.ts'
import type { BackupReport, CareOptions } from '../reports.ts'
import type { BackupOptions } from '../types.ts'
import { ARCHIVE_VERSION, ASIDE, CHANGE, COMMIT, MARK } from './archive-format.ts'
import { ArchiveWriter } from './archive-writer.ts'
import { destinationOf, DraftFile, isDatabase, stampOf } from './draft-file.ts'

const PAGE = 1_000

/** What the engine of files does for backups: the files are its own. */
export interface BackupFiles {
  /** Makes a database of the records of an engine that has none. */
  make(path: string, records: Records): Promise<void>
  /** Seals a copy that is finished: what is changed in it from now on is noticed. */
  seal(path: string, options: CareOptions): Promise<Omit<BackupReport, 'path'>>
  /** Whether this is an older backup that nobody has open. */
  isBackup(path: string): Promise<boolean>
}

/** A copy of everything, or of what came since `base`, as of one moment. */
export async function backup(
  log: Log,
  files: BackupFiles,
  path: string,
  { base, ...care }: BackupOptions,
): Promise<BackupReport> {
  care.signal?.throwIfAborted()
  return base === undefined
    ? await wholeBackup(log, files, path, care)
    : await increment(log, path, base, care)
}

async function wholeBackup(
  log: Log,
  files: BackupFiles,
  path: string,
  care: CareOptions,
): Promise<BackupReport> {
  const { context, engine } = log
  const to = destinationOf(context, 'backup', path)
  if (to.taken === 'database' && !(await files.isBackup(path))) throw isDatabase(to)
  const draft = new DraftFile(context, to)
  try {
    const records = await engine.copy(draft.path)
    if (records !== undefined) await files.make(draft.path, records)
    care.signal?.throwIfAborted()
    const report = await files.seal(draft.path, care)
    care.signal?.throwIfAborted()
    const name = `backup-${report.revision}-${stampOf(context)}`
    const written = await draft.finish((n) => `${name}${n === 1 ? '' : `-${n}`}.db`)
    return { path: written, ...report }
  } catch (error) {
    draft.abandon()
    throw error
  }
}

/** What an incremental backup says of its two ends. */
export function endOf({ revision, last, hash }: CommitRecord): {
  readonly revision: number
  readonly last: number
  readonly hash: string
} {
  return { revision, last, hash }
}

async function increment(
  log: Log,
  path: string,
  ref: NonNullable<BackupOptions['base']>,
  care: CareOptions,
): Promise<BackupReport> {
  const { context } = log
  const to = destinationOf(context, 'backup', path)
  if (to.taken === 'database') throw isDatabase(to)
  const base = revisionOf(log, ref)
  // All of one moment: from here on nothing is asked that could know of later revisions.
  const { head } = log
  const marks = marksOf(log).filter(({ revision }) => revision <= head.revision)
  checkKept(log, base)
  const release = log.pin(pointAt(head))
  try {
    const writer = new ArchiveWriter(context, to, log.options.compression, care, {
      format: 'varve backup',
      version: ARCHIVE_VERSION,
      backedUpAt: new Date(context.wall()).toISOString(),
      base: endOf(base),
      newest: endOf(head),
    })
    try {
      await writeSince(log, writer, base, head, marks)
      const name = `backup-${base.revision}-${head.revision}-${stampOf(context)}`
      const written = await writer.finish((n) => `${name}${n === 1 ? '' : `-${n}`}.varve`)
      return { ...written, revision: head.revision, base: base.revision }
    } catch (error) {
      writer.abandon()
      throw error
    }
  } finally {
    release()
  }
}

/** Every change after the base must still be there. */
function checkKept(log: Log, base: CommitRecord): void {
  log.forgetHorizon()
  const horizon = log.horizon()
  if (base.revision < horizon) throw log.compacted(base.revision, horizon)
}

async function writeSince(
  log: Log,
  writer: ArchiveWriter,
  base: CommitRecord,
  head: CommitRecord,
  marks: readonly Mark[],
): Promise<void> {
  const total = head.last - base.last + head.revision - base.revision
  const add = async (kind: number, value: string | Uint8Array | undefined, rest?: object): Promise<void> => {
    const full = writer.add({ kind, key: '', value, a: 0, b: 0, c: 0, ...rest }, total)
    if (full !== undefined) await full
  }
  const records = commitsSince(log, base, head)
  let record = await records.next()
  /** What ends before this change is said before it. */
  const close = async (before: number): Promise<void> => {
    for (; record.done !== true && record.value.last < before; record = await records.next()) {
      if (record.value.why === 'import') await writeAside(log, record.value, add)
      await add(COMMIT, JSON.stringify(record.value))
    }
  }
  for (let last = base.last; last < head.last;) {
    const rows = await log.engine.changes(last, head.last, PAGE)
    const end = last + rows.length
    if (rows.length === 0 || rows.at(-1)?.id !== end) throw missing(log, base, last + 1)
    for (const { key, value, id, expires, sum } of writtenBy(log, rows)) {
      if (record.done !== true && record.value.last < id) await close(id)
      await add(CHANGE, value, { key, a: id, b: expires, c: sum })
    }
    last = end
  }
  await close(Infinity)
  for (const { meta, ...mark } of marks) {
    const encoded =
      typeof meta === 'string' ? { meta } : { encodedMeta: Buffer.from(meta).toString('base64') }
    await add(MARK, JSON.stringify({ ...mark, ...encoded }))
  }
}

async function* commitsSince(
  log: Log,
  base: CommitRecord,
  head: CommitRecord,
): AsyncGenerator<CommitRecord, undefined> {
  for (let from = base.revision + 1; from <= head.revision;) {
    const records = await log.engine.commits(from, head.revision, PAGE, false)
    if (records[0]?.revision !== from || records.at(-1)?.revision !== from + records.length - 1)
      throw missing(log, base, base.last + 1)
    // Each is checked against the one before.
    for (const { revision } of records) yield log.commitOf(revision)
    from += records.length
  }
  return undefined
}

async function writeAside(
  log: Log,
  record: CommitRecord,
  add: (kind: number, value: string | Uint8Array | undefined, rest: object) => Promise<void>,
): Promise<void> {
  const point = pointAt(record)
  const release = log.pin(point)
  let keys = 0
  try {
    for (let from: string | undefined; ;) {
      const { entries, last } = await log.page({ from, to: undefined, reverse: false, limit: PAGE }, point)
      for (const { key, value, expires } of entries) {
        keys++
        await add(ASIDE, value, { key, a: record.origin, b: expires })
      }
      if (last === undefined) break
      from = `${last}\0`
    }
    // An empty one is written down too.
    if (keys === 0) await add(ASIDE, undefined, { a: record.origin })
  } finally {
    release()
  }
}

/** What each change wrote: what the key's next change found, or what is there now. */
function writtenBy(log: Log, rows: readonly PastChange[]): NewChange[] {
  const next = new Map(rows.map((row) => [row.prev, row]))
  return rows.map(({ id, key }) => {
    const follower = next.get(id)
    const point = { revision: log.head.revision, last: id, asOf: 0 }
    const entry = follower === undefined ? log.entryAt(key, point) : beforeOf(log, follower)
    if (entry === undefined && follower === undefined && removedBy(log, key, id) !== id)
      throw doesNotFit(log, id)
    if (entry !== undefined && entry.change !== id) throw doesNotFit(log, id)
    return {
      id,
      key,
      value: entry?.value,
      expires: entry?.expires ?? 0,
      sum: entry?.sum ?? seal(GONE, id),
    }
  })
}

function removedBy(log: Log, key: string, id: number): number {
  return now(log.engine.removal(key, id))
}

function doesNotFit(log: Log, id: number): IntegrityError {
  return new IntegrityError(
    `Change ${id} in ${log.engine.place} does not fit into the history of its key: damaged.`,
  )
}

function missing(log: Log, base: CommitRecord, change: number): Error {
  // Another process may have compacted meanwhile.
  checkKept(log, base)
  return new IntegrityError(`Changes from ${change} on in ${log.engine.place} are missing: damaged.`)
}
