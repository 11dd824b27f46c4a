import type { Engine } from '../engine.ts'
import { IntegrityError, type CompactedError } from '../errors.ts'
import { now } from './commits.ts'

/** What the check asks of the log. */
interface Readable {
  readonly engine: Engine
  forgetHorizon(): void
  isReadable(revision: number): boolean
  horizon(): number
  compacted(revision: number, oldest: number): CompactedError
}

/** What is missing from a state beside the main line may have been compacted away since its revision was looked up. */
export function checkAside(
  log: Readable,
  { aside, revision }: { readonly aside?: number; readonly revision: number },
): void {
  if (aside === undefined) return
  const { engine } = log
  if (now(engine.asides.heads()).some((one) => one.aside === aside && one.revision === revision)) return
  log.forgetHorizon()
  if (!log.isReadable(revision)) throw log.compacted(revision, log.horizon())
  throw new IntegrityError(
    `The state that revision ${revision} of ${engine.place} shows is missing: damaged.`,
  )
}
