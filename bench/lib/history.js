// @ts-check
/** Histories of one document, made by script, always the same ones. */
import { clone, pairNamed, randomFrom, records, sentence } from './pairs.js'

/** Versions of one document, each with a few changes more. @param {number} count @param {string} kind */
export function history(count, kind) {
  const random = randomFrom(13)
  let state = kind === 'keyed map' ? records(2_000) : pairNamed(kind).before
  const versions = [state]
  const next = NEXT[kind] ?? describedAnew
  while (versions.length < count) {
    state = clone(state)
    next(state, random)
    versions.push(state)
  }
  return versions
}

/** What one version has changed. @type {Record<string, (state: any, random: ReturnType<typeof randomFrom>) => void>} */
const NEXT = {
  // A few packages have a newer version; nothing can say less of its checksum.
  'lock file'({ packages }, random) {
    const names = Object.keys(packages)
    for (let i = 0; i < 4; i += 1) {
      const entry = packages[random.pick(names)]
      const version = `${random.int(20)}.${random.int(40)}.${random.int(9)}`
      entry.resolved = entry.resolved.replaceAll(entry.version, version)
      entry.version = version
      entry.integrity = `sha512-${random.base64(86)}==`
    }
  },
  'keyed map'(state, random) {
    const keys = Object.keys(state)
    for (let i = 0; i < keys.length / 100; i += 1) state[random.pick(keys)].score = random.int(1e5) / 100
  },
}

/** @param {any} state @param {ReturnType<typeof randomFrom>} random */
function describedAnew(state, random) {
  const parts = Object.values(state).flatMap((part) =>
    typeof part === 'object' && part !== null ? Object.values(part) : [],
  )
  for (let i = 0; i < 2; i += 1) {
    const part = /** @type {any} */ (random.pick(parts))
    if (typeof part === 'object' && part !== null)
      part[random.pick(['version', 'description', 'summary'])] =
        `${random.int(20)}.${random.int(40)} ${sentence(random, 2)}`
  }
}
