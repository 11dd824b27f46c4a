// @ts-check
/** A18's other process: tells how long each message was on its way, by the clock that all processes share. */
import { createRequire } from 'node:module'
import { openVarve } from './engines.js'

const [kind = '', place = ''] = process.argv.slice(2)
/** @type {number[]} */
let delays = []
const heard = (/** @type {{ sent: number }} */ { sent }) =>
  void delays.push(Number(process.hrtime.bigint()) / 1e3 - sent)

/** @type {() => unknown} */
let close
if (kind === 'varve') {
  const store = await openVarve(place, { durability: 'process' })
  store.watch('tick', ({ after }) => heard(after))
  close = () => store.close()
} else {
  const { Redis } = createRequire(import.meta.url)('ioredis')
  const redis = new Redis({ path: place })
  redis.on('message', (/** @type {string} */ _topic, /** @type {string} */ text) => heard(JSON.parse(text)))
  await redis.subscribe('tick')
  close = () => redis.quit()
}
process.on('disconnect', () => process.exit(1))
process.on('message', async (message) => {
  if (message === 'stop') {
    await close()
    process.exit(0)
  }
  process.send?.(delays)
  delays = []
})
process.send?.('ready')
