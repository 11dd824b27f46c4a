/** What shells and the repl offer at a place. */
export type Offer = 'key' | 'ref' | 'tag' | 'file'

export interface ArgumentSpec {
  readonly name: string
  readonly summary: string
  readonly optional?: boolean
  /** Takes all that are left. */
  readonly many?: boolean
  readonly choices?: readonly string[]
  readonly offers?: Offer
}

export interface OptionSpec {
  readonly name: string
  readonly short?: string
  /** What its value is called in the help; without it, the option is a flag. */
  readonly value?: string
  readonly summary: string
  /** May be given more than once. */
  readonly many?: boolean
  readonly choices?: readonly string[]
  readonly offers?: Offer
}
