import type { Context } from '../context.ts'
import { patiently } from '../engines/sqlite/failures.ts'
import type { Disk } from './disk.ts'
import { Flights } from './flights.ts'
import type { TieredSetOptions } from './tiered-options.ts'

/** A load that is not renewed for so long has died with its process. */
const LEASE_MS = 5000
const RENEWALS = 5
/** Who waits for another process's load looks so often when nothing rings. */
const LOOK_EVERY_MS = 25

/** What loads need of the cache that they are for. */
export interface LoadDoors<V> {
  /** As it is now on the disk, without a trace in statistics. */
  find(key: string): V | undefined
  /** When what is on its way to the disk of this key is there: it would call off what is begun now. */
  settled(key: string): Promise<unknown> | undefined
  /** Keeps what was brought, if its owner still has the lease, which it gives back. */
  keep(key: string, value: V, options: TieredSetOptions, owner: string): Promise<void>
}

/**
 * Brings values: for each key one caller at a time, of all processes that have the cache open. Whoever does has a lease on the
 * disk; whatever happens to the key meanwhile takes it away, and what is brought then is not kept.
 */
export class Loads<V> {
  readonly #context: Context
  readonly #disk: Disk
  readonly #doors: LoadDoors<V>
  readonly #flights = new Flights<string, V>()
  readonly #tags = new Map<string, readonly string[]>()
  readonly #held = new Map<string, string>()
  readonly #self: string
  #taken = 0
  #closing = false
  readonly #waiting = new Set<() => void>()

  constructor(context: Context, disk: Disk, doors: LoadDoors<V>) {
    this.#doors = doors
    this.#context = context
    this.#self = context.unique()
    this.#disk = disk
  }

  /** As `getOrSet`, where what is found may not do. */
  bring(
    key: string,
    load: (key: string) => V | Promise<V>,
    options: TieredSetOptions,
    isGood: (value: V) => boolean,
  ): Promise<V> {
    const { tags = [] } = options
    if (tags.length > 0) this.#tags.set(key, tags)
    const done = (): void => void this.#tags.delete(key)
    return this.#flights.fly(key, () => this.#bring(key, load, options, isGood), done)
  }

  async #bring(
    key: string,
    load: (key: string) => V | Promise<V>,
    options: TieredSetOptions,
    isGood: (value: V) => boolean,
  ): Promise<V> {
    const { tags = [] } = options
    for (;;) {
      await this.#doors.settled(key)
      const owner = await this.#take(key, tags)
      try {
        const known = this.#doors.find(key)
        if (known !== undefined && isGood(known)) return known
        if (owner !== undefined)
          return await this.#during(key, owner, tags, async () => {
            const brought = await load(key)
            await this.#doors.keep(key, brought, options, owner)
            return brought
          })
      } finally {
        if (owner !== undefined) await this.#release(owner)
      }
      await this.#wait()
    }
  }

  /** The keys that this process brings. */
  keys(): string[] {
    return this.#flights.keys()
  }

  /** What the load of this key brings is not kept, and who asks from now on does not wait for it. */
  callOff(key: string): void {
    this.#flights.callOff(key)
    if (this.#tags.size > 0) this.#tags.delete(key)
  }

  callOffTagged(tags: readonly string[]): void {
    for (const [key, borne] of this.#tags) if (borne.some((tag) => tags.includes(tag))) this.callOff(key)
  }

  callOffAll(): void {
    this.#flights.callOffAll()
    this.#tags.clear()
  }

  /** The lease's owner, if it could be had; undefined: another one is at it. */
  async #take(key: string, tags: readonly string[]): Promise<string | undefined> {
    const { shelf } = this.#disk
    const owner = `${this.#self}:${(this.#taken += 1)}`
    const isFree = (): boolean => {
      const lease = shelf.lease(key)
      const now = this.#context.uptime()
      // Further ahead than any lease reaches: from before the machine was started anew.
      return lease === undefined || lease.until <= now || lease.until > now + LEASE_MS
    }
    if (!isFree()) return undefined
    const taken = await patiently(this.#context, () =>
      this.#disk.transact(() => {
        if (!isFree()) return false
        shelf.take(key, owner, this.#context.uptime() + LEASE_MS, tags)
        return true
      }),
    )
    if (taken) this.#held.set(owner, key)
    return taken ? owner : undefined
  }

  /** Does the work while the lease is renewed. */
  async #during<R>(key: string, owner: string, tags: readonly string[], work: () => Promise<R>): Promise<R> {
    let cancel = (): void => undefined
    const renew = (): void => {
      cancel = this.#context.later(LEASE_MS / RENEWALS, () => {
        try {
          this.#disk.transact(() => {
            const { shelf } = this.#disk
            if (shelf.lease(key)?.owner === owner)
              shelf.take(key, owner, this.#context.uptime() + LEASE_MS, tags)
          })
        } catch {
          // Another process is writing; the next renewal comes in time.
        }
        renew()
      })
    }
    renew()
    try {
      return await work()
    } finally {
      cancel()
    }
  }

  /** Gives the lease back, if keeping what was brought has not done so. */
  async #release(owner: string): Promise<void> {
    const key = this.#held.get(owner)
    if (key === undefined || !this.#held.delete(owner)) return
    const { shelf } = this.#disk
    try {
      if (shelf.lease(key)?.owner !== owner) return
      await patiently(this.#context, () => this.#disk.transact(() => this.#giveBack(key, owner)))
      shelf.bell.ring()
    } catch (error) {
      this.#context.warn('A load could not be given back; others wait until it lapses.', error, 'cache')
    }
  }

  #giveBack(key: string, owner: string): void {
    if (this.#disk.shelf.lease(key)?.owner === owner) this.#disk.shelf.release(key)
  }

  /** Until something has happened, or a little time has passed. */
  #wait(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#closing) return resolve()
      const ends: (() => void)[] = []
      const finish = (): void => {
        this.#waiting.delete(finish)
        for (const end of ends) end()
        resolve()
      }
      this.#waiting.add(finish)
      ends.push(
        this.#context.stay(),
        this.#disk.shelf.bell.listen(finish),
        this.#context.later(LOOK_EVERY_MS * (0.75 + this.#context.random() / 2), finish),
      )
    })
  }

  /** Gives back what is held, so that nobody waits for a process that has gone. */
  async close(): Promise<void> {
    this.#closing = true
    for (const finish of this.#waiting) finish()
    await Promise.all([...this.#held.keys()].map((owner) => this.#release(owner)))
  }
}
