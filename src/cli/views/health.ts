import type { Health } from '../../index.ts'
import type { View } from '../output.ts'
import { manyLines, oneLine, type Style } from '../text.ts'

const STYLES: Readonly<Record<Health['status'], Style>> = { ok: 'green', degraded: 'yellow', down: 'red' }

function healthJson({ status, at, reasons, checks }: Health): object {
  const told = Object.entries(checks).map(([name, { ok, detail, ms }]) => [name, { ok, detail, ms }])
  return { status, at: at.toISOString(), reasons, checks: Object.fromEntries(told) as object }
}

/** How a store is, check by check. */
export const healthView: View<Health> = {
  columns: [],
  json: healthJson,
  plain: ({ status, checks }) =>
    [
      `status\t${status}`,
      ...Object.entries(checks).map(
        ([name, { ok, detail, ms }]) => `${name}\t${ok ? 'ok' : 'bad'}\t${oneLine(detail)}\t${ms}`,
      ),
    ].join('\n'),
  human: ({ status, checks }, { paint }) =>
    [
      paint(STYLES[status], status),
      ...Object.entries(checks).map(
        ([name, { ok, detail }]) =>
          `  ${ok ? paint('green', '✓') : paint('red', '✗')} ${name.padEnd(9)}  ${manyLines(detail)}`,
      ),
    ].join('\n'),
}
