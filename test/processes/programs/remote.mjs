// A store in another process: does what it is told and answers.
import { open } from '../../../dist/index.js'

let store

async function call(method, args, actor) {
  if (method === 'open') {
    store = await open(...args)
    return store.revision
  }
  const path = method.split('.')
  const name = path.pop()
  let owner = actor === undefined ? store : store.as(actor)
  for (const part of path) owner = owner[part]
  if (typeof owner[name] !== 'function') return owner[name]
  const result = await owner[name](...args)
  if (typeof result?.[Symbol.asyncIterator] !== 'function') return result
  const items = []
  for await (const item of result) items.push(item)
  return items
}

process.on('message', ({ method, args, actor }) => {
  call(method, args, actor).then(
    (value) => process.send({ value }),
    ({ name, code, message }) => process.send({ error: { name, code: code ?? '', message } }),
  )
})
process.on('disconnect', () => process.exit())
