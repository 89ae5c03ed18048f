import type { Logger } from '@flowport/capabilities'
import { hostApp } from '@flowport/flow/testing/host'
import { flowportHono } from '@flowport/host-workers'
import { memory } from '@flowport/presets/memory'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

let errors: string[] = []
beforeEach(() => {
  errors = []
})
afterEach(() => expect(errors).toEqual([]))

const quiet = () => undefined
const log: Logger = {
  debug: quiet,
  info: quiet,
  warn: quiet,
  error: (_fields, message) => void errors.push(message),
}
const hono = flowportHono(hostApp('workers', [memory()]), { log })

/** A body that sends `text` and then breaks. */
function broken(text: string): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      controller.enqueue(new TextEncoder().encode(text))
      controller.error(new Error('the connection was lost'))
    },
  })
}

const json = { 'content-type': 'application/json' }
const form = { 'content-type': 'multipart/form-data; boundary=B' }

/** Faulty requests, with the expected statuses. */
const mistakes: readonly (readonly [what: string, path: string, init: RequestInit, status: number])[] = [
  ['an unknown path', '/none', {}, 404],
  ['an unknown method of a path', '/zero', { method: 'PATCH' }, 405],
  ['a broken path', '/params/%ff/of/b', {}, 400],
  ['a broken query', '/items/a?size=%ff', {}, 400],
  ['broken JSON', '/items', { method: 'POST', body: '{', headers: json }, 400],
  [
    'JSON in Latin-1',
    '/items',
    { method: 'POST', body: Uint8Array.of(0x22, 0xe4, 0x22), headers: json },
    400,
  ],
  ['JSON that breaks off', '/items', { method: 'POST', body: broken('{"a":'), headers: json }, 400],
  ['deep JSON', '/echo', { method: 'POST', body: '['.repeat(501) + ']'.repeat(501), headers: json }, 400],
  ['JSON that is too long', '/items', { method: 'POST', body: ' '.repeat(2_000_000), headers: json }, 413],
  [
    'a coded body',
    '/items',
    { method: 'POST', body: '{}', headers: { ...json, 'content-encoding': 'br' } },
    415,
  ],
  ['an upload that breaks off', '/blobs/a', { method: 'PUT', body: broken('abc') }, 400],
  ['a form that breaks off', '/forms/a', { method: 'POST', body: broken('--B\r\n'), headers: form }, 400],
  ['a malformed form', '/forms/a', { method: 'POST', body: 'none', headers: form }, 400],
  ['a malformed condition', '/blobs/a', { method: 'PUT', body: 'a', headers: { 'if-match': 'a' } }, 400],
  ['a key that is not allowed', '/blobs/..%2fa', { method: 'PUT', body: 'a' }, 400],
  ['a problem of a flow', '/teapot', {}, 418],
  ['a refusal of a flow', '/denied', {}, 401],
]

describe('a caller’s mistake is never logged as an error', () => {
  it.each(mistakes)('%s', async (_what, path, init, status) => {
    const streaming = init.body instanceof ReadableStream ? { duplex: 'half' } : {}
    expect((await hono.request(path, { ...init, ...streaming })).status).toBe(status)
  })

  it('a client that disconnects while its answer is produced or sent', async () => {
    const gone = new AbortController()
    const waiting = hono.request(new Request('http://x/waits', { method: 'POST', signal: gone.signal }))
    gone.abort()
    expect((await waiting).status).toBe(503)
    const streamed = await hono.request('/ticks')
    await streamed.body?.cancel()
  })
})
