// @ts-check
/** One of A4's writers: counts its keys up, and tells a count only after the write was acknowledged. */
import fs from 'node:fs'
import { openVarve } from './engines.js'
import { random } from './data.js'

const [place = '', told = '', mine = '0', slots = '1', durability] = process.argv.slice(2)
const store = await openVarve(place, { durability })
const handle = fs.openSync(told, 'r+')
const counts = new Int32Array(Number(slots))
const dice = random(1_000 + Number(mine))
let running = true

async function write() {
  for (let done = 1; running; done += 1) {
    const slot = Math.floor(dice() * counts.length)
    const count = /** @type {number} */ (counts[slot]) + 1
    await store.set(`w${mine}:${String(slot).padStart(14, '0')}`, { count, by: mine })
    counts[slot] = count
    const overall = Number(mine) * counts.length + slot
    fs.writeSync(handle, Buffer.from(Int32Array.of(count).buffer), 0, 4, overall * 4)
    if (done % 50 === 0) {
      process.send?.({ slot: overall, count })
      // A message leaves, and `stop` arrives, only when the loop lets the events in.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  fs.closeSync(handle)
  await store.close()
  process.exit(0)
}

process.on('disconnect', () => process.exit(1))
process.on('message', (message) => {
  if (message === 'go') void write()
  else running = false
})
process.send?.({ ready: true })
