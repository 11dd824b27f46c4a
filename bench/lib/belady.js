// @ts-check

/**
 * The hit ratio in percent that nobody beats: what goes is what is needed again last. Keys are 0 to `unique` - 1.
 * @param {Int32Array} requests @param {number} unique @param {number} entries
 */
export function belady(requests, unique, entries) {
  const count = requests.length
  // When each request's key is asked for again.
  const next = new Int32Array(count)
  const seen = new Int32Array(unique).fill(count)
  for (let i = count - 1; i >= 0; i -= 1) {
    const key = /** @type {number} */ (requests[i])
    next[i] = /** @type {number} */ (seen[key])
    seen[key] = i
  }
  // A heap of (when, key) as one number, the latest first. What is out of date there is passed over.
  const heap = new Float64Array(count + 1)
  let size = 0
  const push = (/** @type {number} */ item) => {
    let at = size
    size += 1
    while (at > 0) {
      const above = (at - 1) >> 1
      if (/** @type {number} */ (heap[above]) >= item) break
      heap[at] = /** @type {number} */ (heap[above])
      at = above
    }
    heap[at] = item
  }
  const pop = () => {
    const top = /** @type {number} */ (heap[0])
    size -= 1
    const item = /** @type {number} */ (heap[size])
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= size) break
      if (below + 1 < size && /** @type {number} */ (heap[below + 1]) > /** @type {number} */ (heap[below]))
        below += 1
      if (/** @type {number} */ (heap[below]) <= item) break
      heap[at] = /** @type {number} */ (heap[below])
      at = below
    }
    heap[at] = item
    return top
  }
  const due = new Int32Array(unique).fill(-1)
  let held = 0
  let hits = 0
  for (let i = 0; i < count; i += 1) {
    const key = /** @type {number} */ (requests[i])
    if (/** @type {number} */ (due[key]) >= 0) hits += 1
    else if (held < entries) held += 1
    else
      for (;;) {
        const item = pop()
        const other = item % unique
        if (due[other] !== (item - other) / unique) continue
        due[other] = -1
        break
      }
    due[key] = /** @type {number} */ (next[i])
    push(/** @type {number} */ (next[i]) * unique + key)
  }
  return (hits / count) * 100
}
