// Writes the numbers from `first` on, several at a time, until `last` or until it is killed. Arguments: url, first, last.
import { open } from '../../../dist/index.js'

const [url, first, last] = process.argv.slice(2)
const store = await open(url, { durability: 'process' })
// What a killed writer had committed without having been told counts: go on behind it.
let next = Math.max(Number(first), ((await store.get('newest')) ?? 0) + 1)
process.send(next)
while (next <= Number(last)) {
  const writes = []
  for (let i = 0; i < 20 && next <= Number(last); i++, next++)
    writes.push(store.setMany({ [`n:${next % 97}`]: next, newest: next }))
  await Promise.all(writes)
}
await store.close()
process.send('done')
process.disconnect()
