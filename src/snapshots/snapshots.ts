import type { CommitRecord, Mark } from '../change.ts'
import { IntegrityError, InvalidOptionError, NotFoundError } from '../errors.ts'
import { decode, encode } from '../log/codec.ts'
import type { Log, Point } from '../log/log.ts'
import { marksOf, markNamed, markSum, pointAt, revisionOf } from '../log/refs.ts'
import type { Writer } from '../log/writer.ts'
import type { ExportReport } from '../reports.ts'
import type { ExportOptions, ImportOptions, Ref, Snapshot, SnapshotOptions, Snapshots } from '../types.ts'
import { checkCare, checkName, checkNames, checkOptions } from '../options.ts'
import { exportState } from './export.ts'
import { importState } from './import.ts'
import { measured, type Measurable } from '../telemetry/measured.ts'
import { SNAPSHOTS } from '../telemetry/methods.ts'
import { surplus } from './retention.ts'
import { freeVersion, refuseTaken } from './versions.ts'
import { stateChecksum } from './state-checksum.ts'

const CREATE_OPTIONS = ['tags', 'description', 'meta', 'version'] as const

/** Names for revisions: a snapshot is a row, however large the store. */
export class LogSnapshots implements Snapshots {
  static {
    const about = (one: LogSnapshots): Measurable => ({
      telemetry: one.#log.telemetry,
      actor: one.#actor,
      prefix: '',
    })
    measured(this.prototype, about, SNAPSHOTS)
  }

  readonly #log: Log
  readonly #writer: Writer
  readonly #actor: string
  readonly #maxSnapshots: number
  readonly #isOpen: () => void

  constructor(
    log: Log,
    writer: Writer,
    options: { actor: string; maxSnapshots: number; isOpen: () => void },
  ) {
    this.#log = log
    this.#writer = writer
    this.#actor = options.actor
    this.#maxSnapshots = options.maxSnapshots
    this.#isOpen = options.isOpen
  }

  create(options: SnapshotOptions = {}): Promise<Snapshot> {
    return this.take(options, false)
  }

