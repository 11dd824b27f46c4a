import { hash } from 'node:crypto'
import type { Totals } from '../log/intent.ts'

/** SHA-256 of what a state adds up to: equal for equal states. */
export function stateChecksum({ keys, bytes, sums }: Totals): string {
  return hash('sha256', `varve state ${keys} ${bytes} ${sums}`)
}
