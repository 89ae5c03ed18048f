/** Statuses with which a server says that it cannot answer now, as errors that layers and steps can try again. */
import { CapabilityError, type ErrorKind } from '../error.ts'
import { retryAfterOf } from '../retry-after.ts'
import { appliedByStatus } from './applied.ts'

interface Where {
  readonly capability: string
  readonly operation: string
  readonly key?: string
}

/**
 * The error of a response with 408, 429 or 5xx, with `retryAfterMs` where the server says it, and `details.status`. `null` for
 * every other status: it is an answer. 501 and 505 will not change, so they are not temporary.
 */
export function statusError({ status, headers }: Response, where: Where): CapabilityError | null {
  if (status < 500 && status !== 408 && status !== 429) return null
  return new CapabilityError(kindOf(status), `the server answered ${status}`, {
    ...where,
    retryAfterMs: retryAfterOf(headers),
    details: { status },
    applied: where.operation === 'read' ? 'no' : appliedByStatus(status),
  })
}

function kindOf(status: number): ErrorKind {
  switch (status) {
    case 429:
      return 'RateLimited'
    case 408:
    case 504:
      return 'Timeout'
    case 501:
    case 505:
      return 'Unsupported'
    default:
      return 'Unavailable'
  }
}
