import { createRequire } from 'node:module'

/** SQLite as any other program would use it: the driver that the store itself takes on this Node.js. */
export interface PlainDatabase {
  exec(sql: string): void
  prepare(sql: string): { all(...params: unknown[]): unknown[]; run(...params: unknown[]): unknown }
  close(): void
}
interface DriverModule {
  DatabaseSync: new (path: string) => PlainDatabase
}

const require = createRequire(import.meta.url)

function load(): DriverModule {
  const builtin = process.getBuiltinModule('node:sqlite' as 'node:fs') as unknown as DriverModule | undefined
  return builtin ?? (require('@photostructure/sqlite') as DriverModule)
}

/** Opens any SQLite file for reading and writing. */
export function openDatabase(path: string): PlainDatabase {
  return new (load().DatabaseSync)(path)
}
