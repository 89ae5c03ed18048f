/** The outbox in a real page, with the browser's IndexedDB, Web Locks and broadcast channels. The server is a function. */
import { silentLogger } from '@flowport/capabilities'
import { createOutbox, type Outbox, type OutboxOptions } from '@flowport/host-workers/browser'
import { afterEach, describe, expect, it } from 'vitest'

const open: Outbox[] = []
afterEach(async () => {
  for (const outbox of open.splice(0)) await outbox.close()
})

/** Creates an outbox with a unique name that sends only on `flush`. */
function outboxOf(options: OutboxOptions): Outbox {
  const outbox = createOutbox({
    name: crypto.randomUUID(),
    auto: false,
    firstPauseMs: 1,
    maxPauseMs: 1,
    log: silentLogger,
    ...options,
  })
  open.push(outbox)
  return outbox
}

/** A server with scripted answers that records its requests. */
function server(...answers: (() => Response | Promise<Response>)[]) {
  const seen: { key: string | null; method: string; url: string; body: string; headers: Headers }[] = []
  const send = async (request: Request) => {
    const { method, url, headers } = request
    seen.push({ key: headers.get('idempotency-key'), method, url, body: await request.text(), headers })
    return (answers.shift() ?? ok)()
  }
  return { seen, send }
}

const ok = () => new Response(null, { status: 204 })
const answers =
  (status: number, headers: Record<string, string> = {}, body = '') =>
  () =>
    new Response(body, { status, headers })
const lost = () => Promise.reject(new TypeError('the network is away'))

