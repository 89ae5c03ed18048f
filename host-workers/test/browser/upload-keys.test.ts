/** Keys derived from content on the host of pages and service workers, where JavaScript computes the digest. */
import { silentLogger } from '@flowport/capabilities'
import { hostApp } from '@flowport/flow/testing/host'
import { createBrowserHost } from '@flowport/host-workers/browser'
import { memory } from '@flowport/presets/memory'
import { expect, it } from 'vitest'

it('a file and a body have keys derived from their content', async () => {
  await using host = createBrowserHost(hostApp('browser', [memory()]), { log: silentLogger })
  const ask = async (path: string, init: RequestInit) => {
    const response = await host.fetch(new Request(new URL(path, location.href), init))
    return [response.status, await response.json()]
  }
  const content = new TextEncoder().encode('hello'.repeat(100_000))
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', content))
  const sha256 = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
  const stored = (folder: string) => ({
    key: `${folder}/${sha256}`,
    size: 500_000,
    contentType: 'text/plain',
  })

  const headers = { 'content-type': 'text/plain' }
  const body = await ask('/bodies-by-content/a', { method: 'PUT', headers, body: content })
  expect(body).toEqual([201, stored('bodies/a')])

  for (const order of ['1', '1', '2']) {
    const form = new FormData()
    form.append('file', new File([content], 'a.txt', { type: 'text/plain' }))
    form.append('order', order)
    expect(await ask('/orders-by-content', { method: 'POST', body: form })).toEqual([
      201,
      { count: 1, files: [stored(`by-content/${order}`)] },
    ])
  }
})
