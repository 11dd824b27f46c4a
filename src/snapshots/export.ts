import type { CommitRecord, Encoded, Entry, Mark } from '../change.ts'
import { storeDelta } from '../deltas/stored.ts'
import { IntegrityError } from '../errors.ts'
import { between, differsAtAll } from '../log/asides.ts'
import { addSums, recordSum, unseal } from '../log/checksum.ts'
import { decode, encode, encodedBytes } from '../log/codec.ts'
import type { Totals } from '../log/intent.ts'
import type { Log, Point } from '../log/log.ts'
import { breathe, SECRET } from '../log/past.ts'
import { nothingSecret } from '../options.ts'
import type { CareOptions, ExportReport } from '../reports.ts'
import { ARCHIVE_VERSION, DIFFERENCE, ENTRY } from './archive-format.ts'
import { ArchiveWriter } from './archive-writer.ts'
import { destinationOf, isDatabase, stampOf } from './draft-file.ts'
import { stateChecksum } from './state-checksum.ts'

const PAGE = 512

/** A state that can be read, and the snapshot that names it, if one does. */
export interface Source {
  readonly point: Point
  readonly record: CommitRecord
  readonly mark: Mark | undefined
}

interface ExportHeader {
  readonly snapshot: { readonly version: string; readonly [name: string]: unknown }
  readonly [name: string]: unknown
}

/** What becomes of one key. */
interface Step {
  readonly key: string
  readonly before: Entry | undefined
  readonly after: Entry | undefined
}

/** Writes a state as one file: all of it, or what is different from `base`. */
export async function exportState(
  log: Log,
  source: Source,
  base: Source | undefined,
  path: string,
  options: CareOptions,
): Promise<ExportReport> {
  options.signal?.throwIfAborted()
  const { context } = log
  const to = destinationOf(context, 'snapshots.export', path)
  if (to.taken === 'database') throw isDatabase(to)
  const releases = [log.pin(source.point), ...(base ? [log.pin(base.point)] : [])]
  try {
    const steps = (): AsyncIterable<Step> =>
      base === undefined ? allOf(log, source.point) : since(log, base.point, source.point)
    const secrets = await replaced(log, steps, options)
    const totals = addTotals(source.record, secrets)
    const header = headerOf(log, source, base, totals, secrets.count)
    const writer = new ArchiveWriter(context, to, log.options.compression, options, header)
    try {
      let found: Totals = base?.record ?? { keys: 0, bytes: 0, sums: 0 }
      for await (const { key, before, after } of steps()) {
        found = changed(found, key, before, after)
        const record = { key, a: after?.expires ?? 0, b: 0, c: 0, ...contentOf(log, before, after) }
        const full = writer.add(record, source.record.keys)
        if (full !== undefined) await full
      }
      // What is damaged must not leave the house as if it were whole.
      if (stateChecksum(found) !== stateChecksum(source.record))
        throw new IntegrityError(
          `The state of revision ${source.record.revision} in ${log.engine.place} does not add up to what its record says: damaged; nothing was exported.`,
        )
      const name = `${header.snapshot.version}-${stampOf(context)}`
      const written = await writer.finish((n) => `${name}${n === 1 ? '' : `-${n}`}.varve`)
      const { revision } = source.record
      options.onProgress?.(source.record.keys, source.record.keys)
      return { ...written, revision, keys: totals.keys, ...(base ? { base: base.record.revision } : {}) }
    } catch (error) {
      writer.abandon()
      throw error
    }
  } finally {
    for (const release of releases) release()
  }
}

