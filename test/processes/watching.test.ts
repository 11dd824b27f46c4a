import { expect, it } from 'vitest'
import { start } from '../support/processes.ts'
import { opened, pause, setting, sqlite, until } from '../support/stores.ts'

const changes = setting('VARVE_CHANGES', 20_000)
const kills = setting('VARVE_WRITER_KILLS', 6)
const rings = setting('VARVE_RINGS', 1_000)

it(`[250] [251] a watcher in another process gets each of ${changes} changes once and in order, while the writer is killed ${kills} times; resumed, it misses none`, async () => {
  const url = sqlite.url()
  const store = await opened(url, { durability: 'process' })
  const got: [revision: number, value: number][] = []
  const watcher = (from: number): { stop(): Promise<void>; failed: Promise<unknown> } => {
    const program = start('watching.mjs', [url, String(from)])
    const reading = (async () => {
      for (;;) {
        const message = await program.next<'ready' | [number, number][]>()
        if (message !== 'ready') got.push(...message)
      }
    })().catch((error: unknown) => error)
    return {
      failed: reading,
      async stop() {
        program.send('stop')
        await program.exited
        await reading
      },
    }
  }

  let watching = watcher(0)
  for (let kill = 1; kill <= kills; kill++) {
    const writer = start('counting.mjs', [url, '1', String(changes)])
    await writer.next()
    const goal = Math.floor((changes / (kills + 1)) * kill)
    await until(() => ((store.getSync('newest') as number | undefined) ?? 0) >= goal, 60_000)
    await writer.kill()
    if (kill % 3 !== 0) continue
    // The watcher goes away as well, and comes back with the last revision that it has dealt with.
    await watching.stop()
    watching = watcher(got.at(-1)?.[0] ?? 0)
  }
  const writer = start('counting.mjs', [url, '1', String(changes)])
  await writer.next()
  expect(await writer.next()).toBe('done')
  await until(() => got.at(-1)?.[1] === changes, 30_000)
  await watching.stop()

  // All numbers are there, each once and in order.
  expect(got.map(([, value]) => value)).toEqual(Array.from({ length: changes }, (_, i) => i + 1))
  const revisions = got.map(([revision]) => revision)
  expect(revisions).toEqual(revisions.toSorted((a, b) => a - b))
}, 300_000)

it(`no ring is lost in ${rings} commits at odd moments, with the looks in between switched off`, async () => {
  const url = sqlite.url()
  const store = await opened(url, { durability: 'process' })
  const other = start('hearing.mjs', [url])
  await other.next()
  let lost = 0
  for (let n = 1; n <= rings; n++) {
    const heard = other.next<number>()
    await store.set('ping', n)
    const answer = await Promise.race([heard, pause(5_000).then(() => 'lost')])
    if (answer !== n) {
      lost++
      break
    }
    if (n % 3 === 0) await pause(Math.random() * 3)
  }
  expect(lost).toBe(0)
}, 300_000)
