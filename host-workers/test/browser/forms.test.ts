/**
 * The table of multipart forms on the host of pages and service workers, in a browser: every form split at every byte in
 * Chromium, and at every seventh byte in Firefox.
 */
import { silentLogger } from '@flowport/capabilities'
import { hostApp, inChunks, runFormTable } from '@flowport/flow/testing/host'
import { createBrowserHost } from '@flowport/host-workers/browser'
import { memory } from '@flowport/presets/memory'
import { expect, it } from 'vitest'

it('multipart forms have the table’s outcome wherever a chunk ends', { timeout: 300_000 }, async () => {
  await using host = createBrowserHost(hostApp('browser', [memory()]), { log: silentLogger })
  const wrong = await runFormTable({
    send(path, type, chunks) {
      const request = new Request(new URL(path, location.href), {
        method: 'POST',
        headers: { 'content-type': type },
      })
      // Firefox does not accept a stream as a request's body.
      return host.fetch(Object.defineProperty(request, 'body', { value: inChunks(chunks) }))
    },
    get: (path) => host.fetch(path),
    // Testing every byte is slow, so only one browser does it.
    everyBytes: navigator.userAgent.includes('Firefox') ? 7 : 1,
  })
  expect(wrong).toEqual([])
})
