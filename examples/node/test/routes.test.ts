import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask, type ExampleServer, startExample } from './support/example-server.ts'
import { airports, bytesOf, movies, picture } from './support/real-data.ts'

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

  it('takes the empty text', async () => {
    expect((await ask(at('/echo'), 'POST', { value: '   ' })).body).toEqual({ value: '', length: 0 })
  })

  it('tells timings, a request id and no caching', async () => {
    const { headers } = await ask(at('/echo'), 'POST', { value: 'x' }, { 'x-request-id': 'abc-1' })
    expect(headers.get('x-request-id')).toBe('abc-1')
    expect(headers.get('server-timing')).toMatch(/^normalise;dur=\d/)
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

  it('list page by page without losing or repeating one', async () => {
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

  it('take ids with any characters, percent-encoded', async () => {
    const id = 'ä ö/ü?#%&+😀'
    await ask(at(`/notes/${encodeURIComponent(id)}`), 'PUT', { text: 'odd' })
    expect((await ask(at(`/notes/${encodeURIComponent(id)}`))).body).toEqual({ id, text: 'odd' })
  })
})

describe('/files', () => {
  it('are stored and served with type, length and tag', async () => {
    const bytes = bytesOf(movies)
    const put = await fetch(at('/files/movies.json'), {
      method: 'PUT',
      body: bytes,
      headers: { 'content-type': 'application/json' },
    })
    expect(put.status).toBe(201)
    const stored = (await put.json()) as { key: string; size: number; etag: string; contentType: string }
    expect(stored).toMatchObject({ key: 'movies.json', size: bytes.length, contentType: 'application/json' })
    const got = await fetch(at('/files/movies.json'))
    expect(got.headers.get('etag')).toBe(`"${stored.etag}"`)
    expect(got.headers.get('content-type')).toBe('application/json')
    expect(new Uint8Array(await got.arrayBuffer())).toEqual(bytes)
    const head = await fetch(at('/files/movies.json'), { method: 'HEAD' })
    expect(head.status).toBe(200)
    expect(head.headers.get('content-length')).toBe(String(bytes.length))
  })

  it('are served in ranges and not at all when the client has them', async () => {
    const bytes = bytesOf(picture)
    await fetch(at('/files/7zip.png'), {
      method: 'PUT',
      body: bytes,
      headers: { 'content-type': 'image/png' },
    })
    const range = async (value: string, more: Record<string, string> = {}) => {
      const response = await fetch(at('/files/7zip.png'), { headers: { range: value, ...more } })
      return {
        status: response.status,
        range: response.headers.get('content-range'),
        bytes: new Uint8Array(await response.arrayBuffer()),
      }
    }
    expect(await range('bytes=10-19')).toEqual({
      status: 206,
      range: `bytes 10-19/${bytes.length}`,
      bytes: bytes.slice(10, 20),
    })
    expect((await range('bytes=-5')).bytes).toEqual(bytes.slice(-5))
    expect((await range(`bytes=${bytes.length - 3}-`)).bytes).toEqual(bytes.slice(-3))
    expect((await range(`bytes=0-${bytes.length * 2}`)).bytes).toEqual(bytes)
    expect((await range('bytes=0-1,4-5')).status).toBe(200)
    expect((await range('pages=1')).status).toBe(200)
    expect((await range('bytes=0-1', { 'if-range': '"other"' })).status).toBe(200)
    const etag = (await fetch(at('/files/7zip.png'), { method: 'HEAD' })).headers.get('etag') ?? ''
    expect((await range('bytes=0-1', { 'if-range': etag })).status).toBe(206)
    const known = await fetch(at('/files/7zip.png'), { headers: { 'if-none-match': `W/${etag}, "x"` } })
    expect([known.status, await known.text()]).toEqual([304, ''])
    expect((await fetch(at('/files/7zip.png'), { headers: { 'if-match': '"x"' } })).status).toBe(412)
  })

  it('come in forms, many at once', async () => {
    const form = new FormData()
    form.append('a', new Blob([bytesOf(picture)], { type: 'image/png' }), 'form-1.png')
    form.append('b', new Blob([bytesOf(movies)], { type: 'application/json' }), 'form-2.json')
    form.append('b', new Blob(['']), 'form-3.empty')
    const response = await fetch(at('/files'), { method: 'POST', body: form })
    expect(response.status).toBe(201)
    const { files } = (await response.json()) as {
      files: { key: string; size: number; contentType: string }[]
    }
    expect(files.map(({ key, size }) => [key, size])).toEqual([
      ['form-1.png', bytesOf(picture).length],
      ['form-2.json', bytesOf(movies).length],
      ['form-3.empty', 0],
    ])
    expect(files[0]?.contentType).toBe('image/png')
    expect(new Uint8Array(await (await fetch(at('/files/form-1.png'))).arrayBuffer())).toEqual(
      bytesOf(picture),
    )
    const listed = (await ask(at('/files?prefix=form-'))).body as {
      files: { key: string }[]
      listComplete: boolean
    }
    expect(listed.files.map(({ key }) => key)).toEqual(['form-1.png', 'form-2.json', 'form-3.empty'])
    expect(listed.listComplete).toBe(true)
  })

  it('are deleted, also twice', async () => {
    await fetch(at('/files/gone'), { method: 'PUT', body: 'x' })
    expect((await fetch(at('/files/gone'), { method: 'DELETE' })).status).toBe(204)
    expect((await fetch(at('/files/gone'), { method: 'DELETE' })).status).toBe(204)
    expect((await ask(at('/files/gone'))).status).toBe(404)
  })
})

describe('/orders', () => {
  it('charge once, however often and however concurrently they are sent', async () => {
    const order = { orderId: 'order-1', amountCents: 4_200 }
    const answers = await Promise.all(Array.from({ length: 64 }, () => ask(at('/orders'), 'POST', order)))
    const made = answers.filter(({ status }) => status === 201)
    expect(made.length).toBeGreaterThan(0)
    expect(new Set(made.map(({ body }) => JSON.stringify(body))).size).toBe(1)
    // Whoever came while the first was at work and could not wait is told to come back.
    for (const { status, body } of answers)
      if (status !== 201) expect([status, body]).toMatchObject([409, { code: 'IDEM_IN_FLIGHT' }])
    expect((await ask(at('/orders/order-1'))).body).toEqual({ orderId: 'order-1', charges: 1 })
  })

  it('refuse the same order with another amount', async () => {
    await ask(at('/orders'), 'POST', { orderId: 'order-2', amountCents: 1 })
    expect(await ask(at('/orders'), 'POST', { orderId: 'order-2', amountCents: 2 })).toMatchObject({
      status: 422,
      body: { code: 'IDEM099' },
    })
    expect((await ask(at('/orders/order-2'))).body).toEqual({ orderId: 'order-2', charges: 1 })
  })

  it('accept an Idempotency-Key, quoted or bare, and refuse a malformed one', async () => {
    const send = (key: string) =>
      ask(at('/orders'), 'POST', { orderId: 'order-3', amountCents: 3 }, { 'idempotency-key': key })
    expect((await send('"8e03978e-40d5-43dd-bc93-6894a57f9324"')).status).toBe(201)
    expect((await send('8e03978e-40d5-43dd-bc93-6894a57f9324')).status).toBe(201)
    for (const bad of ['"unterminated', '', '""', 'two words', 'x'.repeat(256)]) {
      expect((await send(bad)).status, bad).toBe(400)
    }
    expect((await ask(at('/orders/order-3'))).body).toEqual({ orderId: 'order-3', charges: 1 })
  })

  it('tell no charges for an order nobody sent', async () => {
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

  it('rejects a row without an id, and tells its line', async () => {
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

  it('streams progress to who asks for it', async () => {
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

  it('says where a body stops being CSV', async () => {
    const response = await post('id,name\n1,"never closed\n')
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 'MALFORMED_CSV' })
  })

  it('takes CSV only', async () => {
    const response = await fetch(at('/imports'), {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    })
    expect(response.status).toBe(415)
  })
})