function headerOf(
  log: Log,
  { record, mark }: Source,
  base: Source | undefined,
  totals: Totals,
  secrets: number,
): ExportHeader {
  const meta = mark === undefined ? '{}' : mark.meta
  return {
    format: 'varve export',
    version: ARCHIVE_VERSION,
    exportedAt: new Date(log.context.wall()).toISOString(),
    snapshot: {
      version: mark?.version ?? `v${record.revision}`,
      revision: record.revision,
      tags: mark?.tags ?? [],
      description: mark?.description,
      ...(typeof meta === 'string'
        ? { meta: decode(meta) }
        : { encodedMeta: Buffer.from(meta).toString('base64') }),
      createdAt: new Date(mark?.createdAt ?? record.at).toISOString(),
      createdBy: mark?.createdBy ?? record.actor,
      auto: mark?.auto ?? false,
      keys: totals.keys,
      bytes: totals.bytes,
      checksum: stateChecksum(totals),
    },
    ...(base === undefined
      ? {}
      : {
          base: {
            version: base.mark?.version,
            revision: base.record.revision,
            checksum: stateChecksum(base.record),
          },
        }),
    ...(secrets === 0 ? {} : { secretsLeftOut: secrets }),
  }
}

async function* allOf(log: Log, point: Point): AsyncGenerator<Step> {
  let at = log.context.ticks()
  for (let from: string | undefined; ;) {
    const { entries, last } = await log.page({ from, to: undefined, reverse: false, limit: PAGE }, point)
    for (const after of entries) yield { key: after.key, before: undefined, after }
    if (last === undefined) return
    from = `${last}\0`
    at = await breathe(log, at)
  }
}

async function* since(log: Log, base: Point, point: Point): AsyncGenerator<Step> {
  yield* between(log, base, point, () => true, differsAtAll)
}

/** Values that are this large at least are told by what is different from the base's, and values up to this size. */
const LEAST_DIFFERENCE = 256
const MOST_DIFFERENCE = 8 * 2 ** 20

function contentOf(
  log: Log,
  before: Entry | undefined,
  after: Entry | undefined,
): { kind: number; value: Encoded | undefined } {
  if (after === undefined) return { kind: ENTRY, value: undefined }
  const value = shown(log, after)
  const sizes = before === undefined ? [] : [encodedBytes(before.value), encodedBytes(value)]
  if (before === undefined || Math.min(...sizes) < LEAST_DIFFERENCE || Math.max(...sizes) > MOST_DIFFERENCE)
    return { kind: ENTRY, value }
  const delta = storeDelta(before.value, value, log.options.delta)
  return delta === undefined ? { kind: ENTRY, value } : { kind: DIFFERENCE, value: delta }
}

/** What stands in the file for a value. */
function shown(log: Log, entry: Entry): Encoded {
  return log.isSecret(entry.key) ? PLACEHOLDER : entry.value
}
const PLACEHOLDER = encode(SECRET, { compression: false })

function changed(totals: Totals, key: string, before: Entry | undefined, after: Entry | undefined): Totals {
  let { keys, bytes, sums } = totals
  const keyBytes = encodedBytes(key)
  if (before !== undefined) {
    keys--
    bytes -= keyBytes + encodedBytes(before.value)
    sums = addSums(sums, -unseal(before.sum, before.change))
  }
  if (after !== undefined) {
    keys++
    bytes += keyBytes + encodedBytes(after.value)
    sums = addSums(sums, unseal(after.sum, after.change))
  }
  return { keys, bytes, sums }
}

function addTotals(a: Totals, b: Totals): Totals {
  return { keys: a.keys + b.keys, bytes: a.bytes + b.bytes, sums: addSums(a.sums, b.sums) }
}

/** By how much the file's state differs from the true one, since the values of secret keys are left out. */
async function replaced(
  log: Log,
  steps: () => AsyncIterable<Step>,
  { signal }: CareOptions,
): Promise<Totals & { readonly count: number }> {
  let count = 0
  let bytes = 0
  let sums = 0
  if (log.options.isSecret !== nothingSecret)
    for await (const { key, after } of steps()) {
      signal?.throwIfAborted()
      if (after === undefined || !log.isSecret(key)) continue
      count++
      bytes += encodedBytes(PLACEHOLDER) - encodedBytes(after.value)
      sums = addSums(sums, recordSum(key, PLACEHOLDER, after.expires))
      sums = addSums(sums, -unseal(after.sum, after.change))
    }
  return { keys: 0, bytes, sums, count }
}
