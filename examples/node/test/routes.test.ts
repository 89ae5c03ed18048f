import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask, type ExampleServer, startExample } from './support/example-server.ts'
import { fileRoutes } from './support/file-routes.ts'
import { airports, bytesOf } from './support/real-data.ts'

let server: ExampleServer
beforeAll(async () => {
  server = await startExample()
})
afterAll(() => server.stop())

const at = (path: string) => server.url + path

describe('POST /echo', () => {
  it('normalises: NFC, trimmed, inner whitespace collapsed, length in code points', async () => {
    const decomposed = ' he\u0301llo \t\n  wo\u00a0rld 👩‍🚀 '
    const { status, body } = await ask(at('/echo'), 'POST', { value: decomposed })
    expect(status).toBe(200)
    expect(body).toEqual({ value: 'h\u00e9llo wo rld 👩‍🚀', length: [...'h\u00e9llo wo rld 👩‍🚀'].length })
  })

  it('accepts empty text', async () => {
    expect((await ask(at('/echo'), 'POST', { value: '   ' })).body).toEqual({ value: '', length: 0 })
  })

  it('sends a request id and forbids caching, and names no nodes', async () => {
    const { headers } = await ask(at('/echo'), 'POST', { value: 'x' }, { 'x-request-id': 'abc-1' })
    expect(headers.get('x-request-id')).toBe('abc-1')
    expect(headers.get('server-timing')).toBeNull()
    expect(headers.get('cache-control')).toBe('no-store')
  })
})

describe('POST /tickets', () => {
  const cases: readonly [string, boolean, unknown][] = [
    ['billing', true, { queue: 'billing', priority: 'high' }],
    ['bug', false, { queue: 'bugs', priority: 'normal' }],
    ['anything', true, { queue: 'general', priority: 'high' }],
    ['Billing', false, { queue: 'general', priority: 'normal' }],
  ]
  for (const [kind, urgent, routed] of cases) {
    it(`routes ${kind}, ${urgent ? 'urgent' : 'not urgent'}`, async () => {
      const { status, body } = await ask(at('/tickets'), 'POST', { kind, urgent, text: 'help' })
      expect(status).toBe(200)
      expect(body).toEqual(routed)
    })
  }
})

describe('/notes', () => {
  it('are written, read, replaced and deleted', async () => {
    expect(await ask(at('/notes/a'), 'PUT', { text: 'one' })).toMatchObject({
      status: 200,
      body: { id: 'a', text: 'one' },
    })
    await ask(at('/notes/a'), 'PUT', { text: 'zwei ✓' })
    expect((await ask(at('/notes/a'))).body).toEqual({ id: 'a', text: 'zwei ✓' })
    expect((await ask(at('/notes/a'), 'DELETE')).status).toBe(204)
    expect((await ask(at('/notes/a'), 'DELETE')).status).toBe(204)
    const missing = await ask(at('/notes/a'))
    expect(missing.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect(missing).toMatchObject({
      status: 404,
      body: { code: 'NOTE_NOT_FOUND', status: 404, instance: '/notes/a' },
    })
  })

  it('are listed page by page, none lost or repeated', async () => {
    const ids = Array.from({ length: 25 }, (_, i) => `page-${String(i).padStart(2, '0')}`)
    await Promise.all(ids.map((id) => ask(at(`/notes/${id}`), 'PUT', { text: id })))
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const query = new URLSearchParams({
        prefix: 'page-',
        limit: '10',
        ...(cursor === undefined ? {} : { cursor }),
      })
      const { body } = await ask(at(`/notes?${query.toString()}`))
      const page = body as { keys: { key: string }[]; listComplete: boolean; cursor?: string }
      seen.push(...page.keys.map(({ key }) => key))
      expect(page.listComplete).toBe(page.cursor === undefined)
      cursor = page.cursor
    } while (cursor !== undefined)
    expect(seen).toEqual(ids)
  })

  it('accept ids with any characters, percent-encoded', async () => {
    const id = 'ä ö/ü?#%&+😀'
    await ask(at(`/notes/${encodeURIComponent(id)}`), 'PUT', { text: 'odd' })
    expect((await ask(at(`/notes/${encodeURIComponent(id)}`))).body).toEqual({ id, text: 'odd' })
  })
})

fileRoutes(() => server.url)

