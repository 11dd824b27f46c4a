// @ts-check
/** A22: how long the command line takes to start. */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { buildFolder, NotInstalled } from '../lib/engines.js'
import { now } from '../lib/measure.js'

/**
 * @typedef {import('../lib/rows.js').Row} Row
 * @typedef {import('../lib/rows.js').Side} Side
 */

/** The time of one process from its start to its end. @param {string[]} words */
function timed(words) {
  const start = now()
  const { status, stderr } = spawnSync(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  const ms = now() - start
  if (status !== 0) throw new Error(`node ${words.join(' ')} ended with ${status}: ${stderr}`)
  return ms
}

/** @returns {string} */
function program() {
  const main = path.join(buildFolder, 'cli', 'main.js')
  if (!fs.existsSync(main)) throw new NotInstalled('varve: the command line is not in this build')
  return main
}

/** @param {(dir: string) => Record<string, string[]>} lines of each measure @returns {Side} */
const starting = (lines) => ({
  async run({ dir, params: { starts = 1 } }) {
    const all = Object.entries(lines(dir))
    // The first start reads the files from the disk.
    for (const [, words] of all) timed(words)
    return {
      slice() {
        return Object.fromEntries(
          all.map(([measure, words]) => {
            const times = Array.from({ length: starts }, () => timed(words)).sort((a, b) => a - b)
            return [measure, times[starts >> 1] ?? 0]
          }),
        )
      },
      close() {},
    }
  },
})

/** @type {Row[]} */
export const rows = [
  {
    id: 'A22',
    work: '`varve --help`, beside `node -e 0`',
    full: { starts: 11 },
    smoke: { starts: 1 },
    sides: {
      varve: starting((dir) => {
        const main = program()
        const store = path.join(dir, 'store')
        timed([main, 'set', 'key', 'value', '--url', store])
        return { help: [main, '--help'], get: [main, 'get', 'key', '--url', store] }
      }),
      node: starting(() => ({ help: ['-e', '0'], get: ['-e', '0'] })),
    },
    lines: [
      { measure: 'help', unit: 'ms', against: 'node', ratio: 'cost', aim: '<= 150', absolute: true },
      {
        measure: 'get',
        unit: 'ms',
        against: 'node',
        ratio: 'cost',
        work: '… `varve get` of a small store: loads the library and its driver',
      },
    ],
  },
]
