#!/usr/bin/env node
// @ts-check
/**
 * How many requests each eviction policy answers, on recorded accesses:
 * `node bench/hit-ratio.js --traces folder [--svg file] [--json file] [--smoke]`, or VARVE_TRACES for the folder.
 *
 * A trace is a file `NAME.zdv.br`: brotli, inside it one number for each request: the difference to the key before, zigzag,
 * as unsigned LEB128; keys are numbers. Every cell is one trace and one size of the cache, a part of the trace's unique keys.
 * Belady's policy, which knows the future, tells what could be reached.
 */
import fs from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { brotliDecompressSync } from 'node:zlib'
import { varve } from './lib/engines.js'
import { random } from './lib/data.js'
import { zipf } from './lib/caches.js'
import { belady } from './lib/belady.js'
import { bars } from './lib/bars.js'

const POLICIES = ['tinylfu', 's3fifo', 'lfu', 'lru', 'sieve', 'fifo']
const SHARES = [0.005, 0.01, 0.05, 0.1, 0.2, 0.4]
const LEAST = 32

const { values: options } = parseArgs({
  options: {
    traces: { type: 'string', default: process.env.VARVE_TRACES },
    policies: { type: 'string', default: POLICIES.join(',') },
    svg: { type: 'string' },
    json: { type: 'string' },
    smoke: { type: 'boolean', default: false },
  },
})

/** @typedef {{ name: string, requests: Int32Array, unique: number }} Trace */

/** @param {string} name @param {Int32Array} requests @returns {Trace} */
const traceOf = (name, requests) => ({
  name,
  requests,
  unique: requests.reduce((most, key) => (key > most ? key : most), -1) + 1,
})

/** @param {string} file @returns {Trace} */
function readTrace(file) {
  const bytes = brotliDecompressSync(fs.readFileSync(file))
  const keys = new Int32Array(bytes.length)
  let count = 0
  let key = 0
  for (let i = 0; i < bytes.length; count += 1) {
    let number = 0
    let factor = 1
    let byte
    do {
      byte = /** @type {number} */ (bytes[i])
      i += 1
      number += (byte & 127) * factor
      factor *= 128
    } while (byte > 127)
    key += number % 2 === 0 ? number / 2 : -(number + 1) / 2
    keys[count] = key
  }
  return traceOf(path.basename(file, '.zdv.br'), keys.slice(0, count))
}

/** Small ones of our own: popular keys, a loop, and a scan in between. @returns {Trace[]} */
function smokeTraces() {
  const popular = Int32Array.from(zipf(20_000, 2_000, 0.9))
  const loop = Int32Array.from({ length: 20_000 }, (_, i) => i % 500)
  const scans = popular.map((key, i) => (i % 4_000 > 3_000 ? 2_000 + (i % 4_000) : key))
  return Object.entries({ popular, loop, scans }).map(([name, keys]) => traceOf(name, keys))
}

const { Cache } = await varve()

/** In percent. @param {string} policy @param {Trace} trace @param {number} maxEntries */
function hitRatio(policy, { requests }, maxEntries) {
  const context = { steady: () => 0, random: random(1) }
  const cache = new Cache({ policy, maxEntries }, context)
  for (const key of requests) if (cache.get(key) === undefined) cache.set(key, true)
  return cache.stats().hitRatio * 100
}

/** @type {Trace[]} */
let traces
if (options.smoke) traces = smokeTraces()
else if (options.traces === undefined)
  throw new Error('Say where the traces are: --traces folder, or --smoke.')
else
  traces = fs
    .readdirSync(options.traces)
    .filter((file) => file.endsWith('.zdv.br'))
    .sort()
    .map((file) => readTrace(path.join(/** @type {string} */ (options.traces), file)))

const policies = options.policies.split(',')
/** @type {{ trace: string, entries: number, best: number, hits: Record<string, number> }[]} */
const cells = []
for (const trace of traces)
  for (const share of SHARES) {
    const entries = Math.round(trace.unique * share)
    if (entries < LEAST) continue
    const best = belady(trace.requests, trace.unique, entries)
    const hits = Object.fromEntries(policies.map((policy) => [policy, hitRatio(policy, trace, entries)]))
    cells.push({ trace: trace.name, entries, best, hits })
    process.stderr.write(`${trace.name} ${entries}: ${JSON.stringify(hits)}\n`)
  }

const mean = (/** @type {number[]} */ list) => list.reduce((sum, one) => sum + one, 0) / list.length
const summary = policies.map((policy) => {
  const of = (/** @type {(typeof cells)[number]} */ cell) => cell.hits[policy] ?? 0
  const lru = (/** @type {(typeof cells)[number]} */ cell) => cell.hits.lru ?? 0
  const worst = [...cells].sort((a, b) => of(a) - lru(a) - (of(b) - lru(b)))[0]
  return {
    policy,
    mean: mean(cells.map(of)),
    belady: mean(cells.map((cell) => (of(cell) / cell.best) * 100)),
    lost: mean(cells.map((cell) => Math.max(...Object.values(cell.hits)) - of(cell))),
    worst: worst === undefined ? 0 : of(worst) - lru(worst),
    where: worst === undefined ? '' : `${worst.trace}, ${worst.entries}`,
  }
})

console.log(`${traces.length} traces, ${cells.length} cells\n`)
console.log('| policy | mean hit ratio | of Belady | lost to the best | worst beside LRU |')
console.log('| --- | --: | --: | --: | --- |')
for (const { policy, mean: hit, belady: part, lost, worst, where } of summary)
  console.log(
    `| ${policy} | ${hit.toFixed(2)} % | ${part.toFixed(1)} % | ${lost.toFixed(2)} points | ${worst.toFixed(1)} points${worst < 0 ? ` (${where})` : ''} |`,
  )
console.log(`\n| trace | ${['Belady', ...policies].join(' | ')} |`)
console.log(`| --- | ${['', ...policies].map(() => '--:').join(' | ')} |`)
for (const { name } of traces) {
  const own = cells.filter(({ trace }) => trace === name)
  if (own.length === 0) continue
  const figures = [
    mean(own.map(({ best }) => best)),
    ...policies.map((p) => mean(own.map(({ hits }) => hits[p] ?? 0))),
  ]
  console.log(`| ${name} | ${figures.map((figure) => figure.toFixed(1)).join(' | ')} |`)
}
if (options.json !== undefined)
  fs.writeFileSync(options.json, `${JSON.stringify({ summary, cells }, null, 1)}\n`)
if (options.svg !== undefined)
  fs.writeFileSync(
    options.svg,
    bars(
      'Hit ratio in percent of what Belady’s policy reaches',
      summary.map(({ policy, belady: value }) => ({ label: policy, value })),
    ),
  )
