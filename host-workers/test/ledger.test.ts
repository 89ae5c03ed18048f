/** `/flowport/ledger` of a Worker: access, listing, and settling a key. */
import { createDedupeStore, definePreset, type DedupeDriver, silentLogger } from '@flowport/capabilities'
import { memoryDedupeDriver } from '@flowport/capabilities/memory'
import { defineApp, deny, flow, type Hook, http, node } from '@flowport/flow'
import { flowportHono, type FlowportHonoOptions } from '@flowport/host-workers'
import { createBrowserHost } from '@flowport/host-workers/browser'
import { serveWorkerd } from '@flowport/host-workers/testing'
import { memory } from '@flowport/presets/memory'
import { resolve } from 'node:path'
import * as Type from 'typebox'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'

const Order = z.object({ id: z.string() })
const orders = flow('orders', {
  trigger: http.post('/orders', { input: Order }),
  graph: (it, step) =>
    step(
      node('charge', {
        input: Order,
        output: z.object({ charge: z.string() }),
        uses: { kv: 'write' },
        idempotency: { key: '/id', unknown: 'never' },
        run: ({ id }) => ({ charge: `made for ${id}` }),
      }),
      it,
    ),
})

const staff: Hook = {
  name: 'staff',
  before({ flow: name, header }) {
    if (name !== 'flowport:ledger') return undefined
    if (header('authorization') === 'Bearer anna') return { 'flowport.operator': 'anna' }
    if (header('authorization') === 'Bearer guest') return undefined
    throw deny({ status: 401 })
  },
}

/** Serves a Worker over a ledger that the test can access. */
function served(options: FlowportHonoOptions = { hooks: [staff], operations: { ledger: 'guarded' } }) {
  const driver: DedupeDriver = memoryDedupeDriver()
  const held = definePreset({
    name: 'held',
    env: Type.Object({}),
    provides: { dedupe: memoryDedupeDriver().info },
    portable: { dedupe: createDedupeStore },
    layers: () => [],
    open: () => ({ dedupe: driver }),
  })
  const app = defineApp({ flows: [orders], profiles: { workers: [held(), memory({ only: ['kv'] })] } })
  const hono = flowportHono(app, { log: silentLogger, ...options })
  const store = createDedupeStore(driver)
  const leave = async (key: string) => {
    const begun = await store.begin(key, { leaseMs: 60_000, fingerprint: '{"id":"7"}', started: true })
    if (begun.state !== 'fresh') return expect.fail('a new key must be fresh')
    await store.abandon(key, begun.token)
    return begun.fence
  }
  const ask = async (query: string, as = 'anna', init: RequestInit = {}) => {
    const headers = { authorization: `Bearer ${as}`, ...init.headers }
    const url = `https://app.example/flowport/ledger${query}`
    const response = await hono.request(url, { ...init, headers })
    return [response.status, await response.json()] as const
  }
  const settle = (body: unknown, as?: string) =>
    ask('', as, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  return { hono, leave, ask, settle }
}

const address = { flow: 'orders', node: 'charge', id: '7' }

describe('/flowport/ledger of a Worker', () => {
  it('is served only if requested, not with operations: true', async () => {
    for (const options of [{}, { operations: true }]) {
      const { hono } = served(options)
      for (const method of ['GET', 'POST'])
        expect((await hono.request('http://localhost/flowport/ledger', { method })).status).toBe(404)
    }
  })

  it('admits only principals named by a hook', async () => {
    const { ask, settle, leave } = served()
    const fence = await leave('orders/charge:7')
    expect((await ask('', 'nobody'))[0]).toBe(401)
    expect(await ask('', 'guest')).toMatchObject([403, { code: 'LEDGER_OPERATOR' }])
    expect((await settle({ ...address, fence, why: 'w', notDone: true }, 'guest'))[0]).toBe(403)
    const unguarded = served({ operations: { ledger: 'guarded' } })
    expect((await unguarded.ask(''))[0]).toBe(403)
  })

  it('lists, shows and settles a key: the next request gets the result', async () => {
    const { hono, ask, settle, leave } = served()
    const fence = await leave('orders/charge:7')
    expect((await ask(''))[1]).toMatchObject({ keys: [{ key: 'orders/charge:7', ...address, fence }] })
    const shown = await ask('?flow=orders&node=charge&id=7')
    expect(shown).toMatchObject([200, { ...address, state: 'unknown', fence, fingerprint: null }])
    const ready = await hono.request('https://app.example/readyz')
    expect(await ready.json()).toMatchObject({ status: 'ready', unknownKeys: { dedupe: 1 } })
    const said = { ...address, fence, why: 'asked the bank', done: { charge: 'ch_1' }, caller: null }
    expect(await settle({ ...said, fence: fence + 1 })).toMatchObject([409, { code: 'LEDGER_FENCE' }])
    expect(await settle(said)).toMatchObject([200, { outcome: 'done', by: 'anna', fence }])
    expect(await settle(said)).toMatchObject([409, { code: 'LEDGER_NOT_UNKNOWN' }])
    expect((await ask('?key=orders/charge:7&reveal=true'))[1]).toMatchObject({
      state: 'done',
      fingerprint: '{"id":"7"}',
      result: { charge: 'ch_1' },
    })
    const again = await hono.request('https://app.example/orders', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"id":"7"}',
    })
    expect(await again.json()).toEqual({ charge: 'ch_1' })
  })

  it('shows and settles a key in a partition, by address or by text', async () => {
    const { ask, settle, leave } = served()
    const key = '@acme/orders/charge:7'
    const fence = await leave(key)
    const within = { ...address, partition: 'acme' }
    expect((await ask(''))[1]).toMatchObject({ keys: [{ key, ...within }] })
    for (const query of ['?flow=orders&node=charge&id=7&partition=acme', `?key=${encodeURIComponent(key)}`])
      expect(await ask(query)).toMatchObject([200, { key, ...within, state: 'unknown' }])
    for (const query of ['?partition=acme', `?key=${encodeURIComponent(key)}&partition=acme`])
      expect((await ask(query))[0]).toBe(400)
    const said = { ...within, fence, why: 'asked the bank', notDone: true }
    expect(await settle(said)).toMatchObject([200, { key, outcome: 'not done', partition: 'acme' }])
  })

  it('is not available in pages, which settle their ledger with the API', () => {
    const app = defineApp({ flows: [], profiles: { browser: [memory()] } })
    expect(() => createBrowserHost(app, { operations: { ledger: 'guarded' } })).toThrow(/ledgerOperations/)
  })

  it('limits the size of requests', async () => {
    const { settle } = served()
    expect((await settle({ ...address, fence: 1, why: 'x'.repeat(1_200_000), notDone: true }))[0]).toBe(413)
    expect((await settle({ ...address, fence: 1, why: 'x'.repeat(3000), notDone: true }))[0]).toBe(400)
  })
})

