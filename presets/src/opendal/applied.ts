/** Whether a failed write was applied: by the service's answer, and by whether OpenDAL sent it more than once. */
import type { Operator } from 'opendal'
import {
  type Applied,
  appliedByStatus,
  type ErrorKind,
  isCapabilityError,
  maybeApplied,
} from '@flowport/capabilities'
import { isRetrying } from './layers.ts'

/** The facts in the text of an OpenDAL error. */
export interface Failure {
  readonly flag: string | null
  readonly status: number | null
  readonly osError: number | null
}

/** Whether one failed try was applied. `undefined` when the error's kind decides, as for a file system or a database. */
export function appliedOfFailure({ status, osError, flag }: Failure, kind: ErrorKind): Applied | undefined {
  // OpenDAL's retry layer has tried before, and does not report how the earlier tries ended.
  if (flag === 'persistent') return 'unknown'
  if (status !== null) return appliedByStatus(status)
  return osError !== null && kind === 'Unavailable' && fullDisk.has(osError) ? 'no' : undefined
}

/**
 * Runs a write of one or more paths on an operator. What fails says `unknown` where OpenDAL may have sent it more than once,
 * or may have done some of the paths.
 */
export async function overTries<T>(operator: Operator, paths: number, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    // A refusal of this driver was never sent to the service.
    const isOfOpenDal = isCapabilityError(error) && error.details?.['opendal'] !== undefined
    throw isOfOpenDal && (paths > 1 || isRetrying(operator)) ? maybeApplied(error) : error
  }
}

/** ENOSPC and EDQUOT. */
const fullDisk: ReadonlySet<number> = new Set([28, 122])
