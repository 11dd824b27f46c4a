// @ts-check
/** What every side of every row is fed with: the same keys, the same values, the same order. */

const NAMES = Array.from({ length: 1_000 }, (_, i) => `name no ${String(i).padStart(4, '0')}`)
const PLACES = Array.from({ length: 1_000 }, (_, i) => `place-${String((i * 7) % 1_000).padStart(4, '0')}`)

/** 17 bytes; a hundred keys share each 9-byte prefix. @param {number} i */
export function keyAt(i) {
  return `${prefixAt(Math.floor(i / 100))}i${String(i % 100).padStart(7, '0')}`
}

/** @param {number} group */
export function prefixAt(group) {
  return `g${String(group).padStart(7, '0')}:`
}

/** @param {number} count @returns {string[]} in key order */
export function keysUpTo(count) {
  return Array.from({ length: count }, (_, i) => keyAt(i))
}

let written = 0

/**
 * A JSON object of seven fields and 115 or 116 bytes. Never the same twice in a process: SQLite does not write a row whose
 * bytes did not change, so a benchmark that repeats its values measures nothing.
 * @param {number} i
 */
export function valueAt(i) {
  written += 1
  const seq = 10_000_000 + (written % 90_000_000)
  return {
    id: 1_000_000 + i,
    name: NAMES[i % 1_000],
    place: PLACES[i % 1_000],
    age: 10 + (i % 90),
    active: (written & 1) === 0,
    score: (seq % 1_000_000) / 8 + 100_000.0625,
    seq,
  }
}

/** Starts the values of this process where no other process has them. @param {number} n */
export function startValuesAt(n) {
  written = n
}

/** Mulberry32: small, seeded, the same in each run. @param {number} seed @returns {() => number} in [0, 1) */
export function random(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** The numbers 0 to count - 1 in a random order. @param {number} count @param {number} [seed] */
export function shuffled(count, seed = 1) {
  const order = new Uint32Array(count)
  for (let i = 0; i < count; i += 1) order[i] = i
  const next = random(seed)
  for (let i = count - 1; i > 0; i -= 1) {
    const j = Math.floor(next() * (i + 1))
    const kept = /** @type {number} */ (order[i])
    order[i] = /** @type {number} */ (order[j])
    order[j] = kept
  }
  return order
}

/**
 * An endless walk over all the keys in a random order, made before anything is timed.
 * @param {number} count @param {number} [seed]
 */
export function walk(count, seed = 1) {
  const order = shuffled(count, seed)
  const keys = Array.from(order, keyAt)
  let at = -1
  return {
    /** The keys in walking order. */
    keys,
    /** Moves on by one and answers the place in `keys`. */
    step() {
      at = at + 1 === count ? 0 : at + 1
      return at
    },
    /** @param {number} place */
    key: (place) => /** @type {string} */ (keys[place]),
    /** A fresh value for the key there. @param {number} place */
    value: (place) => valueAt(/** @type {number} */ (order[place])),
    /** The next `n` keys with fresh values. @param {number} n @returns {[string, object][]} */
    entries(n) {
      /** @type {[string, object][]} */
      const list = []
      for (let i = 0; i < n; i += 1) {
        const place = this.step()
        list.push([this.key(place), this.value(place)])
      }
      return list
    },
  }
}
