/**
 * Finds out why a request got no answer: an unreachable server may come back, but a browser that refuses the request will
 * refuse it again.
 */

export interface Watch {
  /**
   * Resolves to the browser's reason to refuse the request, or to `null` when the server was not reached. Takes at most a few
   * seconds.
   */
  refusal(url: string): Promise<string | null>
  end(): void
}

const probeMs = 5_000

/** Watches one attempt, to detect a refusal by the page's own policy. Call `end` afterwards. */
export function watchSending(): Watch {
  const scope: EventTarget = (globalThis as { readonly document?: EventTarget }).document ?? globalThis
  const blocked = new Set<string>()
  const violated = (event: Event) => {
    const { blockedURI, effectiveDirective } = event as SecurityPolicyViolationEvent
    if (effectiveDirective === 'connect-src') blocked.add(originOf(blockedURI))
  }
  scope.addEventListener('securitypolicyviolation', violated)
  return {
    async refusal(url) {
      const { origin, protocol, hostname } = new URL(url)
      const page = globalThis.location
      if (!navigator.onLine) return null
      if (page.protocol === 'https:' && protocol === 'http:' && !isLoopback(hostname))
        return `a page served over https cannot send to ${origin}: give an https URL`
      const isReached = origin !== page.origin && (await isReachable(origin))
      // The browser reports a violation in a later task.
      await new Promise((resolve) => setTimeout(resolve, 0))
      if (blocked.has(origin))
        return `the Content-Security-Policy of the page does not allow ${origin}: add it to connect-src`
      if (!isReached) return null
      return `${origin} can be reached, but the browser refuses the request: most likely the server's CORS rules do not allow this origin, the method, or a header such as Idempotency-Key`
    },
    end: () => scope.removeEventListener('securitypolicyviolation', violated),
  }
}

/**
 * Without CORS a page may send a request but not read the answer. That is enough to distinguish a refusal from an unreachable
 * server.
 */
async function isReachable(origin: string): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(probeMs)
    await fetch(origin, { mode: 'no-cors', credentials: 'omit', cache: 'no-store', signal })
    return true
  } catch {
    return false
  }
}

function originOf(uri: string): string {
  return URL.canParse(uri) ? new URL(uri).origin : uri
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    hostname.startsWith('127.')
  )
}
