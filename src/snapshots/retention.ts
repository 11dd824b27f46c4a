/** What decides which snapshot goes first. */
export interface Candidate {
  readonly version: string
  readonly tags: readonly string[]
  readonly auto: boolean
}

/**
 * The versions that have to go so that at most `limit` stay (0: no limit), of snapshots in the order of their creation:
 * automatic ones first, then untagged ones, then the oldest; within each kind the oldest first. The newest never goes.
 */
export function surplus(snapshots: readonly Candidate[], limit: number): string[] {
  let excess = limit === 0 ? 0 : snapshots.length - limit
  if (excess <= 0) return []
  const older = snapshots.slice(0, -1)
  const automatic = older.filter((one) => one.auto)
  const untagged = older.filter((one) => !one.auto && one.tags.length === 0)
  const tagged = older.filter((one) => !one.auto && one.tags.length > 0)
  const going: string[] = []
  for (const one of [...automatic, ...untagged, ...tagged]) {
    if (excess-- <= 0) break
    going.push(one.version)
  }
  return going
}