describe('an outbox', () => {
  it('stops waiting for an onAnswer that waits for the outbox', async () => {
    const { seen, send } = server()
    const inner = Promise.withResolvers<Promise<unknown> | undefined>()
    const waiting: { outbox?: Outbox } = {}
    const outbox = (waiting.outbox = outboxOf({
      send,
      timeoutMs: 1_000,
      onAnswer: async () => {
        const flushing = waiting.outbox?.flush()
        inner.resolve(flushing)
        await flushing
      },
    }))
    await outbox.enqueue({ url: '/a', json: 1 })
    expect(await outbox.flush()).toMatchObject({ sent: 1, pending: 0 })
    expect(await inner.promise).toMatchObject({ sent: 0, pending: 0 })
    expect(seen).toHaveLength(1)
  })

  it('times out a request that never ends, and keeps it', async () => {
    const outbox = outboxOf({ send: () => new Promise(() => undefined), timeoutMs: 500 })
    await outbox.enqueue({ url: '/never', json: 2 })
    expect(await outbox.flush()).toMatchObject({ sent: 0, pending: 1 })
    expect((await outbox.pending())[0]).toMatchObject({ attempts: 1, problem: 'no answer in time' })
  })

  it('sends requests in order, each under its own key, and deletes answered ones', async () => {
    const { seen, send } = server()
    const outbox = outboxOf({ send })
    await outbox.enqueue({ url: '/a', json: { n: 1 } })
    await outbox.enqueue({ method: 'PUT', url: 'https://other.test/b?x=1', body: 'two' })
    await outbox.enqueue(new Request('/c', { method: 'DELETE' }), { key: 'say "c"' })
    expect((await outbox.pending()).map(({ method, url }) => [method, new URL(url).pathname])).toEqual([
      ['POST', '/a'],
      ['PUT', '/b'],
      ['DELETE', '/c'],
    ])
    expect(await outbox.flush()).toEqual({ sent: 3, failed: 0, pending: 0 })
    expect(seen.map(({ body }) => body)).toEqual(['{"n":1}', 'two', ''])
    expect(seen[0]?.headers.get('content-type')).toBe('application/json')
    expect(seen[0]?.key).toMatch(/^"[\da-f-]{36}"$/)
    expect(seen[2]?.key).toBe(String.raw`"say \"c\""`)
    expect(new Set(seen.map(({ key }) => key)).size).toBe(3)
    expect(await outbox.flush()).toEqual({ sent: 0, failed: 0, pending: 0 })
  })

  it('stores bytes and forms unchanged', async () => {
    const bodies: unknown[] = []
    const outbox = outboxOf({
      send: async (request) => {
        const type = request.headers.get('content-type')
        if (type?.startsWith('multipart/')) bodies.push([...(await request.formData()).entries()])
        else bodies.push([...new Uint8Array(await request.arrayBuffer())])
        return ok()
      },
    })
    await outbox.enqueue({ url: '/bytes', body: new Uint8Array([0, 255, 128]) })
    const form = new FormData()
    form.set('name', 'ünïcode')
    await outbox.enqueue({ url: '/form', body: form })
    await outbox.flush()
    expect(bodies).toEqual([[0, 255, 128], [['name', 'ünïcode']]])
  })

  it('repeats the same key after a lost answer, before any later request', async () => {
    const { seen, send } = server(lost, ok, ok)
    const outbox = outboxOf({ send })
    await outbox.enqueue({ url: '/a' })
    await outbox.enqueue({ url: '/b' })
    expect(await outbox.flush()).toEqual({ sent: 0, failed: 0, pending: 2 })
    const [first] = await outbox.pending()
    expect(first).toMatchObject({ attempts: 1, problem: 'the network is away' })
    expect(await outbox.flush()).toEqual({ sent: 2, failed: 0, pending: 0 })
    expect(seen.map(({ url }) => new URL(url).pathname)).toEqual(['/a', '/a', '/b'])
    expect(seen[1]?.key).toBe(seen[0]?.key)
  })

  it.each([408, 425, 429, 500, 502, 503, 504])('retries a %i', async (status) => {
    const outbox = outboxOf({ send: server(answers(status)).send })
    await outbox.enqueue({ url: '/a' })
    expect(await outbox.flush()).toEqual({ sent: 0, failed: 0, pending: 1 })
    expect(await outbox.flush()).toEqual({ sent: 1, failed: 0, pending: 0 })
  })

  it.each([400, 401, 403, 404, 409, 410, 413, 422, 501])(
    'marks a %i as failed and continues',
    async (status) => {
      const problem = { 'content-type': 'application/problem+json' }
      const outbox = outboxOf({ send: server(answers(status, problem, '{"code":"X"}')).send })
      const id = await outbox.enqueue({ url: '/a' })
      await outbox.enqueue({ url: '/b' })
      expect(await outbox.flush()).toEqual({ sent: 1, failed: 1, pending: 0 })
      expect(await outbox.failed()).toMatchObject([
        {
          id,
          attempts: 1,
          answer: { status, contentType: 'application/problem+json', body: '{"code":"X"}' },
        },
      ])
    },
  )

  it('waits as long as the server asks, even on flush', async () => {
    let now = 1_000_000
    const clock = { now: () => now, monotonic: () => now, sleep: () => new Promise<void>(() => undefined) }
    const { seen, send } = server(
      answers(503, { 'retry-after': '30' }),
      answers(409, { 'retry-after': '2' }),
      answers(429, { 'retry-after': new Date(1_092_000).toUTCString() }),
    )
    const outbox = outboxOf({ send, clock, random: () => 0 })
    await outbox.enqueue({ url: '/a' })
    for (const pause of [30_000, 2_000, 60_000]) {
      await outbox.flush()
      expect((await outbox.pending())[0]?.nextAttemptAt).toEqual(new Date(now + pause))
      const count = seen.length
      now += pause - 1
      await outbox.flush()
      expect(seen).toHaveLength(count)
      now += 1
    }
    expect(await outbox.flush()).toMatchObject({ sent: 1 })
  })

  it('fails a request after many refusals, but never because of missing network', async () => {
    const { send } = server(lost, lost, lost, lost, answers(500), lost, answers(503))
    const outbox = outboxOf({ send, maxAttempts: 2 })
    await outbox.enqueue({ url: '/a' })
    for (let i = 0; i < 6; i++) expect(await outbox.flush()).toMatchObject({ pending: 1 })
    expect(await outbox.flush()).toEqual({ sent: 0, failed: 1, pending: 0 })
    expect(await outbox.failed()).toMatchObject([
      { attempts: 7, problem: 'the server answers 503, 2 times', answer: { status: 503 } },
    ])
  })

  it('retries a failed request in its old position, and deletes a discarded one', async () => {
    const { seen, send } = server(answers(422), lost)
    const outbox = outboxOf({ send })
    const first = await outbox.enqueue({ url: '/first' })
    const second = await outbox.enqueue({ url: '/second' })
    await outbox.flush()
    expect(await outbox.retry(second)).toBe(false)
    expect(await outbox.retry(first)).toBe(true)
    expect((await outbox.pending()).map(({ id }) => id)).toEqual([first, second])
    expect(await outbox.discard(second)).toBe(true)
    expect(await outbox.discard(second)).toBe(false)
    expect(await outbox.flush()).toEqual({ sent: 1, failed: 0, pending: 0 })
    expect(seen.map(({ url }) => new URL(url).pathname)).toEqual(['/first', '/second', '/first'])
    expect(seen[2]?.key).toBe(seen[0]?.key)
  })

  it('queues an effect one time, and refuses another effect under its key', async () => {
    const { seen, send } = server(answers(400))
    const outbox = outboxOf({ send })
    const order = { url: '/orders', json: { amount: 5 } }
    const id = await outbox.enqueue(order, { key: 'order-17' })
    expect(await outbox.enqueue(order, { key: 'order-17' })).toBe(id)
    await expect(
      outbox.enqueue({ url: '/orders', json: { amount: 6 } }, { key: 'order-17' }),
    ).rejects.toMatchObject({
      kind: 'AlreadyExists',
    })
    await outbox.flush()
    expect(await outbox.failed()).toHaveLength(1)
    expect(await outbox.enqueue(order, { key: 'order-17' })).toBe(id)
    expect(await outbox.flush()).toEqual({ sent: 1, failed: 0, pending: 0 })
    expect(seen.map(({ key }) => key)).toEqual(['"order-17"', '"order-17"'])
  })

  it('uses the request’s own key', async () => {
    const { seen, send } = server()
    const outbox = outboxOf({ send })
    await outbox.enqueue({ url: '/a', headers: { 'Idempotency-Key': '"k1"' } })
    await outbox.enqueue(new Request('/b', { method: 'POST', headers: { 'idempotency-key': 'k2' } }))
    await outbox.flush()
    expect(seen.map(({ key }) => key)).toEqual(['"k1"', '"k2"'])
  })

  it.each([
    'authorization',
    'Cookie',
    'proxy-authorization',
    'X-API-Key',
    'x-amz-security-token',
    'x-csrf-token',
  ])('refuses to keep %s', async (name) => {
    const outbox = outboxOf({})
    const marker = 'marker-7d1f'
    const error = await outbox.enqueue({ url: '/a', headers: { [name]: marker } }).catch((it: unknown) => it)
    expect(error).toMatchObject({ kind: 'InvalidInput', message: expect.stringContaining('"prepare"') })
    expect(String(error)).not.toContain(marker)
    expect(await outbox.pending()).toEqual([])
  })

  it('refuses requests without an effect, with credentials in the URL, or with a bad key', async () => {
    const outbox = outboxOf({})
    const kinds = [
      outbox.enqueue({ url: '/a', method: 'GET' }),
      outbox.enqueue({ url: '/a' }, { key: '' }),
      outbox.enqueue({ url: '/a' }, { key: 'ü' }),
      outbox.enqueue({ url: '/a' }, { key: 'x'.repeat(256) }),
    ].map((it) =>
      it.then(
        () => 'taken',
        (error: { kind: string }) => error.kind,
      ),
    )
    expect(await Promise.all(kinds)).toEqual(Array(4).fill('InvalidInput'))
    // The browser itself refuses a Request with credentials in its URL.
    await expect(outbox.enqueue({ url: 'https://me:secret@host.test/' })).rejects.toThrow()
  })

  it('adds credentials when it sends, and keeps key and body regardless of prepare', async () => {
    const { seen, send } = server(lost)
    let tokens = 0
    const outbox = outboxOf({
      send,
      prepare: (request) => {
        const headers = new Headers(request.headers)
        headers.set('authorization', `Bearer t${++tokens}`)
        headers.delete('idempotency-key')
        return new Request(request, { headers })
      },
    })
    await outbox.enqueue({ url: '/a', body: 'x' }, { key: 'k' })
    await outbox.flush()
    await outbox.flush()
    expect(seen.map(({ headers, body, key }) => [headers.get('authorization'), body, key])).toEqual([
      ['Bearer t1', 'x', '"k"'],
      ['Bearer t2', 'x', '"k"'],
    ])
  })

  it('waits when prepare fails', async () => {
    let signedIn = false
    const outbox = outboxOf({
      send: server().send,
      prepare: (request) => (signedIn ? request : Promise.reject(new Error('signed out'))),
    })
    await outbox.enqueue({ url: '/a' })
    expect(await outbox.flush()).toMatchObject({ pending: 1 })
    expect((await outbox.pending())[0]?.problem).toBe('signed out')
    signedIn = true
    expect(await outbox.flush()).toMatchObject({ sent: 1 })
  })

  it('is bounded in bytes and in entries', async () => {
    const outbox = outboxOf({ maxBodyBytes: 4, maxEntries: 2 })
    await expect(outbox.enqueue({ url: '/a', body: '12345' })).rejects.toMatchObject({
      kind: 'LimitExceeded',
    })
    await outbox.enqueue({ url: '/a', body: '1234' })
    await outbox.enqueue({ url: '/b' })
    await expect(outbox.enqueue({ url: '/c' })).rejects.toMatchObject({ kind: 'LimitExceeded' })
    expect(await outbox.pending()).toHaveLength(2)
  })

  it('calls onAnswer before it deletes the entry', async () => {
    const order: string[] = []
    const outbox: Outbox = outboxOf({
      send: server(answers(201, {}, '{"id":7}')).send,
      onAnswer: async (entry, response) => {
        order.push(`${entry.key} ${response.status} ${await response.text()}`)
        order.push(`${(await outbox.pending()).length} waits`)
        throw new Error('of the app')
      },
      log: { ...silentLogger, error: (_, message) => void order.push(message) },
    })
    await outbox.enqueue({ url: '/a' }, { key: 'k' })
    expect(await outbox.flush()).toEqual({ sent: 1, failed: 0, pending: 0 })
    expect(order).toEqual(['k 201 {"id":7}', '1 waits', 'onAnswer of the outbox failed'])
  })

  it('times out a missing answer, and sends again', async () => {
    const { seen, send } = server()
    let calls = 0
    const outbox = outboxOf({
      timeoutMs: 50,
      send: (request) =>
        ++calls > 1
          ? send(request)
          : new Promise((_, reject) => {
              request.signal.addEventListener('abort', () => reject(request.signal.reason as Error))
            }),
    })
    await outbox.enqueue({ url: '/a' })
    expect(await outbox.flush()).toMatchObject({ pending: 1 })
    expect((await outbox.pending())[0]?.problem).toBe('no answer in time')
    expect(await outbox.flush()).toMatchObject({ sent: 1 })
    expect(seen).toHaveLength(1)
  })
})

