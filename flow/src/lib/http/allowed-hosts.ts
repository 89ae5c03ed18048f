/** Which names of a server are answered: a page whose name is rebound to this machine must not reach its servers. */
import { HttpProblem } from './problem.ts'

/**
 * Host names a server answers to, without port: `'app.example'`, or `'.example'` for a name and all below it. `'any'` checks
 * nothing.
 */
export type AllowedHosts = readonly string[] | 'any'

/** Refuses a request by its `Host`; `undefined` lets it pass. */
export type HostCheck = (host: string | undefined) => HttpProblem | undefined

/**
 * The check of a server. One that listens on loopback only answers to `localhost`, `*.localhost`, `127.0.0.0/8`, `[::1]` and
 * the names in `allowed`. Any other server answers to all names, unless `allowed` lists some; then loopback names are not
 * among them. `null` where there is nothing to check.
 * @throws TypeError for an entry that is not a host name.
 */
export function hostCheck(allowed: AllowedHosts | undefined, isLoopback: boolean): HostCheck | null {
  if (allowed === 'any' || (allowed === undefined && !isLoopback)) return null
  const names = (allowed ?? []).map(checkedName)
  // Most requests name the host that the one before named.
  let last: string | undefined
  return (host) => {
    // HTTP/1.0 may leave it out. Browsers never do, and only they can be made to ask by another site.
    if (host === undefined || host === last) return undefined
    const name = nameOf(host)
    if ((isLoopback && isLoopbackName(name)) || names.some((known) => fits(known, name))) {
      last = host
      return undefined
    }
    return notServed(isLoopback)
  }
}

/** Whether a host name or an address means the machine itself. */
export function isLoopbackName(name: string): boolean {
  return (
    name === 'localhost' ||
    name.endsWith('.localhost') ||
    name === '[::1]' ||
    name === '::1' ||
    /^(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name)
  )
}

/** The name in a `Host` header: lower case, without port and final dot. Longer than any name can be: nothing. */
export function nameOf(host: string): string {
  if (host.length > 300) return ''
  const name = host.toLowerCase().replace(/:\d*$/, '')
  return name.endsWith('.') ? name.slice(0, -1) : name
}

function fits(known: string, name: string): boolean {
  return known.startsWith('.') ? name === known.slice(1) || name.endsWith(known) : name === known
}

function checkedName(name: string): string {
  if (/^(?:\.?[a-z\d_-]+(?:\.[a-z\d_-]+)*|\[[\da-f:.]+\])$/i.test(name)) return name.toLowerCase()
  throw new TypeError(
    `allowedHosts has "${name.slice(0, 100)}": use names without scheme and port, such as "app.example" or ".example"`,
  )
}

function notServed(isLoopback: boolean): HttpProblem {
  return new HttpProblem({
    status: 421,
    code: 'HOST_NOT_ALLOWED',
    title: 'This server does not answer to the name it was asked by',
    detail: isLoopback
      ? 'Ask it as localhost, or add the name to allowedHosts'
      : 'Add the name to allowedHosts',
  })
}
