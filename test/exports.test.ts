import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

/** What package.json promises is what `npm run build` made, and every public name can be imported, types too. */
const repository = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string): string => readFileSync(join(repository, file), 'utf8')
const { exports: promised } = JSON.parse(read('package.json')) as { exports: Record<string, string> }
const entries = Object.entries(promised)
  .filter(([, file]) => file.endsWith('.js'))
  .map(([path, file]) => ({ entry: path.replace(/^\./, 'varve'), file }))

/** The names in the front door's `export { … } from` lines. Written out: there is no `export *`. */
function names(declarations: string): { values: string[]; types: string[] } {
  const values: string[] = []
  const types: string[] = []
  for (const [, type, list = ''] of declarations.matchAll(/^export\s+(type\s)?\{([^}]*)\}/gm)) {
    for (const name of list
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean)) {
      const own = type ?? (name.startsWith('type ') ? 'type' : undefined)
      ;(own ? types : values).push(name.replace(/^type /, '').replace(/^.* as /, ''))
    }
  }
  for (const [, kind, name = ''] of declarations.matchAll(
    /^export\s+declare\s+(?:abstract\s+)?(\w+)\s+([\w$]+)/gm,
  )) {
    ;(kind === 'type' ? types : values).push(name)
  }
  for (const [, name = ''] of declarations.matchAll(/^export\s+(?:interface|type)\s+([\w$]+)/gm))
    types.push(name)
  return { values, types }
}

const run = (code: string): string =>
  execFileSync(process.execPath, ['--input-type=module', '-e', code], {
    cwd: repository,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  })

describe.each(entries)('$entry', ({ entry, file }) => {
  const declarations = file.replace(/\.js$/, '.d.ts')

  test('is built: code, declarations and the maps of both', () => {
    const missing = [file, declarations, `${file}.map`, `${declarations}.map`].filter(
      (path) => !existsSync(join(repository, path)),
    )
    expect(missing).toEqual([])
  })

  test('exports at run time what its declarations say, to import and to require', () => {
    expect(read(declarations)).not.toMatch(/^export \*/m)
    const declared = names(read(declarations)).values.sort()
    expect(declared.length).toBeGreaterThan(0)
    const imported: unknown = JSON.parse(
      run(`console.log(JSON.stringify(Object.keys(await import('${entry}')).sort()))`),
    )
    expect(imported).toEqual(declared)
    const required = `import { createRequire } from 'node:module'
      console.log(JSON.stringify(Object.keys(createRequire(process.cwd() + '/x.js')('${entry}')).sort()))`
    expect(JSON.parse(run(required))).toEqual(declared)
  })

  test('lets a strict program import every name and every type, its declarations checked too', () => {
    const folder = mkdtempSync(join(tmpdir(), 'varve-exports-'))
    try {
      mkdirSync(join(folder, 'node_modules/@types'), { recursive: true })
      symlinkSync(repository, join(folder, 'node_modules/varve'), 'junction')
      symlinkSync(
        join(repository, 'node_modules/@types/node'),
        join(folder, 'node_modules/@types/node'),
        'junction',
      )
      const { values, types } = names(read(declarations))
      const lines = [...values, ...types.map((name) => `type ${name}`)].map(
        (name) => `export { ${name} } from '${entry}'`,
      )
      writeFileSync(join(folder, 'user.mts'), `${lines.join('\n')}\n`)
      const options = [
        '--strict',
        '--exactOptionalPropertyTypes',
        '--noEmit',
        '--target',
        'es2022',
        '--module',
        'nodenext',
      ]
      const tsc = join(repository, 'node_modules/typescript/bin/tsc')
      // Without skipLibCheck: a declaration that leans on something unpublished fails here.
      execFileSync(process.execPath, [tsc, ...options, '--types', 'node', 'user.mts'], {
        cwd: folder,
        encoding: 'utf8',
      })
    } catch (error) {
      throw new Error(`tsc refuses: ${(error as { stdout?: string }).stdout ?? String(error)}`, {
        cause: error,
      })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

test('everything else that is promised is there', () => {
  const missing = Object.values(promised).filter((file) => !existsSync(join(repository, file)))
  expect(missing).toEqual([])
})

test('dist holds one module for each source file, and no tests', () => {
  const list = (folder: string, ending: RegExp): string[] =>
    readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => ending.test(file))
      .map((file) => file.replace(ending, ''))
      .sort()
  const sources = list('src', /\.ts$/).filter((file) => !/\.test(-d)?$/.test(file))
  expect(list('dist', /\.js$/)).toEqual(sources)
})
