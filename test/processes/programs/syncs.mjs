// Awaits so many sets, one after the other. Arguments: url, durability, how many.
import { open } from '../../../dist/index.js'

const [url, durability, count] = process.argv.slice(2)
const store = await open(url, { durability })
for (let i = 0; i < Number(count); i++) await store.set(`key:${i}`, i)
process.exit(0)
