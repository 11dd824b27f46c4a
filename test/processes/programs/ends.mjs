// Writes, and ends without `close`. Arguments: url, how it ends, durability.
import { open } from '../../../dist/index.js'

const [url, how, durability] = process.argv.slice(2)
const store = await open(url, { durability, autoSnapshot: { every: '1h' } })
await store.set('a', 1)
await Promise.all(Array.from({ length: 100 }, (_, i) => store.set(`key:${i}`, i)))
if (how === 'flushed') {
  await store.flush()
  process.kill(process.pid, 'SIGKILL')
}
if (how === 'exit') process.exit(0)
if (how === 'throw') throw new Error('on purpose')
if (how === 'close') await store.close()
process.disconnect()
