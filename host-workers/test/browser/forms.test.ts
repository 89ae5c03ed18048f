/**
 * The table of multipart forms in a browser, on what pages and service workers answer with: every form cut at every byte in Chromium, at
 * every seventh in Firefox.
 */
import { silentLogger } from '@flowport/capabilities'
import { hostApp, inChunks, runFormTable } from '@flowport/flow/testing'
import { createBrowserHost } from '@flowport/host-workers/browser'
import { memory } from '@flowport/presets/memory'
import { expect, it } from 'vitest'

it('multipart forms have the outcome of the table wherever a chunk ends', { timeout: 300_000 }, async () => {
  await using host = createBrowserHost(hostApp('browser', [memory()]), { log: silentLogger })
  const wrong = await runFormTable({
    send(path, type, chunks) {
      const request = new Request(new URL(path, location.href), {
        method: 'POST',
        headers: { 'content-type': type },
      })
      // Firefox takes no stream as a body.
      return host.fetch(Object.defineProperty(request, 'body', { value: inChunks(chunks) }))
    },
    get: (path) => host.fetch(path),
    // One browser is enough for every byte, which takes a while.
    everyBytes: navigator.userAgent.includes('Firefox') ? 7 : 1,
  })
  expect(wrong).toEqual([])
})
