import type { AsideEntry, CommitRecord, Encoded, Mark } from '../change.ts'
import { loadDelta } from '../deltas/stored.ts'
import { IntegrityError, NotFoundError, UnavailableError } from '../errors.ts'
import { addSums, recordSum } from '../log/checksum.ts'
import { compressed, encode, encodedBytes } from '../log/codec.ts'
import { now } from '../log/commits.ts'
import { dropAsides } from '../log/compact.ts'
import type { Totals } from '../log/intent.ts'
import { checkKey, compareKeys } from '../log/keys.ts'
import type { Log } from '../log/log.ts'
import { marksOf, markSum, pointAt } from '../log/refs.ts'
import type { Writer } from '../log/writer.ts'
import { checkName, checkNames } from '../options.ts'
import type { CareOptions } from '../reports.ts'
import { DIFFERENCE, ENTRY, type ArchiveRecord } from './archive-format.ts'
import { ArchiveReader } from './archive-reader.ts'
import { surplus } from './retention.ts'
import { stateChecksum } from './state-checksum.ts'
import { freeVersion, refuseTaken } from './versions.ts'

/** Rows that are brought in as one engine transaction: short enough not to be felt by those who write beside it. */
const STEP = 500

export interface ImportTarget {
  readonly log: Log
  readonly writer: Writer
  readonly actor: string
  readonly maxSnapshots: number
}
interface Wanted {
  readonly version: string | undefined
  readonly tags: readonly string[]
}
type Described = Omit<Mark, 'id' | 'revision' | 'sum' | 'base'> & {
  readonly checksum: string
  readonly keys: number
}

/**
 * Brings the state of a file in beside the main line, row by row and seen by nobody, and makes it a snapshot in one step when
 * it is whole.
 */
export async function importState(
  to: ImportTarget,
  path: string,
  wanted: Wanted,
  options: CareOptions,
): Promise<Mark> {
  const { log, writer } = to
  await writer.drain()
  const reader = new ArchiveReader(log.context, path, 'export')
  try {
    const described = describedIn(reader)
    if (wanted.version !== undefined) refuseTaken(marksOf(log), wanted.version)
    const base = baseOf(log, reader)
    // First all of it is checked, so that what is damaged changes nothing at all.
    await reader.check(options.signal === undefined ? {} : { signal: options.signal })
    await dropAsides(log, () => false, options)
    const aside = new Aside(log)
    try {
      if (base !== undefined) await aside.copy(base.record, options)
      for await (const records of reader.records(options)) {
        for (const record of records) {
          const full = aside.add(entryOf(log, reader, record, base?.record))
          if (full !== undefined) await full
        }
      }
      await aside.flush()
      if (stateChecksum(aside.totals) !== described.checksum || aside.totals.keys !== described.keys)
        throw reader.damaged('its entries do not add up to what its header says', reader.bytes)
      return await finish(to, described, wanted, aside, base?.version)
    } catch (error) {
      await aside.abandon()
      throw error
    }
  } finally {
    reader.close()
  }
}

/** The state that a delta file stands on, which must be here, and the snapshot that has it, if there is one. */
function baseOf(
  log: Log,
  reader: ArchiveReader,
): { record: CommitRecord; version: string | undefined } | undefined {
  const { base } = reader.header
  if (base === undefined) return undefined
  const { version, revision, checksum } = base as Readonly<Record<string, unknown>>
  log.fresh()
  const mark = marksOf(log).findLast((one) => stateChecksum(log.commitOf(one.revision)) === checksum)
  if (mark !== undefined) return { record: log.commitOf(mark.revision), version: mark.version }
  // The store that it came from needs no snapshot there.
  if (typeof revision === 'number' && revision <= log.head.revision && log.isReadable(revision)) {
    const record = log.commitOf(revision)
    if (stateChecksum(record) === checksum) return { record, version: undefined }
  }
  throw new NotFoundError(
    `${reader.path} holds only what changed since ${typeof version === 'string' ? `snapshot ${JSON.stringify(version)}` : `revision ${String(revision)}`}, and no snapshot in ${log.engine.place} has that state; import that one first.`,
  )
}

function describedIn(reader: ArchiveReader): Described {
  try {
    const snapshot = reader.header['snapshot'] as Readonly<Record<string, unknown>>
    const { version, tags, description, meta, encodedMeta, createdAt, createdBy, auto, checksum, keys } =
      snapshot
    checkName('version', version)
    const at = Date.parse(String(createdAt))
    if (description !== undefined && typeof description !== 'string') throw new TypeError('description')
    if (typeof createdBy !== 'string' || !Number.isSafeInteger(at))
      throw new TypeError('createdAt, createdBy')
    if (typeof checksum !== 'string' || typeof keys !== 'number') throw new TypeError('checksum, keys')
    const whole: Encoded =
      typeof encodedMeta === 'string'
        ? new Uint8Array(Buffer.from(encodedMeta, 'base64'))
        : encode(meta, { compression: true })
    const names = checkNames('tag', tags)
    return {
      version,
      tags: names,
      description,
      meta: whole,
      createdAt: at,
      createdBy,
      auto: auto === true,
      checksum,
      keys,
    }
  } catch (error) {
    throw new IntegrityError(
      `The header of ${reader.path} does not describe a snapshot; nothing was changed.`,
      {
        cause: error,
      },
    )
  }
}

