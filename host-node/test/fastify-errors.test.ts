/** Errors of Fastify plugins and of the server's own hooks on flow routes, with the real plugins. */
import jwt from '@fastify/jwt'
import rateLimit from '@fastify/rate-limit'
import { flow, http, node } from '@flowport/flow'
import type { FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { serveFlows, type TestServer } from './support/app.ts'

let server: TestServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

const Input = z.object({ id: z.string() })
const hello = flow('hello', {
  trigger: http.get('/hello/:id', { input: Input }),
  graph: (it, step) => step(node('say', { input: Input, run: ({ id }) => ({ hello: id }) }), it),
})

async function answer(before: (fastify: FastifyInstance) => unknown, path = '/hello/ada') {
  server = await serveFlows([hello], { before })
  return server.fastify.inject(path)
}

function throwing(thrown: () => unknown) {
  return (fastify: FastifyInstance) =>
    fastify.addHook('onRequest', async (_request, reply) => {
      if (reply.request.url.startsWith('/hello')) throw thrown()
    })
}

describe('errors with a status', () => {
  it('of @fastify/rate-limit keep their 429 and its headers', async () => {
    const first = await answer(async (fastify) => {
      await fastify.register(rateLimit, { max: 1, timeWindow: 60_000 })
    })
    const again = await server?.fastify.inject('/hello/ada')
    expect([first.statusCode, again?.statusCode]).toEqual([200, 429])
    expect(again?.json()).toMatchObject({
      status: 429,
      code: 'TOO_MANY_REQUESTS',
      title: 'Too Many Requests',
      detail: 'Rate limit exceeded, retry in 1 minute',
      instance: '/hello/ada',
    })
    expect(again?.headers).toMatchObject({
      'content-type': 'application/problem+json; charset=utf-8',
      'retry-after': '60',
      'x-ratelimit-limit': '1',
    })
  })

  it('of @fastify/jwt keep their 401 and its message', async () => {
    const refused = await answer(async (fastify) => {
      await fastify.register(jwt, { secret: 'a secret of this test' })
      fastify.addHook('onRequest', (request) => request.jwtVerify())
    })
    expect(refused.statusCode).toBe(401)
    expect(refused.json()).toMatchObject({
      code: 'FST_JWT_NO_AUTHORIZATION_IN_HEADER',
      title: 'Unauthorized',
      detail: 'No Authorization was found in request.headers',
    })
  })

  it.each([
    ['a plain object', () => ({ statusCode: 403 }), 403, { code: 'FORBIDDEN', title: 'Forbidden' }],
    [
      'status',
      () => Object.assign(new Error('gone'), { status: 410 }),
      410,
      { code: 'GONE', detail: 'gone' },
    ],
    [
      'a code of its own',
      () => Object.assign(new Error('no'), { statusCode: 402, code: 'UNPAID' }),
      402,
      { code: 'UNPAID' },
    ],
    [
      'a code that is not a name',
      () => Object.assign(new Error('no'), { statusCode: 409, code: 'a b' }),
      409,
      { code: 'CONFLICT' },
    ],
    [
      'a status without a standard name',
      () => ({ statusCode: 499 }),
      499,
      { code: 'THE_REQUEST_WAS_REFUSED' },
    ],
  ])('%s', async (_name, thrown, status, body) => {
    const refused = await answer(throwing(thrown))
    expect(refused.statusCode).toBe(status)
    expect(refused.json()).toMatchObject({ status, ...body })
  })

  it('keep their headers', async () => {
    const headers = { 'WWW-Authenticate': 'Bearer', 'Retry-After': 5, broken: {} }
    const refused = await answer(throwing(() => Object.assign(new Error('no'), { statusCode: 401, headers })))
    expect(refused.headers).toMatchObject({ 'www-authenticate': 'Bearer', 'retry-after': '5' })
    expect(refused.headers).not.toHaveProperty('broken')
  })

  it('keep their status and stay problems when HTTP cannot carry one of their headers', async () => {
    const headers = {
      'x-broken': 'a\r\nset-cookie: b',
      'x-beyond': '€',
      'no name': 'x',
      'transfer-encoding': 'chunked',
      'content-type': 'text/html',
      'content-encoding': 'gzip',
      'x-kept': 'yes',
    }
    await answer(throwing(() => Object.assign(new Error('<b>no</b>'), { statusCode: 401, headers })))
    // Over a connection, because only there a message with two framings is visible.
    const refused = await fetch(`${server?.url}/hello/ada`)
    expect([refused.status, refused.headers.get('content-type'), refused.headers.get('x-kept')]).toEqual([
      401,
      'application/problem+json; charset=utf-8',
      'yes',
    ])
    expect(await refused.json()).toMatchObject({ code: 'UNAUTHORIZED', detail: '<b>no</b>' })
    for (const name of ['x-broken', 'x-beyond', 'content-encoding', 'set-cookie'])
      expect(refused.headers.has(name)).toBe(false)
  })

  it('of 5xx do not send their text to the client', async () => {
    const refused = await answer(
      throwing(() =>
        Object.assign(new Error('db-7 is down'), { statusCode: 503, headers: { 'retry-after': '9' } }),
      ),
    )
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '9'])
    expect(refused.json()).toMatchObject({ code: 'SERVICE_UNAVAILABLE', title: 'Service Unavailable' })
    expect(refused.body).not.toContain('db-7')
  })

  it('without a status get the reply’s status', async () => {
    const refused = await answer((fastify) =>
      fastify.addHook('onRequest', async (_request, reply) => {
        reply.code(403)
        throw new Error('not for you')
      }),
    )
    expect([refused.statusCode, refused.json().detail]).toEqual([403, 'not for you'])
  })
})

describe('errors without a status', () => {
  it.each([
    ['an error', () => new Error('hunter2')],
    ['a text', () => 'hunter2'],
    ['an invalid status', () => Object.assign(new Error('hunter2'), { statusCode: 42 })],
    ['a redirect', () => Object.assign(new Error('hunter2'), { statusCode: 302 })],
    ['500', () => Object.assign(new Error('hunter2'), { statusCode: 500, code: 'HUNTER2' })],
  ])('%s is a 500 that says nothing', async (_name, thrown) => {
    const refused = await answer(throwing(thrown))
    expect(refused.statusCode).toBe(500)
    expect(refused.json()).toMatchObject({ code: 'INTERNAL' })
    expect(refused.body.toLowerCase()).not.toContain('hunter2')
  })
})

describe("the server's own error handler", () => {
  it.each(['before', 'after'] as const)('answers errors of hooks, set %s the plugin', async (when) => {
    const set = (fastify: FastifyInstance) =>
      void fastify.setErrorHandler((error: Error, _request, reply) =>
        reply.code(418).send({ mine: error.message }),
      )
    const before = (fastify: FastifyInstance) => {
      throwing(() => new Error('mine'))(fastify)
      if (when === 'before') set(fastify)
      else {
        let isSet = false
        fastify.addHook('onRegister', () => {
          if (!isSet) set(fastify)
          isSet = true
        })
      }
    }
    const refused = await answer(before)
    expect([refused.statusCode, refused.json()]).toEqual([418, { mine: 'mine' }])
  })

  it('does not receive the errors of flows', async () => {
    const refused = await answer(
      (fastify) =>
        void fastify.setErrorHandler(async (_error, _request, reply) => reply.code(418).send('mine')),
      '/hello/',
    )
    expect(refused.statusCode).toBe(404)
  })
})
