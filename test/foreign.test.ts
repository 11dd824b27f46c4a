import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { IntegrityError, VarveError } from '../src/index.ts'
import { openDatabase } from './support/driver.ts'
import { fingerprint, temporaryFolder } from './support/folders.ts'
import { elsewhere } from './support/processes.ts'
import { failure, opened } from './support/stores.ts'

/** Another program's database, as it lies there after a clean close. */
function foreignDatabase(path: string, ...pragmas: string[]): void {
  const database = openDatabase(path)
  for (const pragma of pragmas) database.exec(`pragma ${pragma}`)
  database.exec(
    "create table notes (id integer primary key, body text); insert into notes (body) values ('mine')",
  )
  database.close()
}

/** A store that was made, used and closed by a process that is gone. */
async function makeStore(url: string): Promise<void> {
  const store = await elsewhere(url)
  await store.call('setMany', { a: 1, b: 'x'.repeat(10_000) })
  await store.call('close')
  await store.program.kill()
}

/** Opening this is refused in every way, by name, and not one byte, file or time changes. */
async function refused(folder: string, url: string, name: string): Promise<void> {
  const before = fingerprint(folder)
  for (const readOnly of [false, true]) {
    const error = await failure(() => opened(url, { readOnly }))
    expect(error).toBeInstanceOf(VarveError)
    expect(String(error)).toContain(name)
    expect(fingerprint(folder)).toEqual(before)
  }
}

describe('files that are not ours are refused by name, and not one byte of them changes', () => {
  it.each([[], ['journal_mode = wal'], ['application_id = 5', 'user_version = 3']])(
    '[trap 39] another program`s SQLite database (%s %s)',
    async (...pragmas) => {
      const folder = temporaryFolder()
      const path = join(folder, 'notes.db')
      foreignDatabase(path, ...pragmas.filter((pragma) => typeof pragma === 'string'))
      await refused(folder, `sqlite:${path}`, 'notes.db')
    },
  )

  it('another program`s SQLite database under the name of ours', async () => {
    const folder = temporaryFolder()
    foreignDatabase(join(folder, 'store.db'))
    await refused(folder, folder, folder)
  })

  it.each([
    ['a text file', 'hello, this is a text and not a store\n'.repeat(100)],
    ['a short text file', 'hello'],
    ['an empty file', ''],
    ['a file of zeros', '\0'.repeat(8_192)],
    ['the beginning of a SQLite file', 'SQLite format 3\0'],
  ])('%s', async (_name, content) => {
    const folder = temporaryFolder()
    const path = join(folder, 'thing.db')
    writeFileSync(path, content)
    await refused(folder, `sqlite:${path}`, 'thing.db')
    await refused(folder, path, 'thing.db')
  })

  it('[47] a store of a newer format, with both versions named', async () => {
    const folder = temporaryFolder()
    const path = join(folder, 'newer.db')
    await makeStore(`sqlite:${path}`)
    const database = openDatabase(path)
    database.exec('pragma user_version = 999')
    database.close()
    await refused(folder, `sqlite:${path}`, 'newer.db')
    const error = await failure(() => opened(`sqlite:${path}`))
    expect(String(error)).toMatch(/\b999\b.*\b1\b|\b1\b.*\b999\b/)
  })

  it.each([20, 99])('a store whose file was cut to %d bytes', async (length) => {
    const folder = temporaryFolder()
    const path = join(folder, 'cut.db')
    await makeStore(`sqlite:${path}`)
    truncateSync(path, length)
    await refused(folder, `sqlite:${path}`, 'cut.db')
  })

  it.each([100, 1_000, 5_000])(
    'a store whose file was cut behind its header, to %d bytes',
    async (length) => {
      const folder = temporaryFolder()
      const path = join(folder, 'cut.db')
      await makeStore(`sqlite:${path}`)
      truncateSync(path, length)
      const before = readFileSync(path)
      for (const readOnly of [false, true]) {
        const error = await failure(() => opened(`sqlite:${path}`, { readOnly }))
        expect(error).toBeInstanceOf(IntegrityError)
        expect(String(error)).toContain('cut.db')
        expect(readFileSync(path).equals(before)).toBe(true)
      }
    },
  )

  it('a foreign database in use by its program stays usable for it', async () => {
    const folder = temporaryFolder()
    const path = join(folder, 'notes.db')
    const database = openDatabase(path)
    database.exec(
      "pragma journal_mode = wal; create table notes (body text); insert into notes values ('mine')",
    )
    // In another process: this one holds the file open.
    await expect(elsewhere(`sqlite:${path}`)).rejects.toMatchObject({
      message: expect.stringContaining('notes.db') as string,
    })
    database.exec("insert into notes values ('more')")
    database.close()
    const again = openDatabase(path)
    expect(again.prepare('select body from notes').all()).toEqual([{ body: 'mine' }, { body: 'more' }])
    again.close()
    expect(readFileSync(path).subarray(0, 15).toString()).toBe('SQLite format 3')
  })
})
