import type { CommitRecord, Mark } from '../change.ts'
import { IntegrityError, InvalidOptionError, NotFoundError } from '../errors.ts'
import type { Ref } from '../types.ts'
import { recordSum } from './checksum.ts'
import type { Log, Point } from './log.ts'

/** A mark's own checksum: it is a record like any other. */
export function markSum(mark: Omit<Mark, 'sum'>): number {
  const { id, version, revision, tags, description, createdAt, createdBy, auto, base } = mark
  const fields = [id, revision, tags, description ?? null, createdAt, createdBy, auto]
  const rest = JSON.stringify(base === undefined ? fields : [...fields, base])
  return recordSum(`${version}\0${rest}`, mark.meta, 0)
}

/** All snapshots, in the order of their creation, each checked once. */
export function marksOf(log: Log): readonly Mark[] {
  const marks = log.marks()
  for (const mark of marks) {
    if (checked.has(mark)) continue
    if (markSum(mark) !== mark.sum)
      throw new IntegrityError(
        `The record of snapshot ${JSON.stringify(mark.version)} in ${log.engine.place} does not match its checksum: damaged.`,
      )
    checked.add(mark)
  }
  return marks
}

const checked = new WeakSet<Mark>()

/** The snapshot that a version or tag names: a version first, else the newest with the tag. */
export function markNamed(log: Log, name: string, marks: readonly Mark[] = marksOf(log)): Mark {
  const mark = marks.find((one) => one.version === name) ?? marks.findLast((one) => one.tags.includes(name))
  if (mark === undefined)
    throw new NotFoundError(
      `There is no snapshot with the version or tag ${JSON.stringify(name)} in ${log.engine.place}.`,
    )
  return mark
}

/** The revision that a reference means, whether or not it can still be read. */
export function revisionOf(log: Log, ref: Ref): CommitRecord {
  log.fresh()
  if (typeof ref === 'number') {
    if (!Number.isSafeInteger(ref) || ref < 0)
      throw new InvalidOptionError(
        `${ref} is no revision; give a whole number from 0 to ${log.head.revision}.`,
      )
    return log.commitOf(ref)
  }
  if (typeof ref === 'string') return log.commitOf(markNamed(log, ref).revision)
  if (ref instanceof Date && !Number.isNaN(ref.getTime())) return commitAtTime(log, ref.getTime())
  throw new InvalidOptionError(
    `${ref instanceof Date ? 'An invalid Date' : typeof ref} names no point in time; give a revision, a Date, or a snapshot's version or tag.`,
  )
}

/** The point that a reference means, ready to be read. */
export function resolve(log: Log, ref: Ref): Point {
  const record = revisionOf(log, ref)
  const name = typeof ref === 'string' ? { snapshot: markNamed(log, ref).version } : {}
  if (!log.isReadable(record.revision)) throw log.compacted(record.revision, log.horizon())
  return { ...pointAt(record), ...name, asOf: ref instanceof Date ? ref.getTime() : 0 }
}

/** The state that a revision shows, as the log says. */
export function pointAt({ revision, last, why, origin }: CommitRecord): Point {
  return { revision, last, asOf: 0, ...(why === 'import' ? { aside: origin } : {}) }
}

/** The newest revision that was made at or before this time. Times never go back from one revision to the next. */
function commitAtTime(log: Log, time: number): CommitRecord {
  if (log.head.at <= time) return log.head
  const oldest = log.horizon()
  let low = oldest
  let high = log.head.revision
  // The revision sought is in [low, high): high is later than `time`.
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (log.commitOf(middle).at <= time) low = middle
    else high = middle
  }
  if (low === 0) return log.commitOf(0)
  const record = log.commitOf(low)
  if (record.at > time) throw log.compacted(low - 1, oldest)
  return record
}
