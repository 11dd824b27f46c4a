import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Call, Command } from '../command.ts'
import { EXIT, failureOf } from '../failures.ts'
import type { View } from '../output.ts'
import { fileOf } from '../stores.ts'
import { manyLines, oneLine } from '../text.ts'
import { count, size } from '../views/figures.ts'
import { version } from '../version.ts'

interface Finding {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
}
interface Diagnosis {
  readonly ok: boolean
  readonly findings: Finding[]
}

const view: View<Diagnosis> = {
  columns: [],
  json: ({ ok, findings }) => ({ ok, checks: findings }),
  plain: ({ findings }) =>
    findings.map(({ name, ok, detail }) => `${name}\t${ok ? 'ok' : 'bad'}\t${oneLine(detail)}`).join('\n'),
  human: ({ findings }, { paint }) =>
    findings
      .map(
        ({ name, ok, detail }) =>
          `${ok ? paint('green', '✓') : paint('red', '✗')} ${name.padEnd(11)}  ${manyLines(detail)}`,
      )
      .join('\n'),
}

export const doctor: Command = {
  details: `Opens read-only: nothing is changed. The exit code is 3 if something is not as it should be, 6 if the store is damaged.
With --json: {"ok","checks":[{"name","ok","detail"}]}.`,
  examples: [
    ['varve doctor', 'the store here'],
    ['varve doctor --url ./state --json', 'for a report'],
  ],
  async run(call) {
    const findings: Finding[] = []
    const tell = (name: string, ok: boolean, detail: string): void => void findings.push({ name, ok, detail })
    tell(
      'program',
      true,
      `varve ${version()} on Node.js ${process.versions.node}, ${process.platform} ${process.arch}`,
    )
    const file = fileOf(call.address)
    if (file !== undefined) place(file, tell)
    const code = await store(call, tell)
    const ok = findings.every((finding) => finding.ok)
    await call.out.one(view, { ok, findings })
    return code === EXIT.corrupt ? code : ok ? EXIT.ok : EXIT.no
  },
}

type Tell = (name: string, ok: boolean, detail: string) => void

function place(file: string, tell: Tell): void {
  if (!existsSync(file)) return tell('place', false, `there is no ${file}`)
  tell('place', true, `${file}, ${size(statSync(file).size)}`)
  const can = (path: string, how: number): boolean => {
    try {
      accessSync(path, how)
      return true
    } catch {
      return false
    }
  }
  const folder = dirname(file)
  const missing = [
    ...(can(file, constants.R_OK) ? [] : [`${file} cannot be read`]),
    ...(can(file, constants.W_OK) ? [] : [`${file} cannot be written`]),
    // SQLite makes its files beside the database.
    ...(can(folder, constants.W_OK) ? [] : [`nothing can be made in ${folder}`]),
  ]
  tell(
    'permissions',
    missing.length === 0,
    missing.join('; ') || 'the file and its folder can be read and written',
  )
}

/** Opens the store, reads all of it and asks how it is. Gives the exit code of what failed. */
async function store({ reader, signal, talk }: Call, tell: Tell): Promise<number> {
  try {
    const opened = await reader()
    tell('format', true, `this version knows it; revision ${opened.revision}`)
    const { checks } = await opened.health()
    for (const [name, { ok, detail }] of Object.entries(checks)) tell(name, ok, detail)
    const report = await talk.progress('verify', (onProgress) => opened.verify({ onProgress, signal }))
    const [first] = report.damaged
    tell(
      'records',
      report.ok,
      first === undefined
        ? `${count(report.records, 'record')} of ${count(report.revisions, 'revision')} are whole`
        : `${count(report.damaged.length, 'damage', 'damages')}, the first: ${first.where}: ${first.why}`,
    )
    return report.ok ? EXIT.ok : EXIT.corrupt
  } catch (error) {
    if (signal.aborted) throw error
    const { message, code, exit } = failureOf(error, ['doctor'])
    tell('store', false, `${message} (${code})`)
    return exit
  }
}
