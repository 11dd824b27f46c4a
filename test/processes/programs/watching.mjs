// Watches n:* from a revision on, and tells in batches what it gets: [revision, value]. Arguments: url, from.
import { open } from '../../../dist/index.js'

const [url, from] = process.argv.slice(2)
const store = await open(url, { durability: 'process' })
let batch = []
const tell = () => {
  if (batch.length > 0) process.send(batch)
  batch = []
}
const timer = setInterval(tell, 5)
store.watch(
  'n:*',
  ({ revision, after }) => {
    batch.push([revision, after])
    if (batch.length === 500) tell()
  },
  { from: Number(from) },
)
process.send('ready')
process.on('message', () => {
  clearInterval(timer)
  tell()
  void store.close().then(() => process.disconnect())
})
