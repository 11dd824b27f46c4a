import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { open } from '../../src/index.ts'
import { json, prepared, sharedFolder, varve, type Ran } from './support.ts'

const cwd = sharedFolder()
const run = (...args: string[]): Promise<Ran> => varve(args, { cwd })
const ok = async (...args: string[]): Promise<string> => {
  const { code, out, err } = await run(...args)
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return out
}
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

beforeAll(async () => {
  const store = await open(join(cwd, '.varve'), { actor: 'ann' })
  await store.set('user:1', { name: 'Ann' })
  await store.set('user:2', 'Bob')
  await store.set('many', {
    big: 12n,
    date: new Date(0),
    map: new Map([['k', new Set([1])]]),
    nan: NaN,
    none: undefined,
    bytes: new Uint8Array([1, 2]),
    pattern: /a+/g,
    $like: 1,
    only: { $date: 'x' },
  })
  await store.snapshots.create({ version: 'first', tags: ['base'] })
  await store.as('bob').set('user:1', { name: 'Ann', plan: 'pro' })
  await store.as('bob').delete('user:2')
  await store.close()
})

describe('reading', () => {
  test('get prints text as it is and everything else as JSON', async () => {
    expect(await ok('get', 'user:2', '--at', 'first')).toBe('Bob\n')
    expect(await ok('get', 'user:1')).toBe('{"name":"Ann","plan":"pro"}\n')
    expect(await ok('get', 'user:1', '--at', '1')).toBe('{"name":"Ann"}\n')
    expect(await ok('get', 'user:2', '--at', 'base', '--raw')).toBe('Bob')
  })

  test('get --json tells the revision for --if-revision', async () => {
    expect(await json(['get', 'user:1'], { cwd })).toEqual([
      { key: 'user:1', value: { name: 'Ann', plan: 'pro' }, revision: 4 },
    ])
  })

  test('what JSON cannot say has a tag, and --typed reads it back', async () => {
    const [told] = (await json(['get', 'many'], { cwd })) as [{ value: unknown }]
    expect(told.value).toEqual({
      big: { $bigint: '12' },
      date: { $date: '1970-01-01T00:00:00.000Z' },
      map: { $map: [['k', { $set: [1] }]] },
      nan: { $number: 'NaN' },
      none: { $undefined: true },
      bytes: { $bytes: 'AQI=' },
      pattern: { $regexp: ['a+', 'g'] },
      $like: 1,
      only: { $$date: 'x' },
    })
    await ok('set', 'copy', JSON.stringify(told.value), '--typed')
    const store = await open(join(cwd, '.varve'), { readOnly: true })
    expect(await store.get('copy')).toEqual(await store.get('many'))
    await store.close()
  })

  test('an absent key is a no', async () => {
    const { code, out, err } = await run('get', 'nobody')
    expect({ code, out }).toEqual({ code: 3, out: '' })
    expect(err).toBe('varve: There is no key "nobody". (VARVE_NO_KEY)\n  try: varve keys\n')
  })

  test('keys: by pattern, by prefix, with values, counted, in the past', async () => {
    expect(await ok('keys', 'user:*')).toBe('user:1\n')
    expect(await ok('keys', '--prefix', 'user:', '--at', 'first', '--reverse')).toBe('user:2\nuser:1\n')
    expect(await ok('keys', '--prefix', 'user:', '-v')).toBe('user:1\t{"name":"Ann","plan":"pro"}\n')
    expect(await ok('keys', 'user:*', '--count', '--at', '2')).toBe('2\n')
    expect(await ok('keys', '--at', 'first', '--after', 'many', '-n1')).toBe('user:1\n')
    expect(await json(['keys', 'user:*', '--values'], { cwd })).toEqual([
      { key: 'user:1', value: { name: 'Ann', plan: 'pro' } },
    ])
    expect(await json(['keys', '--count', '--at', '0'], { cwd })).toEqual([{ count: 0 }])
  })

  test('history, newest first; who, when, before and after', async () => {
    expect(await json(['history', 'user:1'], { cwd })).toEqual([
      {
        revision: 4,
        at: expect.stringMatching(ISO) as string,
        actor: 'bob',
        type: 'changed',
        key: 'user:1',
        before: { name: 'Ann' },
        after: { name: 'Ann', plan: 'pro' },
      },
      {
        revision: 1,
        at: expect.stringMatching(ISO) as string,
        actor: 'ann',
        type: 'added',
        key: 'user:1',
        after: { name: 'Ann' },
      },
    ])
    const [line = ''] = (await ok('history', 'user:1', '-n', '1')).split('\n')
    expect(line.split('\t').toSpliced(1, 1)).toEqual([
      '4',
      'bob',
      'changed',
      'user:1',
      '{"name":"Ann"}',
      '{"name":"Ann","plan":"pro"}',
    ])
    expect((await run('history', 'nobody')).code).toBe(3)
    expect(await ok('history', 'user:1', '--at', 'first')).toMatch(/^1\t[^\n]*\n$/)
  })

  test('values that are marked secret are not shown', async () => {
    expect(await ok('history', 'user:1', '--secret', 'user:*')).not.toContain('Ann')
  })

  test('diff is a yes-or-no question, too', async () => {
    const { code, out } = await run('diff', 'first', '5')
    expect(code).toBe(3)
    expect(out.split('\n').map((line) => line.split('\t').slice(3, 5))).toEqual([
      ['changed', 'user:1'],
      ['removed', 'user:2'],
      [],
    ])
    expect((await run('diff', 'first', '3')).code).toBe(0)
    expect(await json(['diff', 'first', '5', '--summary'], { cwd })).toEqual([
      { from: 3, to: 5, different: true, added: 0, changed: 1, removed: 1 },
    ])
    expect((await run('diff', '0', '5', '--match', 'nothing:*')).code).toBe(0)
  })

  test('log: oldest first, the newest so many, newest first', async () => {
    const revisions = async (...args: string[]): Promise<number[]> =>
      ((await json(['log', '--to', '5', ...args], { cwd })) as { revision: number }[]).map(
        ({ revision }) => revision,
      )
    expect(await revisions()).toEqual([1, 2, 3, 4, 5])
    expect(await revisions('-n', '2')).toEqual([4, 5])
    expect(await revisions('-n', '2', '--reverse')).toEqual([5, 4])
    expect(await revisions('--from', '3')).toEqual([3, 4, 5])
    expect((await json(['log', '--to', '1'], { cwd }))[0]).toEqual({
      revision: 1,
      at: expect.stringMatching(ISO) as string,
      actor: 'ann',
      keys: ['user:1'],
      hash: expect.stringMatching(/^[0-9a-f]+$/) as string,
    })
  })
})

