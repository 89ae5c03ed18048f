/** What a node with a key leaves when it sends a request that a real server answers, refuses, or breaks off. */
import { CapabilityError, createDedupeStore, createHttp, ResourceBag } from '@flowport/capabilities'
import { memoryDedupeDriver } from '@flowport/capabilities/memory'
import { systemHttpDriver } from '@flowport/capabilities/system'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import * as z from 'zod'
import { flow } from '../flow.ts'
import { node } from '../node.ts'
import { manual } from '../trigger.ts'
import { createRuntime } from './runtime.ts'

let server: Server
let url: string
const charges: string[] = []
beforeAll(async () => {
  server = createServer((request, response) => {
    const [, how = '', id = ''] = (request.url ?? '').split('/')
    if (how === 'decline') return response.writeHead(402).end()
    charges.push(id)
    if (how === 'reset') return request.socket.resetAndDestroy()
    return response.writeHead(how === 'fail' ? 503 : 201).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server.close())

function charging(target: () => string, begins: 'handler' | 'effect') {
  const Order = z.object({ id: z.string() })
  const charge = node('charge', {
    input: Order,
    uses: { http: 'write' },
    idempotency: { key: '/id', unknown: 'never', begins },
    async run({ id }, { http }) {
      const answer = await http.fetch(`${target()}/${id}`, { method: 'POST' })
      if (answer.ok) return 'charged'
      throw new CapabilityError('Unavailable', `answered with ${answer.status}`, { applied: 'no' })
    },
  })
  const charging = flow('charging', {
    trigger: manual({ input: Order }),
    graph: (order, step) => step(charge, order),
  })
  const bag = ResourceBag.empty()
    .with('dedupe', createDedupeStore(memoryDedupeDriver()))
    .with('http', createHttp(systemHttpDriver()))
  const runtime = createRuntime(bag)
  return (id: string) =>
    runtime.invoke(charging, { input: { id } }).catch((error: { cause: CapabilityError }) => error.cause.code)
}

it.each(['handler', 'effect'] as const)(
  "a declined request leaves the key free, a failed or broken one unknown, begins: '%s'",
  async (begins) => {
    let how = ''
    const charge = charging(() => `${url}/${how}`, begins)
    const outcomes: Record<string, unknown> = {}
    for (how of ['decline', 'fail', 'reset']) {
      const id = `${begins}-${how}`
      await charge(id)
      const failed = how
      how = 'charge'
      outcomes[failed] = [await charge(id), charges.filter((one) => one === id).length]
    }
    expect(outcomes).toEqual({
      decline: ['charged', 1],
      fail: ['IDEM_UNKNOWN', 1],
      reset: ['IDEM_UNKNOWN', 1],
    })
  },
)

it.each([
  ['handler', 'IDEM_UNKNOWN'],
  ['effect', 'charged'],
] as const)(
  "a server that cannot be reached leaves the key free where effects are counted, begins: '%s'",
  async (begins, outcome) => {
    const closed = createServer()
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
    const nobody = `http://127.0.0.1:${(closed.address() as AddressInfo).port}`
    await new Promise((resolve) => closed.close(resolve))
    let target = nobody
    const charge = charging(() => target, begins)
    expect(await charge(`${begins}-reached`)).toBe('CAPABILITY_UNAVAILABLE')
    target = `${url}/charge`
    expect(await charge(`${begins}-reached`)).toBe(outcome)
  },
)
