// Works on a cache that others have open, too. Arguments: what, folder, and what that takes.
//   answers    does what it is told: { call, args }
//   memoize n  waits for a message, then calls a memoized function; tells what it got, and how often the function ran
//   holds      loads a key and never ends
//   grows mb   fills the disk tier with so many megabytes; tells by how many the process is larger, and what is on disk
//   ends       sets and reads entries of a persistent cache, and comes to its end without closing it
//   fills      sets and reads entries of a persistent cache until it is killed; tells when the first round is done
import { setTimeout } from 'node:timers/promises'
import { memoize, PersistentCache, TieredCache } from '../../../dist/index.js'

const [what, folder, ...rest] = process.argv.slice(2)
process.on('disconnect', () => process.exit())
const message = () => new Promise((resolve) => process.once('message', resolve))

const works = {
  async answers() {
    const cache = await TieredCache.open(folder, { memory: { maxEntries: 100 } })
    process.on('message', async ({ call, args }) => process.send({ value: await cache[call](...args) }))
    process.send('ready')
  },
  async memoize() {
    const cache = await TieredCache.open(folder)
    let runs = 0
    const slow = memoize(
      async (/** @type {string} */ key) => {
        runs++
        await setTimeout(Number(rest[0]))
        return `${key} by ${process.pid}`
      },
      { cache, ttl: '1s' },
    )
    process.send('ready')
    for (;;) {
      const key = await message()
      const value = await slow(key)
      process.send({ value, runs })
    }
  },
  async holds() {
    const cache = await TieredCache.open(folder)
    void cache.getOrSet('key', () => {
      process.send('loading')
      return setTimeout(600_000)
    })
  },
  async grows() {
    const cache = await TieredCache.open(folder, { memory: { maxBytes: 2 ** 20 } })
    const rss = () => process.memoryUsage.rss() / 2 ** 20
    const entries = async (first, count) => {
      for (let i = first; i < first + count; i += 100)
        await Promise.all(
          Array.from({ length: 100 }, (_, n) =>
            cache.set(`key ${i + n}`, { n: i + n, text: `${i + n} `.repeat(150) }),
          ),
        )
    }
    const count = Math.ceil((Number(rest[0]) * 2 ** 20) / 1_000 / 100) * 100
    await entries(0, 20_000)
    const before = rss()
    await entries(20_000, count - 20_000)
    for (let i = 0; i < count; i += 97) await cache.get(`key ${i}`)
    process.send({ grown: rss() - before, disk: cache.stats().disk.bytes / 2 ** 20 })
    await cache.close()
    process.disconnect()
  },
  async ends() {
    const cache = await PersistentCache.open(folder, { persistEvery: Infinity })
    const runs = Number(cache.get('runs') ?? 0)
    cache.set('runs', runs + 1).set(`run ${runs}`, { runs })
    process.disconnect()
  },
  async fills() {
    const cache = await PersistentCache.open(folder, { maxEntries: 2_000, persistEvery: '50ms' })
    for (let round = 0; ; round++) {
      for (let i = 0; i < 500; i++) {
        const key = `key ${(round * 500 + i) % 3_000}`
        cache.set(key, { key, round, twice: [round, round] })
        cache.get(`key ${i}`)
      }
      await setTimeout(5)
      if (round === 12) process.send('full')
    }
  },
}
await works[what]()
