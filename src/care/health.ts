import { dirname, resolve } from 'node:path'
import { UnavailableError } from '../errors.ts'
import { now } from '../log/commits.ts'
import type { Log } from '../log/log.ts'
import { marksOf } from '../log/refs.ts'
import type { Health, HealthCheck } from '../reports.ts'
import type { Failure } from '../telemetry/failures.ts'
import type { Meter } from '../telemetry/meter.ts'
import { describeError } from '../telemetry/one-line.ts'

/** With less room than this a store is soon unable to write. */
const LEAST_FREE_BYTES = 100 * 2 ** 20
/** Work of late that took so long on average is not well. */
const SLOW_MS = 1_000
/** So many writes in the queue are more than a store works off in a few seconds. */
const MANY_WAITING = 10_000
/** A handler that is so many revisions, or so long, behind does not keep up. */
const FAR_BEHIND = 10_000
const LONG_BEHIND_MS = 60_000
/** An automatic snapshot may be late by its own interval, and by this. */
const LATE_MS = 1_000
/** The note that is written to see whether writing works. */
const PROBE = 'health'

/** What the log does not know. */
export interface Beside {
  readonly writer: { readonly waiting: number }
  /** How many revisions the slowest handler is behind. */
  readonly watches: { readonly lag: number }
  /** Milliseconds between automatic snapshots; undefined: there are none. */
  readonly autoEvery: number | undefined
}

type Level = 'ok' | 'degraded' | 'down'
interface Finding {
  readonly level: Level
  readonly detail: string
}
type Check = (log: Log, beside: Beside) => Promise<Finding>

const ok = (detail: string): Finding => ({ level: 'ok', detail })
const degraded = (detail: string): Finding => ({ level: 'degraded', detail })

/** Each check really does what it is about. What it throws is what is wrong. */
const CHECKS: Readonly<Record<HealthCheck, Check>> = {
  engine: checkEngine,
  write: checkWrite,
  read: checkRead,
  space: checkSpace,
  lag: checkLag,
  snapshots: checkSnapshots,
}
/** Without these a store is of no use. */
const VITAL: ReadonlySet<string> = new Set<HealthCheck>(['engine', 'write', 'read'])

/** Which check shows that a kind of work has failed. What is not here shows under `engine`. */
const SHOWN_BY: Readonly<Record<string, HealthCheck>> = {
  set: 'write',
  delete: 'write',
  restore: 'write',
  commit: 'write',
  flush: 'write',
  expiry: 'write',
  durability: 'write',
  lock: 'write',
  get: 'read',
  scan: 'read',
  diff: 'read',
  verify: 'read',
  snapshot: 'snapshots',
  autoSnapshot: 'snapshots',
  export: 'snapshots',
  import: 'snapshots',
  backup: 'snapshots',
}

/** Looks at everything that can be wrong with an open store, now. */
export async function healthOf(log: Log, beside: Beside): Promise<Health> {
  const { ticks, wall } = log.context
  log.telemetry.countReads()
  const checks: Partial<Record<HealthCheck, Health['checks'][HealthCheck]>> = {}
  const reasons: string[] = []
  let status: Level = 'ok'
  for (const [name, check] of Object.entries(CHECKS) as [HealthCheck, Check][]) {
    const start = ticks()
    const found = await check(log, beside).catch((error: unknown): Finding => {
      const level = VITAL.has(name) && error instanceof UnavailableError ? 'down' : 'degraded'
      return { level, detail: describeError(error) }
    })
    const ms = ticks() - start
    // Asked after the check: what it brought to light counts.
    const failures = log.telemetry.failures.standing().filter((one) => shownBy(one) === name)
    const details = [
      ...(found.level === 'ok' && failures.length > 0 ? [] : [found.detail]),
      ...failures.map(told),
    ]
    const level = found.level === 'ok' && failures.length > 0 ? 'degraded' : found.level
    checks[name] = { ok: level === 'ok', detail: details.join(' '), ms }
    if (level === 'ok') continue
    reasons.push(`${name}: ${details.join(' ')}`)
    if (status !== 'down') status = level
  }
  return { status, at: new Date(wall()), reasons, checks: checks as Health['checks'] }
}

function shownBy({ work }: Failure): HealthCheck {
  return work.startsWith('watch ') ? 'lag' : (SHOWN_BY[work] ?? 'engine')
}

function told({ work, times, since, message }: Failure): string {
  const often = times === 1 ? 'failed' : `failed ${times} times, first`
  return `${work} ${often} at ${new Date(since).toISOString()} and has not worked since: ${message}`
}

async function checkEngine({ engine }: Log): Promise<Finding> {
  engine.poll()
  const head = await engine.head()
  return ok(`${engine.name} at ${engine.place} answers, revision ${head?.revision ?? 0}.`)
}

