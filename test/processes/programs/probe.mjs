// Opens a store that may be damaged, reads everything in every way, and tells what it got. Told: { url, keys, revisions,
// readOnly }. A process of its own, because a crash must be seen and not shared.
import { open, VarveError } from '../../../dist/index.js'

const tell = (error) => ({
  name: error?.name ?? typeof error,
  code: error?.code ?? '',
  message: String(error?.message ?? error),
  ours: error instanceof VarveError,
})

async function attempt(run) {
  try {
    return { value: await run() }
  } catch (error) {
    return { error: tell(error) }
  }
}

/** What came before a failure counts too: it was served. */
async function drain(make) {
  const items = []
  try {
    for await (const item of make()) items.push(item)
    return { items }
  } catch (error) {
    return { items, error: tell(error) }
  }
}

async function probe({ url, keys, revisions, readOnly }) {
  const opened = await attempt(() => open(url, { readOnly, maxSnapshots: 0 }))
  if (opened.error) return { opened: opened.error }
  const store = opened.value
  const seen = { revision: store.revision, gets: [], at: [], history: [] }
  for (const key of keys) {
    seen.gets.push(await attempt(() => store.get(key)))
    seen.history.push(await drain(() => store.history(key)))
  }
  for (const revision of revisions) {
    const gets = []
    for (const key of keys) gets.push(await attempt(() => store.get(key, { at: revision })))
    seen.at.push({ revision, gets, entries: await drain(() => store.entries({ at: revision })) })
  }
  seen.entries = await drain(() => store.entries())
  seen.log = await drain(() => store.log())
  seen.snapshots = await attempt(() => store.snapshots.list())
  seen.count = await attempt(() => store.count())
  seen.verify = await attempt(() => store.verify())
  seen.closed = await attempt(() => store.close())
  return seen
}

process.on('message', async (question) => process.send(await probe(question)))
process.on('disconnect', () => process.exit())
process.send('ready')
