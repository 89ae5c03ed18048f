import type { HttpOutcome } from '@flowport/flow/http'
import Fastify from 'fastify'
import { afterEach, expect, it } from 'vitest'
import { sendOutcome } from './fastify-call.ts'

const server = { close: () => Promise.resolve() as Promise<unknown> }
afterEach(() => server.close())

/** Serves one outcome without the host's checks. */
async function serving(outcome: HttpOutcome): Promise<string> {
  const fastify = Fastify()
  server.close = () => fastify.close()
  fastify.get('/', (_request, reply) => sendOutcome(reply, outcome))
  return fastify.listen({ port: 0, host: '127.0.0.1' })
}

it.each<[string, HttpOutcome]>([
  ['a header', { status: 200, headers: { 'x-name': '日' }, body: 'x' }],
  ['a status', { status: 1200, headers: {}, body: 'x' }],
])('an outcome with %s that Node refuses is a bare 500', async (_what, outcome) => {
  const response = await fetch(await serving(outcome))
  expect([response.status, response.statusText, response.headers.get('x-name')]).toEqual([
    500,
    'Internal Server Error',
    null,
  ])
  expect(await response.json()).toMatchObject({ code: 'INTERNAL' })
})

it('an outcome whose status has no body closes the connection: a substitute body would be read as the next answer', async () => {
  const url = await serving({ status: 304, headers: { etag: '"a\nb"' }, body: null })
  await expect(fetch(url)).rejects.toThrow('fetch failed')
})
