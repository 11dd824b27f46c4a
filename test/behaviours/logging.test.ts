import { spawnSync } from 'node:child_process'
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel'
import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Console } from 'node:console'
import { Writable } from 'node:stream'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createLogger, InvalidOptionError, type LogRecord, type NamedLogger } from '../../src/index.ts'
import { realContext } from '../../src/context.ts'
import { faultyContext } from '../../src/testing/faults.ts'
import { Telemetry } from '../../src/telemetry/telemetry.ts'
import { appending } from '../../src/telemetry/sinks.ts'
import { temporaryFolder } from '../support/folders.ts'
import { failure, kinds, memory, opened, pause, until } from '../support/stores.ts'

let made = 0
/** A logger of its own, and what it tells. */
function listening(level: NamedLogger['level'] = 'info'): {
  logger: NamedLogger
  records: LogRecord[]
  lines: string[]
} {
  const records: LogRecord[] = []
  const lines: string[] = []
  const to = (record: LogRecord, line: string): void => {
    records.push(record)
    lines.push(line)
  }
  return { logger: createLogger(`test ${made++}`, { level, to }), records, lines }
}

/** What a logger of the pino kind and one of the console kind are told. */
function pinoLike(level: string): { logger: object & { level: string; warn(): void }; told: unknown[][] } {
  const told: unknown[][] = []
  const method =
    (name: string) =>
    (...details: unknown[]) =>
      void told.push([name, ...details])
  const logger = {
    level,
    child: () => logger,
    debug: method('debug'),
    info: method('info'),
    warn: method('warn'),
    error: method('error'),
  }
  return { logger, told }
}

