/** Determines whether a failed write may have been applied: from any thrown value, and over all tries and parts of a call. */
import { amended } from './amended-error.ts'
import { type Applied, CapabilityError, isCapabilityError } from './error.ts'

/** Returns `no` only for a `CapabilityError` with `applied: 'no'`, and `unknown` for any other thrown value. */
export function appliedOf(error: unknown): Applied {
  return isCapabilityError(error) && error.applied === 'no' ? 'no' : 'unknown'
}

/** Combines the tries or parts of one call: `no` only when each of them is `no`. */
export function worstApplied(...each: readonly Applied[]): Applied {
  return each.includes('unknown') ? 'unknown' : 'no'
}

/** Returns the error with another `applied`, for callers that know more than the code that threw it. */
export function withApplied(error: CapabilityError, applied: Applied): CapabilityError {
  return error.applied === applied ? error : amended(error, { applied })
}

/**
 * Sets `applied: 'no'` on an error thrown before the request that makes the write visible. Wraps any other thrown value in a
 * `CapabilityError`, with the original as `cause`.
 */
export function notApplied(error: unknown): CapabilityError {
  if (isCapabilityError(error)) return withApplied(error, 'no')
  return isAbort(error)
    ? new CapabilityError('Cancelled', 'the caller cancelled the operation', { applied: 'no', cause: error })
    : new CapabilityError('Unexpected', 'the provider failed in a way its driver does not know', {
        applied: 'no',
        cause: error,
      })
}

/**
 * Sets `applied: 'unknown'` on an error thrown after a part or an earlier try of the write may have been applied. Returns
 * any other thrown value unchanged, because `appliedOf` already reads it as `unknown`.
 */
export function maybeApplied(error: unknown): unknown {
  return isCapabilityError(error) ? withApplied(error, 'unknown') : error
}

/** Runs the steps before the request that makes a write visible. Their errors get `applied: 'no'`. */
export async function beforeApplying<T>(run: () => T | PromiseLike<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw notApplied(error)
  }
}

/** Runs the steps after a completed write, such as reading it back. Their errors get `applied: 'unknown'`. */
export async function afterApplying<T>(run: () => T | PromiseLike<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw maybeApplied(error)
  }
}

/** Runs the parts of one write in sequence. After the first success, the error of a later part gets `applied: 'unknown'`. */
export async function inParts<P, R>(
  parts: Iterable<P>,
  run: (part: P) => R | PromiseLike<R>,
): Promise<readonly R[]> {
  const made: R[] = []
  for (const part of parts) {
    try {
      made.push(await run(part))
    } catch (error) {
      throw made.length === 0 ? error : maybeApplied(error)
    }
  }
  return made
}

/** Combines `applied` over all tries of a call, so that the last error reports the worst of them. */
export class AppliedOverTries {
  #applied: Applied = 'no'

  /** Records a failed try. Returns its error with the `applied` of the whole call. */
  failed(error: unknown): unknown {
    this.#applied = worstApplied(this.#applied, appliedOf(error))
    return this.#applied === 'no' ? error : maybeApplied(error)
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}
