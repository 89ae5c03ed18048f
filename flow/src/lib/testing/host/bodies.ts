/** Raw bodies and forms stream into the blob store and out of it; what is refused leaves nothing behind. */
import { expect } from 'vitest'
import { type Ask, fresh, type HostGroup, problemOf } from './case.ts'

const MiB = 1024 * 1024

/** Bytes of a length that repeat every 251, so that no block equals its neighbour. */
function bytes(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, at) => at % 251)
}

function put(ask: Ask, key: string, body: BodyInit, type = 'application/octet-stream'): Promise<Response> {
  return ask(`/blobs/${key}`, { method: 'PUT', headers: { 'content-type': type }, body })
}

async function listed(ask: Ask, prefix: string): Promise<unknown> {
  return (await ask(`/blobs?prefix=${encodeURIComponent(prefix)}`)).json()
}

function form(...parts: readonly (readonly [string, Blob | string, string?])[]): FormData {
  const data = new FormData()
  for (const [field, value, filename] of parts) {
    if (typeof value === 'string') data.append(field, value)
    else data.append(field, value, filename)
  }
  return data
}

/** A form as text, for what `FormData` would not write. */
function raw(boundary: string, text: string): RequestInit {
  return {
    method: 'POST',
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: text.replaceAll('\n', '\r\n'),
  }
}