/** Every control character, line separator and direction mark that must not come out as it is. */
// oxlint-disable-next-line no-control-regex
const BREAKS = /[\0-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/
const EVIL = 'a\nINFO admin logged in\r\u001b[2J\u0085\u2028\u202e'

describe('createLogger', () => {
  it('[290] at level info debug messages are not produced, and their text is not computed', async () => {
    const { logger, records } = listening('info')
    const text = vi.fn(() => 'costly')
    logger.debug(text)
    logger.debug('plain')
    expect(text).not.toHaveBeenCalled()
    logger.info(text)
    expect(text).toHaveBeenCalledTimes(1)
    expect(records.map(({ message }) => message)).toEqual(['costly'])
    // Nor does a store compute them: with our own logger, with pino, and with one that has no debug.
    const store = await opened('memory:', { logger })
    await store.set('a', 1)
    expect(records.map(({ level }) => level)).not.toContain('debug')
    const make = vi.fn(() => ['costly', {}] as const)
    for (const one of [logger, pinoLike('info').logger, { warn() {} }]) {
      const context = realContext()
      new Telemetry(context, { url: 'memory:', logger: one, isSecret: () => false }).log('debug', make)
    }
    expect(make).not.toHaveBeenCalled()
  })

  it('[291] [trap 128] debug that is switched on at run time appears from then on in every sink', async () => {
    const file = join(temporaryFolder(), 'app.log')
    const seen: string[][] = [[], []]
    const sinks = seen.map(
      (list) =>
        ({ message }: LogRecord) =>
          void list.push(message),
    )
    const logger = createLogger(`test ${made++}`, { to: [...sinks, file] })
    const store = await opened('memory:', { logger })
    await store.set('a', 1)
    logger.debug('before')
    logger.level = 'debug'
    logger.debug('after')
    await store.set('a', 2)
    logger.level = 'warn'
    logger.info('not any more')
    for (const messages of seen) {
      expect(messages).toContain('after')
      expect(messages).toContain(`Revision 2 by ${(await firstActor(store)) ?? ''}: 1 key.`)
      expect(messages.filter((one) => /before|not any more|Revision 1/.test(one))).toEqual([])
    }
    expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(seen[0]?.length ?? 0)
  })

  it('[292] the same name twice is one logger, and nothing is told twice', () => {
    const { logger, lines } = listening()
    const again = createLogger(logger.name)
    expect(again).toBe(logger)
    const to = (_: LogRecord, line: string): void => void lines.push(line)
    createLogger(logger.name, { to: [to, to] })
    logger.info('once')
    again.info('twice')
    expect(lines).toHaveLength(2)
  })

  it('[293] [trap 119] line breaks and control characters in a message, a key or a value: one record, escaped', async () => {
    const { logger, lines } = listening('debug')
    logger.info(EVIL, { key: EVIL, actor: EVIL, [EVIL]: { deep: [EVIL] }, err: new Error(EVIL) })
    logger.warn({ key: EVIL }, EVIL)
    const store = await opened('memory:', { logger, actor: `ann${EVIL}` })
    await store.set(EVIL, EVIL)
    store.watch('**', () => {
      throw new Error(EVIL)
    })
    await store.set(EVIL, 1)
    await until(() => lines.length >= 6)
    for (const line of lines) {
      expect(line).not.toMatch(BREAKS)
      expect(() => JSON.parse(line) as unknown).not.toThrow()
    }
    expect((JSON.parse(lines[0] as string) as LogRecord).message).toBe(EVIL)
  })

  it('[295] the host keeps its own handlers, console and warnings', async () => {
    const before = [
      console.log,
      console.error,
      process.stderr.write,
      process.listenerCount('warning'),
      process.stderr.listenerCount('error'),
    ]
    const { logger } = listening('debug')
    const store = await opened('memory:', { logger })
    await store.set('a', 1)
    createLogger(`test ${made++}`, { to: 'stderr', level: 'silent' }).error('nothing')
    expect([
      console.log,
      console.error,
      process.stderr.write,
      process.listenerCount('warning'),
      process.stderr.listenerCount('error'),
    ]).toEqual(before)
  })

  it.skipIf(process.platform !== 'linux')('[296] [trap 129] 50 loggers to one file: one open file', () => {
    const file = join(temporaryFolder(), 'app.log')
    for (let i = 0; i < 50; i++) createLogger(`many ${made++}`, { to: file }).info(`line ${i}`)
    const open = readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === file
      } catch {
        return false
      }
    })
    expect(open).toHaveLength(1)
    expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(50)
  })

  it('[297] time with its zone, level, name, message, actor, operation and key are fields of their own', () => {
    const { logger, lines } = listening()
    logger.info('set', { key: 'k', actor: 'ann', operation: 'set', took: 5, level: 'mine', time: 0 })
    const record = JSON.parse(lines[0] as string) as LogRecord
    expect(Object.keys(record).slice(0, 7)).toEqual('time level name message actor operation key'.split(' '))
    expect(record).toMatchObject({
      level: 'info',
      name: logger.name,
      message: 'set',
      actor: 'ann',
      operation: 'set',
      key: 'k',
      took: 5,
      level_: 'mine',
      time_: 0,
    })
    expect(record.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  })

  it('what JSON cannot say is said as well as it goes, and never throws', () => {
    const { logger, lines } = listening()
    const circular: Record<string, unknown> = {
      big: 10n,
      map: new Map([['a', 1]]),
      set: new Set([1]),
      fn() {},
    }
    circular['self'] = circular
    const cause = new Error('inner')
    Object.assign(cause, { cause })
    logger.info('all', { circular, twice: [cause, cause], bytes: new Uint8Array(3) })
    logger.info('bad', {
      toJSON() {
        throw new Error('no')
      },
    })
    logger.info(() => {
      throw new Error('no text')
    })
    const [all, bad, text] = lines.map((line) => JSON.parse(line) as LogRecord)
    expect(all?.['circular']).toMatchObject({ big: '10', map: { a: 1 }, set: [1], self: '[circular]' })
    expect(all?.['twice']).toMatchObject([{ message: 'inner' }, { message: 'inner', cause: '[circular]' }])
    expect(all?.['bytes']).toBe('[3 bytes]')
    expect(bad?.message).toContain('bad')
    expect(text?.message).toContain('no text')
  })

  it('a sink that throws stops nobody', () => {
    const lines: string[] = []
    const logger = createLogger(`test ${made++}`, {
      to: [
        () => {
          throw new Error('sink')
        },
        (_, line) => void lines.push(line),
      ],
    })
    logger.info('told')
    expect(lines).toHaveLength(1)
  })

  it('a file is opened anew after a failure, and a line is whole or not there', () => {
    const folder = temporaryFolder()
    const file = join(folder, 'deep', 'app.log')
    const context = faultyContext(realContext())
    const sink = appending(file, context)
    sink('lost\n') // The folder is not there yet.
    mkdirSync(join(folder, 'deep'))
    sink('one\n')
    context.failNext('writeSync', 'EIO')
    sink('two\n')
    context.failNext('writeSync', 'ENOSPC', { times: 2 })
    sink('lost\n')
    sink('three\n')
    expect(readFileSync(file, 'utf8')).toBe('one\ntwo\nthree\n')
    rmSync(folder, { recursive: true })
  })

  it('wrong names, levels, sinks and options are refused by name', async () => {
    for (const wrong of [
      () => createLogger(''),
      () => createLogger('x', { level: 'loud' as 'info' }),
      () => createLogger('x', { to: 5 as unknown as string }),
      () => createLogger('x', { to: '' }),
      () => createLogger('x', { sink: 1 } as object),
      () => (createLogger('x').level = 'loud' as 'info'),
    ])
      expect(await failure(wrong)).toBeInstanceOf(InvalidOptionError)
  })
})

