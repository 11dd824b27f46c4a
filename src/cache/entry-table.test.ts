import { expect, it, vi } from 'vitest'
import { numbersBelow } from '../testing/random.ts'
import { EntryTable, MOST_ENTRIES, NONE } from './entry-table.ts'
import { hashNumber } from './key-hash.ts'

const operations = Number(process.env['VARVE_CACHE_OPERATIONS'] ?? 20_000)
const seed = Number(process.env['VARVE_CACHE_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
vi.setConfig({ testTimeout: 30_000 + operations })

const put = (table: EntryTable, key: unknown, value: unknown): number => {
  if (table.isFull) table.grow()
  return table.add(key, value)
}

/** Short and long texts, integers, and what is neither. */
function keyOf(n: number): unknown {
  switch (n % 5) {
    case 0:
      return n
    case 1:
      return -n
    case 2:
      return `key:${n}`
    case 3:
      return `a key that is longer than most of them are ${n}`
    default:
      return n / 8
  }
}

it.each([
  ['with hashes', true, 150_000],
  ['without hashes', false, 150_000],
  ['without a limit', true, MOST_ENTRIES],
])('a large table agrees with a Map at every turn: %s', (_, hashes, most) => {
  const random = numbersBelow(seed)
  const table = new EntryTable(most, hashes, () => 0.3)
  const known = new Map<unknown, number>()
  const range = 140_000
  for (let n = 0; n < 80_000; n++) known.set(keyOf(n), put(table, keyOf(n), n))
  for (let i = 0; i < operations; i++) {
    const key = keyOf(random(range))
    const slot = table.find(key)
    expect(slot, `seed ${seed}`).toBe(known.get(key) ?? NONE)
    if (slot === NONE) known.set(key, put(table, key, i))
    else if (random(3) > 0) {
      table.remove(slot)
      known.delete(key)
      expect(table.find(key)).toBe(NONE)
    }
  }
  expect(table.size).toBe(known.size)
  expect(new Set(known.values()).size).toBe(known.size)
  for (const [key, slot] of known) {
    expect(table.find(key)).toBe(slot)
    expect(table.pairs[2 * slot]).toBe(key)
  }
  table.clear()
  expect([table.size, table.find('key:2'), table.find(0)]).toEqual([0, NONE, NONE])
  expect(table.find(put(table, 'key:2', 1) === 0 ? 'key:2' : '')).toBe(0)
})

it('more keys than may share one place find another', () => {
  const most = 100_000
  // Where the table puts a key: see EntryTable. The seed is 0.
  const bits = Math.floor(Math.log2(Math.ceil(most / 0.7) / 64))
  const groups = Math.ceil(Math.ceil(most / 0.7) / 2 ** bits)
  const home = (key: number): number => {
    const hash = hashNumber(key, 0)
    return ((((hash >>> 18) * groups) >>> 14) << bits) | (hash & (2 ** bits - 1))
  }
  const crowd: number[] = []
  for (let key = 1_000_000; crowd.length < 60; key++) if (home(key) === home(1_000_000)) crowd.push(key)
  const table = new EntryTable(most, true, () => 0)
  for (let n = 0; n < 66_000; n++) put(table, n, n)
  const slots = crowd.map((key) => put(table, key, key))
  expect(crowd.map((key) => table.find(key))).toEqual(slots)
  for (const slot of slots.filter((_, i) => i % 2 === 0)) table.remove(slot)
  crowd.forEach((key, i) => expect(table.find(key)).toBe(i % 2 === 0 ? NONE : slots[i]))
  for (const key of crowd.filter((_, i) => i % 2 === 0)) put(table, key, -key)
  for (const key of crowd) expect(table.pairs[2 * table.find(key)]).toBe(key)
  for (let n = 0; n < 66_000; n++) expect(table.find(n)).not.toBe(NONE)
})

it('keys are told apart as a Map does', () => {
  const table = new EntryTable(100, true, () => 0.5)
  const object = {}
  const keys = [
    0,
    '0',
    1,
    '1',
    1n,
    1.5,
    '1.5',
    Number.NaN,
    null,
    undefined,
    true,
    'true',
    object,
    {},
    Symbol('a'),
    '',
  ]
  const slots = keys.map((key) => put(table, key, key))
  expect(keys.map((key) => table.find(key))).toEqual(slots)
  expect([table.find(-0), table.find({}), table.find('2')]).toEqual([slots[0], NONE, NONE])
})
