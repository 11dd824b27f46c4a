import { hash } from 'node:crypto'
import { survey } from './classify.ts'
import type { Part } from './classify.ts'

/** Texts up to this length stand for themselves in the text of what holds them; longer ones are hashed. */
const LONGEST_INLINE = 64
/** How far around itself a member of a Set within a cycle is looked at to find its place in the order. */
const SIGHT = 6

/**
 * A text that is equal for equal data and different for different data: what `checksum` hashes. Every kind of value begins
 * with a character of its own, and text is quoted as in JSON, so that no two values share a text.
 *
 * Objects that reach no cycle are written from the inside out, each once. The others (they are `tangled`) are written in
 * the order in which one comes to them from the top, and name one another by number.
 */
export function canonicalText(root: unknown): string {
  const { parts, ids } = survey(root)
  const { order, tangled } = analyse(parts, ids)
  const texts: string[] = []
  const idOf = (value: unknown): number | undefined =>
    typeof value === 'object' && value !== null ? ids.get(value) : undefined

  /** Of everything that reaches no cycle. */
  const plainText = (value: unknown): string => {
    const id = idOf(value)
    return id === undefined ? atomText(value) : (texts[id] as string)
  }
  for (const id of order)
    if (tangled[id] === 0) texts[id] = shorten(partText(parts[id] as Part, plainText, plainText))
  if (tangled[0] !== 1) return plainText(root)

  const shades: Map<number, string>[] = []
  /** What a value looks like from outside: by this, members of Sets and keys of Maps are put in order. */
  const shade = (value: unknown, sight: number): string => {
    const id = idOf(value)
    if (id === undefined || tangled[id] === 0) return plainText(value)
    const part = parts[id] as Part
    if (sight === 0) return `?${part.kind}${part.items.length}`
    const known = (shades[sight] ??= new Map())
    let text = known.get(id)
    if (text === undefined) {
      const nearer = (item: unknown): string => shade(item, sight - 1)
      text = shorten(partText(part, nearer, nearer))
      known.set(id, text)
    }
    return text
  }

  const numbers = new Map<number, number>([[0, 0]])
  const nameOf = (value: unknown): string => {
    const id = idOf(value)
    if (id === undefined || tangled[id] === 0) return plainText(value)
    let number = numbers.get(id)
    if (number === undefined) {
      number = numbers.size
      numbers.set(id, number)
    }
    return `@${number}`
  }
  const written: string[] = []
  // A Map goes on to what is put into it while it is gone through.
  for (const id of numbers.keys())
    written.push(partText(parts[id] as Part, nameOf, (item) => shade(item, SIGHT)))
  return `@${written.join(';')}`
}

function shorten(text: string): string {
  return text.length <= LONGEST_INLINE ? text : `#${hash('sha256', text, 'hex')}`
}

function atomText(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (typeof value === 'bigint') return `${value}n`
  return String(value)
}

/** One object, with what it holds written by `write`, and by `rank` put in order where there is none. */
function partText(part: Part, write: (value: unknown) => string, rank: (value: unknown) => string): string {
  const { kind, items, data } = part
  switch (kind) {
    case 'array':
      return `[${items.map(write).join()}]`
    case 'object':
      return `{${fieldsText(part, write)}}`
    case 'sparse':
      return `sparse ${part.count}{${fieldsText(part, write)}}`
    case 'error':
      return `error ${part.type}{${fieldsText(part, write)}}`
    case 'set': {
      const ranked = items.map((item) => ({ item, place: rank(item) })).sort(byPlace)
      return `set{${ranked.map(({ item }) => write(item)).join()}}`
    }
    case 'map': {
      const entries = Array.from(
        { length: items.length / 2 },
        (_, i) => [items[2 * i], items[2 * i + 1]] as const,
      )
      const ranked = entries
        .map(([key, item]) => ({ key, item, place: `${rank(key)}:${rank(item)}` }))
        .sort(byPlace)
      return `map{${ranked.map(({ key, item }) => `${write(key)}:${write(item)}`).join()}}`
    }
    case 'date':
      return `date ${String(data)}`
    case 'regexp':
      return `regexp ${JSON.stringify(data)}`
    case 'bytes':
      return `bytes ${part.type} ${hash('sha256', data as Uint8Array, 'hex')}`
    case 'boxed':
      return `boxed ${atomText(data)}`
  }
}

function byPlace(a: { readonly place: string }, b: { readonly place: string }): number {
  return a.place < b.place ? -1 : a.place > b.place ? 1 : 0
}

function fieldsText({ kind, names, items }: Part, write: (value: unknown) => string): string {
  return names
    .map((name, i) => ({ name, item: items[i] }))
    .filter(({ name }) => !(kind === 'error' && name === 'stack'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, item }) => `${JSON.stringify(name)}:${write(item)}`)
    .join()
}

/** The objects' numbers, those inside before those around them; and, as 1, which of them reach a cycle. */
function analyse(
  parts: readonly Part[],
  ids: ReadonlyMap<object, number>,
): { order: number[]; tangled: Uint8Array } {
  const order: number[] = []
  const tangled = new Uint8Array(parts.length)
  const state = new Uint8Array(parts.length)
  const OPEN = 1
  const DONE = 2
  const path: { readonly id: number; next: number }[] = []
  if (parts.length > 0) path.push({ id: 0, next: 0 })
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const { items } = parts[top.id] as Part
    state[top.id] = OPEN
    if (top.next === items.length) {
      state[top.id] = DONE
      order.push(top.id)
      path.pop()
      const above = path.at(-1)
      if (above !== undefined && tangled[top.id] === 1) tangled[above.id] = 1
      continue
    }
    const item = items[top.next++]
    const id = typeof item === 'object' && item !== null ? (ids.get(item) as number) : undefined
    if (id === undefined) continue
    if (state[id] === 0) path.push({ id, next: 0 })
    else if (state[id] === OPEN || tangled[id] === 1) tangled[top.id] = 1
  }
  return { order, tangled }
}
