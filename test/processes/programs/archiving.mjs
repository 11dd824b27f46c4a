// Fills a store, exports it and imports it elsewhere; tells by how many MB it grew meanwhile. Arguments: folder, keys.
import { open } from '../../../dist/index.js'

const [folder, count] = process.argv.slice(2)
const keys = Number(count)

/** Megabytes by which the process is larger at any moment of the work than before it. */
async function growthOf(work) {
  const rss = () => process.memoryUsage.rss() / 2 ** 20
  const before = rss()
  let most = before
  const look = setInterval(() => (most = Math.max(most, rss())), 5)
  await work()
  clearInterval(look)
  return Math.max(most, rss()) - before
}

const store = await open(`${folder}/from`, { durability: 'process' })
const text = 'a few words that are said again and again, '.repeat(40)
for (let i = 0; i < keys; i += 1_000)
  await store.setMany(
    Array.from({ length: 1_000 }, (_, n) => [`key:${i + n}`, { n: i + n, text: `${text}${i + n}` }]),
  )
const target = await open(`${folder}/to`, { durability: 'process' })
await target.set('a', 1)
let imported
const exporting = await growthOf(() => store.snapshots.export(store.revision, `${folder}/file`))
const importing = await growthOf(async () => (imported = await target.snapshots.import(`${folder}/file`)))
process.send({ exporting, importing, keys: imported.keys })
await Promise.all([store.close(), target.close()])
process.disconnect()
