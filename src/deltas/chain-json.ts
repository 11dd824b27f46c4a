import { IntegrityError } from '../errors.ts'
import { checksum } from '../log/checksum.ts'
import type { Delta, DeltaChainOptions } from '../types.ts'
import { seal, unseal } from './frame.ts'
import { deltaOf, frameOf } from './handle.ts'

/** A state that is reached from another one in one hop. */
export interface Landing {
  readonly index: number
  /** The number of the landing that the hop starts from; -1: it is a whole value. */
  readonly parent: number
}

/**
 * What a chain keeps. Block i holds the hop to landing i, and then the steps from the landing before it: they say the same new
 * things, which are compressed together. The newest steps are open.
 */
export interface ChainParts {
  readonly landings: readonly Landing[]
  readonly blocks: readonly Uint8Array[]
  readonly open: readonly Delta[]
  readonly dates: readonly (Date | undefined)[]
  readonly rebases: number
  readonly fullBytes: number
}

const FORMAT = 'varve delta chain 1'
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

export function writeChain(options: DeltaChainOptions, parts: ChainParts): unknown {
  const body = {
    format: FORMAT,
    ...options,
    landings: parts.landings.map(({ index, parent }) => [index, parent]),
    blocks: parts.blocks.map(base64),
    open: parts.open.map((step) => base64(seal(frameOf(step)))),
    dates: parts.dates.map((date) => date?.getTime() ?? null),
    rebases: parts.rebases,
    fullBytes: parts.fullBytes,
  }
  return { ...body, checksum: checksum(body) }
}

type Body = DeltaChainOptions & {
  readonly landings: readonly (readonly [number, number])[]
  readonly blocks: readonly string[]
  readonly open: readonly string[]
  readonly dates: readonly (number | null)[]
  readonly rebases: number
  readonly fullBytes: number
}

export function readChain(json: unknown): { options: Required<DeltaChainOptions>; parts: ChainParts } {
  const given: unknown = typeof json === 'string' ? parse(json) : json
  if (typeof given !== 'object' || given === null || (given as { format?: unknown }).format !== FORMAT)
    throw new IntegrityError(
      `This is no chain that toJSON wrote: its format is not ${JSON.stringify(FORMAT)}.`,
    )
  const { checksum: sum, ...rest } = given as { checksum?: unknown }
  if (checksum(rest) !== sum) throw new IntegrityError('The chain is damaged: its checksum is wrong.')
  const body = rest as unknown as Body
  const { strategy = 'auto', maxLength = 1, rebase = true } = body
  const bytes = (text: string): Uint8Array => Buffer.from(text, 'base64')
  const parts: ChainParts = {
    landings: body.landings.map(([index, parent]) => ({ index, parent })),
    blocks: body.blocks.map(bytes),
    open: body.open.map((text) => deltaOf(unseal(bytes(text)))),
    dates: body.dates.map((time) => (time === null ? undefined : new Date(time))),
    rebases: body.rebases,
    fullBytes: body.fullBytes,
  }
  return { options: { strategy, maxLength, rebase }, parts }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new IntegrityError('This is no chain that toJSON wrote: it is no JSON.', { cause: error })
  }
}
