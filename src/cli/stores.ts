import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { OpenOptions, Store } from '../index.ts'
import { CliError } from './failures.ts'

export interface OpenHow {
  readonly mode: 'read' | 'write' | 'create'
  /** Options of this opening alone. */
  readonly options?: Pick<OpenOptions, 'history' | 'secret'>
}

/** The database file of a store on this machine's disk; undefined: the address leads elsewhere. */
export function fileOf(address: string): string | undefined {
  const [, scheme, rest = ''] = /^([a-z][a-z0-9+.-]+):(.*)$/is.exec(address) ?? []
  switch (scheme?.toLowerCase()) {
    case undefined:
      return resolve(join(address, 'store.db'))
    case 'file':
      return join(fileURLToPath(address), 'store.db')
    case 'sqlite':
      return resolve(rest.replace(/^\/\/(?=\/)/, ''))
    default:
      return undefined
  }
}

/** Refuses to go on where there is nothing: only a write may make a store. */
export function checkThere(address: string): void {
  const file = fileOf(address)
  if (file === undefined || existsSync(file)) return
  const place = resolve(file, /^sqlite:/i.test(address) ? '.' : '..')
  throw new CliError(
    'VARVE_NO_STORE',
    `There is no store at ${place}.`,
    process.env['VARVE_URL'] === undefined && address === './.varve'
      ? 'varve --url <path> …, or make one here: varve set <key> <value>'
      : 'varve set <key> <value> makes one there',
  )
}

/** The stores that a session has open. */
export class Stores {
  readonly #open = new Map<string, Promise<Store>>()
  readonly #base: OpenOptions

  constructor(base: OpenOptions) {
    this.#base = base
  }

  async open(address: string, how: OpenHow): Promise<Store> {
    const scratch = /^memory:/i.test(address)
    if (how.mode !== 'create') checkThere(address)
    const readOnly = how.mode === 'read' && !scratch
    // A store in memory is one, whoever asks for it in whatever way.
    const name = scratch ? address : JSON.stringify([address, readOnly, how.options ?? {}])
    let store = this.#open.get(name)
    if (store === undefined) {
      store = this.#opening(address, { ...this.#base, ...how.options, ...(readOnly ? { readOnly } : {}) })
      this.#open.set(name, store)
      // What could not be opened may be there the next time.
      store.catch(() => this.#open.delete(name))
    }
    return store
  }

  async #opening(address: string, options: OpenOptions): Promise<Store> {
    // The library is loaded when it is needed: help and completion answer without it.
    const { open } = await import('../index.ts')
    // How many snapshots are kept is the application's to say: a visitor drops none.
    return open(address, { ...options, maxSnapshots: 0 })
  }

  async close(): Promise<void> {
    const stores = [...this.#open.values()]
    this.#open.clear()
    for (const store of stores) await (await store.catch(() => undefined))?.close()
  }
}