describe('outboxes of one name', () => {
  it('share pending requests, and only one sends at a time', async () => {
    const name = crypto.randomUUID()
    let under = 0
    let most = 0
    const seen: string[] = []
    const send = async (request: Request) => {
      most = Math.max(most, ++under)
      seen.push(request.headers.get('idempotency-key') ?? '')
      await new Promise((resolve) => setTimeout(resolve, 5))
      under -= 1
      return ok()
    }
    const tabs = Array.from({ length: 4 }, () => outboxOf({ name, send, auto: true }))
    await Promise.all(
      tabs.flatMap((tab, index) =>
        [0, 1, 2, 3, 4].map((n) => tab.enqueue({ url: '/a' }, { key: `${index}-${n}` })),
      ),
    )
    await expect.poll(async () => (await tabs[0]?.pending())?.length).toBe(0)
    expect(most).toBe(1)
    expect(seen.toSorted()).toEqual(
      [0, 1, 2, 3].flatMap((index) => [0, 1, 2, 3, 4].map((n) => `"${index}-${n}"`)),
    )
  })

  it('notify each other', async () => {
    const name = crypto.randomUUID()
    const [one, other] = [outboxOf({ name, send: server(answers(422)).send }), outboxOf({ name })]
    const states: string[] = []
    const stop = other.subscribe(({ pending, failed }) => void states.push(`${pending} ${failed}`))
    await expect.poll(() => states.at(-1)).toBe('0 0')
    await one.enqueue({ url: '/a' })
    await expect.poll(() => states.at(-1)).toBe('1 0')
    await one.flush()
    await expect.poll(() => states.at(-1)).toBe('0 1')
    stop()
    await one.enqueue({ url: '/b' })
    expect(states.at(-1)).toBe('0 1')
  })

  it('send automatically: after enqueue, after pauses, and entries of an earlier page', async () => {
    const name = crypto.randomUUID()
    await outboxOf({ name }).enqueue({ url: '/left' })
    const { seen, send } = server(answers(500), answers(500), answers(201), answers(201))
    const outbox = outboxOf({ name, send, auto: true })
    await expect.poll(async () => (await outbox.pending()).length).toBe(0)
    await outbox.enqueue({ url: '/new' })
    await expect.poll(async () => (await outbox.pending()).length).toBe(0)
    expect(seen.map(({ url }) => new URL(url).pathname)).toEqual(['/left', '/left', '/left', '/new'])
    expect(new Set(seen.slice(0, 3).map(({ key }) => key)).size).toBe(1)
  })

  it('do nothing after close, and keep pending requests', async () => {
    const name = crypto.randomUUID()
    const outbox = outboxOf({ name })
    await outbox.enqueue({ url: '/a' })
    await outbox.close()
    await expect(outbox.flush()).rejects.toThrow()
    expect(await outboxOf({ name }).pending()).toHaveLength(1)
  })
})
