// Closes a store while its automatic snapshots are being taken, again and again; then nothing may keep it alive.
// Argument: url.
import { open } from '../../../dist/index.js'

for (let i = 0; i < 20; i++) {
  const store = await open(process.argv[2], { durability: 'process', autoSnapshot: { every: 1 } })
  await store.set('n', i)
  await new Promise((resolve) => setTimeout(resolve, i % 4))
  const pending = store.snapshots.list()
  await store.close()
  await pending.catch(() => undefined)
}
process.send('done')
process.disconnect()
