// Does one thing with archives again and again until it is killed. Arguments: what, folder, milliseconds between two times,
// revisions that are kept.
//   export, backup: to the same file, of a state that grows   import: the file into the store
//   restore: two backups in turns to the same place            writes: nothing but writes, with both keys always equal
import { open, restoreBackup } from '../../../dist/index.js'

const [what, folder, pause = '0', revisions] = process.argv.slice(2)
const history = revisions === undefined ? 'all' : { revisions: Number(revisions) }
process.on('disconnect', () => process.exit())
const store =
  what === 'restore'
    ? undefined
    : await open(`${folder}/store`, { durability: 'process', maxSnapshots: 5, history })
const nextTurn = () =>
  new Promise((resolve) => (pause === '0' ? setImmediate(resolve) : setTimeout(resolve, Number(pause))))

/** The same number everywhere, so that a state is known to be one that the store has had. */
async function step() {
  const n = Number((await store.get('n')) ?? 0) + 1
  await store.setMany(
    Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`same:${i}`, n]).concat([['n', n]])),
  )
}

const works = {
  async export() {
    await step()
    await store.snapshots.export(store.revision, `${folder}/file`)
  },
  async backup() {
    await step()
    await store.backup(`${folder}/file`)
  },
  async import() {
    await store.snapshots.import(`${folder}/file`)
  },
  async restore(round) {
    await restoreBackup(`${folder}/${round % 2 === 0 ? 'a' : 'b'}`, `${folder}/place`)
  },
  writes: step,
}
await works[what](0)
process.send('ready')
for (let round = 1; ; round++) {
  await works[what](round)
  await nextTurn()
}
