import { InvalidOptionError } from './errors.ts'

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const FORM = /^(\d{1,15}(?:\.\d{1,15})?)(ms|s|m|h|d)$/
/** Beyond a hundred years nobody means a duration, and sums with the time of day stay whole numbers. */
const LONGEST = 36_525 * 86_400_000

/** A `Duration` in whole milliseconds, at least one. `name` is the option that it was given for. */
export function parseDuration(value: unknown, name: string): number {
  const ms = typeof value === 'number' ? value : typeof value === 'string' ? parseText(value) : NaN
  if (!(ms > 0 && ms <= LONGEST)) {
    const limit =
      ms > LONGEST
        ? 'at most 100 years (36525d)'
        : `above 0, such as '500ms', '10s', '5m', '2h', '30d' or a number of milliseconds`
    throw new InvalidOptionError(`${name} must be a duration ${limit}; it is ${describe(value)}.`)
  }
  return Math.max(1, Math.round(ms))
}

function parseText(text: string): number {
  const [, amount, unit = ''] = FORM.exec(text) ?? []
  return Number(amount) * (UNITS[unit] ?? NaN)
}

function describe(value: unknown): string {
  if (typeof value === 'string')
    return value.length > 60 ? `${JSON.stringify(value.slice(0, 60))}…` : JSON.stringify(value)
  if (typeof value === 'number' || value === null || value === undefined) return String(value)
  return Array.isArray(value) ? 'a list' : `of type ${typeof value}`
}