export const bodies: HostGroup = {
  name: 'bodies',
  cases: [
    {
      name: 'a raw body is stored and served as it was, with its type',
      async run(ask) {
        const key = fresh()
        const body = bytes(MiB + 17)
        const stored = await put(ask, key, body, 'image/x-test')
        expect([stored.status, await stored.json()]).toEqual([
          201,
          { size: body.length, contentType: 'image/x-test' },
        ])
        const got = await ask(`/blobs/${key}`)
        expect([got.status, got.headers.get('content-type'), got.headers.get('content-length')]).toEqual([
          200,
          'image/x-test',
          String(body.length),
        ])
        expect(new Uint8Array(await got.arrayBuffer())).toEqual(body)
      },
    },
    {
      name: 'an empty body is an empty object',
      async run(ask) {
        const key = fresh()
        expect(await (await put(ask, key, new Uint8Array(0))).json()).toMatchObject({ size: 0 })
        expect(await (await ask(`/blobs/${key}`)).text()).toBe('')
      },
    },
    {
      name: 'a content type of more than 256 bytes is 400 and nothing is stored',
      async run(ask) {
        const key = fresh()
        const ofLength = (length: number) => `text/${'x'.repeat(length - 5)}`
        const count = (type: string) =>
          ask('/count', { method: 'POST', headers: { 'content-type': type }, body: 'x' })
        await problemOf(put(ask, key, 'x', ofLength(257)), 400, 'CONTENT_TYPE_TOO_LONG')
        await problemOf(count(ofLength(257)), 400, 'CONTENT_TYPE_TOO_LONG')
        expect((await ask(`/blobs/${key}`)).status).toBe(404)
        expect((await put(ask, key, 'x', ofLength(256))).status).toBe(201)
        expect((await count(ofLength(256))).status).toBe(200)
      },
    },
    {
      name: 'a body over the route’s bound is 413 and nothing is stored',
      async run(ask) {
        const key = fresh()
        await problemOf(put(ask, key, bytes(4 * MiB + 1)), 413, 'CAPABILITY_LIMIT_EXCEEDED')
        expect((await ask(`/blobs/${key}`)).status).toBe(404)
      },
    },
    ...(
      [
        ['bytes=0-9', 206, 0, 10],
        ['bytes=990-', 206, 990, 1000],
        ['bytes=-10', 206, 990, 1000],
        ['bytes=995-5000', 206, 995, 1000],
        ['items=0-1', 200, 0, 1000],
        ['bytes=0-1,4-5', 200, 0, 1000],
      ] as const
    ).map(([range, status, start, end]) => ({
      name: `Range: ${range} is ${status} with bytes ${start} to ${end}`,
      run: async (ask: Ask) => {
        const key = fresh()
        const body = bytes(1000)
        await put(ask, key, body)
        const got = await ask(`/blobs/${key}`, { headers: { range } })
        expect([got.status, got.headers.get('content-range')]).toEqual([
          status,
          status === 206 ? `bytes ${start}-${end - 1}/1000` : null,
        ])
        expect(new Uint8Array(await got.arrayBuffer())).toEqual(body.slice(start, end))
      },
    })),
    {
      name: 'a range outside the object is 416 and says how long it is',
      async run(ask) {
        const key = fresh()
        await put(ask, key, bytes(10))
        const response = await ask(`/blobs/${key}`, { headers: { range: 'bytes=10-' } })
        expect([response.status, response.headers.get('content-range')]).toEqual([416, 'bytes */10'])
      },
    },
    {
      name: 'conditions on the entity tag are honoured',
      async run(ask) {
        const key = fresh()
        await put(ask, key, bytes(10))
        const etag = (await ask(`/blobs/${key}`)).headers.get('etag') ?? ''
        expect(etag).toMatch(/^".+"$/)
        const same = await ask(`/blobs/${key}`, { headers: { 'if-none-match': etag } })
        expect([same.status, await same.text()]).toEqual([304, ''])
        expect((await ask(`/blobs/${key}`, { headers: { 'if-match': '"other"' } })).status).toBe(412)
        expect((await ask(`/blobs/${key}`, { headers: { 'if-match': etag } })).status).toBe(200)
      },
    },
    {
      name: 'HEAD tells length and tag without the bytes',
      async run(ask) {
        const key = fresh()
        await put(ask, key, bytes(123))
        const head = await ask(`/blobs/${key}`, { method: 'HEAD' })
        expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '123', ''])
        expect(head.headers.get('accept-ranges')).toBe('bytes')
      },
    },
    {
      name: 'all files of a form are stored, and its fields join the message',
      async run(ask) {
        const name = fresh()
        const body = form(
          ['title', 'Äpfel'],
          ['a', new Blob([bytes(300_000)], { type: 'image/x-test' }), 'one.bin'],
          ['b', new Blob(['two']), 'two.txt'],
        )
        const response = await ask(`/forms/${name}`, { method: 'POST', body })
        expect([response.status, await response.json()]).toMatchObject([
          201,
          {
            title: 'Äpfel',
            files: [
              { key: `${name}/one.bin`, size: 300_000, contentType: 'image/x-test' },
              { key: `${name}/two.txt`, size: 3 },
            ],
          },
        ])
        expect(await listed(ask, `${name}/`)).toEqual([`${name}/one.bin`, `${name}/two.txt`])
        const got = await ask(`/blobs/${encodeURIComponent(`${name}/one.bin`)}`)
        expect(new Uint8Array(await got.arrayBuffer())).toEqual(bytes(300_000))
      },
    },
    {
      name: 'a form without files is an empty list',
      async run(ask) {
        const response = await ask(`/forms/${fresh()}`, { method: 'POST', body: form(['title', 'none']) })
        expect(await response.json()).toEqual({ title: 'none', files: [] })
      },
    },
    {
      name: 'a form that is cut off is 400 and stores nothing',
      async run(ask) {
        const name = fresh()
        const cut = '--B\nContent-Disposition: form-data; name="a"; filename="a.txt"\n\nsome text'
        await problemOf(ask(`/forms/${name}`, raw('B', cut)), 400, 'TRUNCATED_BODY')
        expect(await listed(ask, `${name}/`)).toEqual([])
      },
    },
    {
      name: 'too many files, too many fields, too long a field and too large a file are 413 and store nothing',
      async run(ask) {
        const name = fresh()
        const post = (body: FormData) => ask(`/forms/${name}`, { method: 'POST', body })
        const file = (at: number) => ['f', new Blob([`${at}`]), `${at}.txt`] as const
        await problemOf(post(form(file(1), file(2), file(3), file(4))), 413, 'TOO_MANY_PARTS')
        await problemOf(post(form(file(1), ['a', '1'], ['b', '2'], ['c', '3'])), 413, 'TOO_MANY_PARTS')
        await problemOf(post(form(file(1), ['title', 'x'.repeat(101)])), 413, 'FIELD_TOO_LONG')
        const large = new Blob([new Uint8Array(MiB + 1)])
        await problemOf(post(form(file(1), ['f', large, 'large.bin'])), 413, 'CAPABILITY_LIMIT_EXCEEDED')
        expect(await listed(ask, `${name}/`)).toEqual([])
      },
    },
    {
      name: 'two files of one name are 400 and store nothing',
      async run(ask) {
        const name = fresh()
        const body = form(['a', new Blob(['1']), 'same.txt'], ['b', new Blob(['2']), 'same.txt'])
        await problemOf(ask(`/forms/${name}`, { method: 'POST', body }), 400, 'FILE_TWICE')
        expect(await listed(ask, `${name}/`)).toEqual([])
      },
    },
    {
      name: 'a body that is no form is 415, a form without a boundary too',
      async run(ask) {
        const send = (type: string) =>
          ask(`/forms/${fresh()}`, { method: 'POST', headers: { 'content-type': type }, body: 'x' })
        await problemOf(send('text/plain'), 415, 'UNSUPPORTED_MEDIA_TYPE')
        await problemOf(send('multipart/form-data'), 415, 'UNSUPPORTED_MEDIA_TYPE')
      },
    },
    {
      name: 'a key in the staging area of forms is 400 and stores nothing',
      async run(ask) {
        const key = '.flowport/uploads/x/0'
        await problemOf(put(ask, encodeURIComponent(key), 'x'), 400, 'RESERVED_KEY')
        const body = form(['f', new Blob(['x']), 'uploads/x/0'])
        await problemOf(ask('/forms/.flowport', { method: 'POST', body }), 400, 'RESERVED_KEY')
        expect(await listed(ask, key)).toEqual([])
      },
    },
    {
      name: 'a file name that leaves its folder is 400 and stores nothing',
      async run(ask) {
        const name = fresh()
        const text = '--B\nContent-Disposition: form-data; name="a"; filename="../x.txt"\n\nx\n--B--\n'
        const response = await ask(`/forms/${name}`, raw('B', text))
        expect(response.status).toBe(400)
        expect(await listed(ask, name)).toEqual([])
      },
    },
    {
      name: 'a stream reaches the flow as it arrives, of the types the route takes',
      async run(ask) {
        const send = (type: string, body: BodyInit) =>
          ask('/count', { method: 'POST', headers: { 'content-type': type }, body })
        const counted = await send('text/csv', 'a,b\n1,2\n')
        expect(await counted.json()).toEqual({ bytes: 8, size: 8, contentType: 'text/csv' })
        await problemOf(send('application/json', '{}'), 415, 'UNSUPPORTED_MEDIA_TYPE')
        await problemOf(send('text/plain', new Uint8Array(4 * MiB + 1)), 413, 'CAPABILITY_LIMIT_EXCEEDED')
      },
    },
  ],
}
