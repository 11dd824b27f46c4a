import { describe, expect, it } from 'vitest'
import { InvalidValueError } from '../errors.ts'
import { encode } from './codec.ts'

const PLAIN = { compression: false }

describe('what is refused', () => {
  class User {
    name = 'ann'
  }
  class MyDate extends Date {}
  class MyError extends Error {}
  class MyList extends Array {}
  const badlyNamed = class {
    static get name(): string {
      throw new Error('no name')
    }
  }
  const sharedView = new Uint8Array(new SharedArrayBuffer(1))
  const cases: [value: unknown, path: string, message: RegExp][] = [
    [undefined, '$', /has undefined at \$.*delete the key/],
    [badlyNamed, '$', /a function at/],
    [() => 1, '$', /a function at \$/],
    [Symbol('s'), '$', /a symbol at \$/],
    [
      { user: { save() {} } },
      '$.user.save',
      /The value has a function \(save\) at \$\.user\.save, which cannot be stored; leave it out/,
    ],
    [[0, 1, 2, () => 1], '$[3]', /a function/],
    [{ 'odd key': [Symbol('s')] }, '$["odd key"][0]', /a symbol/],
    [{ 'line\nbreak': class {} }, '$["line\\nbreak"]', /a function/],
    [{ [Symbol('id')]: 1 }, '$[Symbol(id)]', /a symbol as a key/],
    [Object.assign([1], { [Symbol('id')]: 1 }), '$[Symbol(id)]', /a symbol as a key/],
    [{ a: new User() }, '$.a', /a User at/],
    [new MyDate(), '$', /a MyDate/],
    [new MyError('m'), '$', /a MyError/],
    [MyList.from([1]), '$', /a MyList/],
    [Object.create({ inherited: 1 }), '$', /an object with a prototype of its own/],
    [Object.create(Date.prototype), '$', /a Date/],
    [new Proxy(new Map(), {}), '$', /an object with a prototype of its own/],
    [new WeakMap(), '$', /a WeakMap/],
    [new WeakSet(), '$', /a WeakSet/],
    [{ p: Promise.resolve() }, '$.p', /a Promise .*await it first/],
    [new URL('http://x.y'), '$', /a URL .*url\.href/],
    [new SharedArrayBuffer(1), '$', /a SharedArrayBuffer/],
    [[sharedView], '$[0]', /a SharedArrayBuffer/],
    [Math, '$', /an object of the kind Math/],
    [(function* () {})(), '$', /cannot be stored/],
    [new Map([['k', { f() {} }]]), '$.get("k").f', /a function/],
    [new Map([[{ f() {} }, 1]]), '$.keys()[0].f', /a function/],
    [new Map([[1, [() => 1]]]), '$.values()[0][0]', /a function/],
    [new Set([1, () => 1]), '$.values()[1]', /a function/],
    [Object.assign(new Map(), { extra: 1 }), '$', /a Map with fields of its own \(extra\)/],
    [[, () => 1], '$[1]', /a function/], // oxlint-disable-line no-sparse-arrays
    [new Error('m', { cause: () => 1 }), '$.cause', /a function/],
    [Object(Symbol('s')), '$', /a Symbol/],
  ]
  it.each(cases.map(([value, path, message]) => ({ path, message, wrapped: () => value })))(
    '$path: $message',
    ({ path, message, wrapped }) => {
      const value = wrapped()
      let error: unknown
      try {
        encode(value, PLAIN)
      } catch (caught) {
        error = caught
      }
      expect(error).toBeInstanceOf(InvalidValueError)
      expect((error as InvalidValueError).path).toBe(path)
      expect((error as InvalidValueError).message).toMatch(message)
    },
  )

  it('what only claims to be something', () => {
    const makers = [
      Array,
      Map,
      Set,
      Date,
      RegExp,
      String,
      Number,
      Boolean,
      BigInt,
      ArrayBuffer,
      Uint8Array,
      DataView,
      Error,
      Buffer,
    ]
    for (const { prototype } of makers as { readonly prototype: object }[])
      for (const impostor of [
        Object.create(prototype),
        Object.setPrototypeOf(() => 1, prototype),
      ] as unknown[])
        expect(() => encode([impostor], PLAIN)).toThrow(expect.objectContaining({ path: '$[0]' }))
    for (const [real, { prototype }] of [
      [new Map(), Set],
      [new Error('m'), Map],
      [new Uint8Array(1), Int8Array],
      [[], Map],
    ] as const)
      expect(() => encode([Object.setPrototypeOf(real, prototype)], PLAIN)).toThrow(InvalidValueError)
  })

  it('names the key, if it is told', () => {
    expect(() => encode({ f() {} }, PLAIN, 'user:1')).toThrow(
      /^The value of "user:1" has a function \(f\) at \$\.f/,
    )
  })

  it('what fails when it is read, with the reason', () => {
    const cause = new Error('not now')
    const value = {
      list: [
        {
          get broken(): never {
            throw cause
          },
        },
      ],
    }
    expect(() => encode(value, PLAIN)).toThrow(
      expect.objectContaining({ code: 'VARVE_INVALID_VALUE', path: '$.list[0]', cause }),
    )
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    expect(() => encode([proxy], PLAIN)).toThrow(InvalidValueError)
  })

  it('what takes more than 256 MiB', () => {
    expect(() => encode(new Uint8Array(2 ** 28), PLAIN, 'big')).toThrow(
      /"big" takes more than 268435456 bytes/,
    )
  })
})
