import type { Ref } from '../index.ts'
import { UsageError } from './failures.ts'

const DATE = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:?\d\d)?)?$/i

/**
 * A point of the past: digits are a revision, an ISO date is a time, everything else the version or the tag of a snapshot.
 * `name:` in front means the version or the tag, whatever it looks like.
 */
export function refFrom(text: string): Ref {
  if (/^\d+$/.test(text)) return Number(text)
  if (text.startsWith('name:')) return text.slice(5)
  const [, day, time, zone] = DATE.exec(text) ?? []
  if (day === undefined) return text
  const date = new Date(time === undefined ? `${day}T00:00:00` : `${day}T${time}${zone?.toUpperCase() ?? ''}`)
  if (Number.isNaN(date.getTime()))
    throw new UsageError(`${JSON.stringify(text)} is no date; say 2026-01-31 or 2026-01-31T10:00:00Z.`)
  return date
}

export function optionalRef(text: string | undefined): Ref | undefined {
  return text === undefined ? undefined : refFrom(text)
}

/** As an option of a call of the library. */
export function atOf(text: string | undefined): { at?: Ref } {
  return text === undefined ? {} : { at: refFrom(text) }
}