/** Writes a note, which makes no revision, and as durably as the store writes. */
async function checkWrite(log: Log, { writer }: Beside): Promise<Finding> {
  const { engine, options, telemetry, context } = log
  if (options.readOnly) return ok('Opened with readOnly: nothing is written.')
  const start = context.ticks()
  const next = context.unique()
  const expected = await engine.note(PROBE)
  // Another process that looks at the same moment may be first: then it was the one to write.
  await engine.exchange([{ name: PROBE, expected, next }])
  if (options.durability === 'disk' && engine.supports.durable) await engine.sync()
  if ((await engine.note(PROBE)) === undefined)
    throw new UnavailableError(`${engine.place} does not show what was written to it.`)
  const ms = context.ticks() - start
  if (ms > SLOW_MS)
    return degraded(`A small write took ${Math.round(ms)} ms; more than ${SLOW_MS} is too long.`)
  const { waiting } = writer
  if (waiting > MANY_WAITING)
    return degraded(`${waiting} writes wait for their turn; more than ${MANY_WAITING} is too many.`)
  return slow('Commits', telemetry.meters.commit) ?? ok(`A small write took ${ms.toFixed(1)} ms.`)
}

/** Reads a record of the state from the engine and checks it. */
async function checkRead(log: Log): Promise<Finding> {
  const point = log.present()
  const { entries } = await log.page({ from: undefined, to: undefined, reverse: false, limit: 1 }, point)
  const [entry] = entries
  if (entry !== undefined) log.value(entry)
  const late = slow('Reads', log.telemetry.meters.get)
  if (late !== undefined) return late
  return ok(entry === undefined ? 'There is nothing to be read yet.' : 'A record was read and checked.')
}

function slow(what: string, { recentMs }: Meter): Finding | undefined {
  return recentMs > SLOW_MS
    ? degraded(
        `${what} took ${Math.round(recentMs)} ms on average of late; more than ${SLOW_MS} is too long.`,
      )
    : undefined
}

async function checkSpace({ engine, context }: Log): Promise<Finding> {
  const used = now(engine.bytes())
  if (!engine.supports.persistent) return ok(`The store takes ${megabytes(used)} of memory.`)
  if (!context.fs.existsSync(engine.place)) return degraded(`${engine.place} is not there any more.`)
  const folder = dirname(resolve(engine.place))
  const { bavail, bsize } = await new Promise<{ bavail: number; bsize: number }>((done, fail) => {
    context.fs.statfs(folder, (error, stats) => (error === null ? done(stats) : fail(error)))
  })
  const free = bavail * bsize
  return free < LEAST_FREE_BYTES
    ? degraded(`Only ${megabytes(free)} are free; less than ${megabytes(LEAST_FREE_BYTES)} is too little.`)
    : ok(`${megabytes(free)} are free; the store takes ${megabytes(used)}.`)
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0)} MiB`
}

async function checkLag(log: Log, { watches }: Beside): Promise<Finding> {
  const { lag } = watches
  if (lag <= 0) return ok('Every handler has seen what there is.')
  const since = log.context.wall() - log.commitOf(log.head.revision - lag + 1).at
  const detail = `The slowest handler is ${lag} revisions and ${(since / 1_000).toFixed(1)} s behind`
  if (lag > FAR_BEHIND) return degraded(`${detail}; more than ${FAR_BEHIND} revisions is too far.`)
  if (since > LONG_BEHIND_MS) return degraded(`${detail}; more than ${LONG_BEHIND_MS / 1_000} s is too long.`)
  return ok(`${detail}.`)
}

async function checkSnapshots(log: Log, { autoEvery }: Beside): Promise<Finding> {
  const marks = marksOf(log)
  const newest = marks.reduce((most, { revision }) => Math.max(most, revision), 0)
  const count = `${marks.length} ${marks.length === 1 ? 'snapshot' : 'snapshots'}`
  if (autoEvery === undefined || log.options.readOnly) return ok(`${count}; none are taken automatically.`)
  if (newest < log.head.revision && newest + 1 >= log.horizon()) {
    // Nobody took any while the store was closed.
    const open = log.context.ticks() - log.telemetry.openedAt
    const late = Math.min(open, log.context.wall() - log.commitOf(newest + 1).at)
    if (late > 2 * autoEvery + LATE_MS)
      return degraded(
        `${count}; the next one is overdue: changes of ${(late / 1_000).toFixed(0)} s ago are in none, and one is due every ${autoEvery / 1_000} s.`,
      )
  }
  return ok(`${count}; one is taken every ${autoEvery / 1_000} s if anything changed.`)
}
