// Takes a lock so many times, and notes in a file when it went in and out. Arguments: url, times, file, hold.
// With `hold` it takes it once, tells its token, and keeps it until it is killed.
import { appendFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { open } from '../../../dist/index.js'

const [url, times, file, hold] = process.argv.slice(2)
const store = await open(url, { durability: 'process' })
process.send('ready')
await new Promise((resolve) => process.once('message', resolve))
for (let i = 0; i < Number(times); i++) {
  await store.lock(
    'the lock',
    async ({ token, signal }) => {
      if (hold === 'hold') {
        process.send(token)
        signal.addEventListener('abort', () => process.send('lost'))
        await setTimeout(600_000)
      }
      appendFileSync(file, `in ${token} ${process.pid}\n`)
      // Somebody else gets the chance to come in.
      await setTimeout(Math.random() * 2)
      appendFileSync(file, `out ${token} ${process.pid}\n`)
    },
    { ttl: hold === 'hold' ? '1s' : '60s' },
  )
}
await store.close()
process.send('done')
process.disconnect()
