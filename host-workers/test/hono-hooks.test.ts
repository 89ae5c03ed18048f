/** Hooks get Hono's context, with the variables set by the app's middleware. */
import { defineApp, flow, type Hook, http, node, opaque } from '@flowport/flow'
import { flowportHono, type HookContext } from '@flowport/host-workers'
import { memory } from '@flowport/presets/memory'
import { Hono } from 'hono'
import { createMiddleware } from 'hono/factory'
import { describe, expect, expectTypeOf, it } from 'vitest'

interface Users {
  Variables: { user: { id: string } }
}

const who = node('who', { input: opaque<unknown>(), run: (_input, { metadata }) => metadata['principal'] })
const app = defineApp({
  flows: [
    flow('who', {
      trigger: http.get('/who', { input: opaque<unknown>() }),
      graph: (it, step) => step(who, it),
    }),
  ],
  profiles: { workers: [memory()] },
})

describe('a hook', () => {
  it('reads variables that a middleware has set', async () => {
    const user: Hook<HookContext<Users>> = {
      name: 'user',
      before({ trigger, request }) {
        if (trigger !== 'http') return
        expectTypeOf(request.var.user.id).toEqualTypeOf<string>()
        return { principal: request.var.user.id }
      },
    }
    const signedIn = createMiddleware<Users>(async (context, next) => {
      context.set('user', { id: context.req.header('x-user') ?? 'nobody' })
      await next()
    })
    const hono = new Hono().use(signedIn).route('/api', flowportHono(app, { hooks: [user] }))
    const answer = await hono.request('/api/who', { headers: { 'x-user': 'ada' } })
    expect([answer.status, await answer.json()]).toEqual([200, 'ada'])
  })

  it('without a type argument runs on every host, without access to its request type', async () => {
    const seen: unknown[] = []
    const portable: Hook = {
      name: 'portable',
      before({ trigger, request }) {
        expectTypeOf(request).toEqualTypeOf<unknown>()
        seen.push(trigger, typeof request)
      },
    }
    expect((await flowportHono(app, { hooks: [portable] }).request('/who')).status).toBe(204)
    expect(seen).toEqual(['http', 'object'])
  })
})
