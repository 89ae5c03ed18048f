import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask, type ExampleServer, startExample } from './support/example-server.ts'

let server: ExampleServer
beforeAll(async () => {
  server = await startExample()
})
afterAll(() => server.stop())

/** Sends raw bytes, which `fetch` cannot, and resolves to the raw answer. */
function raw(text: string | Buffer, end = false): Promise<string> {
  const { hostname, port } = new URL(server.url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(text)
      if (end) socket.end()
    })
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk.toString()
    })
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
  })
}

const get = (path: string, headers = '') =>
  raw(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${headers}\r\n`)
const put = (path: string, body = 'evil') =>
  raw(
    `PUT ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )

/** Parses a raw answer into its status and problem; throws when it is not a problem. */
function problemOf(answer: string): {
  status: number
  code: string
  details?: { issues?: { pointer: string }[] }
} {
  expect(answer).toMatch(/content-type: application\/problem\+json/i)
  return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) as ReturnType<typeof problemOf>
}

async function nothingStored(): Promise<void> {
  expect((await ask(`${server.url}/notes`)).body).toMatchObject({ keys: [] })
  expect((await ask(`${server.url}/files`)).body).toMatchObject({ files: [] })
}

describe('bad input is a problem, and nothing is stored', () => {
  const post = (
    path: string,
    body: string,
    headers: Record<string, string> = { 'content-type': 'application/json' },
    method = 'POST',
  ) => fetch(server.url + path, { method, body, headers })

  it('malformed JSON', async () => {
    for (const body of [
      '{"text":',
      '{text:1}',
      '{"text":"a"}}',
      '"',
      '{"__proto__":{"text":"a"}}',
      '\u0000',
    ]) {
      const response = await post('/notes/x', body, undefined, 'PUT')
      expect([response.status, await response.json()]).toMatchObject([
        400,
        { code: 'MALFORMED_JSON', type: 'urn:flowport:problem:malformed-json' },
      ])
    }
    await nothingStored()
  })

  it('wrong types, with a pointer to each field', async () => {
    const { status, body, headers } = await ask(`${server.url}/orders`, 'POST', {
      orderId: 7,
      amountCents: 'many',
    })
    expect(status).toBe(422)
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect(body).toMatchObject({
      code: 'INVALID_INPUT',
      details: { issues: [{ pointer: '/orderId' }, { pointer: '/amountCents' }] },
    })
    expect((await ask(`${server.url}/sites/x/status?intervalMs=soon`)).body).toMatchObject({
      details: { issues: [{ pointer: '/intervalMs' }] },
    })
    expect((await ask(`${server.url}/orders`, 'POST')).status).toBe(422)
  })

  it('a body that is not an object, on a route with path parameters', async () => {
    const response = await post('/notes/x', '[1]', undefined, 'PUT')
    expect([response.status, await response.json()]).toMatchObject([400, { code: 'BODY_NOT_AN_OBJECT' }])
    await nothingStored()
  })

  it('a field given twice with different values', async () => {
    expect(await ask(`${server.url}/notes/x`, 'PUT', { id: 'y', text: 'a' })).toMatchObject({
      status: 400,
      body: { code: 'FIELD_CONFLICT' },
    })
    expect((await ask(`${server.url}/notes?limit=1&limit=2`)).status).toBe(400)
    expect((await ask(`${server.url}/notes?limit=1&limit=1`)).status).toBe(200)
    await nothingStored()
  })

  it('a media type the route does not accept', async () => {
    const response = await post(
      '/notes/x',
      'text=a',
      { 'content-type': 'application/x-www-form-urlencoded' },
      'PUT',
    )
    expect([response.status, await response.json()]).toMatchObject([415, { code: 'UNSUPPORTED_MEDIA_TYPE' }])
    await nothingStored()
  })

  it('an unknown route, and an unsupported method with the allowed ones', async () => {
    expect(await ask(`${server.url}/nowhere`)).toMatchObject({ status: 404, body: { code: 'NO_SUCH_ROUTE' } })
    const wrong = await ask(`${server.url}/notes/x`, 'PATCH', {})
    expect(wrong).toMatchObject({ status: 405, body: { code: 'METHOD_NOT_ALLOWED' } })
    expect(wrong.headers.get('allow')?.split(', ').sort()).toEqual(['DELETE', 'GET', 'HEAD', 'PUT'])
  })

  it('2 MiB of JSON', async () => {
    const big = JSON.stringify({ text: 'x'.repeat(2 * 1024 * 1024) })
    const declared = await post('/notes/x', big, undefined, 'PUT')
    expect([declared.status, await declared.json()]).toMatchObject([
      413,
      { code: 'CAPABILITY_LIMIT_EXCEEDED', details: { max: 1048576 } },
    ])
    const chunked = await fetch(`${server.url}/notes/x`, {
      method: 'PUT',
      body: new Blob([big]).stream(),
      duplex: 'half',
      headers: { 'content-type': 'application/json' },
    } as RequestInit)
    expect(chunked.status).toBe(413)
    await nothingStored()
  })

  it('a truncated multipart form whose first file is complete', async () => {
    const part = (name: string, text: string) =>
      `--b\r\nContent-Disposition: form-data; name="f"; filename="${name}"\r\n\r\n${text}\r\n`
    const body = `${part('one', 'whole')}${part('two', 'ha').slice(0, -2)}`
    const answer = await raw(
      `POST /files HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    expect(problemOf(answer)).toMatchObject({ status: 400, code: 'TRUNCATED_BODY' })
    await nothingStored()
  })

  it('a form without a boundary, and a form on a JSON route', async () => {
    const noBoundary = await post('/files', 'x', { 'content-type': 'multipart/form-data' })
    expect(noBoundary.status).toBe(415)
    const form = new FormData()
    form.append('a', new Blob(['x']), 'a')
    expect((await fetch(`${server.url}/echo`, { method: 'POST', body: form })).status).toBe(415)
    await nothingStored()
  })

  it('file names that attempt path traversal, in every spelling', async () => {
    const names = [
      '..%2fevil',
      '%2e%2e%2fevil',
      '%2e%2e',
      '%2E%2E',
      '..%5cevil',
      'a%2f..%2f..%2fevil',
      'nul%00byte',
      '%00',
      '.%2fevil',
      '%2fetc%2fpasswd',
    ]
    for (const name of names) {
      const answer = problemOf(await put(`/files/${name}`))
      expect([400, 422], `${name}: ${answer.status}`).toContain(answer.status)
    }
    for (const path of [
      '/files/../evil',
      '/files/./evil',
      '/files/..',
      '/files/%',
      '/files/%zz',
      '/files/%c3%28',
    ]) {
      const answer = problemOf(await put(path))
      expect([400, 404, 405, 422], `${path}: ${answer.status}`).toContain(answer.status)
    }
    await nothingStored()
  })

  it('a form whose file name attempts path traversal', async () => {
    for (const name of ['../evil', 'a/../../evil', '/etc/passwd', 'C:\\evil', '..']) {
      const body = `--b\r\nContent-Disposition: form-data; name="f"; filename="${name.replace('\\', '\\\\')}"\r\n\r\nevil\r\n--b--\r\n`
      const answer = await raw(
        `POST /files HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      )
      expect(problemOf(answer).status, name).toBeLessThan(500)
    }
    await nothingStored()
  })

  it('an over-long key', async () => {
    for (const length of [1_500, 5_000]) {
      expect(await ask(`${server.url}/files/${'k'.repeat(length)}`, 'PUT', {})).toMatchObject({ status: 400 })
      expect((await ask(`${server.url}/notes/${'k'.repeat(length)}`, 'PUT', { text: 'a' })).status).toBe(422)
    }
    expect((await ask(`${server.url}/notes/${'k'.repeat(9_000)}`, 'PUT', { text: 'a' })).status).toBe(414)
    await nothingStored()
  })

  it('headers that are too large', async () => {
    expect(await get('/notes', `X-Big: ${'x'.repeat(40_000)}\r\n`)).toMatch(/^HTTP\/1\.1 431 /)
  })

  it('a bad Range, a bad cursor, a bad limit', async () => {
    await fetch(`${server.url}/files/ranged`, { method: 'PUT', body: '0123456789' })
    for (const range of ['bytes=20-30', 'bytes=5-2', 'bytes=x-y', 'bytes=', 'bytes=-0']) {
      const response = await fetch(`${server.url}/files/ranged`, { headers: { range } })
      expect(response.headers.get('content-type'), range).toMatch(/^application\/problem\+json/)
      expect([response.status, response.headers.get('content-range')], range).toEqual([416, 'bytes */10'])
    }
    await fetch(`${server.url}/files/ranged`, { method: 'DELETE' })
    expect((await ask(`${server.url}/notes?cursor=%21%21`)).status).toBe(400)
    expect((await ask(`${server.url}/notes?limit=0`)).status).toBe(422)
    expect((await ask(`${server.url}/notes?limit=1001`)).status).toBe(422)
  })

  it('an upload with a wrong Content-Length', async () => {
    const answer = await raw(
      `PUT /files/short HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 100\r\n\r\nonly this`,
      true,
    )
    expect(answer === '' || answer.startsWith('HTTP/1.1 4')).toBe(true)
    await nothingStored()
  })

  it('shows no stack trace and no server path', async () => {
    expect(server.stderr()).not.toContain('unhandled')
    const { body } = await ask(`${server.url}/notes?cursor=%21%21`)
    expect(JSON.stringify(body)).not.toMatch(/node_modules|\.ts:|file:\/\//)
  })
})
