/** Of a longer text, only its beginning, its end and its length count. */
const ENOUGH = 64

/** 32 bits of a text. Two lanes, so that one multiplication need not wait for the one before. */
export function hashText(text: string, seed: number): number {
  const { length } = text
  let a = seed
  let b = length ^ 0x2545f491
  let i = 0
  for (; i + 1 < length; i += 2) {
    a = Math.imul(a ^ text.charCodeAt(i), 0x5bd1e995)
    b = Math.imul(b ^ text.charCodeAt(i + 1), 0x1b873593)
  }
  if (i < length) a = Math.imul(a ^ text.charCodeAt(i), 0x5bd1e995)
  return finish(a ^ ((b << 13) | (b >>> 19)))
}

/** 32 bits of a 32-bit integer, no two of which have the same. */
export function hashNumber(number: number, seed: number): number {
  return finish(Math.imul(number ^ seed, 0x9e3779b1))
}

function finish(bits: number): number {
  const hash = Math.imul(bits ^ (bits >>> 15), 0x2c1b3c6d)
  return hash ^ (hash >>> 14)
}

/** 32 bits of any other key. Objects get a number of their own, which `ids` remembers for as long as they live. */
export function hashOdd(key: unknown, seed: number, ids: WeakMap<object, number>): number {
  if (typeof key === 'string')
    return hashText(
      key.length <= 2 * ENOUGH ? key : key.slice(0, ENOUGH) + key.slice(-ENOUGH),
      seed ^ key.length,
    )
  if ((typeof key === 'object' && key !== null) || typeof key === 'function') {
    let id = ids.get(key)
    if (id === undefined) {
      // A walk through the 32-bit numbers that comes back to its start only after all of them.
      lastId = (lastId + 0x9e3779b9) | 0
      id = lastId
      ids.set(key, id)
    }
    return hashNumber(id, seed)
  }
  return hashText(`${typeof key} ${String(key)}`.slice(0, 2 * ENOUGH), seed)
}

let lastId = 0
