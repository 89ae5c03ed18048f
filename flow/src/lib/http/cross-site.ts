/** Refuses what the page of another site can send without the server's consent: forms and other simple requests. */
import type { HttpCall } from './call.ts'
import { HttpProblem } from './problem.ts'

/**
 * `'refuse'` answers 403 to cross-site requests that no preflight precedes. `'allow'` takes them. A list takes those of the
 * origins in it, such as `['https://app.example']`.
 */
export type CrossSite = 'refuse' | 'allow' | readonly string[]

/** @throws TypeError for an origin that is not `scheme://host[:port]`. Hosts ask once, when they start. */
export function checkCrossSite(crossSite: CrossSite | undefined): void {
  if (crossSite === undefined || crossSite === 'refuse' || crossSite === 'allow') return
  for (const origin of crossSite) {
    if (URL.canParse(origin) && new URL(origin).origin === origin) continue
    throw new TypeError(`crossSite has "${origin.slice(0, 100)}": use origins, such as "https://app.example"`)
  }
}

/**
 * @throws HttpProblem for a cross-site POST with the type of a form, plain text or no type. A browser sends every other
 * method and type across sites only after a preflight, which the server answers or not.
 */
export function refuseCrossSite(call: HttpCall, crossSite: CrossSite): void {
  if (call.method !== 'POST' || crossSite === 'allow') return
  if (!isSimpleType(call.header('content-type'))) return
  const origin = call.header('origin')
  if (!isCrossSite(call, origin)) return
  if (crossSite !== 'refuse' && origin !== undefined && crossSite.includes(origin)) return
  throw new HttpProblem({
    status: 403,
    code: 'CROSS_SITE',
    title: 'Pages of other sites may not send this request',
    detail: 'Allow it for the route or list the origin of the page: see the option crossSite',
  })
}

/** Whether browsers send a body of this type across sites without asking: the types of HTML forms, and none. */
function isSimpleType(type: string | undefined): boolean {
  if (type === undefined) return true
  if (type === 'application/json') return false
  const essence = type.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  return (
    essence === '' ||
    essence === 'text/plain' ||
    essence === 'multipart/form-data' ||
    essence === 'application/x-www-form-urlencoded'
  )
}

/** By `Sec-Fetch-Site`; from browsers that do not send it, by `Origin`. Programs send neither. */
function isCrossSite(call: HttpCall, origin: string | undefined): boolean {
  const site = call.header('sec-fetch-site')
  if (site !== undefined) return site === 'cross-site'
  if (origin === undefined) return false
  return !URL.canParse(origin) || new URL(origin).host !== (call.host ?? call.header('host'))?.toLowerCase()
}
