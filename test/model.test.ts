import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open, type OpenOptions, type Store } from 'varve'
import { compareWithModel } from 'varve/testing'
import { describe, it } from 'vitest'
import { elsewhere, type RemoteStore } from './support/processes.ts'

/** To look again at a run that failed: VARVE_MODEL_SEED=<seed> npx vitest run test/model.test.ts */
const count = Number(process.env['VARVE_MODEL_OPERATIONS'] ?? 5_000)
const seed = Number(process.env['VARVE_MODEL_SEED'] ?? Date.now() % 2 ** 31)
/** A minute for 10,000 operations on a slow disk, and more for more. */
const timeout = 60_000 + count * 20

/** The whole count for what everybody uses, a part of it for the rest. */
const kinds: readonly (readonly [string, OpenOptions, number])[] = [
  ['with all history', {}, count],
  ['without a cache', { cache: 'none' }, count / 5],
  ['with a small cache', { cache: { maxEntries: 5 } }, count / 5],
  ['with a short history', { history: { revisions: 40 } }, count / 5],
]

describe.each(kinds)('random operations against the model, %s', (_, kind, operations) => {
  const options: OpenOptions = { ...kind, maxSnapshots: 0, durability: 'process' }
  const forgets = kind.history !== undefined

  it(`in memory, seed ${seed}`, { timeout }, async () => {
    const files = mkdtempSync(join(tmpdir(), 'varve-model-'))
    const store = await open('memory:', options)
    await compareWithModel({ seed, count: operations, store, forgets, files })
    await store.close()
    rmSync(files, { recursive: true, force: true })
  })

  it(`on SQLite, seed ${seed}`, { timeout }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'varve-model-'))
    const path = join(folder, 'state')
    try {
      const store = await open(path, options)
      const reopen = async (old: typeof store): Promise<typeof store> => {
        await old.close()
        return open(path, options)
      }
      const last = await compareWithModel({ seed, count: operations, store, forgets, reopen, files: folder })
      await last.close()
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

/** What another process can be told to do: functions stay here, and so does what has to tell its errors apart. */
const tellable = new Set(['set', 'setMany', 'save', 'delete', 'clear', 'restore'])

/** A store of which every second operation is done by another process that has it open. */
function inTurns(store: Store, remote: RemoteStore): Store {
  let turn = 0
  const plain = (target: Store, name: string | symbol): unknown => {
    const member: unknown = Reflect.get(target, name, target)
    return typeof member === 'function' ? (member.bind(target) as unknown) : member
  }
  const there = (here: Store, actor: string): Store => {
    let last: Promise<unknown> = Promise.resolve()
    return new Proxy(here, {
      get: (target, name) => {
        if (typeof name !== 'string' || !tellable.has(name)) return plain(target, name)
        return (...args: unknown[]) => {
          // A third argument is a condition, whose refusal has a class of its own.
          if (name === 'set' && args.length > 2)
            return store.as(actor).set(String(args[0]), args[1], Object(args[2]) as object)
          last = last.then(() => remote.callAs(actor, name, ...args))
          return last
        }
      },
    })
  }
  return new Proxy(store, {
    get: (target, name) => {
      if (name !== 'as') return plain(target, name)
      return (actor: string) => (turn++ % 2 === 0 ? target.as(actor) : there(target.as(actor), actor))
    },
  })
}

it(`random operations against the model, by two processes in turns, seed ${seed}`, { timeout }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'varve-model-'))
  const path = join(folder, 'state')
  const options: OpenOptions = { maxSnapshots: 0, durability: 'process' }
  try {
    const store = await open(path, options)
    const remote = await elsewhere(path, options)
    // Each step goes through two processes: by default a part of the whole count.
    const turns = process.env['VARVE_MODEL_OPERATIONS'] === undefined ? count / 5 : count
    await compareWithModel({ seed, count: turns, store: inTurns(store, remote) })
    await store.close()
    await remote.call('close')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
