// Writes two keys that are always equal, without a pause, until it is told to stop. Argument: url.
import { open } from '../../../dist/index.js'

const store = await open(process.argv[2], { durability: 'process' })
let n = 0
let stopped = false
process.once('message', () => (stopped = true))
process.on('disconnect', () => process.exit())
await store.setMany({ left: 0, right: 0 })
process.send('ready')
while (!stopped) {
  n++
  const value = n
  if (n % 2 === 0) {
    await store.setMany({ left: value, right: value })
  } else {
    await store.transact((tx) => {
      tx.set('left', value)
      tx.set('right', value)
    })
  }
}
await store.close()
process.send(n)
process.disconnect()
