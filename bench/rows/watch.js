// @ts-check
/** A18: how long it takes until a watcher has a change, in the same process and in another. */
import { fork, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { NotInstalled, openVarve } from '../lib/engines.js'
import { quantile, sleep } from '../lib/measure.js'

/**
 * @typedef {import('../lib/rows.js').Row} Row
 * @typedef {import('../lib/rows.js').Side} Side
 */

const LISTENER = fileURLToPath(new URL('../lib/watch-listener.js', import.meta.url))
const filler = 'x'.repeat(70)
const micros = () => Number(process.hrtime.bigint()) / 1e3

/** From the acknowledgement of a write, and from the call, to the handler in the same process. @param {string} url @returns {Side} */
const inProcess = (url) => ({
  async run({ dir, params: { messages = 0 } }) {
    const store = await openVarve(url === '' ? path.join(dir, 'store') : url, { durability: 'process' })
    /** @type {() => void} */
    let heard = () => {}
    store.watch('tick', () => heard())
    return {
      async slice() {
        const calls = []
        const acknowledged = []
        for (let n = 0; n < messages; n++) {
          let at = 0
          const told = new Promise((/** @type {(value: void) => void} */ resolve) => {
            heard = () => {
              at = micros()
              resolve()
            }
          })
          const called = micros()
          await store.set('tick', { n, filler })
          const done = micros()
          await told
          calls.push(at - called)
          acknowledged.push(Math.max(0, at - done))
          await new Promise((resolve) => setImmediate(resolve))
        }
        return { after: quantile(acknowledged, 0.5), whole: quantile(calls, 0.5) }
      },
      close: () => store.close(),
    }
  },
})

/** Publishes evenly, and has the other process tell how long it took.
 * @param {string} kind @param {string} place @param {number} messages @param {number} rate
 * @param {(message: { sent: number, filler: string }) => unknown} publish */
async function listened(kind, place, messages, rate, publish) {
  const child = fork(LISTENER, [kind, place], { execArgv: [] })
  const answer = () => new Promise((resolve) => child.once('message', resolve))
  await answer()
  return {
    async slice() {
      const start = micros()
      for (let n = 0; n < messages; n++) {
        const wait = start + (n * 1e6) / rate - micros()
        if (wait > 0) await sleep(wait / 1e3)
        await publish({ sent: micros(), filler })
      }
      await sleep(100)
      const delays = answer()
      child.send('tell')
      const found = /** @type {number[]} */ (await delays)
      return { p50: quantile(found, 0.5), p99: quantile(found, 0.99), lost: messages - found.length }
    },
    async stop() {
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.send('stop')
      await gone
    },
  }
}

/** @type {Side} */
const varve = {
  async run({ dir, params: { messages = 0, rate = 0 } }) {
    const place = path.join(dir, 'store')
    const store = await openVarve(place, { durability: 'process' })
    const listening = await listened('varve', place, messages, rate, (message) => store.set('tick', message))
    return {
      slice: listening.slice,
      async close() {
        await listening.stop()
        await store.close()
      },
    }
  },
}

/** @type {Side} */
const redis = {
  optional: true,
  async run({ dir, params: { messages = 0, rate = 0 } }) {
    let Redis
    try {
      ;({ Redis } = createRequire(import.meta.url)('ioredis'))
    } catch {
      throw new NotInstalled('ioredis')
    }
    // A path of a socket has 107 bytes at most.
    const socket = path.join(dir, 'r')
    const server = spawn(
      'redis-server',
      ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no', '--dir', dir],
      { stdio: 'ignore' },
    )
    const failed = new Promise((resolve) => server.once('error', () => resolve('failed')))
    for (let n = 0; n < 100 && !existsSync(socket); n++)
      if ((await Promise.race([failed, sleep(50)])) === 'failed') throw new NotInstalled('redis-server')
    const publisher = new Redis({ path: socket })
    const listening = await listened('redis', socket, messages, rate, (message) =>
      publisher.publish('tick', JSON.stringify(message)),
    )
    return {
      slice: listening.slice,
      async close() {
        await listening.stop()
        await publisher.quit()
        const gone = new Promise((resolve) => server.once('exit', resolve))
        server.kill()
        await gone
      },
    }
  },
}

/** @type {Row[]} */
export const rows = [
  {
    id: 'A18',
    work: 'watch in the same process, from the acknowledgement to the handler, p50',
    full: { messages: 5_000 },
    smoke: { messages: 200 },
    sides: { varve: inProcess(''), 'varve, memory:': inProcess('memory:') },
    lines: [
      { measure: 'after', unit: 'us', aim: '< 20', absolute: true },
      { measure: 'whole', unit: 'us', work: '… from the call of set, commit included' },
      { measure: 'whole', unit: 'us', of: 'varve, memory:', work: '… the same on memory:' },
    ],
  },
  {
    id: 'A18',
    work: 'watch in another process, 200 changes a second, p50',
    full: { messages: 1_000, rate: 200 },
    smoke: { messages: 60, rate: 200 },
    slices: 3,
    gather: { lost: 'sum' },
    sides: { varve, 'Redis pub/sub, unix socket': redis },
    lines: [
      { measure: 'p50', unit: 'us', against: 'Redis pub/sub, unix socket', ratio: 'cost', aim: '<= 0.75' },
      { measure: 'p99', unit: 'us', against: 'Redis pub/sub, unix socket', ratio: 'cost', work: '… p99' },
      { measure: 'lost', unit: 'changes', work: '… changes lost', aim: '<= 0', absolute: true },
    ],
  },
]
