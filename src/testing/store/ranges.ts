import assert from 'node:assert/strict'
import { InvalidKeyError, InvalidOptionError, type Range } from '../../index.ts'
import { collect, pairsOf, refuses, refusesStream } from '../assertions.ts'
import type { Case, Group } from '../harness.ts'

const keys = ['a', 'a:1', 'a:2', 'ab', 'b', 'b:1', 'b:1:x', 'b:2', 'c', 'd', '\u00e9', '\uffee', '\u{1f600}']
const every: readonly (readonly [string, Range, readonly string[]])[] = [
  ['no bounds', {}, keys],
  ['prefix', { prefix: 'b:' }, ['b:1', 'b:1:x', 'b:2']],
  ['prefix that is itself a key', { prefix: 'b:1' }, ['b:1', 'b:1:x']],
  ['prefix of nothing', { prefix: 'nothing' }, []],
  ['empty prefix', { prefix: '' }, keys],
  ['prefix of several bytes', { prefix: '\uffee' }, ['\uffee']],
  ['astral prefix', { prefix: '\u{1f600}' }, ['\u{1f600}']],
  ['gte', { gte: 'c' }, ['c', 'd', '\u00e9', '\uffee', '\u{1f600}']],
  ['gte between keys', { gte: 'b:1:' }, ['b:1:x', 'b:2', 'c', 'd', '\u00e9', '\uffee', '\u{1f600}']],
  ['gt', { gt: 'c' }, ['d', '\u00e9', '\uffee', '\u{1f600}']],
  ['gt between keys', { gt: 'bz' }, ['c', 'd', '\u00e9', '\uffee', '\u{1f600}']],
  ['lte', { lte: 'a:2' }, ['a', 'a:1', 'a:2']],
  ['lt', { lt: 'a:2' }, ['a', 'a:1']],
  ['gte and lt', { gte: 'a:2', lt: 'b:1' }, ['a:2', 'ab', 'b']],
  ['gt and lte', { gt: 'a:2', lte: 'b:1' }, ['ab', 'b', 'b:1']],
  ['gte and gt: both hold', { gte: 'a:2', gt: 'a:1', lt: 'b' }, ['a:2', 'ab']],
  ['lte and lt: both hold', { lte: 'b', lt: 'ab' }, ['a', 'a:1', 'a:2']],
  ['one key', { gte: 'b', lte: 'b' }, ['b']],
  ['prefix and gt', { prefix: 'b', gt: 'b:1' }, ['b:1:x', 'b:2']],
  ['prefix and lt', { prefix: 'b', lt: 'b:1:x' }, ['b', 'b:1']],
  ['prefix and a bound outside it', { prefix: 'b', gte: 'a', lt: 'z' }, ['b', 'b:1', 'b:1:x', 'b:2']],
  ['bounds that leave nothing', { gte: 'c', lt: 'b' }, []],
  ['bounds that meet', { gte: 'b', lt: 'b' }, []],
  ['prefix and bounds apart', { prefix: 'a', gte: 'b' }, []],
  ['after everything', { gt: '\u{1f600}' }, []],
  ['before everything', { lt: 'a' }, []],
  ['from U+FFEE on, in the order of bytes', { gt: '\uffee' }, ['\u{1f600}']],
  ['up to the emoji, in the order of bytes', { gte: '\u00e9', lt: '\u{1f600}' }, ['\u00e9', '\uffee']],
  ['limit', { limit: 3 }, ['a', 'a:1', 'a:2']],
  ['limit larger than what is there', { limit: 1000 }, keys],
  ['limit and bounds', { gt: 'a', limit: 2 }, ['a:1', 'a:2']],
]

/** After these the next prefix is not one character up: the end of ASCII, of the two surrogate gaps, of Unicode. */
const edges = [
  '\u007f',
  '\u07ff',
  '\ud7ff',
  '\ue000',
  '\uffff',
  '\u{10000}',
  '\u{10ffff}',
  'a\u{10ffff}',
  '\u0000',
]

export const rangeCases: Group = {
  title: 'ranges',
  cases(test) {
    for (const [what, range, expected] of every) {
      test(`${what}: keys, entries and count agree, forwards and backwards`, async ({ store }) => {
        await store.setMany(keys.map((key) => [key, `value of ${key}`] as const))
        assert.deepEqual(await collect(store.keys(range)), expected)
        assert.deepEqual(
          await pairsOf(store, range),
          expected.map((key) => [key, `value of ${key}`]),
        )
        assert.equal(await store.count(range), expected.length)
        const { limit, ...unlimited } = range
        const whole = limit === undefined ? expected : await collect(store.keys(unlimited))
        const backwards = [...whole].reverse().slice(0, limit ?? whole.length)
        assert.deepEqual(await collect(store.keys({ ...range, reverse: true })), backwards)
        assert.deepEqual(
          (await pairsOf(store, { ...range, reverse: true })).map(([key]) => key),
          backwards,
        )
      })
    }

    test('a prefix at the edge of what UTF-8 can say finds its keys and no others', async ({ store }) => {
      const around = edges.flatMap((edge) => [edge, `${edge}a`, `${edge}${edge}`, `${edge}\u{10ffff}`])
      const stored = [...new Set([...around, 'a', 'b', '\u0001'])]
      await store.setMany(stored.map((key) => [key, 1] as const))
      for (const prefix of edges) {
        const expected = stored.filter((key) => key.startsWith(prefix))
        expected.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        assert.deepEqual(await collect(store.keys({ prefix })), expected, JSON.stringify(prefix))
        assert.deepEqual(await collect(store.keys({ prefix, reverse: true })), [...expected].reverse())
        assert.equal(await store.count({ prefix }), expected.length)
      }
    })

    test('every live key is listed once, and none that went', async ({ store }) => {
      for (const key of ['c', 'a', 'b', 'a', 'd']) await store.set(key, 1)
      await store.delete('b')
      await store.set('b', 2)
      await store.delete('d')
      assert.deepEqual(await collect(store.keys()), ['a', 'b', 'c'])
    })

    streaming(test)
    past(test)
    refused(test)
  },
}

