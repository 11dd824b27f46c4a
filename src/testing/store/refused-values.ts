import assert from 'node:assert/strict'
import { InvalidValueError, type Store, type Value } from '../../index.ts'
import { refuses, stateOf } from '../assertions.ts'
import type { Group } from '../harness.ts'

class Account {
  balance = 1
  save(): void {
    this.balance = 0
  }
}

const refused: readonly (readonly [string, () => Value, string])[] = [
  ['undefined', () => undefined, '$'],
  ['a function', () => () => 1, '$'],
  ['a symbol', () => Symbol('a'), '$'],
  ['a class', () => Account, '$'],
  ['an object with behaviour', () => new Account(), '$'],
  ['a promise', () => Promise.resolve(1), '$'],
  ['a WeakMap', () => new WeakMap(), '$'],
  ['a WeakSet', () => new WeakSet(), '$'],
  ['a method in an object', () => ({ user: { name: 'Ann', save() {} } }), '$.user.save'],
  ['a function in a list', () => ({ list: [1, () => 1] }), '$.list[1]'],
  ['a function at the top of a list', () => [() => 1], '$[0]'],
  ['a symbol deep inside', () => ({ a: [{ b: { c: Symbol('x') } }] }), '$.a[0].b.c'],
  ['an object with behaviour inside', () => ({ accounts: [new Account()] }), '$.accounts[0]'],
  ['a function beside a Date', () => ({ at: new Date(1), call: () => 1 }), '$.call'],
  ['a function beside a bigint', () => ({ n: 1n, list: [{ call: () => 1 }] }), '$.list[0].call'],
]

/** Every way to write a value. */
const ways: readonly (readonly [string, (store: Store, value: Value) => Promise<unknown>])[] = [
  ['set', (store, value) => store.set('key', value)],
  ['setMany', (store, value) => store.setMany({ other: 1, key: value })],
  ['transact', (store, value) => store.transact((tx) => tx.set('key', value))],
]

export const refusedValueCases: Group = {
  title: 'values that are refused',
  cases(test) {
    for (const [what, make, path] of refused) {
      test(`${what} is refused, and the error tells where: ${path}`, async ({ store }) => {
        await store.set('key', 'before')
        const error = await refuses(() => store.set('key', make()), InvalidValueError)
        assert.equal(error.path, path)
        assert.equal(error.code, 'VARVE_INVALID_VALUE')
        assert.match(error.message, /key/, 'the message names the key')
        assert.deepEqual(await stateOf(store), new Map([['key', 'before']]))
        assert.equal(store.revision, 1)
      })
    }

    for (const [way, write] of ways) {
      test(`${way} refuses a bad value, keeps the old one and goes on`, async ({ store }) => {
        await store.set('key', 'before')
        await refuses(() => write(store, { bad: () => 1 }), InvalidValueError)
        await refuses(() => write(store, undefined), InvalidValueError)
        assert.deepEqual(await stateOf(store), new Map([['key', 'before']]))
        await write(store, 'after')
        assert.equal(await store.get('key'), 'after')
        assert.equal(store.revision, 2)
      })
    }

    test('a function inside a Map or a Set is refused', async ({ store }) => {
      await refuses(() => store.set('a', new Map([['f', () => 1]])), InvalidValueError)
      await refuses(() => store.set('a', { s: new Set([() => 1]) }), InvalidValueError)
      assert.equal(store.revision, 0)
    })

    test('a value whose getter throws is refused', async ({ store }) => {
      const value = {
        get trap(): never {
          throw new Error('never read me')
        },
      }
      await assert.rejects(store.set('a', value))
      assert.equal(await store.has('a'), false)
      assert.equal(await store.set('a', 1), 1)
    })

    test(
      'what was refused is not there when it is opened again',
      async ({ store, reopen }) => {
        await store.set('key', 'before')
        for (const [, make] of refused) await refuses(() => store.set('key', make()), InvalidValueError)
        const again = await reopen(store)
        assert.deepEqual(await stateOf(again), new Map([['key', 'before']]))
        assert.equal(again.revision, 1)
      },
      { needs: ['reopen'] },
    )
  },
}