function entryOf(
  log: Log,
  reader: ArchiveReader,
  { kind, key, value: content, a: expires }: ArchiveRecord,
  base: CommitRecord | undefined,
): AsideEntry {
  let value = content
  try {
    checkKey(key)
    if (!Number.isSafeInteger(expires) || expires < 0) throw new TypeError('no entry')
    if (kind === DIFFERENCE) value = togetherWith(log, key, content, base)
    else if (kind !== ENTRY) throw new TypeError('no entry')
  } catch (error) {
    throw new IntegrityError(`${reader.path} holds a record that is no entry; nothing was changed.`, {
      cause: error,
    })
  }
  return { key, value, expires, sum: value === undefined ? 0 : recordSum(key, value, expires) }
}

/** A value that is told by what is different from the base's. */
function togetherWith(
  log: Log,
  key: string,
  difference: Encoded | undefined,
  base: CommitRecord | undefined,
): Encoded {
  const there = base && log.entryAt(key, pointAt(base))
  if (there === undefined || !(difference instanceof Uint8Array)) throw new TypeError('no base')
  return compressed(loadDelta(there.value, difference), log.options)
}

async function finish(
  { log, writer, actor, maxSnapshots }: ImportTarget,
  { checksum: _, keys: __, ...described }: Described,
  wanted: Wanted,
  aside: Aside,
  base: string | undefined,
): Promise<Mark> {
  let made: Mark | undefined
  await writer.submit({
    build: (view) => {
      aside.check()
      const marks = view.marks()
      if (wanted.version !== undefined) refuseTaken(marks, wanted.version)
      const mark = {
        ...described,
        id: (marks.at(-1)?.id ?? 0) + 1,
        version: wanted.version ?? freeVersion(marks, described.version),
        revision: view.revision + 1,
        tags: [...new Set([...described.tags, ...wanted.tags])],
        ...(base === undefined ? {} : { base }),
      }
      made = { ...mark, sum: markSum(mark) }
      const drop = surplus([...marks, made], maxSnapshots)
      return { actor, marks: { put: [made], drop }, aside: { aside: aside.number, ...aside.totals } }
    },
  })
  log.fresh()
  return made as Mark
}

/** A state that is being brought in. */
class Aside {
  readonly number: number
  totals: Totals = { keys: 0, bytes: 0, sums: 0 }
  readonly #log: Log
  /** What is not stored yet, by key. */
  readonly #waiting = new Map<string, AsideEntry>()
  #begun = false
  /** The last key so far in the order of keys: what comes behind it is new. */
  #highest = ''

  constructor(log: Log) {
    this.#log = log
    this.number = 1 + Math.floor(log.context.random() * 2 ** 48)
  }

  /** Begins with a state that is here already. */
  async copy(record: CommitRecord, { signal }: CareOptions): Promise<void> {
    const point = pointAt(record)
    const release = this.#log.pin(point)
    try {
      for (let from: string | undefined; ;) {
        signal?.throwIfAborted()
        const query = { from, to: undefined, reverse: false, limit: STEP }
        const { entries, last } = await this.#log.page(query, point)
        for (const { key, value, expires } of entries) {
          const full = this.add({ key, value, expires, sum: recordSum(key, value, expires) })
          if (full !== undefined) await full
        }
        if (last === undefined) break
        from = `${last}\0`
      }
      await this.flush()
    } finally {
      release()
    }
  }

  add(entry: AsideEntry): Promise<void> | undefined {
    this.#count(entry)
    this.#waiting.set(entry.key, entry)
    return this.#waiting.size < STEP ? undefined : this.flush()
  }

  #count({ key, value, sum }: AsideEntry): void {
    let { keys, bytes, sums } = this.totals
    let old: Pick<AsideEntry, 'value' | 'sum'> | undefined
    if (compareKeys(key, this.#highest) > 0) this.#highest = key
    else old = this.#waiting.get(key) ?? now(this.#log.engine.asides.get(this.number, key))
    const keyBytes = encodedBytes(key)
    if (old?.value !== undefined) {
      keys--
      bytes -= keyBytes + encodedBytes(old.value)
      sums = addSums(sums, -old.sum)
    }
    if (value !== undefined) {
      keys++
      bytes += keyBytes + encodedBytes(value)
      sums = addSums(sums, sum)
    }
    this.totals = { keys, bytes, sums }
  }

  /** Stores what waits. Also where nothing does: an empty state is one too. */
  async flush(): Promise<void> {
    const entries = [...this.#waiting.values()]
    if (this.#begun && entries.length === 0) return
    const { engine, context } = this.#log
    const there = await engine.asides.put(this.number, Math.floor(context.wall()), !this.#begun, entries)
    if (!there) throw this.#overtaken()
    this.#begun = true
    this.#waiting.clear()
    await new Promise<void>((resolve) => context.turn(resolve))
  }

  /** Called while nobody else can write. */
  check(): void {
    const heads = now(this.#log.engine.asides.heads())
    if (!heads.some(({ aside, revision, at }) => aside === this.number && revision === 0 && at > 0))
      throw this.#overtaken()
  }

  #overtaken(): UnavailableError {
    return new UnavailableError(
      `The import into ${this.#log.engine.place} stood still for so long that it was taken for dead and removed; try again.`,
    )
  }

  /** Never fails: the next import or compaction removes what is left. */
  async abandon(): Promise<void> {
    try {
      const { asides } = this.#log.engine
      const mine = (await asides.heads()).find(({ aside }) => aside === this.number)
      if (mine?.revision !== 0) return
      while (await asides.drop(this.number, STEP));
    } catch {
      // The reason why it is abandoned is the better one to tell.
    }
  }
}
