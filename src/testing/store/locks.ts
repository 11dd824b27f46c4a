import assert from 'node:assert/strict'
import { ClosedError, InvalidKeyError, InvalidOptionError, UnavailableError } from '../../index.ts'
import { refuses } from '../assertions.ts'
import type { Group } from '../harness.ts'

const turn = (): Promise<void> => new Promise((resolve) => queueMicrotask(resolve))

export const lockCases: Group = {
  title: 'locks',
  cases(test) {
    test('one holder at a time, and every token is greater than the one before', async ({ store }) => {
      let holders = 0
      const tokens = await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          (n % 2 === 0 ? store : store.as('another')).lock('l', async ({ token, signal }) => {
            assert.equal(++holders, 1)
            await turn()
            assert.equal(signal.aborted, false)
            holders--
            return token
          }),
        ),
      )
      assert.deepEqual(
        tokens,
        [...new Set(tokens)].sort((a, b) => a - b),
      )
    })

    test('locks of different names do not wait for each other', async ({ store }) => {
      const tokens: number[] = []
      await store.lock('a', async ({ token: a }) => {
        await store.lock('b', ({ token: b }) => void tokens.push(a, b))
      })
      assert.ok((tokens[1] ?? 0) > (tokens[0] ?? 0))
    })

    test('what the function returns or throws comes out, and the lock is free again', async ({ store }) => {
      assert.equal(await store.lock('l', () => 'result'), 'result')
      await assert.rejects(
        store.lock('l', async () => {
          throw new RangeError('on purpose')
        }),
        RangeError,
      )
      assert.equal(await store.lock('l', () => 1, { timeout: 0 }), 1)
    })

    test('a lock that is held is waited for until the timeout, and no longer', async ({ store }) => {
      await store.lock('l', async () => {
        await refuses(() => store.lock('l', () => 1, { timeout: 0 }), UnavailableError)
        const error = await refuses(() => store.lock('l', () => 1, { timeout: 30 }), UnavailableError)
        assert.match(error.message, /l".*30 ms/)
      })
      assert.equal(await store.lock('l', () => 1), 1)
    })

    test('a signal ends the wait, and those behind still get their turn', async ({ store }) => {
      const stop = new AbortController()
      let next: Promise<number> | undefined
      await store.lock('l', async () => {
        const waiting = store.lock('l', () => 1, { signal: stop.signal })
        next = store.lock('l', () => 2)
        stop.abort(new RangeError('enough'))
        await assert.rejects(waiting, RangeError)
      })
      assert.equal(await next, 2)
      await assert.rejects(
        store.lock('l', () => 1, { signal: AbortSignal.abort(new RangeError()) }),
        RangeError,
      )
    })

    test('locks leave no trace in the state, the log and the history', async ({ store }) => {
      const { revision } = store
      await store.lock('l', async () => {
        assert.equal(await store.count(), 0)
      })
      assert.equal(store.revision, revision)
    })

    test('a scope has locks of its own', async ({ store }) => {
      const one = store.scope('one:')
      await one.lock('l', () => store.scope('two:').lock('l', () => 1, { timeout: 0 }))
      await one.lock('l', () => refuses(() => store.lock('one:l', () => 1, { timeout: 0 }), UnavailableError))
    })

    test('a lease is renewed for as long as the work takes', async ({ store, pass }) => {
      await store.lock(
        'l',
        async ({ signal }) => {
          await pass(200)
          assert.equal(signal.aborted, false)
          await refuses(() => store.lock('l', () => 1, { timeout: 0 }), UnavailableError)
        },
        { ttl: 60 },
      )
    })

    test(
      'close tells the holder, and refuses those who wait',
      async ({ create }) => {
        const store = await create()
        let told: unknown
        let begun = (): void => undefined
        const begins = new Promise<void>((resolve) => (begun = resolve))
        const held = store.lock('l', ({ signal }) => {
          begun()
          return new Promise<void>((resolve) => {
            signal.addEventListener('abort', () => {
              told = signal.reason
              resolve()
            })
          })
        })
        const waiting = refuses(() => store.lock('l', () => 1), ClosedError)
        await begins
        await store.close()
        await held
        await waiting
        // One that was just about to have it.
        const other = await create()
        const late = refuses(() => other.lock('l', () => 1), ClosedError)
        await other.close()
        await late
        assert.ok(told instanceof ClosedError)
        await refuses(() => store.lock('l', () => 1), ClosedError)
      },
      { needs: ['whole'] },
    )

    test('names and options that make no sense are refused', async ({ store }) => {
      await refuses(() => store.lock('', () => 1), InvalidKeyError)
      await refuses(() => store.lock('l', 1 as never), InvalidOptionError)
      await refuses(() => store.lock('l', () => 1, { ttl: 0 }), InvalidOptionError)
      await refuses(() => store.lock('l', () => 1, { ttl: '1 s' as never }), InvalidOptionError)
      await refuses(() => store.lock('l', () => 1, { timeout: -1 }), InvalidOptionError)
      await refuses(() => store.lock('l', () => 1, { wait: 1 } as never), InvalidOptionError)
      await refuses(() => store.lock('l', () => 1, { signal: {} as never }), InvalidOptionError)
    })
  },
}
