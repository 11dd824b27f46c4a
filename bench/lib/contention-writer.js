// @ts-check
/** One of A20's writers: one set after another for as long as it is told, and the longest that any of them took. */
import { startValuesAt, walk } from './data.js'
import { NotInstalled, openBare, openVarve } from './engines.js'
import { now, turn } from './measure.js'

const { place, keys, durability, driver, mine } = JSON.parse(process.argv[2] ?? '{}')
startValuesAt(mine * 10_000_000)
const next = walk(keys, 100 + mine)

/** @returns {Promise<{ set: (key: string, value: object) => unknown, close: () => unknown }>} */
async function openOne() {
  if (driver !== undefined) return openBare(driver, place, { full: durability === 'disk' })
  const store = await openVarve(place, { durability })
  return { set: (key, value) => store.set(key, value), close: () => store.close() }
}

/** @param {unknown} cause */
function fail(cause) {
  const error = /** @type {Error} */ (cause)
  process.send?.({ error: error.stack ?? error.message, missing: error instanceof NotInstalled }, () =>
    process.exit(1),
  )
}

/** SQLite gives up after its busy timeout; the wait goes on. @param {(key: string, value: object) => unknown} set
 * @param {string} key @param {object} value */
async function setOrBusy(set, key, value) {
  try {
    await set(key, value)
    return true
  } catch (cause) {
    if (driver !== undefined && /** @type {Error} */ (cause).message.includes('locked')) return false
    throw cause
  }
}

process.on('disconnect', () => process.exit(1))
try {
  const { set, close } = await openOne()
  process.on('message', async (/** @type {{ seconds?: number }} */ { seconds }) => {
    try {
      if (seconds === undefined) {
        await close()
        process.send?.({ closed: true }, () => process.exit(0))
        return
      }
      let commits = 0
      let longest = 0
      const start = now()
      const end = start + seconds * 1e3
      let before = start
      let turned = start
      while (now() < end) {
        // Synchronous sets would not hear for seconds that the run was given up.
        if (now() - turned > 250) {
          await turn()
          turned = now()
        }
        const at = next.step()
        const done = await setOrBusy(set, next.key(at), next.value(at))
        const after = now()
        longest = Math.max(longest, after - before)
        if (!done) continue
        before = after
        commits += 1
      }
      process.send?.({ commits, longest })
    } catch (error) {
      fail(error)
    }
  })
  process.send?.({ ready: true })
} catch (error) {
  fail(error)
}