describe('/orders', () => {
  it('charges once when an order is sent repeatedly and concurrently', async () => {
    const order = { orderId: 'order-1', amountCents: 4_200 }
    const answers = await Promise.all(Array.from({ length: 64 }, () => ask(at('/orders'), 'POST', order)))
    const made = answers.filter(({ status }) => status === 201)
    expect(made.length).toBeGreaterThan(0)
    expect(new Set(made.map(({ body }) => JSON.stringify(body))).size).toBe(1)
    // A request that waited too long for the first one gets 409, to retry later.
    for (const { status, body } of answers)
      if (status !== 201) expect([status, body]).toMatchObject([409, { code: 'IDEM_IN_FLIGHT' }])
    expect((await ask(at('/orders/order-1'))).body).toEqual({ orderId: 'order-1', charges: 1 })
  })

  it('refuses the same order with another amount', async () => {
    await ask(at('/orders'), 'POST', { orderId: 'order-2', amountCents: 1 })
    expect(await ask(at('/orders'), 'POST', { orderId: 'order-2', amountCents: 2 })).toMatchObject({
      status: 422,
      body: { code: 'IDEM099' },
    })
    expect((await ask(at('/orders/order-2'))).body).toEqual({ orderId: 'order-2', charges: 1 })
  })

  it('accepts an Idempotency-Key, quoted or bare, and refuses a malformed one', async () => {
    const send = (key: string) =>
      ask(at('/orders'), 'POST', { orderId: 'order-3', amountCents: 3 }, { 'idempotency-key': key })
    expect((await send('"8e03978e-40d5-43dd-bc93-6894a57f9324"')).status).toBe(201)
    expect((await send('8e03978e-40d5-43dd-bc93-6894a57f9324')).status).toBe(201)
    for (const bad of ['"unterminated', '', '""', 'two words', 'x'.repeat(256)]) {
      expect((await send(bad)).status, bad).toBe(400)
    }
    expect((await ask(at('/orders/order-3'))).body).toEqual({ orderId: 'order-3', charges: 1 })
  })

  it('shows zero charges for an order that was never sent', async () => {
    expect((await ask(at('/orders/none'))).body).toEqual({ orderId: 'none', charges: 0 })
  })
})

describe('POST /imports', () => {
  const post = (csv: BodyInit, accept = 'application/json') =>
    fetch(at('/imports'), { method: 'POST', body: csv, headers: { 'content-type': 'text/csv', accept } })

  it('stores the rows of a real file', async () => {
    const response = await post(bytesOf(airports))
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ rows: 3376, stored: 3376, rejected: [] })
  })

  it('rejects a row without an id, and names its line', async () => {
    const csv = 'id,name\n1,one\n,nobody\n2,"two\nlines"\n  ,blank\n3,three,extra\n4\n'
    expect(await (await post(csv)).json()).toEqual({
      rows: 6,
      stored: 3,
      rejected: [
        { line: 3, reason: 'the row has no id' },
        { line: 6, reason: 'the row has no id' },
        { line: 7, reason: 'the row has 3 cells, the header 2' },
      ],
    })
  })

  it('streams progress when the client accepts event streams', async () => {
    const events = await (await post(bytesOf(airports), 'text/event-stream')).text()
    expect(events.match(/^event: progress$/gm)).toHaveLength(6)
    expect(events).toMatch(/event: result\ndata: \{"rows":3376,"stored":3376,"rejected":\[\]\}\n\n$/)
    const lines = (await (await post(bytesOf(airports), 'application/x-ndjson')).text()).trim().split('\n')
    expect(lines).toHaveLength(7)
    expect(JSON.parse(lines[6] ?? '')).toEqual({
      event: 'result',
      data: { rows: 3376, stored: 3376, rejected: [] },
    })
  })

  it('names the line at which a body stops being CSV', async () => {
    const response = await post('id,name\n1,"never closed\n')
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 'MALFORMED_CSV' })
  })

  it('accepts quotes inside fields, mixed line endings and NUL', async () => {
    expect(await (await post('id,n\r\n1,5"\n2,"x"y\r3,\0\r\n4\0,x\n')).json()).toEqual({
      rows: 4,
      stored: 3,
      rejected: [{ line: 5, reason: 'the id has a control character' }],
    })
  })

  it('accepts UTF-8 only', async () => {
    const latin = await post(Uint8Array.from([0x69, 0x64, 0x0a, 0xe4, 0x0a]))
    expect([latin.status, await latin.json()]).toMatchObject([400, { code: 'INVALID_UTF8' }])
    const declared = await fetch(at('/imports'), {
      method: 'POST',
      body: 'id\n1\n',
      headers: { 'content-type': 'text/csv; charset=windows-1252' },
    })
    expect([declared.status, await declared.json()]).toMatchObject([415, { code: 'UNSUPPORTED_CHARSET' }])
  })

  it('accepts CSV only', async () => {
    const response = await fetch(at('/imports'), {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    })
    expect(response.status).toBe(415)
  })
})
