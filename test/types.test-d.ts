/**
 * What the types promise. Checked by `npm run typecheck`: each line after an expected error must be one. Never run.
 */
import { createLogger, open } from '../src/index.ts'
import type {
  Change,
  Commit,
  DiffChange,
  Diff,
  Duration,
  Health,
  Metrics,
  Snapshot,
  Store,
  Value,
  VarveError,
  VarveErrorCode,
} from '../src/index.ts'

interface User {
  readonly name: string
  readonly age: number
}
type App = { user: User; count: number; 'theme:color': 'light' | 'dark' }

/** Fails to compile unless both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function is<T extends true>(): T | undefined {
  return undefined
}

export async function schemas(): Promise<void> {
  const store = await open<App>('memory:')

  const user = await store.get('user')
  is<Same<typeof user, User | undefined>>()
  const color = store.getSync('theme:color')
  is<Same<typeof color, 'light' | 'dark' | undefined>>()
  const unknownKey = await store.get('anything')
  is<Same<typeof unknownKey, Value>>()
  const chosen = await store.get<string[]>('anything')
  is<Same<typeof chosen, string[] | undefined>>()

  await store.set('user', { name: 'Ada', age: 36 })
  await store.set('other', 'any data')
  const named: Store<App> = store.as('ann')
  const count = await named.get('count')
  is<Same<typeof count, number | undefined>>()
  // @ts-expect-error What is read is not a text.
  const wrong: string | undefined = await store.get('count')
  void wrong
  // @ts-expect-error There may be no user.
  void user.name
}

export async function care(): Promise<void> {
  const logger = createLogger('app', {
    level: 'debug',
    to: ['stderr', './app.log', (record) => void record.time],
  })
  const store = await open('memory:', { logger, secret: ['**.password'] })
  await open('memory:', { logger: console })
  logger.level = 'silent'
  logger.info('text', { key: 'k' })
  logger.info({ key: 'k' }, () => 'text')
  // @ts-expect-error There is no such level.
  logger.level = 'loud'
  // @ts-expect-error A logger needs a warn.
  await open('memory:', { logger: {} })
  const metrics: Metrics = store.metrics()
  const ratio: number = metrics.cache.hitRatio + metrics.operations.get.p99Ms
  const text: string = metrics.toPrometheus()
  const health: Health = await store.health()
  is<Same<typeof health.status, 'ok' | 'degraded' | 'down'>>()
  void [ratio, text, health.checks.write.detail]
  // @ts-expect-error There is no such check.
  void health.checks.cpu
}

export async function stores(): Promise<void> {
  await using store: Store = await open()
  await open(new URL('file:///state'))
  await open('memory:', { durability: 'process', history: { revisions: 10, age: '30d' }, cache: 'none' })

  const anything = await store.get('k')
  is<Same<typeof anything, Value>>()
  const number = await store.update<number>('k', (n) => (n ?? 0) + 1)
  is<Same<typeof number, number | undefined>>()
  const result = await store.transact(async (tx) => {
    tx.set('a', 1, { ttl: '5m' })
    return [await tx.get<number>('b')] as const
  })
  is<Same<typeof result, readonly [number | undefined]>>()

  for await (const [key, value] of store.entries({ prefix: 'a', at: new Date() })) {
    is<Same<typeof key, string>>()
    is<Same<typeof value, Value>>()
  }
  for await (const change of store.history('k')) is<Same<typeof change, Change>>()
  for await (const commit of store.log({ from: 'v1', reverse: true })) is<Same<typeof commit, Commit>>()
  const diff = store.diff('v1')
  is<Same<typeof diff, Diff>>()
  for await (const change of diff) is<Same<typeof change, DiffChange>>()
  const latest = await store.snapshots.latest('t')
  is<Same<typeof latest, Snapshot | undefined>>()

  // @ts-expect-error There is no such unit.
  const duration: Duration = '5w'
  void duration
  // @ts-expect-error Two durabilities there are, and this is none of them.
  await open('memory:', { durability: 'memory' })
  // @ts-expect-error An option that does not exist.
  await open('memory:', { maxSize: 5 })
  // @ts-expect-error Keys are text.
  await store.get(5)
  // @ts-expect-error Keys are text.
  await store.set({ key: 'k' }, 1)
  // @ts-expect-error A state is a map of keys.
  await store.save('text')
  // @ts-expect-error A point in time is not an object.
  await store.get('k', { at: {} })
  // @ts-expect-error The revision belongs to the store.
  store.revision = 5
  // @ts-expect-error Tags are a list.
  await store.snapshots.create({ tags: 'prod' })
  // @ts-expect-error What a transaction has set is not there to await.
  await store.transact((tx) => tx.set('k', 1).then())
}

export function errors(error: VarveError): string {
  is<Same<typeof error.code, VarveErrorCode>>()
  // @ts-expect-error No such code.
  if (error.code === 'VARVE_OOPS') return 'never'
  return error.code
}
