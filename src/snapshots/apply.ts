import type { AsideEntry, CommitRecord, Mark, NewChange } from '../change.ts'
import { IntegrityError } from '../errors.ts'
import { commitHash, GONE, recordSum, seal } from '../log/checksum.ts'
import { EMPTY } from '../log/commits.ts'
import type { Engine } from '../engine.ts'
import type { Context } from '../context.ts'
import type { CareOptions } from '../reports.ts'
import { markSum } from '../log/refs.ts'
import { ASIDE, CHANGE, COMMIT, MARK, type ArchiveRecord } from './archive-format.ts'
import type { ArchiveReader } from './archive-reader.ts'
import { endOf } from './backup.ts'

/** So many changes become one engine transaction, unless one revision has more. */
const STEP = 1_000

interface End {
  readonly revision: number
  readonly last: number
  readonly hash: string
}

/** The two ends of an incremental backup. */
export function endsOf(reader: ArchiveReader): { readonly base: End; readonly newest: End } {
  const { base, newest } = reader.header as { readonly base?: End; readonly newest?: End }
  for (const end of [base, newest])
    if (typeof end?.revision !== 'number' || typeof end.last !== 'number' || typeof end.hash !== 'string')
      throw new IntegrityError(`The header of ${reader.path} does not say from where to where it goes.`)
  return { base: base as End, newest: newest as End }
}

/** Refuses a chain in which one does not stand on what comes before it. */
export function checkLink(before: { readonly path: string; readonly end: End }, reader: ArchiveReader): End {
  const { base, newest } = endsOf(reader)
  const { path, end } = before
  if (base.revision !== end.revision)
    throw new IntegrityError(
      `${reader.path} stands on revision ${base.revision}, and what comes before it (${path}) ends at ${end.revision}: one is missing, or they are in the wrong order. Name the full backup first, then each incremental one in the order in which they were made.`,
    )
  if (base.hash !== end.hash || base.last !== end.last)
    throw new IntegrityError(
      `${reader.path} stands on revision ${base.revision} of another store than ${path}: the hashes differ.`,
    )
  return newest
}

/** Adds what an incremental backup holds to a store that ends where it begins. */
export async function applyIncrement(
  context: Context,
  engine: Engine,
  reader: ArchiveReader,
  options: CareOptions,
): Promise<void> {
  await new Increment(context, engine, reader, endOf((await engine.head()) ?? EMPTY)).run(options)
}

class Increment {
  readonly #context: Context
  readonly #engine: Engine
  readonly #reader: ArchiveReader
  #end: End
  #changes: NewChange[] = []
  #records: CommitRecord[] = []
  #complete: { aside: number; revision: number }[] = []
  readonly #marks: Mark[] = []
  #aside: { readonly number: number; readonly entries: AsideEntry[]; begun: boolean } | undefined
  /** The changes since the last revision's record. */
  #open = 0

  constructor(context: Context, engine: Engine, reader: ArchiveReader, end: End) {
    this.#context = context
    this.#engine = engine
    this.#reader = reader
    this.#end = end
  }

  async run(options: CareOptions): Promise<void> {
    for await (const records of this.#reader.records(options))
      for (const one of records) await this.#take(one)
    if (this.#open > 0) throw this.#wrong('changes without a revision')
    await this.#commit(true)
    const { newest } = endsOf(this.#reader)
    if (this.#end.hash !== newest.hash) throw this.#wrong('it ends at another revision than it says')
  }

  #wrong(why: string): IntegrityError {
    return new IntegrityError(`${this.#reader.path} cannot be put back: ${why}; nothing was changed.`)
  }

  async #take(record: ArchiveRecord): Promise<void> {
    switch (record.kind) {
      case CHANGE:
        return this.#change(record)
      case COMMIT:
        return await this.#revision(this.#json<CommitRecord>(record))
      case ASIDE:
        return await this.#beside(record)
      case MARK:
        return this.#mark(record)
      default:
        throw this.#wrong(`a record of an unknown kind (${record.kind})`)
    }
  }

  #json<T>({ value }: ArchiveRecord): T {
    try {
      return JSON.parse(String(value)) as T
    } catch {
      throw this.#wrong('a record that is no JSON')
    }
  }

  #change({ key, value, a: id, b: expires, c: sum }: ArchiveRecord): void {
    const expected = this.#end.last + 1 + this.#open
    const own = value === undefined ? GONE : recordSum(key, value, expires)
    if (id !== expected || seal(own, id) !== sum)
      throw this.#wrong(`change ${id} does not match its checksum`)
    this.#changes.push({ id, key, value, expires, sum })
    this.#open++
  }

  async #revision(record: CommitRecord): Promise<void> {
    const { hash, last, origin, revision, why } = record
    if (
      revision !== this.#end.revision + 1 ||
      last !== this.#end.last + this.#open ||
      commitHash(this.#end.hash, record) !== hash
    )
      throw this.#wrong(`revision ${revision} does not follow the one before it`)
    if (why === 'import') {
      if (this.#aside?.number !== origin) throw this.#wrong(`what revision ${revision} imported is missing`)
      await this.#flushAside()
      this.#aside = undefined
      this.#complete.push({ aside: origin, revision })
    }
    this.#records.push(record)
    this.#end = { revision, last, hash }
    this.#open = 0
    if (this.#changes.length + this.#records.length >= STEP) await this.#commit(false)
  }

  async #beside({ key, value, a: number, b: expires }: ArchiveRecord): Promise<void> {
    this.#aside ??= { number, entries: [], begun: false }
    if (this.#aside.number !== number) throw this.#wrong('two imports are mixed up')
    if (value !== undefined)
      this.#aside.entries.push({ key, value, expires, sum: recordSum(key, value, expires) })
    if (this.#aside.entries.length >= STEP) await this.#flushAside()
  }

  async #flushAside(): Promise<void> {
    const aside = this.#aside
    if (aside === undefined) return
    const at = Math.floor(this.#context.wall())
    await this.#engine.asides.put(aside.number, at, !aside.begun, aside.entries.splice(0))
    aside.begun = true
  }

  #mark(record: ArchiveRecord): void {
    const { encodedMeta, ...rest } = this.#json<Mark & { readonly encodedMeta?: string }>(record)
    const meta = encodedMeta === undefined ? rest.meta : new Uint8Array(Buffer.from(encodedMeta, 'base64'))
    const mark = { ...rest, description: rest.description, meta }
    if (markSum(mark) !== mark.sum)
      throw this.#wrong(`the record of snapshot ${JSON.stringify(mark.version)}`)
    this.#marks.push(mark)
  }

  /** `last`: with it all snapshots become those of the increment. */
  async #commit(last: boolean): Promise<void> {
    const [changes, records, asides] = [this.#changes, this.#records, this.#complete]
    const drop = last ? (await this.#engine.marks()).map(({ version }) => version) : []
    await this.#engine.commit(() => ({
      changes,
      seal: () => records,
      asides,
      ...(last ? { marks: { drop, put: this.#marks } } : {}),
    }))
    this.#changes = []
    this.#records = []
    this.#complete = []
    await new Promise<void>((resolve) => this.#context.turn(resolve))
  }
}
