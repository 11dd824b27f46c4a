// What the writers of the crash tests do: the n-th operation is always the same, and makes revision n.

const filler = 'abcdefghijklmnopqrstuvwxyz0123456789'.repeat(40)
export const batchKeys = Array.from({ length: 10 }, (_, i) => `batch:${i}`)

/** The writes of operation n; undefined deletes. `transact` reads before it writes. */
export function operation(n) {
  switch (n % 5) {
    case 2:
      return { kind: 'setMany', writes: batchKeys.map((key) => [key, n]) }
    case 3:
      return { kind: 'transact', writes: [['last', n]], add: n }
    case 0:
      // The key of the operation before, so that it is there.
      return { kind: 'delete', writes: [[`one:${(n - 1) % 50}`, undefined]] }
    default:
      return { kind: 'set', writes: [[`one:${n % 50}`, { n, text: filler.slice(0, (n * 37) % 1000) }]] }
  }
}

/** The same on a plain map. */
export function apply(state, n) {
  const { writes, add } = operation(n)
  for (const [key, value] of writes) {
    if (value === undefined) state.delete(key)
    else state.set(key, value)
  }
  if (add !== undefined) state.set('sum', (state.get('sum') ?? 0) + add)
}

/** The same on a store. */
export function perform(store, n) {
  const { kind, writes, add } = operation(n)
  const [key, value] = writes[0]
  if (kind === 'set') return store.set(key, value)
  if (kind === 'delete') return store.delete(key)
  if (kind === 'setMany') return store.setMany(writes)
  return store.transact(async (tx) => {
    const sum = (await tx.get('sum')) ?? 0
    tx.set(key, value)
    tx.set('sum', sum + add)
  })
}
