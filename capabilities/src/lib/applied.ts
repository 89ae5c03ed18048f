/** Whether a failed write may have been applied: read from anything thrown, and combined over tries and parts of a call. */
import { amended } from './amended-error.ts'
import { type Applied, CapabilityError, isCapabilityError } from './error.ts'

/** `no` only for a `CapabilityError` that says so: anything else thrown leaves it unknown. */
export function appliedOf(error: unknown): Applied {
  return isCapabilityError(error) && error.applied === 'no' ? 'no' : 'unknown'
}

/** Over the tries or the parts of one call: `no` only when each of them says `no`. */
export function worstApplied(...each: readonly Applied[]): Applied {
  return each.includes('unknown') ? 'unknown' : 'no'
}

/** The error with `applied` set to what the caller knows better than whoever threw it. */
export function withApplied(error: CapabilityError, applied: Applied): CapabilityError {
  return error.applied === applied ? error : amended(error, { applied })
}

/**
 * What was thrown before anything was sent, or before the request that makes the write visible: it says `no`. What is not a
 * `CapabilityError` becomes one, with the original as `cause`.
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
 * What was thrown after a part of the write, or an earlier try of it, may have been applied: it says `unknown`. What is not
 * a `CapabilityError` is returned as it is, as it leaves the question open already.
 */
export function maybeApplied(error: unknown): unknown {
  return isCapabilityError(error) ? withApplied(error, 'unknown') : error
}

/** Runs steps of a write that come before the one that makes it visible: what they throw says `no`. */
export async function beforeApplying<T>(run: () => T | PromiseLike<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw notApplied(error)
  }
}

/** Runs what follows a write that was made, such as reading it back: what it throws says `unknown`. */
export async function afterApplying<T>(run: () => T | PromiseLike<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw maybeApplied(error)
  }
}

/** Runs the parts of one write one after another: once one was made, what a later one throws says `unknown`. */
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

/** Joins what each try of a call says, so that its last error can say the worst of them. */
export class AppliedOverTries {
  #applied: Applied = 'no'

  /** Notes a failed try, and returns its error as the whole call must say it. */
  failed(error: unknown): unknown {
    this.#applied = worstApplied(this.#applied, appliedOf(error))
    return this.#applied === 'no' ? error : maybeApplied(error)
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}
