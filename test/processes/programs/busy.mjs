// Writes one value after the other for some time. Arguments: url, name, milliseconds, durability. Begins when told to.
// Tells how long each write waited and how evenly the event loop went on meanwhile.
import { open } from '../../../dist/index.js'

const [url, name, duration, durability] = process.argv.slice(2)
const store = await open(url, { durability })
process.send('ready')
await new Promise((resolve) => process.once('message', resolve))

let ticks = 0
let longestGap = 0
let last = performance.now()
const ticker = setInterval(() => {
  const now = performance.now()
  longestGap = Math.max(longestGap, now - last)
  last = now
  ticks++
}, 10)

const waits = []
const start = performance.now()
const end = start + Number(duration)
for (let i = 0; performance.now() < end; i++) {
  const before = performance.now()
  await store.set(`${name}:${i % 100}`, i)
  waits.push(performance.now() - before)
}
const expectedTicks = (performance.now() - start) / 10
clearInterval(ticker)
await store.close()
waits.sort((a, b) => a - b)
const at = (share) => waits[Math.floor((waits.length - 1) * share)]
process.send({
  writes: waits.length,
  p50: at(0.5),
  p99: at(0.99),
  longest: at(1),
  longestGap,
  ticks,
  expectedTicks,
})
process.disconnect()
