// One story: keep state, name a moment, see what changed and who did it, and go back, without losing anything.
import { open } from 'varve'

const store = await open('./story-state', { actor: 'ann' })

await store.set('user:1', { name: 'Ann', plan: 'free' })
await store.set('user:2', { name: 'Bob', plan: 'free' })
await store.snapshots.create({ tags: ['before-sale'] })

const bob = store.as('bob')
await bob.set('user:1', { name: 'Ann', plan: 'pro' })
await bob.delete('user:2')

for await (const { type, key, actor } of store.diff('before-sale')) console.log(`${actor} ${type} ${key}`)

await store.restore('before-sale')
console.log('user:2 is back:', await store.get('user:2'))

for await (const { revision, actor, before, after } of store.history('user:1'))
  console.log(`revision ${revision} by ${actor}:`, before, '->', after)

await store.close()
