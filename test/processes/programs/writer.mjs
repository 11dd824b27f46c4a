// Writes operation after operation, several at a time, until it is killed. What was acknowledged goes to a file at once:
//   <n>   operation n      s<n>   the snapshot "s<n>"      e <code> <message>   a failure, after which it stops
// Arguments: url, durability, file of acknowledgements, the most operations in flight.
import { openSync, writeSync } from 'node:fs'
import { open } from '../../../dist/index.js'
import { operation, perform } from './operations.mjs'

const [url, durability, acksPath, width] = process.argv.slice(2)
const acks = openSync(acksPath, 'a')
const acknowledge = (text) => writeSync(acks, `${text}\n`)
const inFlight = new Set()
let failed = false

function track(promise, text) {
  const done = promise.then(
    () => acknowledge(text),
    (error) => {
      failed = true
      acknowledge(`e ${error.code} ${error.name}: ${error.message}`)
    },
  )
  inFlight.add(done)
  done.finally(() => inFlight.delete(done))
}
const drained = () => Promise.all(inFlight)

const store = await open(url, { durability, maxSnapshots: 0, actor: 'writer' }).catch((error) => {
  acknowledge(`e ${error.code} ${error.name}: ${error.message}`)
  process.exit(1)
})
let n = store.revision
process.on('disconnect', () => process.exit())
process.send('ready')
while (!failed) {
  const group = 1 + Math.floor(Math.random() * Number(width))
  for (let i = 0; i < group && !failed; i++) {
    n++
    const alone = operation(n).kind === 'transact'
    if (alone) await drained()
    if (failed) break
    track(perform(store, n), n)
    if (alone) await drained()
  }
  await drained()
  if (!failed && n % 4 === 0) {
    const version = `s${n}`
    track(store.snapshots.create({ version, tags: ['kept'] }), version)
    await drained()
  }
}
setInterval(() => {}, 1_000)
