// @ts-check
/** Clocks, medians, and what the operating system counted. */
import fs from 'node:fs'
import path from 'node:path'

export const now = () => performance.now()

/** @param {number[]} list */
export function median(list) {
  return quantile(list, 0.5)
}

/** @param {ArrayLike<number>} list @param {number} q */
export function quantile(list, q) {
  if (list.length === 0) return Number.NaN
  const sorted = Float64Array.from(list).sort()
  if (q === 0.5 && sorted.length % 2 === 0) {
    const right = sorted.length / 2
    return (/** @type {number} */ (sorted[right - 1]) + /** @type {number} */ (sorted[right])) / 2
  }
  return /** @type {number} */ (sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))])
}

/**
 * Runs `work(count)` in chunks until `ms` have passed. @returns nanoseconds per operation
 * @param {number} ms @param {number} chunk @param {(count: number) => void} work
 */
export function perOperation(ms, chunk, work) {
  const start = now()
  let done = 0
  do {
    work(chunk)
    done += chunk
  } while (now() - start < ms)
  return ((now() - start) / done) * 1e6
}

/**
 * The same for work that gives promises.
 * @param {number} ms @param {number} chunk @param {(count: number) => Promise<void>} work
 */
export async function perOperationAsync(ms, chunk, work) {
  const start = now()
  let done = 0
  do {
    await work(chunk)
    done += chunk
  } while (now() - start < ms)
  return ((now() - start) / done) * 1e6
}

/** Synchronous writes, one after another, for about `ms`. @returns how many in a second
 * @param {number} ms @param {() => void} write */
export function rate(ms, write) {
  const start = now()
  let done = 0
  let end
  do {
    write()
    done += 1
    end = now()
  } while (end - start < ms)
  return (done / (end - start)) * 1e3
}

/**
 * Awaited writes with `inFlight` of them under way at any time, for about `ms`. @returns how many in a second
 * @param {number} ms @param {number} inFlight @param {() => Promise<unknown>} write
 */
export async function rateAsync(ms, inFlight, write) {
  const start = now()
  const end = start + ms
  let done = 0
  const lane = async () => {
    do {
      await write()
      done += 1
    } while (now() < end)
  }
  await Promise.all(Array.from({ length: inFlight }, lane))
  return (done / (now() - start)) * 1e3
}

/** Bytes passed to write calls by all the threads of this process so far; NaN where the system does not count them. */
export function bytesWritten() {
  try {
    return Number(/^wchar: (\d+)$/m.exec(fs.readFileSync('/proc/self/io', 'utf8'))?.[1] ?? Number.NaN)
  } catch {
    return Number.NaN
  }
}

/** The sizes of all the files under a path. @param {string} where @returns {number} */
export function bytesOnDisk(where) {
  const about = fs.statSync(where)
  if (!about.isDirectory()) return about.size
  return fs.readdirSync(where).reduce((sum, name) => sum + bytesOnDisk(path.join(where, name)), 0)
}

/** Watches resident memory. `growth()` is the highest it was since, minus where it began, in MB. */
export function watchMemory() {
  globalThis.gc?.()
  let exact = true
  try {
    fs.writeFileSync('/proc/self/clear_refs', '5')
  } catch {
    exact = false
  }
  const before = process.memoryUsage.rss()
  let highest = before
  const timer = exact
    ? undefined
    : setInterval(() => (highest = Math.max(highest, process.memoryUsage.rss())), 5)
  return () => {
    clearInterval(timer)
    if (exact) {
      const peak = /^VmHWM:\s+(\d+) kB$/m.exec(fs.readFileSync('/proc/self/status', 'utf8'))?.[1]
      highest = Number(peak ?? Number.NaN) * 1024
    }
    return (highest - before) / 2 ** 20
  }
}

/** One turn of the event loop. @returns {Promise<void>} */
export const turn = () => new Promise((done) => setImmediate(done))

/** @param {number} ms @returns {Promise<void>} */
export const sleep = (ms) => new Promise((done) => setTimeout(done, ms))