function streaming(test: Case): void {
  const many = Array.from({ length: 3000 }, (_, n) => [`k${String(n).padStart(5, '0')}`, n] as const)

  test('thousands of keys come complete and in order, both ways', async ({ store }) => {
    await store.setMany(many)
    assert.deepEqual(await pairsOf(store), many)
    assert.deepEqual(await pairsOf(store, { reverse: true }), [...many].reverse())
    assert.deepEqual(await pairsOf(store, { gte: 'k01000', lt: 'k02500' }), many.slice(1000, 2500))
    assert.deepEqual(await pairsOf(store, { limit: 1500, reverse: true }), many.slice(1500).reverse())
    assert.equal(await store.count({ gt: 'k00100' }), 2899)
  })

  test('a stream shows the state in which it began, whatever is written meanwhile', async ({ store }) => {
    await store.setMany(many)
    const seen: (readonly [string, unknown])[] = []
    for await (const pair of store.entries()) {
      seen.push(pair)
      if (seen.length === 1)
        await store.setMany([
          ['k00002', 'changed'],
          ['k00000a', 'added'],
          ['k02999', 'changed'],
        ])
      if (seen.length === 2) await store.delete('k02000')
      if (seen.length === 3) await store.clear()
    }
    assert.deepEqual(seen, many)
    assert.equal(await store.count(), 0)
  })

  test('a backward stream does so too', async ({ store }) => {
    await store.setMany(many)
    const seen: string[] = []
    for await (const key of store.keys({ reverse: true })) {
      seen.push(key)
      if (seen.length === 1) await store.save({ zzz: 1 })
    }
    assert.deepEqual(seen, many.map(([key]) => key).reverse())
  })

  test('a loop may stop early', async ({ store }) => {
    await store.setMany(many)
    for (let round = 0; round < 20; round++) {
      for await (const key of store.keys()) if (key === 'k00003') break
    }
    await store.set('after', 1)
    assert.equal(await store.count(), 3001)
  })

  test('two loops at once do not disturb each other', async ({ store }) => {
    await store.setMany(many)
    const [up, down] = await Promise.all([collect(store.keys()), collect(store.keys({ reverse: true }))])
    assert.deepEqual(up, [...down].reverse())
  })
}

function past(test: Case): void {
  test('ranges of the past show what was there then', async ({ store }) => {
    await store.setMany({ a: 1, b: 1, d: 1 })
    await store.setMany({ b: 2, c: 2 })
    await store.delete('a')
    await store.set('a', 4)
    assert.deepEqual(await pairsOf(store, { at: 1 }), [
      ['a', 1],
      ['b', 1],
      ['d', 1],
    ])
    assert.deepEqual(await pairsOf(store, { at: 2 }), [
      ['a', 1],
      ['b', 2],
      ['c', 2],
      ['d', 1],
    ])
    assert.deepEqual(await pairsOf(store, { at: 3, reverse: true }), [
      ['d', 1],
      ['c', 2],
      ['b', 2],
    ])
    assert.deepEqual(await collect(store.keys({ at: 3, limit: 2 })), ['b', 'c'])
    assert.equal(await store.count({ at: 3, gt: 'b' }), 2)
    assert.equal(await store.count({ at: 0 }), 0)
  })

  test('a state of the past is listed complete when everything has gone since', async ({ store }) => {
    const pairs = Array.from({ length: 1200 }, (_, n) => [`k${String(n).padStart(5, '0')}`, n] as const)
    await store.setMany(pairs)
    await store.clear()
    await store.set('zzz', 1)
    assert.deepEqual(await pairsOf(store, { at: 1 }), pairs)
    assert.deepEqual(await pairsOf(store, { at: 1, reverse: true, limit: 3 }), pairs.slice(-3).reverse())
    assert.equal(await store.count({ at: 1, prefix: 'k0' }), 1200)
    assert.equal(await store.count({ at: 2 }), 0)
  })
}

function refused(test: Case): void {
  for (const [what, range, said] of [
    ['an unknown part', { prefx: 'a' }],
    ['a negative limit', { limit: -1 }],
    ['half a limit', { limit: 1.5 }],
    ['a limit of text', { limit: '5' }],
    ['reverse of text', { reverse: 'yes' }],
    ['a prefix that is no text', { prefix: 5 }],
    ['a pattern that is no text', { match: /a/ }, 'pattern'],
  ] as const) {
    test(`${what} is refused by name`, async ({ store }) => {
      const bad = range as unknown as Range
      const name = said ?? Object.keys(range)[0] ?? ''
      for (const error of [
        await refusesStream(() => store.keys(bad), InvalidOptionError),
        await refusesStream(() => store.entries(bad), InvalidOptionError),
        await refuses(() => store.count(bad), InvalidOptionError),
      ]) {
        assert.ok(error.message.includes(name), `'${error.message}' does not name ${name}`)
      }
    })
  }

  test('a bound that is no text is refused', async ({ store }) => {
    for (const bad of [{ gte: 1 }, { gt: null }, { lte: {} }, { lt: ['a'] }]) {
      const error = await refusesStream(() => store.keys(bad as never), Error)
      assert.ok(error instanceof InvalidOptionError || error instanceof InvalidKeyError, String(error))
    }
  })
}
