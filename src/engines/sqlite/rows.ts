import type {
  AsideHead,
  CommitRecord,
  Encoded,
  Entry,
  Mark,
  NewChange,
  PastChange,
  Replaced,
} from '../../change.ts'
import { IntegrityError } from '../../errors.ts'
import { plainLength } from '../../log/codec.ts'
import type { Row, SqlValue } from './driver.ts'

/** Drivers cut text at a NUL, so NUL is written as 01 01 and 01 as 01 02, which keeps the order of the bytes. */
// oxlint-disable-next-line no-control-regex
const AWKWARD = /[\0\u0001]/
// oxlint-disable-next-line no-control-regex
const AWKWARD_ALL = /[\0\u0001]/g
// oxlint-disable-next-line no-control-regex
const ESCAPED = /\u0001([\u0001\u0002])/g

export function toSqlKey(key: string): string {
  return AWKWARD.test(key)
    ? key.replace(AWKWARD_ALL, (c) => (c === '\0' ? '\u0001\u0001' : '\u0001\u0002'))
    : key
}

export function fromSqlKey(key: SqlValue | undefined): string {
  if (typeof key !== 'string')
    throw new IntegrityError(`A key is stored as ${typeof key}, not as text: damaged.`)
  return key.includes('\u0001')
    ? key.replace(ESCAPED, (_, c: string) => (c === '\u0001' ? '\0' : '\u0001'))
    : key
}

function integer(value: SqlValue | undefined, what: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw new IntegrityError(`${what} is stored as ${JSON.stringify(value)}, not as a whole number: damaged.`)
  return value
}

function encoded(value: SqlValue | undefined, what: string): Encoded {
  if (typeof value === 'string' || value instanceof Uint8Array) return value
  throw new IntegrityError(`${what} is stored as ${value === null ? 'null' : typeof value}: damaged.`)
}

/** A row of: value, change, expires, sum. */
export function toEntry(key: string, row: Row, from = 0): Entry {
  const value = row[from]
  const change = row[from + 1]
  const expires = row[from + 2]
  const sum = row[from + 3]
  // The usual case first: this is the path of every read that the cache does not answer.
  if (
    typeof change === 'number' &&
    typeof sum === 'number' &&
    (typeof value === 'string' || value instanceof Uint8Array)
  )
    return {
      key,
      value,
      change,
      expires: expires === null ? 0 : integer(expires, `The expiry of ${key}`),
      sum,
    }
  return {
    key,
    value: encoded(value, `The value of ${JSON.stringify(key)}`),
    change: integer(change, `The change number of ${JSON.stringify(key)}`),
    expires: expires === null ? 0 : integer(expires, `The expiry of ${JSON.stringify(key)}`),
    sum: integer(sum, `The checksum of ${JSON.stringify(key)}`),
  }
}

/** A row of: id, key, prev, before, expires, sum. */
export function toPastChange(row: Row): PastChange {
  const id = integer(row[0], 'The number of a change')
  const where = `Change ${id}`
  const before = row[3]
  const expires = row[4]
  return {
    id,
    key: fromSqlKey(row[1]),
    prev: integer(row[2], `${where}: its predecessor`),
    before: before === null ? undefined : encoded(before, `${where}: the value before it`),
    expires: expires === null ? 0 : integer(expires, `${where}: its expiry`),
    sum: integer(row[5], `${where}: its checksum`),
  }
}

/** A row of: bytes of what is kept, checksum, predecessor, first bytes. */
export function toReplaced([bytes, sum, prev, head]: Row, change: NewChange | undefined): Replaced {
  const plain = head instanceof Uint8Array ? plainLength(head, Number(bytes)) : Number(bytes)
  return {
    bytes: bytes === null ? -1 : (change?.past?.bytes ?? plain),
    kept: Number(bytes),
    sum: Number(sum),
    prev: Number(prev),
  }
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

export function toCommit(row: Row): CommitRecord {
  const revision = integer(row[0], 'The number of a revision')
  const where = `Revision ${revision}`
  const why = row[4]
  const hash = row[9]
  if (
    (why !== '' && why !== 'expiry' && why !== 'restore' && why !== 'import') ||
    typeof row[3] !== 'string' ||
    !(hash instanceof Uint8Array)
  )
    throw new IntegrityError(`${where}: its record is damaged.`)
  return {
    revision,
    last: integer(row[1], `${where}: its last change`),
    at: integer(row[2], `${where}: its time`),
    actor: row[3],
    why,
    origin: integer(row[5], `${where}: its origin`),
    keys: integer(row[6], `${where}: its number of keys`),
    bytes: integer(row[7], `${where}: its number of bytes`),
    sums: integer(row[8], `${where}: its sum of checksums`),
    hash: toHex(hash),
    ...(row[10] instanceof Uint8Array ? { prior: toHex(row[10]) } : {}),
  }
}

export function fromCommit(commit: CommitRecord): SqlValue[] {
  return [
    commit.revision,
    commit.last,
    commit.at,
    commit.actor,
    commit.why,
    commit.origin,
    commit.keys,
    commit.bytes,
    commit.sums,
    Buffer.from(commit.hash, 'hex'),
  ]
}

export function toMark(row: Row): Mark {
  const version = row[1]
  const where = `Snapshot ${JSON.stringify(version)}`
  if (typeof version !== 'string' || typeof row[3] !== 'string' || typeof row[7] !== 'string')
    throw new IntegrityError(`${where}: its record is damaged.`)
  let tags: unknown
  try {
    tags = JSON.parse(row[3])
  } catch (error) {
    throw new IntegrityError(`${where}: its tags are damaged.`, { cause: error })
  }
  if (!Array.isArray(tags)) throw new IntegrityError(`${where}: its tags are damaged.`)
  return {
    id: integer(row[0], `${where}: its number`),
    version,
    revision: integer(row[2], `${where}: its revision`),
    tags: tags.map(String),
    description: typeof row[4] === 'string' ? row[4] : undefined,
    meta: encoded(row[5], `${where}: its meta`),
    createdAt: integer(row[6], `${where}: its time`),
    createdBy: row[7],
    auto: row[8] === 1,
    sum: integer(row[9], `${where}: its checksum`),
    ...(typeof row[10] === 'string' ? { base: row[10] } : {}),
  }
}

export function fromMark(mark: Mark): SqlValue[] {
  return [
    mark.id,
    mark.version,
    mark.revision,
    JSON.stringify(mark.tags),
    mark.description ?? null,
    mark.meta,
    mark.createdAt,
    mark.createdBy,
    mark.auto ? 1 : 0,
    mark.sum,
    mark.base ?? null,
  ]
}

/** A key and the last change of it. */
export interface KeyChange {
  readonly key: string
  readonly change: number
}

export function toKeyChange(row: Row): KeyChange {
  const key = fromSqlKey(row[0])
  return { key, change: integer(row[1], `The change number of ${JSON.stringify(key)}`) }
}

/** A row of: aside, revision, at. */
export function toAsideHead(row: Row): AsideHead {
  const aside = integer(row[0], 'The number of an import')
  const where = `Import ${aside}`
  return {
    aside,
    revision: integer(row[1], `${where}: its revision`),
    at: integer(row[2], `${where}: its time`),
  }
}
