// Uses a store that keeps nothing, in the folder where it was started. What is left there is the test's business.
import { open } from '../../../dist/index.js'

const store = await open('memory:')
await store.set('a', 1)
await store.snapshots.create({ tags: ['kept'] })
await store.close()
process.send('done')
process.disconnect()
