import { realContext, type Context } from '../context.ts'
import { InvalidOptionError, InvalidValueError, CacheFullError } from '../errors.ts'
import { encode } from '../log/codec.ts'
import { describe } from '../options.ts'
import type { Duration, Key, ReadOptions, Store } from '../types.ts'
import { cacheSettings, lifetimeOf, type CacheOptions } from './cache-options.ts'
import { Cache } from './cache.ts'
import { Flights } from './flights.ts'
import { Held } from './held.ts'
import { DEFAULT_ENTRIES } from './memo-options.ts'

type Cacheable = Pick<Store, 'get' | 'set' | 'delete' | 'clear'>
type AnyCall = (...args: unknown[]) => unknown

/** How old what is read may be, and what the cache may hold. */
export interface CachedOptions extends CacheOptions {
  /** What is read may be this old. */
  readonly ttl: Duration
}

/** Writes of one key, which is their first argument. */
const OF_ONE_KEY = ['set', 'delete', 'update']
/** Writes of keys that are known only when they are done. */
const OF_MANY_KEYS = ['setMany', 'clear', 'save', 'transact', 'restore']
/** Give another handle on the same store. */
const HANDLES = ['scope', 'as']

/**
 * A store whose reads go through a cache of their own that may be `ttl` old: for slow or remote stores, and for values that may
 * lag behind. What is written through it is read back at once; what others write is seen within `ttl`. Reads of the past,
 * ranges and everything else go to the store itself.
 *
 * @example
 * ```ts
 * import { cached, open } from 'varve'
 *
 * const store = await open('memory:')
 * const quick = cached(store, { ttl: '5s', maxEntries: 10_000 })
 * await quick.set('a', 1)
 * console.log(await quick.get('a')) // 1
 * await store.close()
 * ```
 */
export function cached<S extends Cacheable>(
  store: S,
  options: CachedOptions,
  /** The doors to the world, for tests. */
  context: Pick<Context, 'steady' | 'random'> = realContext(),
): S {
  if (typeof store !== 'object' || store === null || typeof store.get !== 'function')
    throw new InvalidOptionError(`cached needs a store, not ${describe(store)}.`)
  cacheSettings('cached', options)
  if (options.ttl === undefined)
    throw new InvalidOptionError('cached needs a ttl: how old what is read may be, such as { ttl: "5s" }.')
  return new CachedStore(store, options, context, new Set()).proxy as S
}

/** What is known of a key. */
type Known = Held | { readonly value: unknown }
const ABSENT: Known = { value: undefined }

class CachedStore {
  readonly proxy: object
  readonly #options: CachedOptions
  readonly #context: Pick<Context, 'steady' | 'random'>
  readonly #ttl: number
  readonly #cache: Cache<string, Known>
  readonly #flights = new Flights<string, unknown>()
  /** All handles that were made of one: what one writes, the others have to forget. */
  readonly #family: Set<CachedStore>
  readonly #methods = new Map<string | symbol, AnyCall>()

  constructor(
    store: Cacheable,
    options: CachedOptions,
    context: Pick<Context, 'steady' | 'random'>,
    family: Set<CachedStore>,
  ) {
    this.#options = options
    this.#context = context
    this.#family = family
    family.add(this)
    this.#ttl = lifetimeOf(options.ttl, 'ttl')
    const { sizeOf, onEvict, ttl: _, ...rest } = options
    const bounded = rest.maxEntries !== undefined || rest.maxBytes !== undefined
    this.#cache = new Cache<string, Known>(
      {
        ...(bounded ? rest : { ...rest, maxEntries: DEFAULT_ENTRIES }),
        ...(sizeOf && { sizeOf: (known, key) => sizeOf((known as Known).value, key) }),
        ...(onEvict && {
          onEvict: (key, known, reason) => onEvict(key, (known as Known).value, reason),
        }),
      },
      context,
    )
    this.proxy = new Proxy(store, { get: (target, name) => this.#member(target, name) })
  }

  #member(target: Cacheable, name: string | symbol): unknown {
    const member: unknown = Reflect.get(target, name, target)
    if (typeof member !== 'function') return member
    let method = this.#methods.get(name)
    if (method === undefined) {
      method = this.#method(name, (...args) => Reflect.apply(member as AnyCall, target, args))
      this.#methods.set(name, method)
    }
    return method
  }

  #method(name: string | symbol, call: AnyCall): AnyCall {
    if (typeof name !== 'string') return call
    if (name === 'get') return (key, options) => this.#get(call, key as Key, options as ReadOptions)
    if (name === 'getSync') return (key, options) => this.#getSync(call, key as Key, options as ReadOptions)
    if (HANDLES.includes(name))
      return (...args) =>
        new CachedStore(call(...args) as Cacheable, this.#options, this.#context, this.#family).proxy
    if (OF_ONE_KEY.includes(name)) return (...args) => this.#writing(call, args, args[0])
    if (OF_MANY_KEYS.includes(name)) return (...args) => this.#writing(call, args, undefined)
    return call
  }

  async #get(call: AnyCall, key: Key, options: ReadOptions | undefined): Promise<unknown> {
    if (options !== undefined) return call(key, options)
    const known = this.#cache.get(key)
    if (known !== undefined) return known.value
    const asked = this.#context.steady()
    return this.#flights.fly(
      key,
      () => call(key),
      (value) => this.#keep(key, value, asked),
    )
  }

  #getSync(call: AnyCall, key: Key, options: ReadOptions | undefined): unknown {
    if (options !== undefined) return call(key, options)
    const known = this.#cache.get(key)
    if (known !== undefined) return known.value
    const asked = this.#context.steady()
    const value = call(key)
    this.#keep(key, value, asked)
    return value
  }

  /** From the moment on at which it was asked for: it may have changed right after. */
  #keep(key: Key, value: unknown, asked: number): void {
    const ttl = this.#ttl - (this.#context.steady() - asked)
    if (ttl <= 0) return
    try {
      this.#cache.set(key, knownOf(value), { ttl })
    } catch (error) {
      // What cannot be copied, or is too large, is asked for each time.
      if (!(error instanceof InvalidValueError || error instanceof CacheFullError)) throw error
    }
  }

  /** `key`: undefined: any may change. */
  #writing(call: AnyCall, args: unknown[], key: unknown): unknown {
    this.#forget(key)
    let result: unknown
    try {
      result = call(...args)
    } finally {
      this.#forget(key)
    }
    // Also when it failed: who knows how far it came.
    return result instanceof Promise ? result.finally(() => this.#forget(key)) : result
  }

  #forget(key: unknown): void {
    for (const member of this.#family) {
      if (member === this && typeof key === 'string') {
        member.#flights.callOff(key)
        member.#cache.delete(key)
      } else {
        member.#flights.callOffAll()
        member.#cache.clear()
      }
    }
  }
}

/** One for all: what is frozen as it is, anything else as a copy. */
function knownOf(value: unknown): Known {
  if (value === undefined) return ABSENT
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return { value }
  return new Held(encode(value, { compression: false }), { made: 0, ends: Infinity, seq: 0, tagged: false })
}
