#!/usr/bin/env node
// @ts-check
/** The same work for varve and for its peers, in one run: `node bench/run.js --help`. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { driverInUse, openVarve } from './lib/engines.js'
import { fixtures } from './lib/fixtures.js'
import { markdown, plain, tell } from './lib/report.js'
import { FILES, rowsOf } from './lib/rows.js'
import { repeatRow, stopAll } from './lib/runner.js'

const HELP = `node bench/run.js [--smoke] [--only A1,A5] [--json file] [--repeat 3] [--dir path] [--build path]

  --smoke     tiny sizes, one repeat: only checks that everything runs
  --only      these rows only
  --json      every figure of every slice, too
  --repeat    how often each row is run (default 3; 1 with --smoke)
  --build     another build of the library than ../dist: to compare two, or while dist is being rebuilt
  --dir       where the stores stand while they are measured (default: the system's temporary folder)
`

const { values: options } = parseArgs({
  options: {
    smoke: { type: 'boolean', default: false },
    only: { type: 'string' },
    json: { type: 'string' },
    repeat: { type: 'string' },
    dir: { type: 'string', default: os.tmpdir() },
    build: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
    about: { type: 'string' },
  },
})

/** The machine and the versions; asked of a process of its own, so that this one loads nothing. @param {string} dir */
function about(dir) {
  return /** @type {Promise<string>} */ (
    new Promise((resolve) => {
      const child = fork(fileURLToPath(import.meta.url), ['--about', path.join(dir, 'about')], {
        execArgv: ['--no-warnings'],
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      })
      let driver = 'not known'
      child.on('message', (told) => (driver = String(told)))
      child.on('exit', () => {
        const cpus = os.cpus()
        const day = new Date().toISOString().slice(0, 10)
        const memory = Math.round(os.totalmem() / 2 ** 30)
        resolve(
          `${cpus[0]?.model.trim()}, ${cpus.length} cores, ${memory} GiB, ${os.type()}, ` +
            `Node ${process.version}, varve on ${driver}, ${day}, load before the run ${os.loadavg()[0]?.toFixed(1)}`,
        )
      })
    })
  )
}

/** @param {string} place */
async function tellDriver(place) {
  const store = await openVarve(place)
  await store.set('a', 1)
  const driver = await driverInUse()
  await store.close()
  process.send?.(driver, () => process.exit(0))
}

async function main() {
  const smoke = options.smoke
  const only = options.only?.split(',').map((id) => id.trim().toUpperCase())
  const repeats = Number(options.repeat ?? (smoke ? 1 : 3))
  const log = (/** @type {string} */ text) => void process.stderr.write(`${text}\n`)

  // The processes of the sides inherit it.
  if (options.build !== undefined) process.env.VARVE_BENCH_BUILD = path.resolve(options.build)
  fs.mkdirSync(options.dir, { recursive: true })
  const dir = fs.mkdtempSync(path.join(options.dir, 'varve-bench-'))
  const clean = () => fs.rmSync(dir, { recursive: true, force: true, maxRetries: 3 })
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.once(signal, () => {
      stopAll()
      clean()
      process.exit(130)
    })
  }

  try {
    const made = fixtures(path.join(dir, 'fixtures'))
    fs.mkdirSync(path.join(dir, 'fixtures'))
    const machine = `${smoke ? 'SMOKE RUN, its figures mean nothing. ' : ''}${await about(dir)}`
    log(machine)
    /** @type {import('./lib/report.js').Told[]} */
    const lines = []
    const raw = []
    for (const file of FILES) {
      for (const [index, row] of (await rowsOf(file)).entries()) {
        if (only !== undefined && !only.includes(row.id)) continue
        const times = smoke
          ? 1
          : Math.min(row.repeats ?? repeats, options.repeat === undefined ? Infinity : repeats)
        /** @type {import('./lib/report.js').Outcomes} */
        const outcomes = {}
        for (let repeat = 0; repeat < times; repeat += 1) {
          log(`${row.id} ${row.work}: ${repeat + 1} of ${times}`)
          await repeatRow({ file, index, row }, { dir, smoke, repeat, fixtures: made, log }, outcomes)
        }
        const told = tell(row, outcomes)
        log(plain(told))
        lines.push(...told)
        raw.push({ id: row.id, work: row.work, params: smoke ? row.smoke : row.full, outcomes, lines: told })
      }
    }
    if (options.json !== undefined) {
      fs.writeFileSync(options.json, `${JSON.stringify({ machine, smoke, repeats, rows: raw }, null, 2)}\n`)
    }
    console.log(plain(lines))
    console.log(`\n${markdown(lines, machine)}`)
    const broken = raw.filter(({ outcomes }) =>
      Object.entries(outcomes).some(([side, { failed }]) => side.startsWith('varve') && failed),
    )
    if (broken.length > 0) {
      log(`failed: ${[...new Set(broken.map(({ id }) => id))].join(', ')}`)
      process.exitCode = 1
    }
  } finally {
    stopAll()
    clean()
  }
}

if (options.help) console.log(HELP)
else if (options.about !== undefined) await tellDriver(options.about)
else await main()
