import { describe, expect, it } from 'vitest'
import { Cache, InvalidOptionError, memoize, UnavailableError } from '../../src/index.ts'
import { memoizeIn } from '../../src/cache/memoize.ts'
import { manualClock } from '../../src/testing/faults.ts'
import { failure } from '../support/stores.ts'

type Any = (...args: unknown[]) => unknown

/** A memoized function that counts its runs, and a clock that stands until it is told. */
function held(fn: Any, options: object = {}) {
  const clock = manualClock()
  let runs = 0
  const counting: Any = function (this: unknown, ...args) {
    runs++
    return fn.apply(this, args)
  }
  const doors = { steady: () => clock.steady(), random: () => 0.5, later: clock.later }
  return { clock, memo: memoizeIn(doors, counting, options), runs: () => runs }
}

/** A promise that is settled from outside. */
function open<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: unknown) => void } {
  let resolve: (value: T) => void = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

it('[197] the same arguments: one run', () => {
  const { memo, runs } = held((a, b) => ({ a, b }))
  expect(memo(1, 'x')).toBe(memo(1, 'x'))
  expect(memo('one')).toBe(memo('one'))
  expect(runs()).toBe(2)
  expect(memo.stats()).toMatchObject({ hits: 2, misses: 2, hitRatio: 0.5, size: 2 })
})

it('[198] after its ttl the function runs again', () => {
  const { memo, runs, clock } = held(() => 1, { ttl: '60s' })
  memo()
  clock.advance(59_999)
  memo()
  expect(runs()).toBe(1)
  clock.advance(1)
  memo()
  expect(runs()).toBe(2)
})

it('[199] arguments of different type or number are never mixed', () => {
  const calls: unknown[][] = [
    [],
    [undefined],
    [null],
    ['undefined'],
    ['null'],
    [1],
    ['1'],
    [1n],
    [-0],
    [0],
    ['0'],
    [Number.NaN],
    ['NaN'],
    [true],
    ['true'],
    [[1]],
    ['[1]'],
    [['1']],
    [1, undefined],
    ['a', 'b'],
    ['a,b'],
    ['a|b'],
    ['a', 'b,c'],
    ['a,b', 'c'],
    [['a', 'b']],
    ['a\0b'],
    ['\0"a"\0'],
    ['"a"'],
    ['a'],
    ['\0'],
    [{ a: 1 }],
    [{ a: '1' }],
    [new Map([['a', 1]])],
    [new Set([1])],
    [new Date(1)],
    [new Uint8Array([1])],
    [/a/g],
    ['&1'],
    [() => 1],
    [() => 1],
    [Symbol('a')],
    [Symbol('a')],
  ]
  for (const options of [{}, { cache: new Cache() }]) {
    const { memo, runs } = held((...args) => args, options)
    const results = calls.map((args) => memo(...args))
    expect(runs()).toBe(calls.length)
    for (const [i, args] of calls.entries()) {
      expect(memo(...args)).toBe(results[i])
      expect(results[i]).toEqual(args)
    }
    expect(runs()).toBe(calls.length)
  }
})

it('[200] objects of the same content are the same argument, whatever the order of their fields', () => {
  const { memo, runs } = held((filter) => filter)
  memo({ a: 1, b: { c: [1, 2], d: 2 } })
  memo({ b: { d: 2, c: [1, 2] }, a: 1 })
  expect(runs()).toBe(1)
  memo({ a: 1, b: { c: [2, 1], d: 2 } })
  expect(runs()).toBe(2)
})

it('[201] functions of the same name that share a cache see their own results only', () => {
  const cache = new Cache<string, string>()
  const makers = [1, 2].map((n) => ({ load: (id: number) => `${n}: ${id}` }))
  const [one, two] = makers.map(({ load }) => memoize(load, { cache }))
  expect([one?.(1), two?.(1), one?.(1), two?.(1)]).toEqual(['1: 1', '2: 1', '1: 1', '2: 1'])
  expect(one?.cache).toBe(cache)
  expect(cache.size).toBe(2)
  const keyed = [1, 2].map((n) => memoize(() => n, { cache: cache as never, key: () => 'same' }))
  expect(keyed.map((fn) => fn())).toEqual([1, 2])
})

it('[202] no object ever sees another’s result', () => {
  class Person {
    readonly name: string
    constructor(name: string) {
      this.name = name
    }
    greet(word: string): string {
      return `${word} ${this.name}`
    }
  }
  const greet = memoize(Person.prototype.greet)
  Object.defineProperty(Person.prototype, 'greet', { value: greet })
  for (let i = 0; i < 2_000; i++) {
    const person = new Person(`no ${i}`)
    expect(person.greet('Hello')).toBe(`Hello no ${i}`)
    expect(person.greet('Hello')).toBe(`Hello no ${i}`)
  }
  expect(greet.stats()).toMatchObject({ hits: 2_000, misses: 2_000 })
  const [a, b] = [new Person('a'), new Person('b')]
  a.greet('x')
  b.greet('x')
  expect(greet.forget.call(a, 'x')).toBe(true)
  expect(greet.forget.call(a, 'x')).toBe(false)
  expect(b.greet('x')).toBe('x b')
  expect(greet.stats().hits).toBe(2_001)
  expect(greet.forget('x')).toBe(true)
  expect(greet.forget.call(b, 'x')).toBe(false)
})

it.each([null, undefined, Number.NaN, '', 0, false])('[203] the result %o is a result', async (result) => {
  const sync = held(() => result)
  expect([sync.memo(1), sync.memo(1), sync.runs()]).toEqual([result, result, 1])
  const async = held(async () => result)
  expect([await async.memo(1), await async.memo(1), async.runs()]).toEqual([result, result, 1])
})

it('[204] a failure is not remembered, unless asked', async () => {
  const fail = (): never => {
    throw new Error('no')
  }
  for (const fn of [fail, async () => fail()]) {
    const { memo, runs } = held(fn)
    for (let i = 0; i < 2; i++) expect(await failure(() => memo(1))).toMatchObject({ message: 'no' })
    expect(runs()).toBe(2)
    const asked = held(fn, { cacheErrors: true, ttl: 100 })
    const first = await failure(() => asked.memo(1))
    expect(await failure(() => asked.memo(1))).toBe(first)
    expect(asked.runs()).toBe(1)
    asked.clock.advance(100)
    await failure(() => asked.memo(1))
    expect(asked.runs()).toBe(2)
  }
})

it('[205] a promise’s value is served again, a rejection is not', async () => {
  let fails = true
  const { memo, runs } = held(async (n) => {
    if (fails) throw new Error('no')
    return { n }
  })
  await failure(() => memo(1))
  fails = false
  const value = await memo(1)
  expect(memo(1)).toBeInstanceOf(Promise)
  expect(await memo(1)).toBe(value)
  expect(runs()).toBe(2)
})

it('[206] 20 callers at the same time: one run', async () => {
  const answer = open<number>()
  const { memo, runs } = held(() => answer.promise)
  const callers = Array.from({ length: 20 }, () => memo('key'))
  answer.resolve(7)
  expect(await Promise.all(callers)).toEqual(Array.from({ length: 20 }, () => 7))
  expect(runs()).toBe(1)
  const failing = open<number>()
  const other = held(() => failing.promise)
  const refused = Array.from({ length: 20 }, () => failure(() => other.memo('key')))
  failing.reject(new Error('no'))
  expect(new Set(await Promise.all(refused)).size).toBe(1)
})

it('[207] clear forgets the results of one function, and no others in the same cache', () => {
  const cache = new Cache<string, number>()
  cache.set('somebody else’s', 0)
  const f = memoize((n: number) => n, { cache })
  const g = memoize((n: number) => n, { cache })
  for (const n of [1, 2, 3]) {
    f(n)
    g(n)
  }
  expect([f.stats().size, g.stats().size, cache.size]).toEqual([3, 3, 7])
  f.clear()
  expect([f.stats().size, g.stats().size, cache.size]).toEqual([0, 3, 4])
  const own = memoize((n: number) => n)
  own(1)
  own.clear()
  expect(own.stats()).toMatchObject({ size: 0, misses: 1 })
})

it('[208] a key function decides', () => {
  const { memo, runs } = held((user) => user, { key: (user: { id: number }) => String(user.id) })
  const first = memo({ id: 1, at: 1 })
  expect(memo({ id: 1, at: 2 })).toBe(first)
  expect(memo({ id: 2, at: 1 })).not.toBe(first)
  expect([runs(), memo.forget({ id: 1 }), memo.forget({ id: 1 })]).toEqual([2, true, false])
  expect(() => held(() => 1, { key: () => 1 }).memo()).toThrow(InvalidOptionError)
})

it('[209] with and without options, as call and as decorator; name and arity are kept', () => {
  function named(_a: number, _b: number): number {
    return 1
  }
  for (const fn of [memoize(named), memoize(named, { ttl: 5 }), memoize({ ttl: 5 })(named)]) {
    expect([fn.name, fn.length, fn(1, 2)]).toEqual(['named', 2, 1])
  }
  const context = {
    kind: 'method',
    name: 'area',
    static: false,
    private: false,
    addInitializer: () => {},
    metadata: {},
    access: { has: () => true, get: () => () => 0 },
  } as unknown as ClassMethodDecoratorContext
  let runs = 0
  function area(this: { side: number }): number {
    runs++
    return this.side ** 2
  }
  for (const decorated of [memoize(area, context), memoize({ maxEntries: 10 })(area, context)]) {
    runs = 0
    const [small, large] = [
      { side: 2, area: decorated },
      { side: 3, area: decorated },
    ]
    expect([small.area(), large.area(), small.area(), large.area(), runs]).toEqual([4, 9, 4, 9, 2])
  }
  expect(() => memoize(area, { ...context, kind: 'field' } as never)).toThrow(InvalidOptionError)
})

describe('what is late, stale or wrong', () => {
  it('[198] a stale result is served while one call fetches a fresh one', async () => {
    let answer = open<string>()
    const { memo, runs, clock } = held(() => answer.promise, { ttl: 100, staleWhileRevalidate: 50 })
    answer.resolve('old')
    expect(await memo()).toBe('old')
    answer = open()
    clock.advance(100)
    expect(await Promise.all([memo(), memo(), memo()])).toEqual(['old', 'old', 'old'])
    expect(runs()).toBe(2)
    answer.resolve('new')
    await answer.promise
    await expect.poll(() => memo()).toBe('new')
    // A refresh that fails leaves the stale result until its time is over.
    clock.advance(100)
    answer = open()
    answer.reject(new Error('no'))
    expect(await memo()).toBe('new')
    await failure(() => answer.promise)
    clock.advance(49)
    expect(await memo()).toBe('new')
    clock.advance(1)
    expect(await failure(async () => memo())).toMatchObject({ message: 'no' })
  })

  it('[204] a stale result stands in for a call that fails', async () => {
    for (const wrap of [(value: () => unknown) => value(), async (value: () => unknown) => value()]) {
      let fails = false
      const fn = (): unknown =>
        wrap(() => {
          if (fails) throw new Error('no')
          return 'good'
        })
      const { memo, clock, runs } = held(fn, { ttl: 100, staleIfError: 1_000, cacheErrors: true })
      await memo()
      clock.advance(100)
      fails = true
      expect([await memo(), await memo(), runs()]).toEqual(['good', 'good', 3])
      clock.advance(1_000)
      expect(await failure(() => memo())).toMatchObject({ message: 'no' })
    }
  })

  it('what takes longer than the timeout is given up, and the next caller starts anew', async () => {
    const answers = [open<number>(), open<number>()]
    const { memo, runs, clock } = held(() => answers[runs() - 1]?.promise, { timeout: 1_000 })
    const first = failure(() => memo())
    clock.advance(1_000)
    expect(await first).toBeInstanceOf(UnavailableError)
    const second = memo()
    answers[0]?.resolve(1)
    await answers[0]?.promise
    answers[1]?.resolve(2)
    expect([await second, await memo(), runs()]).toEqual([2, 2, 2])
    clock.advance(10_000)
    expect(await memo()).toBe(2)
  })

  it('jitter shortens lifetimes by chance', () => {
    const { memo, runs, clock } = held(() => 1, { ttl: 1_000, jitter: 0.2 })
    memo()
    clock.advance(899)
    memo()
    expect(runs()).toBe(1)
    clock.advance(1)
    memo()
    expect(runs()).toBe(2)
  })

  it('forget and clear while a call is under way win: its result is not kept', async () => {
    for (const drop of ['forget', 'clear'] as const) {
      const answers = [open<string>(), open<string>()]
      const { memo, runs } = held(() => answers[runs() - 1]?.promise)
      const waiting = memo('key')
      if (drop === 'forget') memo.forget('key')
      else memo.clear()
      const fresh = memo('key')
      answers[1]?.resolve('fresh')
      expect(await fresh).toBe('fresh')
      answers[0]?.resolve('stale')
      expect(await waiting).toBe('stale')
      expect([await memo('key'), runs()]).toEqual(['fresh', 2])
    }
  })

  it('options that are wrong, or that cannot have an effect, are refused', () => {
    const wrong: object[] = [
      { ttl: '60' },
      { ttl: 0 },
      { jitter: 2, ttl: 1 },
      { jitter: 0.5 },
      { staleIfError: 5 },
      { staleWhileRevalidate: '1m' },
      { timeout: -1 },
      { cacheErrors: 'yes' },
      { key: 'id' },
      { cache: new Map() },
      { cache: new Cache(), maxEntries: 5 },
      { maxAge: 5 },
      { policy: 'best' },
    ]
    for (const options of wrong) {
      expect(() => memoize(() => 1, options as never), JSON.stringify(options)).toThrow(InvalidOptionError)
    }
    expect(() => memoize({ maxAge: 5 } as never)).toThrow(InvalidOptionError)
    expect(() => memoizeIn({} as never, 5)).toThrow(InvalidOptionError)
  })

  it('limits, sizes and onEvict are about results', () => {
    const told: unknown[] = []
    const { memo, runs } = held((n) => `result ${String(n)}`, {
      maxEntries: 2,
      policy: 'lru',
      sizeOf: (value: string) => value.length,
      onEvict: (_: unknown, value: unknown, reason: string) => told.push([value, reason]),
    })
    for (const n of [1, 2, 3]) memo(n)
    expect(told).toEqual([['result 1', 'size']])
    expect([memo.stats().size, memo.stats().bytes, runs()]).toEqual([2, 16, 3])
    const tiny = held((n) => 'x'.repeat(n as number), { maxBytes: 500 })
    expect([(tiny.memo(1_000) as string).length, (tiny.memo(1_000) as string).length, tiny.runs()]).toEqual([
      1_000, 1_000, 2,
    ])
  })
})
