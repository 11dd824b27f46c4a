import { fileURLToPath } from 'node:url'
import type { Context } from './context.ts'
import type { Driver } from './engines/sqlite/driver.ts'
import { isStoreFile } from './engines/sqlite/files.ts'
import { InvalidOptionError } from './errors.ts'

/** Where a URL leads. */
export type Place =
  | { readonly engine: 'memory' }
  | { readonly engine: 'sqlite'; readonly path: string; readonly folder: boolean }

/** Where a URL leads. A scheme has two letters or more, so that C:\\state is a path. */
export function placeOf(context: Context, url: string, driver?: Driver): Place {
  const [, scheme, rest] = /^([a-z][a-z0-9+.-]+):(.*)$/is.exec(url) ?? []
  const plain = (path: string): Place => ({
    engine: 'sqlite',
    path,
    folder: !isStoreFile(context, driver, path),
  })
  switch (scheme?.toLowerCase()) {
    case 'memory':
      if (rest !== '')
        throw new InvalidOptionError(
          `${JSON.stringify(url)}: a store in memory has no path; say memory: alone.`,
        )
      return { engine: 'memory' }
    case undefined:
      if (url.trim() === '' || url.includes('\0'))
        throw new InvalidOptionError(`${JSON.stringify(url)} is no path of a store.`)
      return plain(url)
    case 'file':
      return plain(fileURLToPath(url))
    case 'sqlite':
      if (rest === undefined || rest.trim() === '' || rest.includes('\0'))
        throw new InvalidOptionError(
          `${JSON.stringify(url)} names no file; say sqlite:<file>, such as sqlite:./state.db.`,
        )
      return { engine: 'sqlite', path: rest.replace(/^\/\/(?=\/)/, ''), folder: false }
    default:
      throw new InvalidOptionError(
        `${JSON.stringify(url)}: there is no engine ${scheme}:; use memory:, sqlite:<file>, or the path of a folder.`,
      )
  }
}