describe('a node with an unknown outcome, in workerd', () => {
  it.each([
    ['done', { done: { charge: 'ch_1' }, caller: null }, { charge: 'ch_1' }],
    ['not done', { notDone: true }, { charge: 'try 2 of 7' }],
  ])('is refused until its key is settled as %s', async (_, outcome, answer) => {
    const worker = await serveWorkerd(resolve(import.meta.dirname, 'worker/ledger-worker.ts'))
    try {
      const send = async (path: string, body?: unknown, token = 'anna') => {
        const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
        const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
        const response = await fetch(worker.url + path, { headers, ...sent })
        return [response.status, await response.json()] as const
      }
      const order = () => send('/orders', { id: '7' })
      expect((await order())[0]).toBe(500)
      for (let i = 0; i < 2; i++) expect(await order()).toMatchObject([409, { code: 'IDEM_UNKNOWN' }])
      expect(await send('/readyz')).toMatchObject([200, { unknownKeys: { dedupe: 1 } }])
      expect((await send('/flowport/ledger', undefined, 'guest'))[0]).toBe(401)
      const [, page] = await send('/flowport/ledger')
      const { keys } = page as { keys: readonly { key: string; fence: number }[] }
      const [{ key, fence } = expect.fail('no key is listed')] = keys
      expect(await send('/flowport/ledger', { key, fence, why: 'asked', ...outcome })).toMatchObject([
        200,
        {},
      ])
      expect(await order()).toEqual([200, answer])
      expect(await order()).toEqual([200, answer])
    } finally {
      await worker.close()
    }
  })
})
