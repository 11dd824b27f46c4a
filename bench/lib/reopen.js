// @ts-check
/** C12's next start: tells how long a persistent cache takes until its first answer, and until it is whole. Arguments: folder, key. */
import { varve } from './engines.js'
import { now } from './measure.js'

const [folder = '', key = ''] = process.argv.slice(2)
const { PersistentCache } = await varve()
const start = now()
const cache = await PersistentCache.open(folder, { persistOnClose: false })
if (cache.get(key) === undefined) throw new Error(`${key} did not come back`)
const first = now() - start
const rest = now()
const { size } = cache.stats()
console.log(JSON.stringify({ first, warm: first + now() - rest, size }))
await cache.close()
