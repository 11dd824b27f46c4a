// Adds one, many times, each time safely. Arguments: url, 'update' or 'transact', how often. Begins when told to.
import { open } from '../../../dist/index.js'

const [url, how, times] = process.argv.slice(2)
const store = await open(url, { durability: 'process' })
process.send('ready')
await new Promise((resolve) => process.once('message', resolve))
for (let i = 0; i < Number(times); i++) {
  if (how === 'update') {
    await store.update('counter', (n) => (n ?? 0) + 1)
  } else {
    await store.transact(async (tx) => {
      const n = (await tx.get('counter')) ?? 0
      tx.set('counter', n + 1)
    })
  }
}
await store.close()
process.send('done')
process.disconnect()
