/** `fetch` for stores: past the browser's cache, and with bodies that browsers cannot stream. */

/**
 * Stores send no caching headers, so a browser would guess, and show old objects. And a browser
 * streams no body over HTTP/1.1, Firefox none at all: there a stream becomes a `Blob` first, which it keeps on disk.
 */
export function platformFetch(
  send: typeof fetch = (...request) => globalThis.fetch(...request),
  inBrowser = globalThis.location !== undefined,
): typeof fetch {
  if (!inBrowser) return send
  return async (url, { body, ...init } = {}) => {
    const kept = body instanceof ReadableStream ? await new Response(body).blob() : body
    return send(url, { ...init, cache: 'no-store', ...(kept === undefined ? {} : { body: kept }) })
  }
}
