import type { Mark } from '../change.ts'
import { ConflictError } from '../errors.ts'

/** The wanted version, or the first of `<wanted>-2`, `<wanted>-3` … that is free. */
export function freeVersion(marks: readonly Mark[], wanted: string): string {
  const taken = new Set(marks.map((mark) => mark.version))
  let version = wanted
  for (let n = 2; taken.has(version); n++) version = `${wanted}-${n}`
  return version
}

export function refuseTaken(marks: readonly Mark[], version: string): void {
  const taken = marks.find((mark) => mark.version === version)
  if (taken !== undefined)
    throw new ConflictError(
      `There is a snapshot with the version ${JSON.stringify(version)} already; choose another, or delete that one first.`,
      taken.revision,
    )
}
