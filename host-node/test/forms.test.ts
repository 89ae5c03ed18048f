/** The table of multipart forms on Fastify: every form split at every byte, and some of these over real connections. */
import { hostApp, inChunks, runFormTable } from '@flowport/flow/testing/host'
import { createServer } from '@flowport/host-node'
import { memory } from '@flowport/presets/memory'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

let server: Awaited<ReturnType<typeof createServer>>
let url: string
beforeAll(async () => {
  server = await createServer(hostApp('local', [memory()]), { env: {}, logLevel: 'silent' })
  url = await server.listen({ port: 0, host: '127.0.0.1' })
})
afterAll(() => server.close())

describe('multipart forms on Fastify', () => {
  it('have the table’s outcome wherever a chunk ends', { timeout: 300_000 }, async () => {
    const inject = async (path: string, init: object) => {
      const { statusCode, body } = await server.inject({ url: path, ...init })
      return new Response(body, { status: statusCode })
    }
    const wrong = await runFormTable({
      send: (path, contentType, chunks) =>
        inject(path, {
          method: 'POST',
          headers: { 'content-type': contentType, 'transfer-encoding': 'chunked' },
          payload: Readable.from(chunks),
        }),
      get: (path) => inject(path, { method: 'GET' }),
      everyBytes: 1,
    })
    expect(wrong).toEqual([])
  })

  it('have the table’s outcome over connections', async () => {
    const wrong = await runFormTable({
      send: (path, type, chunks) =>
        fetch(url + path, {
          method: 'POST',
          headers: { 'content-type': type },
          body: inChunks(chunks),
          duplex: 'half',
        } as RequestInit),
      get: (path) => fetch(url + path),
      everyBytes: 41,
    })
    expect(wrong).toEqual([])
  })
})
