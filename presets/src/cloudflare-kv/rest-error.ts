/** Refusals of Cloudflare's REST API as `CapabilityError`s. Its own words are in the `cause`, without the token. */
import {
  appliedByStatus,
  CapabilityError,
  type CapabilityErrorOptions,
  type ErrorKind,
  isKind,
  retryAfterOf,
  wasNeverSent,
} from '@flowport/capabilities'
import { rateLimited } from './translate-error.ts'

/** Codes of the API that say more than the status beside them. */
const keyNotFound = 10_009
const badToken: ReadonlySet<number> = new Set([6003, 6111, 9106, 9109])
const noSuchPlace: ReadonlySet<number> = new Set([7000, 7003, 10_013])

/** Whether the API says that the key is not there; a namespace that is not there is another matter. */
export function isAbsentKey(error: unknown): boolean {
  return isKind(error, 'NotFound') && error.details?.['code'] === keyNotFound
}

/** The error of an answer that is no success. */
export function apiError(
  { status, headers }: Pick<Response, 'status' | 'headers'>,
  text: string,
  { now, secret }: { readonly now: number; readonly secret: string },
): CapabilityError {
  const { code, message } = firstError(text)
  const [kind, reason] = meaning(status, code)
  const retryAfterMs =
    kind === 'RateLimited' || kind === 'Unavailable' ? retryAfterOf(headers, now) : undefined
  const options: CapabilityErrorOptions = {
    applied: appliedByStatus(status),
    details: { status, ...(code === undefined ? {} : { code }) },
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    cause: new Error(`the Cloudflare API answered ${status}: ${message}`.replaceAll(secret, '[token]')),
  }
  return new CapabilityError(kind, reason, options)
}

/** A request that got no whole answer. */
export function unreachable(error: unknown): unknown {
  // What `fetch` throws for the network is a TypeError; everything else is a signal's reason or a fault of ours.
  if (!(error instanceof TypeError)) return error
  return new CapabilityError('Unavailable', 'the Cloudflare API could not be reached; try again', {
    cause: error,
    applied: wasNeverSent(error) ? 'no' : 'unknown',
  })
}

function meaning(status: number, code: number | undefined): readonly [ErrorKind, string] {
  if (code === keyNotFound) return ['NotFound', 'the key is not there']
  if (status === 429) return ['RateLimited', rateLimited]
  if (status === 401 || (code !== undefined && badToken.has(code))) {
    return ['Unauthenticated', 'the API does not take the token; make a new one and set it']
  }
  if (status === 403) {
    return [
      'PermissionDenied',
      'the token may not do this; give it "Workers KV Storage" permission on the account',
    ]
  }
  if (status === 404 || (code !== undefined && noSuchPlace.has(code))) {
    return ['Misconfigured', 'the API does not know the account or the namespace; look at both ids']
  }
  if (status === 413 || status === 414) return ['LimitExceeded', 'the request is larger than the API takes']
  if (status === 408) return ['Timeout', 'the API waited too long for the request; try again']
  if (status >= 500) return ['Unavailable', `the API answered ${status}; try again`]
  if (status >= 400) return ['InvalidInput', `the API refused the request with ${status}; the cause says why`]
  return ['Misconfigured', 'the API sends the request elsewhere; set baseUrl to where it is']
}

function firstError(text: string): { code: number | undefined; message: string } {
  try {
    const { errors } = JSON.parse(text) as { errors?: readonly { code?: unknown; message?: unknown }[] }
    const [first] = errors ?? []
    const code = typeof first?.code === 'number' ? first.code : undefined
    return { code, message: typeof first?.message === 'string' ? first.message : 'no reason given' }
  } catch {
    return { code: undefined, message: 'no JSON' }
  }
}
