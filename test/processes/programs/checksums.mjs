// Writes given content to a new store and tells the checksum of a snapshot of it. Argument: url. Told: the content.
import { open } from '../../../dist/index.js'

process.once('message', async (content) => {
  const store = await open(process.argv[2])
  for (const [key, value] of content) await store.set(key, value)
  const { checksum } = await store.snapshots.create()
  await store.close()
  process.send(checksum)
  process.disconnect()
})
process.send('ready')
