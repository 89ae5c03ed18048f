/** Errors of stores as errors of URIs: they name the URI, hold no key of the store, and explain what a browser hides. */
import { CapabilityError, isCapabilityError } from '../error.ts'
import type { WebAccess } from './scheme.ts'
import { shownUri } from './uri.ts'

/**
 * The error with the URI instead of the store's key. It is made anew: a key may hold the query of a presigned URL, and the
 * store's own error has it in its message.
 */
export function atUri(error: unknown, uri: unknown, operation: string, capability: string): unknown {
  // One that names a URI already is of the other side of a copy.
  if (!isCapabilityError(error) || error.details?.['uri'] !== undefined) return error
  const shown = shownUri(uri)
  return new CapabilityError(error.kind, error.reason, {
    retryable: error.retryable,
    applied: error.applied,
    capability,
    operation,
    key: shown,
    code: error.code,
    retryAfterMs: error.retryAfterMs,
    details: { ...error.details, uri: shown },
    cause: isCapabilityError(error.cause) ? atUri(error.cause, uri, operation, capability) : error.cause,
  })
}

/** What a page has of the web: its origin, and a way to ask. */
export interface Page {
  readonly origin: string
  readonly isOnline: boolean
  readonly fetch: typeof fetch
}

/** The page this code runs in, or in whose worker; `null` on a server. */
export function currentPage(): Page | null {
  const scope = globalThis as {
    readonly location?: { readonly origin?: string }
    readonly navigator?: { readonly onLine?: boolean; readonly userAgent?: string }
  }
  const origin = scope.location?.origin
  if (origin === undefined || scope.navigator?.userAgent?.startsWith('Mozilla/') !== true) return null
  return { origin, isOnline: scope.navigator.onLine !== false, fetch: (...request) => fetch(...request) }
}

/**
 * The error of a request that got no answer, explained where that is likely the browser's doing: a server that can be
 * reached, but does not let this origin in.
 */
export async function explained(
  error: unknown,
  web: WebAccess | undefined,
  page: Page | null = currentPage(),
): Promise<unknown> {
  if (page === null || web === undefined || !page.isOnline || web.origin === page.origin || !isOpaque(error))
    return error
  if (!(await isReachable(web.origin, page))) return error
  const { where, rule } = web.corsRule(page.origin)
  const text = typeof rule === 'string' ? rule : JSON.stringify(rule)
  return new CapabilityError(
    'Unavailable',
    `${web.origin} can be reached, but the browser hides its answer from ${page.origin}: most likely its CORS rules do not let this origin in. Add to ${where}: ${text} (Where that is there already, look at the credentials: some servers leave CORS out of their refusals.)`,
    {
      code: 'CORS_NOT_ALLOWED',
      // Waiting changes no rule.
      retryable: 'never',
      details: { origin: page.origin, server: web.origin, where, rule },
      cause: isCapabilityError(error) ? error.cause : error,
    },
  )
}

/** A request that failed without an answer: `fetch` says nothing but `TypeError`. */
function isOpaque(error: unknown): boolean {
  for (let each: unknown = error, depth = 0; each instanceof Error && depth < 5; each = each.cause, depth++) {
    if (each instanceof TypeError) return isCapabilityError(error) ? error.kind === 'Unavailable' : true
  }
  return false
}

/** Without CORS a page may ask, but not read: enough to tell a server that refuses from one that is not there. */
async function isReachable(origin: string, page: Page): Promise<boolean> {
  try {
    await page.fetch(origin, { mode: 'no-cors', credentials: 'omit', signal: AbortSignal.timeout(probeMs) })
    return true
  } catch {
    // Not there, or nothing this page may ask: either way not for CORS to mend.
    return false
  }
}

const probeMs = 5000