async function firstActor(store: { log(): AsyncIterable<{ actor: string }> }): Promise<string | undefined> {
  for await (const { actor } of store.log()) return actor
  return undefined
}

describe.each(kinds)('a logger of the host, on $name', (kind) => {
  it('[73] [294] values of secret keys are in no log, history, diff or watch', async () => {
    const { logger, lines } = listening('debug')
    const { logger: pino, told } = pinoLike('debug')
    for (const one of [logger, pino]) {
      const store = await opened(kind.url(), { logger: one, secret: ['**.password', 'password'] })
      const seen: unknown[] = []
      store.watch('**', (change) => {
        seen.push(change)
        if (change.key === 'db.password') throw new Error(`cannot use ${String(change.after)}`)
      })
      await store.set('db.password', 'hunter2')
      await store.set('db.password', { deep: 'hunter2' })
      await store.update('db.password', () => 'hunter2!')
      await store.scope('x.').set('password', 'hunter2')
      await store.set('open', 'seen')
      await failure(() => store.set('db.password', 'hunter2', { ifRevision: 999 }))
      await until(() => seen.length === 5)
      const shown = [seen]
      for await (const change of store.history('db.password')) shown.push([change])
      shown.push(await store.diff(0).toArray())
      const text = JSON.stringify([shown, lines, told])
      expect(text).not.toContain('hunter2')
      expect(text).toContain('[secret]')
      expect(text).toContain('seen')
      // Whoever asks for the key itself gets its value.
      expect(await store.get('db.password')).toBe('hunter2!')
    }
  })

  it('pino-like loggers take the fields first, console-like ones the text first', async () => {
    const { logger, told } = pinoLike('info')
    const store = await opened(kind.url(), { logger, actor: 'ann' })
    await store.set('a', 1)
    expect(told).toEqual([['info', expect.objectContaining({ operation: 'open' }), expect.any(String)]])
    logger.level = 'debug'
    await store.set('a', 2)
    expect(told.at(-1)).toEqual([
      'debug',
      { operation: 'commit', revision: 2, actor: 'ann', changed: 1, keys: ['a'] },
      'Revision 2 by ann: 1 key.',
    ])
    let text = ''
    const out = new Writable({ write: (chunk, _, done) => ((text += String(chunk)), done()) })
    const second = await opened(kind.url(), { logger: new Console(out), actor: 'ann' })
    await second.set('line\nbreak', 1)
    await second.restore(0)
    await second.verify()
    await second.compact()
    await second.close()
    expect(text).toMatch(/^Opened .* \{/)
    expect(text).toContain('line\\\\nbreak')
    expect(text).not.toContain('line\nbreak')
    for (const said of ['Restored as revision 2.', 'Verified 2 revisions', 'Compacted:', 'Closed '])
      expect(text).toContain(said)
  })

  it('a logger that throws does not stop the store', async () => {
    const fail = (): never => {
      throw new Error('logger')
    }
    const warned: unknown[] = []
    const hear = (warning: Error): void => void warned.push(warning.message)
    process.on('warning', hear)
    onTestFinished(() => void process.removeListener('warning', hear))
    const methods = { debug: fail, info: fail, warn: fail, error: fail }
    const store = await opened(kind.url(), { logger: { ...methods, isLevelEnabled: fail } })
    await store.set('a', 1)
    expect(await store.get('a')).toBe(1)
    expect(store.metrics().operations.commit).toMatchObject({ count: 1, errors: 0 })
    await pause(5)
    expect(warned).toEqual(['The logger of a store has thrown. logger'])
  })

  it('a logger with warn alone is told what went wrong, and nothing else', async () => {
    const told: unknown[] = []
    const store = await opened(kind.url(), { logger: { warn: (text: string) => void told.push(text) } })
    await store.set('a', 1)
    await store.close()
    expect(told).toEqual([])
  })
})

describe('diagnostics channels', () => {
  const heard = (name: string): unknown[] => {
    const events: unknown[] = []
    const listener = (event: unknown): void => void events.push(event)
    subscribe(name, listener)
    onTestFinished(() => void unsubscribe(name, listener))
    return events
  }

  it('commits, expiries, deliveries and warnings are published, without values', async () => {
    const [commits, expiries, deliveries, warnings] = ['commit', 'expire', 'deliver', 'warn'].map((name) =>
      heard(`varve:${name}`),
    ) as [unknown[], unknown[], unknown[], unknown[]]
    const store = await opened(memory.url(), { actor: 'ann', secret: ['pw'], logger: { warn() {} } })
    store.watch('*', ({ key }) => {
      if (key === 'bad') throw new Error('no')
    })
    await store.setMany({ pw: 'geheim', bad: 1 })
    await store.set('short', 'geheim', { ttl: 5 })
    await until(() => expiries.length > 0 && deliveries.length >= 4)
    expect(commits[0]).toEqual({
      store: 'memory:',
      revision: 1,
      at: expect.any(Date) as Date,
      actor: 'ann',
      why: '',
      keys: ['pw', 'bad'],
    })
    expect(expiries).toEqual([expect.objectContaining({ revision: 3, keys: ['short'] })])
    expect(deliveries[1]).toMatchObject({
      key: 'bad',
      pattern: '*',
      revision: 1,
      error: expect.any(Error) as Error,
    })
    expect(warnings).toEqual([
      expect.objectContaining({ work: 'watch "*"', cause: expect.any(Error) as Error }),
    ])
    expect(JSON.stringify([commits, expiries, deliveries])).not.toContain('geheim')
  })

  it('operations are traced: start, end, and what failed, without values and results', async () => {
    const events: { name: string; event: Record<string, unknown> }[] = []
    const names = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const
    const listeners = Object.fromEntries(
      names.map((name) => [
        name,
        (event: unknown) => void events.push({ name, event: { ...(event as object) } }),
      ]),
    ) as Record<(typeof names)[number], (event: unknown) => void>
    const works = ['get', 'set', 'delete', 'scan', 'diff', 'snapshot', 'restore', 'verify', 'compact']
    for (const work of works) {
      tracingChannel(`varve:${work}`).subscribe(listeners)
      onTestFinished(() => {
        tracingChannel(`varve:${work}`).unsubscribe(listeners)
      })
    }
    const store = (await opened(memory.url(), { secret: ['**'], actor: 'ann' })).scope('s:').as('bob')
    await store.set('a', 'geheim')
    expect(events.map(({ name }) => name)).toEqual(['start', 'end', 'asyncStart', 'asyncEnd'])
    expect(events[0]?.event).toEqual({ store: 'memory:', method: 'set', actor: 'bob', key: 's:a' })
    events.length = 0
    for (let i = 0; i < 100; i++) store.getSync('a')
    expect(events).toHaveLength(200)
    expect(events[0]?.event).toEqual({ store: 'memory:', method: 'get', actor: 'bob', key: 's:a' })
    events.length = 0
    await failure(() => store.getSync(''))
    const error = await failure(() => store.set('a', 1, { ifRevision: 77 }))
    expect(events.find(({ name }) => name === 'error')?.event['error']).toBe(error)
    events.length = 0
    for await (const key of store.keys()) expect(key).toBe('a')
    await store.diff(0).toArray()
    await store.snapshots.create()
    await store.restore(0)
    await store.verify()
    await store.compact()
    expect(new Set(events.map(({ event }) => event['method']))).toEqual(
      new Set(['scan', 'diff', 'take', 'restore', 'verify', 'compact']),
    )
    expect(JSON.stringify(events)).not.toContain('geheim')
  })

  it('a failed write that nobody handles still ends the program', async () => {
    const program = `
      import { open } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)}
      const store = await open('memory:')
      void store.set('a', 1, { ifRevision: 5 })
      setTimeout(() => console.log('still here'), 200)`
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
    })
    expect(status).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toContain('VARVE_CONFLICT')
  })
})
