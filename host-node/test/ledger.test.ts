/** `/flowport/ledger` on Fastify: access, listing, and settling a key. */
import type { DedupeStore } from '@flowport/capabilities'
import { deny, flow, type Hook, http, node } from '@flowport/flow'
import { afterEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { serveFlows, type TestServer } from './support/app.ts'

const Order = z.object({ id: z.string() })
let charges = 0
const orders = flow('orders', {
  trigger: http.post('/orders', { input: Order }),
  graph: (it, step) =>
    step(
      node('charge', {
        input: Order,
        output: z.object({ charge: z.string() }),
        uses: { kv: 'write' },
        idempotency: { key: '/id', unknown: 'never' },
        run: ({ id }) => ({ charge: `${id}-${++charges}` }),
      }),
      it,
    ),
})

/** A hook that admits operators by name, and every caller to flows. */
const staff: Hook = {
  name: 'staff',
  before({ flow: name, header }) {
    if (name !== 'flowport:ledger') return undefined
    if (header('authorization') === 'Bearer anna') return { 'flowport.operator': 'anna' }
    if (header('authorization') === 'Bearer guest') return undefined
    throw deny({ status: 401 })
  },
}

let server: TestServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

async function served() {
  charges = 0
  server = await serveFlows([orders], { hooks: [staff], operations: { ledger: 'guarded' } })
  const { fastify, url } = server
  const dedupe: DedupeStore = fastify.flowport.bag.require('dedupe')
  const leave = async (key: string | Uint8Array) => {
    const begun = await dedupe.begin(key, { leaseMs: 60_000, fingerprint: '{"id":"7"}', started: true })
    if (begun.state !== 'fresh') return expect.fail('a new key must be fresh')
    await dedupe.abandon(key, begun.token)
    return begun.fence
  }
  const ask = async (query: string, as = 'anna', init: RequestInit = {}) => {
    const headers = { authorization: `Bearer ${as}`, ...init.headers }
    const response = await fetch(`${url}/flowport/ledger${query}`, { ...init, headers })
    return [response.status, await response.json()] as const
  }
  const settle = (body: unknown, as = 'anna', headers: Record<string, string> = {}) =>
    ask('', as, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
  return { server, url, leave, ask, settle }
}

describe('recorded answers', () => {
  let runs = 0
  const counting = flow('counting', {
    trigger: http.post('/counting', { input: Order, idempotency: 'required' }),
    graph: (it, step) => step(node('count', { input: Order, run: () => ++runs }), it),
  })
  const callers: Hook = {
    name: 'callers',
    before({ header }) {
      const principal = header('x-caller')
      return principal === undefined ? undefined : { principal }
    },
  }

  it('of one caller are erased by an operator who gives a reason', async () => {
    server = await serveFlows([counting], { hooks: [staff, callers], operations: { ledger: 'guarded' } })
    const { url, logs } = server
    const as = async (caller: string) => {
      const headers = { 'content-type': 'application/json', 'idempotency-key': 'k', 'x-caller': caller }
      return (await fetch(`${url}/counting`, { method: 'POST', headers, body: '{"id":"1"}' })).json()
    }
    const erase = async (body: unknown, token = 'anna') => {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
      const response = await fetch(`${url}/flowport/ledger`, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      })
      return [response.status, await response.json()] as const
    }
    expect([await as('ada'), await as('bob'), await as('ada'), await as('bob')]).toEqual([1, 2, 1, 2])
    expect((await erase({ eraseAnswersOf: 'ada', why: 'asked for it' }, 'guest'))[0]).toBe(403)
    for (const wrong of [
      { eraseAnswersOf: '', why: 'x' },
      { eraseAnswersOf: 'ada' },
      { eraseAnswersOf: 'ada', why: 'x', key: 'k' },
    ])
      expect(await erase(wrong)).toMatchObject([400, { code: 'LEDGER_REQUEST' }])
    expect(await erase({ eraseAnswersOf: 'ada', why: 'asked for it' })).toEqual([
      200,
      { answers: 1, objects: 1 },
    ])
    expect([await as('ada'), await as('bob')]).toEqual([3, 2])
    const said = logs.filter((line) => line.includes('ANSWERS_ERASED'))
    expect(said).toHaveLength(1)
    expect(JSON.parse(said[0] ?? '')).toMatchObject({ by: 'anna', why: 'asked for it', answers: 1 })
    expect(said[0]).not.toContain('ada')
  })
})

const address = { flow: 'orders', node: 'charge', id: '7' }

describe('/flowport/ledger', () => {
  it('is served only if requested, not with operations: true', async () => {
    for (const operations of [undefined, true] as const) {
      server = await serveFlows([orders], operations === undefined ? {} : { operations })
      expect((await fetch(`${server.url}/flowport/ledger`)).status).toBe(404)
      expect((await fetch(`${server.url}/flowport/ledger`, { method: 'POST' })).status).toBe(404)
      await server.close()
    }
    const open = { ledger: 'on' as 'guarded' }
    await expect(serveFlows([orders], { operations: open })).rejects.toThrow(/operations.ledger.*'guarded'/)
  })

  it('admits only principals named by a hook', async () => {
    const { ask, settle, leave } = await served()
    const fence = await leave('orders/charge:7')
    expect(await ask('', 'nobody')).toMatchObject([401, {}])
    expect(await ask('', 'guest')).toMatchObject([403, { code: 'LEDGER_OPERATOR' }])
    expect(await settle({ ...address, fence, why: 'w', notDone: true }, 'guest')).toMatchObject([403, {}])
    await server?.close()
    server = await serveFlows([orders], { operations: { ledger: 'guarded' } })
    expect((await fetch(`${server.url}/flowport/ledger`)).status).toBe(403)
  })

  it('lists unknown keys and shows one, with callers’ data only on request', async () => {
    const { ask, leave } = await served()
    const fence = await leave('orders/charge:7')
    await leave(new Uint8Array([1, 255]))
    const [, page] = await ask('')
    expect(page).toMatchObject({ cursor: null })
    expect(page.keys).toContainEqual({
      key: 'orders/charge:7',
      ...address,
      fence,
      sinceMs: expect.any(Number),
    })
    expect(page.keys).toContainEqual(expect.objectContaining({ keyBytes: 'Af8', flow: null }))
    expect((await ask('?limit=1'))[1].keys).toHaveLength(1)
    const shown = { ...address, state: 'unknown', fence }
    for (const query of ['?key=orders%2Fcharge%3A7', '?flow=orders&node=charge&id=7'])
      expect(await ask(query)).toMatchObject([200, { ...shown, fingerprint: null }])
    expect((await ask('?key=orders/charge:7&reveal=true'))[1]).toMatchObject({ fingerprint: '{"id":"7"}' })
    expect((await ask('?keyBytes=Af8'))[1]).toMatchObject({ state: 'unknown' })
    expect((await ask('?key=nothing'))[1]).toMatchObject({ state: 'free' })
  })

  it('settles a key as done: the next request gets the result', async () => {
    const { server: running, url, settle, leave } = await served()
    const fence = await leave('orders/charge:7')
    const said = { ...address, fence, why: 'the bank has it', done: { charge: 'ch_1' }, caller: null }
    const [status, settled] = await settle(said)
    expect([status, settled]).toMatchObject([200, { outcome: 'done', by: 'anna', why: said.why, fence }])
    expect(settled.newFence).toBeGreaterThan(fence)
    const line = running.logs.find((one) => one.includes('LEDGER_SETTLED'))
    expect(JSON.parse(line ?? '{}')).toMatchObject({ by: 'anna', fence, newFence: settled.newFence })
    expect(await settle(said)).toMatchObject([409, { code: 'LEDGER_NOT_UNKNOWN' }])
    const response = await fetch(`${url}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"id":"7"}',
    })
    expect(await response.json()).toEqual({ charge: 'ch_1' })
    expect(charges).toBe(0)
  })

  it('refuses an outdated fence, and a result that violates the node’s schema', async () => {
    const { settle, leave, ask } = await served()
    const fence = await leave('orders/charge:7')
    expect(await settle({ ...address, fence: fence + 1, why: 'w', notDone: true })).toMatchObject([
      409,
      { code: 'LEDGER_FENCE', details: { fence, seen: fence + 1 } },
    ])
    expect(await settle({ ...address, fence, why: 'w', done: { charge: 1 }, caller: null })).toMatchObject([
      400,
      { code: 'LEDGER_RESULT' },
    ])
    expect((await ask('?key=orders/charge:7'))[1]).toMatchObject({ state: 'unknown', fence })
    expect(await settle({ key: 'orders/charge:7', fence, why: 'w', notDone: true })).toMatchObject([200, {}])
  })

  it.each([
    ['neither outcome', { ...address, fence: 1, why: 'w' }, 400],
    ['both outcomes', { ...address, fence: 1, why: 'w', done: 1, notDone: true }, 400],
    ['no reason', { ...address, fence: 1, notDone: true }, 400],
    ['no fence', { ...address, why: 'w', notDone: true }, 400],
    ['two names of a key', { ...address, key: 'k', fence: 1, why: 'w', notDone: true }, 400],
    ['another operator’s name', { ...address, by: 'eve', fence: 1, why: 'w', notDone: true }, 400],
    ['a node that does not exist', { ...address, node: 'x', fence: 1, why: 'w', notDone: true }, 404],
    ['a list', [], 400],
    ['no JSON', '{', 400],
    ['more than a mebibyte', `"${'x'.repeat(1_200_000)}"`, 413],
  ])('refuses a settlement with %s', async (_, body, status) => {
    const { settle } = await served()
    expect((await settle(body))[0]).toBe(status)
  })

  it('refuses settlements that are not JSON or come from other sites', async () => {
    const { settle } = await served()
    expect((await settle('{}', 'anna', { 'content-type': 'application/x-yaml' }))[0]).toBe(415)
    const cross = { 'content-type': 'text/plain', 'sec-fetch-site': 'cross-site' }
    expect(await settle('{}', 'anna', cross)).toMatchObject([403, { code: 'CROSS_SITE' }])
  })
})

describe('/readyz', () => {
  it('counts unknown keys', async () => {
    const { url, leave } = await served()
    for (let i = 0; i < 3; i++) await leave(`key-${i}`)
    expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({
      status: 'ready',
      unknownKeys: { dedupe: 3 },
    })
  })
})