describe('writing', () => {
  test('set takes JSON, else text; it tells the revision and who', async () => {
    expect(await ok('set', 'w:json', '{"a":[1,true,null]}')).toMatch(/^\d+\n$/)
    await prepared(['set w:number -5', 'set w:number-as-text 17 --text', 'set w:dash -- -x'], { cwd })
    expect(await ok('keys', 'w:*', '--values')).toBe(
      'w:dash\t"-x"\nw:json\t{"a":[1,true,null]}\nw:number\t-5\nw:number-as-text\t"17"\n',
    )
    const [told] = (await json(['set', 'w:json', '1', '--as', 'eve'], { cwd })) as [{ revision: number }]
    expect(told).toEqual({ key: 'w:json', revision: expect.any(Number) as number })
    const [change] = await json(['history', 'w:json', '-n', '1'], { cwd })
    expect(change).toMatchObject({ actor: 'eve', revision: told.revision })
  })

  test('a number that JavaScript would round is refused', async () => {
    const { code, err } = await run('set', 'w:id', '12345678901234567890')
    expect(code).toBe(2)
    expect(err).toContain('--text')
  })

  test('--if-revision: a conflict has its own exit code', async () => {
    expect((await run('set', 'w:once', '1', '--if-revision', '0')).code).toBe(0)
    const { code, err } = await run('set', 'w:once', '2', '--if-revision', '0')
    expect(code).toBe(4)
    expect(err).toContain('VARVE_CONFLICT')
    expect((await run('delete', 'w:once', '--if-revision', '1')).code).toBe(4)
  })

  test('delete: one, several as one revision, none if one is absent', async () => {
    await prepared(['set d:1 1', 'set d:2 2'], { cwd })
    expect((await run('delete', 'd:1', 'd:none')).code).toBe(3)
    expect(await ok('keys', 'd:*')).toBe('d:1\nd:2\n')
    await ok('delete', 'd:1', 'd:2')
    expect(await ok('keys', 'd:*')).toBe('')
    expect((await run('delete', 'd:1')).code).toBe(3)
  })

  test('ttl: set with one, told, changed, taken away', async () => {
    await ok('set', 't', '1', '--ttl', '1h')
    const left = Number(await ok('ttl', 't'))
    expect(left).toBeGreaterThan(3_500_000)
    expect(left).toBeLessThanOrEqual(3_600_000)
    expect(await json(['ttl', 't'], { cwd })).toEqual([
      { key: 't', ttlMs: expect.any(Number) as number, expiresAt: expect.stringMatching(ISO) as string },
    ])
    await ok('ttl', 't', '2h')
    expect(Number(await ok('ttl', 't'))).toBeGreaterThan(7_000_000)
    await ok('ttl', 't', 'never')
    expect(await ok('ttl', 't')).toBe('never\n')
    expect((await run('ttl', 'nobody')).code).toBe(3)
    expect((await run('ttl', 't', 'soon')).code).toBe(2)
  })

  test('clear asks first, takes a prefix, and can be taken back', async () => {
    await ok('set', 'c:1', '1')
    expect((await run('clear', '--prefix', 'c:')).code).toBe(2)
    expect(await json(['clear', '--prefix', 'c:', '--dry-run'], { cwd })).toEqual([
      {
        dryRun: true,
        plan: 'Remove all keys that begin with c: of ./.varve',
        details: {
          keys: 1,
          brought_back_by: expect.stringMatching(/^varve snapshot restore \d+$/) as string,
        },
      },
    ])
    expect(await ok('keys', 'c:*')).toBe('c:1\n')
    await ok('clear', '--prefix', 'c:', '--yes')
    expect(await ok('keys', 'c:*')).toBe('')
    expect(await ok('keys', 'user:*')).toBe('user:1\n')
  })
})
