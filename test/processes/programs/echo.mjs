// For every number that it is told: reads what the other side has written, without a promise, then writes its own.
import { open } from '../../../dist/index.js'

const store = await open(process.argv[2], { durability: 'process' })
process.on('message', async (n) => {
  const seen = store.getSync('there')
  await store.set('here', n)
  process.send({ n, seen })
})
process.on('disconnect', () => process.exit())
process.send('ready')
