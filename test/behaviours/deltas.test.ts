import { describe, expect, it } from 'vitest'
import {
  delta,
  DeltaChain,
  IntegrityError,
  InvalidOptionError,
  InvalidValueError,
  NotFoundError,
} from '../../src/index.ts'
import type { Delta, DeltaStrategy, Value } from '../../src/index.ts'
import { opened, kinds } from '../support/stores.ts'

const strategies: readonly DeltaStrategy[] = ['structural', 'binary', 'compress', 'none', 'auto']

const records = (count: number): Record<string, { name: string; score: number; tags: string[] }> =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      `user:${i}`,
      { name: `Name ${i * 7919}`, score: i * 31, tags: [`t${i % 7}`, `g${i % 11}`] },
    ]),
  )
const sizeOf = (value: Value): number => Buffer.byteLength(JSON.stringify(value))

describe('deltas', () => {
  it('[108] a base and the delta of one changed leaf give the changed state', () => {
    const base = { a: { b: [1, { c: 'old' }] }, d: 1 }
    const after = { a: { b: [1, { c: 'new' }] }, d: 1 }
    const stored = delta.encode(delta.diff(base, after))
    expect(delta.patch(base, delta.decode(stored))).toEqual(after)
    expect(base.a.b[1]).toEqual({ c: 'old' })
  })

  it.each(kinds)(
    '[109] on $name a delta is kept as a value beside what it was made from, and every read of it works',
    async (kind) => {
      const store = await opened(kind.url())
      const base = records(20)
      const after = { ...base, extra: { name: 'new', score: 1, tags: [] } }
      await store.set('base', base)
      await store.set('step', delta.diff(base, after))
      const step = await store.get<Delta>('step')
      const read = await store.get('base')
      expect(delta.patch(read, step as Delta)).toEqual(after)
      expect(delta.paths(step as Delta)).toEqual(['$.extra'])
      expect(delta.encode(step as Delta)).toEqual(delta.encode(delta.diff(base, after)))
      expect(delta.toJsonPatch(read, step as Delta)).toEqual([
        { op: 'add', path: '/extra', value: after.extra },
      ])
    },
  )

  it('[110] the first state of a chain stands whole; each further one on the one before it', () => {
    const chain = new DeltaChain()
    expect([chain.length, chain.current]).toEqual([0, undefined])
    const first = chain.push({ a: 1 })
    expect(delta.patch(null, first)).toEqual({ a: 1 })
    const second = chain.push({ a: 2 })
    expect(delta.patch({ a: 1 }, second)).toEqual({ a: 2 })
  })

  it('[111] ten deltas in a row, each on the one before, each restore exactly', () => {
    const states = Array.from({ length: 11 }, (_, i) => ({ ...records(i * 3), i }))
    const steps = states.slice(1).map((state, i) => delta.diff(states[i], state))
    let state: Value = states[0]
    steps.forEach((step, i) => {
      state = delta.patch(state, delta.decode(delta.encode(step)))
      expect(state).toEqual(states[i + 1])
    })
  })

  it('[112] an index that a chain does not have is not found', () => {
    const chain = new DeltaChain(1)
    for (const index of [-1, 1, 0.5, NaN, Infinity]) expect(() => chain.at(index)).toThrow(NotFoundError)
    expect(() => new DeltaChain().at(0)).toThrow(NotFoundError)
  })

  it('[113] 1 % of 1,000 keys changed takes less than 5 % of the whole', () => {
    const base = records(1_000)
    const after = structuredClone(base)
    for (let i = 0; i < 1_000; i += 100) (after[`user:${i}`] as { score: number }).score += 1
    const change = delta.diff(base, after)
    expect(change.bytes).toBeLessThan(sizeOf(after) * 0.05)
    expect(change.ratio).toBeLessThan(0.05)
    expect(delta.encode(change).length).toBe(change.bytes)
  })

  it('[114] one leaf of 1,000 inside one key takes less than 5 % of the whole', () => {
    const base = { all: records(1_000) }
    const after = structuredClone(base)
    ;(after.all['user:500'] as { name: string }).name = 'another'
    for (const strategy of ['auto', 'structural', 'binary'] as const)
      expect(delta.diff(base, after, { strategy }).bytes).toBeLessThan(sizeOf(after) * 0.05)
  })

  it('[115] compress makes repetitive data at least four times smaller, and tells the truth about it', () => {
    const after = Array.from({ length: 500 }, () => ({ kind: 'the same', flag: true }))
    const change = delta.diff(null, after, { strategy: 'compress' })
    expect(change.bytes * 4).toBeLessThan(sizeOf(after))
    expect(change.bytes).toBe(delta.encode(change).length)
    expect(change.ratio).toBeCloseTo(change.bytes / sizeOf(after), 5)
    expect(delta.diff(null, after, { strategy: 'none' }).bytes).toBeGreaterThan(sizeOf(after))
  })

  const text = Array.from({ length: 300 }, (_, i) => `Sentence ${(i * 7919) % 1000} of the text. `).join('')
  const numbers = Array.from({ length: 2_000 }, (_, i) => ((i * 7919) % 10_007) / 8)
  const cases: readonly (readonly [string, Value, Value])[] = [
    ['a small object', { a: 1, b: { c: 2 }, d: [1, 2] }, { a: 1, b: { c: 3 }, d: [1, 2, 3] }],
    ['a map', records(800), { ...records(800), 'user:5': { name: 'x', score: 0, tags: [] } }],
    ['a text', text, text.slice(0, 4_000) + text.slice(4_200) + text.slice(100, 300)],
    ['numbers', numbers, [...numbers.slice(3, 900), 5, ...numbers.slice(900)]],
    ['bytes', Buffer.from(text), Buffer.from(text.slice(0, 5_000) + 'more' + text.slice(5_100))],
    ['all new', records(50), Array.from({ length: 300 }, () => 'again and again')],
    ['a list', Object.entries(records(300)), Object.entries(records(310)).slice(5)],
    [
      'a package',
      { name: 'application', version: '1.0.0', dependencies: { first: '^1.0.0', second: '^2.0.0' } },
      { name: 'application', version: '1.0.1', dependencies: { first: '^1.0.0', third: '^2.0.0' } },
    ],
  ]
  it.each(cases)(
    '[116] every strategy restores %s, and auto is at most 10 %% larger than the best',
    (_, before, after) => {
      const sizes = strategies.map((strategy) => {
        const change = delta.diff(before, after, { strategy })
        expect(delta.patch(before, delta.decode(delta.encode(change)))).toEqual(after)
        return change.bytes
      })
      expect(sizes.at(-1)).toBeLessThanOrEqual(Math.min(...sizes) * 1.1)
    },
  )

  it.each<readonly [Value, Value]>([
    [{ a: 1 }, {}],
    [{}, { a: 1 }],
    [{ a: null }, {}],
    [{ a: null }, { a: undefined }],
    [{ a: 1 }, { a: {} }],
    [{ a: {} }, { a: [] }],
    [{ a: [] }, { a: null }],
    [[1, 2, 3], []],
    [[], [[]]],
    ['a', { a: 1 }],
    [{ a: 1 }, null],
    [{ a: { b: 1 } }, { a: { c: 1 } }],
    [
      [1, 2, 3],
      [3, 2, 1],
    ],
    [
      [[1], [2]],
      [[2], [1]],
    ],
    [null, 0],
    [0, ''],
  ])('[117] applied to %j, the difference to %j makes it, for every strategy', (before, after) => {
    for (const strategy of strategies) {
      const change = delta.diff(before, after, { strategy })
      expect(delta.patch(before, change)).toStrictEqual(after)
      expect(delta.patch(after, delta.invert(before, change))).toStrictEqual(before)
      expect(change.empty).toBe(false)
    }
  })

  it('[118] undoing a change and doing it again leaves no trace', () => {
    const before = { a: [1, 2, { b: 3 }], c: 'x' }
    const after = { a: [2, { b: 4 }], d: 'y' }
    const there = delta.diff(before, after)
    const back = delta.invert(before, there)
    expect(delta.patch(before, delta.compose(there, back))).toStrictEqual(before)
    expect(delta.patch(before, delta.compose(there, back, there))).toStrictEqual(after)
  })

  it.each<readonly [Value, Value]>([
    [1, true],
    [0, false],
    ['1', 1],
    [0, -0],
    [1, 1n],
    [NaN, 0],
    [null, undefined],
    ['', null],
    [new Date(5), 5],
    [Buffer.from('a'), new Uint8Array([97])],
    [new Map([['a', 1]]), { a: 1 }],
    [new Set([1]), [1]],
  ])('[119] %s to %s is a change', (before, after) => {
    for (const strategy of strategies) {
      const change = delta.diff([before], [after], { strategy })
      expect(change.empty).toBe(false)
      expect(delta.patch([before], change)).toStrictEqual([after])
    }
    expect(delta.diff([NaN], [NaN]).empty).toBe(true)
  })

  it('[120] a composition does what its parts do in turn, also when a key goes and comes back', () => {
    const run = [
      { k: 1, x: 1 },
      { x: 1 },
      { x: 2 },
      { x: 2, k: 2 },
      { x: 2, k: 3, y: [1] },
      { x: 2, k: 3, y: [0, 1] },
    ]
    for (const strategy of strategies) {
      const steps = run.slice(1).map((after, i) => delta.diff(run[i], after, { strategy }))
      const whole = delta.compose(...steps)
      const result = delta.patch<object>(run[0], whole)
      expect(result).toStrictEqual(run.at(-1))
      expect(Object.keys(result)).toEqual(['x', 'k', 'y'])
    }
    const [one, , three] = run.slice(1).map((after, i) => delta.diff(run[i], after)) as [Delta, Delta, Delta]
    expect(() => delta.compose(one, three)).toThrow(IntegrityError)
  })

  it('[121] composing nothing is nothing', () => {
    const nothing = delta.compose()
    expect(nothing.empty).toBe(true)
    for (const value of [1, null, { a: 1 }])
      expect(delta.patch(value, delta.decode(delta.encode(nothing)))).toBe(value)
    const change = delta.diff({ a: 1 }, { a: 2 })
    expect(delta.patch({ a: 1 }, delta.compose(nothing, change, nothing))).toEqual({ a: 2 })
  })

  it('[122] an empty delta says so and changes nothing', () => {
    for (const strategy of strategies) {
      const before = { a: [1, new Map([[1, 2]])] }
      const change = delta.diff(before, structuredClone(before), { strategy })
      expect(change.empty).toBe(true)
      expect(delta.patch(before, change)).toBe(before)
      expect([delta.paths(change), delta.toJsonPatch(before, change)]).toEqual([[], []])
      expect(() => delta.patch({ a: [] }, change)).toThrow(IntegrityError)
    }
  })

  it('[123] encoded and decoded, every field is the same', () => {
    for (const strategy of strategies) {
      const change = delta.diff(records(30), { ...records(29), more: new Date(7) }, { strategy })
      const back = delta.decode(delta.encode(change))
      expect({ ...back }).toEqual({ ...change })
      expect(structuredClone({ ...change })).toEqual({ ...change })
      expect(delta.encode(structuredClone({ ...change }))).toEqual(delta.encode(change))
    }
  })

  it('[124] a truncated or altered delta is refused', () => {
    for (const strategy of strategies) {
      const bytes = delta.encode(delta.diff(records(4), records(5), { strategy }))
      for (let length = 0; length < bytes.length; length++)
        expect(() => delta.decode(bytes.subarray(0, length))).toThrow(IntegrityError)
      for (let i = 0; i < bytes.length; i++) {
        const altered = bytes.slice()
        altered[i] = (altered[i] as number) ^ (1 << (i % 8))
        expect(() => delta.decode(altered)).toThrow(IntegrityError)
        // Also where it stands in a value that was stored meanwhile.
        expect(() => delta.patch(records(4), { ...delta.decode(bytes), data: altered })).toThrow(
          IntegrityError,
        )
      }
      expect(() => delta.decode(Buffer.concat([bytes, Buffer.of(0)]))).toThrow(IntegrityError)
    }
    expect(() => delta.decode(Buffer.from('{"a":1}'))).toThrow(IntegrityError)
  })

  it('[125] a delta is refused by everything that is not its base', () => {
    const base = { a: 1, b: { c: [1, 2] }, d: 'same' }
    for (const strategy of strategies) {
      const change = delta.diff(base, { ...base, a: 2 }, { strategy })
      // All of them hold what the delta touches: only what it leaves alone is different.
      for (const other of [
        { ...base, d: 'other' },
        { ...base, e: 1 },
        { a: 1, b: { c: [2, 1] }, d: 'same' },
        { a: 1 },
        [base],
        null,
      ]) {
        expect(() => delta.patch(other, change)).toThrow(IntegrityError)
        expect(() => delta.invert(other, change)).toThrow(IntegrityError)
        expect(() => delta.toJsonPatch(other, change)).toThrow(IntegrityError)
        expect(() => delta.toMergePatch(other, change)).toThrow(IntegrityError)
      }
    }
  })

  it('[126] a chain longer than its limit is rebased: same state, one rebase counted, every version reads', () => {
    const states = Array.from({ length: 8 }, (_, i) => ({ ...records(5), i }))
    const chain = new DeltaChain(states[0], { maxLength: 100 })
    for (const state of states.slice(1)) chain.push(state)
    expect(chain.stats()).toMatchObject({ length: 8, rebases: 0 })
    chain.rebase()
    expect(chain.stats()).toMatchObject({ length: 8, rebases: 1 })
    chain.rebase()
    expect(chain.stats().rebases).toBe(1)
    expect(chain.current).toEqual(states.at(-1))
    states.forEach((state, i) => expect(chain.at(i)).toEqual(state))

    const short = new DeltaChain(states[0], { maxLength: 3 })
    const never = new DeltaChain(states[0], { maxLength: 3, rebase: false })
    for (const state of states.slice(1)) {
      short.push(state)
      never.push(state)
    }
    expect([short.stats().rebases, never.stats().rebases]).toEqual([2, 0])
    states.forEach((state, i) => expect([short.at(i), never.at(i)]).toEqual([state, state]))
  })

  it('[127] index 0 is the base, the last one the newest, and outside is an error', () => {
    const chain = new DeltaChain('first')
    chain.push('second', new Date(5))
    chain.push('third')
    expect([chain.at(0), chain.at(1), chain.at(2), chain.current, chain.length]).toEqual([
      'first',
      'second',
      'third',
      'third',
      3,
    ])
    expect([chain.dateOf(0), chain.dateOf(1)]).toEqual([undefined, new Date(5)])
    expect(() => chain.at(3)).toThrow(NotFoundError)
    expect(() => chain.dateOf(3)).toThrow(NotFoundError)
  })

  it('[128] a cleared chain is empty, and its counters are zero', () => {
    const chain = new DeltaChain({ a: 1 }, { maxLength: 1 })
    chain.push({ a: 2 })
    expect(chain.stats()).toMatchObject({ length: 2, rebases: 1 })
    expect(chain.stats().bytes).toBeGreaterThan(0)
    chain.clear()
    expect(chain.stats()).toEqual({ length: 0, bytes: 0, fullBytes: 0, ratio: 0, rebases: 0 })
    expect(() => chain.at(0)).toThrow(NotFoundError)
    chain.push({ b: 1 })
    expect([chain.at(0), chain.length]).toEqual([{ b: 1 }, 1])
  })

  it('[129] neither what was pushed nor what was read can change a chain', () => {
    const state = { list: [1], deep: { a: 1 } }
    const chain = new DeltaChain(state)
    state.list.push(2)
    chain.push(state)
    state.deep.a = 2
    const read = chain.at(0) as typeof state
    read.list.push(9)
    ;(chain.current as typeof state).list.push(9)
    const change = chain.push(state)
    state.list.length = 0
    expect([chain.at(0), chain.at(1), chain.at(2)]).toEqual([
      { list: [1], deep: { a: 1 } },
      { list: [1, 2], deep: { a: 1 } },
      { list: [1, 2], deep: { a: 2 } },
    ])
    expect(delta.patch(chain.at(1), change)).toEqual({ list: [1, 2], deep: { a: 2 } })
  })

  it('[130] the places that a delta touches are told: changed, removed, added', () => {
    const before = { kept: 1, gone: 1, user: { name: 'Ada', tags: ['a', 'b', 'c'] }, 'odd name': 1 }
    const after = { kept: 1, user: { name: 'Bob', tags: ['a', 'c', 'd'] }, 'odd name': 2, fresh: 1 }
    const change = delta.diff(before, after)
    expect(delta.paths(change).sort()).toEqual(
      ['$.gone', '$.fresh', '$.user.name', '$.user.tags[1]', '$.user.tags[2]', '$["odd name"]'].sort(),
    )
    expect(delta.paths(delta.decode(delta.encode(change))).sort()).toEqual(delta.paths(change).sort())
    expect(
      delta.paths(delta.diff(new Map([['k', 1]]), new Map([['k', 2]]), { strategy: 'structural' })),
    ).toEqual(['$.get("k")'])
    expect(delta.paths(delta.diff({ a: 1, b: 1 }, { b: 1, a: 1 }, { strategy: 'structural' }))).toEqual(['$'])
  })

  it('[133] there is no level to choose: what is no option is refused', () => {
    expect(() => delta.diff(1, 2, { level: 99 } as object)).toThrow(InvalidOptionError)
    expect(() => delta.diff(1, 2, { strategy: 'zip' as 'auto' })).toThrow(InvalidOptionError)
    expect(() => new DeltaChain(1, { maxLength: 0 })).toThrow(InvalidOptionError)
    expect(() => new DeltaChain(1, { maxLength: -1 })).toThrow(InvalidOptionError)
    expect(() => new DeltaChain(1, { keep: 1 } as object)).toThrow(InvalidOptionError)
    expect(() => delta.patch(1, {} as Delta)).toThrow(InvalidOptionError)
  })

  it('[14] what is no data is refused on either side, with the path to it', () => {
    class Account {}
    const bad: readonly (readonly [Value, string])[] = [
      [{ user: { save: () => 1 } }, '$.user.save'],
      [{ list: [1, Symbol('x')] }, '$.list[1]'],
      [{ a: new Account() }, '$.a'],
      [{ [Symbol('s')]: 1 }, '$[Symbol(s)]'],
      [new Map([['k', Promise.resolve()]]), '$.get("k")'],
      [undefined, '$'],
    ]
    for (const [value, path] of bad) {
      expect(() => delta.diff({}, value)).toThrow(expect.objectContaining({ path }) as Error)
      expect(() => delta.diff({ a: 1 }, value)).toThrow(InvalidValueError)
      if (path !== '$[Symbol(s)]')
        expect(() => delta.diff(value, {})).toThrow(expect.objectContaining({ path }) as Error)
    }
  })
})