  /** `auto`: taken by the clock, not by the user. */
  async take(options: SnapshotOptions, auto: boolean): Promise<Snapshot> {
    this.#isOpen()
    checkOptions('snapshots.create', options, CREATE_OPTIONS)
    const { description, version } = options
    const tags = checkNames('tag', options.tags ?? [])
    if (description !== undefined && typeof description !== 'string')
      throw new InvalidOptionError(`A snapshot's description is a text, not ${typeof description}.`)
    if (version !== undefined) checkName('version', version)
    const meta: unknown = options.meta ?? {}
    if (typeof meta !== 'object' || meta === null || Array.isArray(meta))
      throw new InvalidOptionError(`A snapshot's meta is an object of values, such as { reason: 'release' }.`)
    const encodedMeta = encode(meta, { compression: this.#log.options.compression })
    let made: Mark | undefined
    await this.#writer.submit({
      afterExpiry: true,
      build: (view) => {
        const marks = view.marks()
        const name = version ?? freeVersion(marks, `v${view.revision}`)
        refuseTaken(marks, name)
        const mark = {
          id: (marks.at(-1)?.id ?? 0) + 1,
          version: name,
          revision: view.revision,
          tags,
          description,
          meta: encodedMeta,
          createdAt: Math.floor(this.#log.context.wall()),
          createdBy: this.#actor,
          auto,
        }
        made = { ...mark, sum: markSum(mark) }
        const drop = surplus([...marks, made], this.#maxSnapshots)
        return { actor: this.#actor, marks: { put: [made], drop } }
      },
    })
    return this.#describe(made as Mark)
  }

  async get(ref: Ref): Promise<Snapshot> {
    this.#isOpen()
    return this.#describe(this.#find(ref))
  }

  async latest(tag?: string): Promise<Snapshot | undefined> {
    this.#isOpen()
    if (tag !== undefined) checkName('tag', tag)
    this.#log.fresh()
    const mark = marksOf(this.#log).findLast((one) => tag === undefined || one.tags.includes(tag))
    return mark && this.#describe(mark)
  }

  async list(filter: { readonly tag?: string } = {}): Promise<Snapshot[]> {
    this.#isOpen()
    checkOptions('snapshots.list', filter, ['tag'])
    const { tag } = filter
    if (tag !== undefined) checkName('tag', tag)
    this.#log.fresh()
    return marksOf(this.#log)
      .filter((mark) => tag === undefined || mark.tags.includes(tag))
      .map((mark) => this.#describe(mark))
  }

  async tags(): Promise<Map<string, number>> {
    this.#isOpen()
    this.#log.fresh()
    const counts = new Map<string, number>()
    for (const mark of marksOf(this.#log))
      for (const tag of mark.tags) counts.set(tag, (counts.get(tag) ?? 0) + 1)
    return counts
  }

  tag(ref: Ref, ...tags: string[]): Promise<Snapshot> {
    return this.#retag(ref, tags, (old, given) => [...new Set([...old, ...given])])
  }

  untag(ref: Ref, ...tags: string[]): Promise<Snapshot> {
    return this.#retag(ref, tags, (old, given) => old.filter((tag) => !given.includes(tag)))
  }

  async #retag(
    ref: Ref,
    given: readonly string[],
    change: (old: readonly string[], given: readonly string[]) => readonly string[],
  ): Promise<Snapshot> {
    this.#isOpen()
    const names = checkNames('tag', given)
    let made: Mark | undefined
    await this.#writer.submit({
      build: (view) => {
        const old = this.#find(ref, view.marks())
        const { sum: _, ...mark } = { ...old, tags: change(old.tags, names) }
        made = { ...mark, sum: markSum(mark) }
        return { actor: this.#actor, marks: { put: [made] } }
      },
    })
    return this.#describe(made as Mark)
  }

  async delete(ref: Ref): Promise<void> {
    this.#isOpen()
    await this.#writer.submit({
      build: (view) => ({ actor: this.#actor, marks: { drop: [this.#find(ref, view.marks()).version] } }),
    })
  }

  async export(ref: Ref, path: string, options: ExportOptions = {}): Promise<ExportReport> {
    this.#isOpen()
    const { base, ...care } = options
    checkCare('snapshots.export', care, ['base'])
    const log = this.#log
    const what = this.#source(ref)
    const from = base === undefined ? undefined : this.#source(base)
    return await exportState(log, what, from, path, care)
  }

  /** A readable state, and the snapshot that names it if there is one. */
  #source(ref: Ref): { point: Point; record: CommitRecord; mark: Mark | undefined } {
    const log = this.#log
    const record = revisionOf(log, ref)
    if (!log.isReadable(record.revision)) throw log.compacted(record.revision, log.horizon())
    const marks = marksOf(log)
    const mark =
      typeof ref === 'string'
        ? markNamed(log, ref, marks)
        : marks.findLast((one) => one.revision === record.revision)
    const point = { ...pointAt(record), ...(mark === undefined ? {} : { snapshot: mark.version }) }
    return { point, record, mark }
  }

  async import(path: string, options: ImportOptions = {}): Promise<Snapshot> {
    this.#isOpen()
    const { version, tags, ...care } = options
    checkCare('snapshots.import', care, ['version', 'tags'])
    if (version !== undefined) checkName('version', version)
    const names = checkNames('tag', tags ?? ['import'])
    if (typeof path !== 'string' || path === '' || path.includes('\0'))
      throw new InvalidOptionError(`snapshots.import needs the path of a file, not ${JSON.stringify(path)}.`)
    const to = { log: this.#log, writer: this.#writer, actor: this.#actor, maxSnapshots: this.#maxSnapshots }
    return this.#describe(await importState(to, path, { version, tags: names }, care))
  }

  /** The snapshot that a reference names; of a revision or a time: the newest that stands exactly there. */
  #find(ref: Ref, marks?: readonly Mark[]): Mark {
    if (typeof ref === 'string') return markNamed(this.#log, ref, marks)
    const { revision } = revisionOf(this.#log, ref)
    const mark = (marks ?? marksOf(this.#log)).findLast((one) => one.revision === revision)
    if (mark === undefined)
      throw new NotFoundError(
        `There is no snapshot of revision ${revision}; snapshots.list() tells which there are.`,
      )
    return mark
  }

  #describe(mark: Mark): Snapshot {
    const { keys, bytes, sums } = this.#log.commitOf(mark.revision)
    const meta = this.#metaOf(mark)
    return {
      version: mark.version,
      revision: mark.revision,
      tags: [...mark.tags],
      ...(mark.description === undefined ? {} : { description: mark.description }),
      meta,
      createdAt: new Date(mark.createdAt),
      createdBy: mark.createdBy,
      keys,
      bytes,
      checksum: stateChecksum({ keys, bytes, sums }),
      auto: mark.auto,
      ...(mark.base === undefined ? {} : { base: mark.base }),
    }
  }

  #metaOf(mark: Mark): Record<string, unknown> {
    try {
      return decode(mark.meta) as Record<string, unknown>
    } catch (error) {
      throw new IntegrityError(
        `The meta of snapshot ${JSON.stringify(mark.version)} cannot be decoded: damaged.`,
        {
          cause: error,
        },
      )
    }
  }
}
