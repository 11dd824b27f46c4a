// @ts-check
/** Runs one row: every side in a process of its own, all of them alive together, their slices one after another in turn. */
import { fork } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { NotInstalled } from './engines.js'

/**
 * @typedef {import('./rows.js').Row} Row
 * @typedef {{ file: string, index: number, row: Row }} Place
 * @typedef {{ dir: string, smoke: boolean, repeat: number, fixtures: ReturnType<typeof import('./fixtures.js').fixtures>, log: (text: string) => void }} Run
 *
 * What a side brought: per repeat, per measure, the figure of each slice.
 * @typedef {{ repeats: Record<string, number[]>[], missing?: string, failed?: string }} Outcome
 */

const SIDE = fileURLToPath(new URL('./side.js', import.meta.url))
const PATIENCE = { full: 15 * 60_000, smoke: 60_000 }

/** @type {Set<import('node:child_process').ChildProcess>} */
const alive = new Set()

/** Ends the processes that this run has started and that are still there. */
export function stopAll() {
  for (const child of alive) child.kill('SIGKILL')
}

/** One side's process. @param {Place} place @param {string} name @param {object} context @param {boolean} smoke */
function start({ file, index }, name, context, smoke) {
  const child = fork(SIDE, [file, String(index), name, JSON.stringify(context)], {
    execArgv: ['--expose-gc', '--no-warnings'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  alive.add(child)
  let complaint = ''
  child.stderr?.on('data', (data) => (complaint = (complaint + data).slice(-4_000)))

  /** @type {{ resolve: (measures: Record<string, number>) => void, reject: (error: Error) => void } | undefined} */
  let waiting
  /** @type {Error | undefined} */
  let ended
  /** @param {Error} error */
  const end = (error) => {
    ended ??= error
    waiting?.reject(ended)
  }
  child.on('message', (/** @type {any} */ { error, missing, measures = {} }) => {
    if (error !== undefined) end(missing ? new NotInstalled(error) : new Error(error))
    else waiting?.resolve(measures)
  })
  child.on('error', end)
  child.on('exit', (code, signal) => {
    alive.delete(child)
    end(new Error(`the process ended with ${signal ?? code}\n${complaint}`))
  })

  /** @param {object} [message] @returns {Promise<Record<string, number>>} */
  const ask = (message) =>
    new Promise((resolve, reject) => {
      if (ended !== undefined) return reject(ended)
      const timer = setTimeout(
        () => {
          end(new Error('took too long'))
          child.kill('SIGKILL')
        },
        smoke ? PATIENCE.smoke : PATIENCE.full,
      )
      waiting = {
        resolve: (measures) => (clearTimeout(timer), resolve(measures)),
        reject: (error) => (clearTimeout(timer), reject(error)),
      }
      if (message !== undefined) child.send(message)
    })
  return { ready: ask(), slice: (/** @type {number} */ slice) => ask({ slice }), close: () => ask({}) }
}

/**
 * @param {Place} place @param {Run} run @param {Record<string, Outcome>} outcomes by side; added to
 */
export async function repeatRow(place, run, outcomes) {
  const { row } = place
  // A side that no line speaks of would only take time.
  const names = Object.keys(row.sides).filter((name) =>
    row.lines.some(({ of = 'varve', against }) => name === of || name === against),
  )
  const params = run.smoke ? row.smoke : row.full
  const folder = fs.mkdtempSync(path.join(run.dir, `${row.id}-`))
  /** @type {Map<string, ReturnType<typeof start>>} */
  const running = new Map()

  /** A side that does not work is left out; the others go on. @param {string} name @param {() => Promise<void>} work */
  const attempt = async (name, work) => {
    const outcome = (outcomes[name] ??= { repeats: [] })
    if (outcome.missing !== undefined || outcome.failed !== undefined) return
    try {
      await work()
    } catch (cause) {
      running.delete(name)
      const error = /** @type {Error} */ (cause)
      if (error instanceof NotInstalled) outcome.missing = error.message
      else {
        outcome.failed = error.message
        run.log(`${row.id} ${name}: ${error.message}`)
      }
    }
  }
  /** @param {string} name @param {Record<string, number>} measures */
  const keep = (name, measures) => {
    const list = /** @type {Outcome} */ (outcomes[name]).repeats
    const kept = (list[run.repeat] ??= {})
    for (const [measure, figure] of Object.entries(measures)) (kept[measure] ??= []).push(figure)
  }

  const open = (/** @type {string} */ name) =>
    attempt(name, async () => {
      const side = /** @type {import('./rows.js').Side} */ (row.sides[name])
      const dir = path.join(folder, name.replaceAll(/[^\w-]+/g, '_'))
      fs.mkdirSync(dir)
      const fixture = path.join(dir, 'fixture')
      if (side.fixture !== undefined) await run.fixtures.copy(side.fixture(params), fixture)
      const process = start(place, name, { dir, fixture, params, repeat: run.repeat }, run.smoke)
      await process.ready
      running.set(name, process)
    })
  if (run.smoke) await Promise.all(names.map(open))
  else for (const name of names) await open(name)
  const slices = run.smoke ? Math.min(2, row.slices ?? 5) : (row.slices ?? 5)
  for (let slice = 0; slice < slices; slice += 1) {
    for (let i = 0; i < names.length; i += 1) {
      const name = /** @type {string} */ (names[(i + slice + run.repeat) % names.length])
      const side = running.get(name)
      if (side !== undefined) await attempt(name, async () => keep(name, await side.slice(slice)))
    }
  }
  for (const [name, side] of running) await attempt(name, async () => keep(name, await side.close()))
  fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}
