/** Hooks on Fastify know a run's trigger, and can read Fastify's request. */
import jwt from '@fastify/jwt'
import { deny, flow, type Hook, http, node, opaque } from '@flowport/flow'
import { createServer } from '@flowport/host-node'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { join } from 'node:path'
import { afterEach, describe, expect, expectTypeOf, it } from 'vitest'
import { serveFlows } from './support/app.ts'
import { deliveryApp } from './support/delivery-app.ts'
import { tempFolder } from './support/temp-folder.ts'

declare module '@fastify/jwt' {
  interface FastifyJWT {
    payload: { sub: string }
    user: { sub: string }
  }
}

const open: FastifyInstance[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})

describe('a hook', () => {
  it('knows the trigger, so that a hook that checks credentials can let messages pass', async () => {
    const triggers = new Set<string>()
    const auth: Hook = {
      name: 'auth',
      before({ trigger, header }) {
        triggers.add(trigger)
        if (trigger === 'http' && header('authorization') === undefined) throw deny({ status: 401 })
      },
    }
    const app = deliveryApp({ path: join(tempFolder(), 'state.sqlite'), name: 'here' })
    const options = { env: {}, logLevel: 'silent', consume: { idleMs: 20 }, hooks: [auth] } as const
    const server = await createServer(app, options)
    open.push(server)
    const url = await server.listen({ port: 0, host: '127.0.0.1' })
    expect((await fetch(`${url}/orders/a`)).status).toBe(401)
    const order = { id: 'a', waitMs: 0 }
    await server.flowport.bag.require('queue:orders').send(order)
    const headers = { authorization: 'Bearer x' }
    await expect
      .poll(async () => (await fetch(`${url}/orders/a`, { headers })).text())
      .toContain('"by":"here"')
    const [publish] = app.flows
    await server.flowport.runtime.start(publish, order).answer
    expect([...triggers]).toEqual(['http', 'queue', 'manual'])
  })

  it('reads the user that a plugin of the server has verified from Fastify’s request', async () => {
    const user: Hook<FastifyRequest> = {
      name: 'user',
      before({ trigger, request }) {
        if (trigger !== 'http') {
          expectTypeOf(request).toEqualTypeOf<undefined>()
          return
        }
        expectTypeOf(request.user.sub).toEqualTypeOf<string>()
        return { principal: request.user.sub }
      },
    }
    const who = node('who', {
      input: opaque<unknown>(),
      run: (_input, { metadata }) => metadata['principal'],
    })
    const served = await serveFlows(
      [
        flow('who', {
          trigger: http.get('/who', { input: opaque<unknown>() }),
          graph: (it, step) => step(who, it),
        }),
      ],
      {
        hooks: [user],
        async before(fastify) {
          await fastify.register(jwt, { secret: 'a secret of this test' })
          fastify.addHook('onRequest', (request) => request.jwtVerify())
        },
      },
    )
    open.push(served.fastify)
    const authorization = `Bearer ${served.fastify.jwt.sign({ sub: 'ada' })}`
    const answer = await served.fastify.inject({ url: '/who', headers: { authorization } })
    expect([answer.statusCode, answer.json()]).toEqual([200, 'ada'])
    expect((await served.fastify.inject('/who')).statusCode).toBe(401)
  })

  it('does not compile on a host that it was not written for', () => {
    const hono: Hook<{ readonly var: { readonly user: string } }> = { name: 'hono' }
    // @ts-expect-error A Fastify request has no `var`.
    const wrong: Hook<FastifyRequest> = hono
    expect(wrong.name).toBe('hono')
  })
})
