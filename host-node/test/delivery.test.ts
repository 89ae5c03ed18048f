import { createServer, describeServer, flowport } from '@flowport/host-node'
import Fastify, { type FastifyInstance } from 'fastify'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { deliveryApp } from './support/delivery-app.ts'
import { tempFolder } from './support/temp-folder.ts'

const open: FastifyInstance[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})

interface Served {
  readonly server: FastifyInstance
  readonly url: string
  readonly started: string[]
}

async function served(
  path: string,
  options: Partial<Parameters<typeof createServer>[1]> = {},
  { listens = true, deadlineMs = 60_000 } = {},
): Promise<Served> {
  const started: string[] = []
  const onStart = (id: string, attempt: number) => void started.push(`${id} ${attempt}`)
  const app = deliveryApp({ path, name: 'here', deadlineMs, onStart })
  const server = await createServer(app, { env: {}, logLevel: 'silent', consume: { idleMs: 20 }, ...options })
  open.push(server)
  const url = listens ? await server.listen({ port: 0, host: '127.0.0.1' }) : ''
  return { server, url, started }
}

const file = () => join(tempFolder(), 'state.sqlite')

async function submit(url: string, order: { id: string; waitMs?: number }): Promise<number> {
  const response = await fetch(`${url}/orders`, {
    method: 'POST',
    body: JSON.stringify(order),
    headers: { 'content-type': 'application/json' },
  })
  return response.status
}

const look = async (url: string, id: string) => {
  const response = await fetch(`${url}/orders/${id}`)
  return response.status === 204 ? null : ((await response.json()) as unknown)
}

describe('a queue flow over sqlite', () => {
  it('receives messages that an HTTP flow publishes', async () => {
    const { server, url, started } = await served(file())
    expect(await submit(url, { id: 'a' })).toBe(202)
    await expect.poll(() => look(url, 'a')).toMatchObject({ by: 'here', attempt: 1 })
    expect(started).toEqual(['a 1'])
    const queue = server.flowport.bag.require('queue:orders')
    await expect.poll(() => queue.receive()).toEqual([])
    expect(await queue.deadLetters()).toEqual([])
  })

  it('dead-letters a malformed message immediately, and a failing one after the trigger’s attempts', async () => {
    const { server, url, started } = await served(file(), {}, { deadlineMs: 300 })
    const queue = server.flowport.bag.require('queue:orders')
    await queue.send({ id: 7 })
    await expect.poll(async () => (await queue.deadLetters()).length).toBe(1)
    expect(started).toEqual([])
    // Each attempt takes longer than the delivery's deadline.
    await submit(url, { id: 'slow', waitMs: 60_000 })
    await expect.poll(async () => (await queue.deadLetters({ limit: 5 })).length).toBe(2)
    expect(started).toEqual(['slow 1', 'slow 2', 'slow 3'])
    expect((await queue.deadLetters({ limit: 5 })).map(({ attempt }) => attempt)).toEqual([1, 3])
  })

  it('starts when the server listens, not with inject', async () => {
    const path = file()
    const { server, started } = await served(path, {}, { listens: false })
    const answer = await server.inject({ method: 'POST', url: '/orders', payload: { id: 'a' } })
    expect(answer.statusCode).toBe(202)
    const queue = server.flowport.bag.require('queue:orders')
    expect(await queue.receive({ leaseMs: 1 })).toMatchObject([{ body: { id: 'a' } }])
    expect(started).toEqual([])
    await server.listen({ port: 0, host: '127.0.0.1' })
    await expect.poll(() => started).toEqual(['a 2'])
  })

  it('leaves the messages to others with consume: false', async () => {
    const path = file()
    const web = await served(path, { consume: false })
    await submit(web.url, { id: 'a' })
    const worker = await served(path)
    await expect.poll(() => look(web.url, 'a')).toMatchObject({ attempt: 1 })
    expect(web.started).toEqual([])
    expect(worker.started).toEqual(['a 1'])
  })

  it('finishes running deliveries when the server closes, and receives no more', async () => {
    const path = file()
    const closing = await served(path)
    await submit(closing.url, { id: 'a', waitMs: 1_000 })
    await expect.poll(() => closing.started).toEqual(['a 1'])
    await closing.server.flowport.bag.require('queue:orders').send({ id: 'b' }, { delayMs: 300 })
    await closing.server.close()
    expect(closing.started).toEqual(['a 1'])
    const next = await served(path)
    await expect.poll(() => next.started).toEqual(['b 1'])
    expect(await look(next.url, 'a')).toMatchObject({ attempt: 1 })
  })

  it('returns a message that does not finish within drainMs: the next process gets it immediately', async () => {
    const path = file()
    const closing = await served(path, { drainMs: 0, consume: { idleMs: 20, leaseMarginMs: 3_600_000 } })
    await submit(closing.url, { id: 'a', waitMs: 50_000 })
    await expect.poll(() => closing.started).toEqual(['a 1'])
    await closing.server.close()
    const next = await served(path, { drainMs: 0 })
    await expect.poll(() => next.started).toEqual(['a 2'])
  })

  it('refuses to start without its queue, unless it does not consume', async () => {
    const { profiles, ...rest } = deliveryApp({ path: file(), name: 'here' })
    const flows = rest.flows.filter(({ name }) => name === 'fulfil')
    const app = { ...rest, flows, profiles: { local: profiles.local.slice(0, 1) } }
    const refused = Fastify()
    await expect(refused.register(flowport, { app, env: {} })).rejects.toThrow(
      'CAP101 fulfil/trigger [local]: not bound: queue:orders (needed by "trigger": its messages are taken from there)',
    )
    const allowed = Fastify()
    open.push(allowed)
    await allowed.register(flowport, { app, env: {}, consume: false })
  })
})

describe('a server’s overview', () => {
  it('lists queues and schedules in addition to routes', async () => {
    const { server, url } = await served(file())
    const said = describeServer(server)
    expect(said).toMatch(/TRIGGER +ON +FLOW\nqueue +orders +fulfil\ncron +\* \* \* \* \* +minutely/)
    const overview = (await (await fetch(url)).json()) as { flows: unknown }
    expect(overview.flows).toEqual(
      expect.arrayContaining([
        { name: 'fulfil', version: '1.0.0', trigger: 'queue', queue: 'orders' },
        { name: 'minutely', version: '1.0.0', trigger: 'cron', cron: '* * * * *', timeZone: 'UTC' },
      ]),
    )
  })
})
