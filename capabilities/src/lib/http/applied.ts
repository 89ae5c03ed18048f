/** What HTTP tells of a write that failed: by the status of the answer, or by why no answer came. */
import type { Applied } from '../error.ts'

/**
 * Whether a request that was answered with this status may have been applied. `no` for statuses with which a server refuses
 * a request it has understood. `unknown` for 408, 409, 423 and 425, which also answer a request whose first copy is still
 * at work or was applied; for 406, which some frameworks decide after the handler; for redirects, which may follow a write
 * that was made; and for every 5xx, which proxies send when a server dies after it has done the work.
 *
 * https://www.rfc-editor.org/rfc/rfc9110#section-15.5, https://www.rfc-editor.org/rfc/rfc6585,
 * https://www.rfc-editor.org/rfc/rfc8470#section-5.2, https://www.rfc-editor.org/rfc/rfc4918#section-11
 */
export function appliedByStatus(status: number): Applied {
  return refusals.has(status) ? 'no' : 'unknown'
}

const refusals: ReadonlySet<number> = new Set([
  400, 401, 402, 403, 404, 405, 407, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 426, 428, 429, 431,
  451,
])

/**
 * Whether a failed request never left this machine: its host has no address, no connection was opened, or the server's
 * certificate was refused. `false` says nothing, as of every failure in browsers and Workers, which do not tell them apart.
 * Of a request that followed a redirect it tells about the last hop only.
 */
export function wasNeverSent(error: unknown): boolean {
  let each = error
  for (let depth = 0; depth < 5 && each instanceof Error; depth++) {
    if (isConnectFailure(each)) return true
    each = each.cause
  }
  return false
}

/** Node's names for what fails before the first byte of a request: https://nodejs.org/api/errors.html#common-system-errors */
function isConnectFailure(error: Error): boolean {
  const code = 'code' in error ? error.code : undefined
  const syscall = 'syscall' in error ? error.syscall : undefined
  if (syscall === 'connect' || syscall === 'getaddrinfo') return true
  return typeof code === 'string' && connectCodes.has(code)
}

const connectCodes: ReadonlySet<string> = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'UND_ERR_CONNECT_TIMEOUT',
  // https://nodejs.org/api/tls.html#x509-certificate-error-codes
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])
