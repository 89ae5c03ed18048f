/** Keeps credentials off the disk: refuses to queue a request that appears to contain some. */
import { CapabilityError } from '@flowport/capabilities'

/** Names of headers and query parameters that suggest credentials. */
const names =
  /^(?:proxy-)?authorization$|^cookie2?$|token|secret|passw|pwd|credential|signature|api-?_?key|access-?_?key|subscription-?_?key|private-?_?key|functions-?_?key|sess(?:ion)?[-_]?(?:id|key)|bearer|jwt|^(?:x-)?auth(?:$|-|_)|^(?:sig|sid|hmac|otp)$/i

/**
 * Values that look like credentials under any name: a scheme with credentials, a JSON Web Token, keys of well-known services.
 */
const values =
  /^(?:basic|bearer|digest|negotiate|aws4-hmac-sha256)\s+\S{6}|^eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.|^AIza[\w-]{30}|^(?:sk|rk|gh[a-z]|github_pat|glpat|xox[a-z])[-_]\w{16}/i

/**
 * Throws `InvalidInput` with the names of suspected credentials, never with their values. `allowed` lists names that may be
 * stored.
 */
export function refuseCredentials(headers: Headers, url: URL | null, allowed: readonly string[]): void {
  const may = new Set(allowed.map((name) => name.toLowerCase()))
  const isSuspect = (name: string, value: string) =>
    !may.has(name.toLowerCase()) && (names.test(name.slice(0, 256)) || values.test(value.slice(0, 512)))
  const found = [...headers].flatMap(([name, value]) => (isSuspect(name, value) ? [`header ${name}`] : []))
  for (const [name, value] of url?.searchParams ?? []) {
    if (isSuspect(name, value)) found.push(`query parameter ${name.slice(0, 64)}`)
  }
  if (url !== null && (url.username !== '' || url.password !== '')) found.push('user and password of the URL')
  if (found.length === 0) return
  throw new CapabilityError(
    'InvalidInput',
    `the outbox does not write credentials to disk: add them when the request is sent, with the option "prepare", or name them in "mayKeep" if they may be stored on disk (${[...new Set(found)].join(', ')})`,
    { code: 'OUTBOX_CREDENTIALS' },
  )
}
