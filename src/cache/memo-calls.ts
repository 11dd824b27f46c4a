import type { Context } from '../context.ts'
import { UnavailableError } from '../errors.ts'

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    typeof (value as { then?: unknown }).then === 'function'
  )
}

/** Fails when it takes too long; `tooLate` is told before. `name`: of the function whose result it is. */
export function inTime(
  context: Pick<Context, 'later'>,
  timeout: number,
  name: string,
  result: PromiseLike<unknown>,
  tooLate: () => void = () => undefined,
): Promise<unknown> {
  if (timeout === Infinity) return Promise.resolve(result)
  return new Promise((resolve, reject) => {
    const callOff = context.later(timeout, () => {
      tooLate()
      reject(
        new UnavailableError(
          `The memoized function ${name || 'without a name'} took longer than its timeout of ${timeout} ms.`,
        ),
      )
    })
    Promise.resolve(result).then(resolve, reject).finally(callOff)
  })
}
