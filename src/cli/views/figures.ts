import type { Column } from '../output.ts'
import { oneLine, type Style } from '../text.ts'

/** `2026-01-05 10:22:31`, where the reader is. */
export function localTime(date: Date): string {
  const two = (number: number): string => String(number).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

/** `1.5 MB` */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let amount = bytes
  let unit = 0
  for (; amount >= 999.5 && unit < units.length - 1; unit++) amount /= 1000
  return `${unit === 0 ? amount : amount.toFixed(amount < 10 ? 1 : 0)} ${units[unit]}`
}

/** `2 h 5 min`: the two largest parts. */
export function span(ms: number): string {
  const parts: [number, string][] = [
    [Math.floor(ms / 86_400_000), 'd'],
    [Math.floor(ms / 3_600_000) % 24, 'h'],
    [Math.floor(ms / 60_000) % 60, 'min'],
    [Math.floor(ms / 1000) % 60, 's'],
  ]
  const first = parts.findIndex(([amount]) => amount > 0)
  if (first < 0) return `${Math.max(0, Math.round(ms))} ms`
  return parts
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(' ')
}

export function count(amount: number, one: string, many = `${one}s`): string {
  return `${amount.toLocaleString('en-US')} ${amount === 1 ? one : many}`
}

/** A column of text that people chose: names, keys, descriptions. */
export function textColumn<T>(title: string, of: (item: T) => string | undefined, style?: Style): Column<T> {
  return { title, plain: (item) => oneLine(of(item) ?? ''), ...(style === undefined ? {} : { style }) }
}

export function numberColumn<T>(title: string, of: (item: T) => number): Column<T> {
  return {
    title,
    plain: (item) => String(of(item)),
    human: (item) => of(item).toLocaleString('en-US'),
    right: true,
  }
}

/** A revision is a name made of digits: no commas. */
export function revisionColumn<T>(title: string, of: (item: T) => number): Column<T> {
  return { title, plain: (item) => String(of(item)), style: 'yellow', right: true }
}

export function sizeColumn<T>(title: string, of: (item: T) => number): Column<T> {
  return { title, plain: (item) => String(of(item)), human: (item) => size(of(item)), right: true }
}

export function timeColumn<T>(title: string, of: (item: T) => Date): Column<T> {
  return {
    title,
    plain: (item) => of(item).toISOString(),
    human: (item) => localTime(of(item)),
    style: 'dim',
  }
}
