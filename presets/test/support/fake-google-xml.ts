/**
 * A fake of Google Cloud Storage's XML API with bearer tokens, over real HTTP: what the S3 driver uses of it, with
 * generations and their preconditions, as Google's reference describes them. It is a test double: nothing of Google's is in it.
 */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll } from 'vitest'

export interface FakeGoogleXml {
  readonly endpoint: string
  readonly bucket: string
  /** The bearer tokens it accepts. */
  readonly tokens: Set<string>
  readonly requests: {
    readonly method: string
    readonly url: string
    readonly headers: IncomingMessage['headers']
  }[]
  /** Answers a token service gives, where something was posted to `/token`. */
  readonly posted: URLSearchParams[]
  /** The bucket's rule for pages of other origins; `null` at first. */
  cors: {
    readonly origin: readonly string[]
    readonly method: readonly string[]
    readonly responseHeader: readonly string[]
  } | null
  pendingUploads(): number
  empty(): void
}

interface Stored {
  readonly bytes: Buffer
  readonly generation: number
  readonly modified: Date
  readonly headers: Readonly<Record<string, string>>
}

interface Upload {
  readonly key: string
  readonly headers: Readonly<Record<string, string>>
  readonly parts: Map<number, Buffer>
}

export async function startFakeGoogleXml(bucket = 'box'): Promise<FakeGoogleXml> {
  const tokens = new Set(['ya29.MARKERTOKEN'])
  const requests: FakeGoogleXml['requests'] = []
  const posted: URLSearchParams[] = []
  const objects = new Map<string, Stored>()
  const uploads = new Map<string, Upload>()
  let counter = 1_700_000_000_000_000

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error))
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const { method = '', url: path = '', headers } = request
    requests.push({ method, url: path, headers })
    if (!allowed(request, response)) return
    if (path === '/token') {
      posted.push(new URLSearchParams(body.toString()))
      return send(response, 200, JSON.stringify({ access_token: [...tokens][0], expires_in: 3600 }))
    }
    const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1]
    if (bearer === undefined || !tokens.has(bearer)) return fail(response, 401, 'AuthenticationRequired')
    // Amazon's headers belong to Amazon's signatures.
    if (Object.keys(headers).some((name) => name.startsWith('x-amz-')))
      return fail(response, 400, 'InvalidArgument')
    const url = new URL(path, 'http://fake.test')
    const [, name = '', ...rest] = url.pathname.split('/')
    if (decodeURIComponent(name) !== bucket) return fail(response, 404, 'NoSuchBucket')
    const key = rest.map(decodeURIComponent).join('/')
    const query = url.searchParams
    if (key === '') return query.has('delete') ? removeMany(body, response) : list(query, response)
    if (query.has('uploads') || query.has('uploadId'))
      return multipart({ method, key, query, headers, body, response })
    const there = objects.get(key)
    const match = headers['x-goog-if-generation-match']
    if (match !== undefined && String(there?.generation ?? 0) !== match) {
      if (there === undefined && (method === 'GET' || method === 'HEAD'))
        return fail(response, 404, 'NoSuchKey')
      return fail(response, 412, 'PreconditionFailed')
    }
    if (method === 'PUT') return put({ key, headers, body, response })
    if (there === undefined) return fail(response, 404, 'NoSuchKey')
    if (method === 'DELETE') {
      objects.delete(key)
      return send(response, 204)
    }
    return read(there, headers, method, response)
  }

  function put({
    key,
    headers,
    body,
    response,
  }: {
    key: string
    headers: IncomingMessage['headers']
    body: Buffer
    response: ServerResponse
  }): void {
    const source = headers['x-goog-copy-source']
    if (typeof source === 'string') {
      const from = objects.get(source.split('/').slice(2).map(decodeURIComponent).join('/'))
      if (from === undefined) return fail(response, 404, 'NoSuchKey')
      objects.set(key, { ...from, generation: ++counter, modified: new Date() })
      return send(response, 200, `<CopyObjectResult><ETag>"${md5(from.bytes)}"</ETag></CopyObjectResult>`)
    }
    const stored = store(key, body, kept(headers))
    send(response, 200, '', { etag: `"${md5(body)}"`, 'x-goog-generation': String(stored.generation) })
  }

  function store(key: string, bytes: Buffer, headers: Readonly<Record<string, string>>): Stored {
    const stored = { bytes, generation: ++counter, modified: new Date(), headers }
    objects.set(key, stored)
    return stored
  }

  function read(
    stored: Stored,
    headers: IncomingMessage['headers'],
    method: string,
    response: ServerResponse,
  ): void {
    const { bytes, generation, modified } = stored
    const told = {
      ...stored.headers,
      etag: `"${md5(bytes)}"`,
      'last-modified': modified.toUTCString(),
      'x-goog-generation': String(generation),
    }
    const range = /^bytes=(\d*)-(\d*)$/.exec(headers.range ?? '')
    if (range === null) {
      response.writeHead(200, { ...told, 'content-length': bytes.byteLength })
      return void response.end(method === 'HEAD' ? '' : bytes)
    }
    const [from = '', to = ''] = range.slice(1)
    const start = from === '' ? Math.max(0, bytes.byteLength - Number(to)) : Number(from)
    const end = from === '' || to === '' ? bytes.byteLength : Math.min(bytes.byteLength, Number(to) + 1)
    if (start >= bytes.byteLength) return fail(response, 416, 'InvalidRange')
    response.writeHead(206, {
      ...told,
      'content-length': end - start,
      'content-range': `bytes ${start}-${end - 1}/${bytes.byteLength}`,
    })
    response.end(bytes.subarray(start, end))
  }

  function list(query: URLSearchParams, response: ServerResponse): void {
    const [prefix, delimiter] = [query.get('prefix') ?? '', query.get('delimiter')]
    const after = query.get('continuation-token') ?? ''
    const max = Number(query.get('max-keys') ?? 1000)
    const names = [...objects.keys()].filter((key) => key.startsWith(prefix))
    const groups = new Set<string>()
    const entries = names
      .map((key) => {
        const at = delimiter === null ? -1 : key.indexOf(delimiter, prefix.length)
        return at < 0 ? key : key.slice(0, at + (delimiter?.length ?? 0))
      })
      .map((name, i) => ({ name, key: name === names[i] ? name : null }))
      .filter(({ name, key }) => key !== null || (!groups.has(name) && groups.add(name)))
      .toSorted((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))
      .filter(({ name }) => Buffer.compare(Buffer.from(name), Buffer.from(after)) > 0)
    const page = entries.slice(0, max)
    const truncated = entries.length > page.length
    const xml = page.map(({ name, key }) => {
      const stored = key === null ? undefined : objects.get(key)
      if (stored === undefined)
        return `<CommonPrefixes><Prefix>${encodeURIComponent(name)}</Prefix></CommonPrefixes>`
      return `<Contents><Key>${encodeURIComponent(name)}</Key><Generation>${stored.generation}</Generation><LastModified>${stored.modified.toISOString()}</LastModified><ETag>"${md5(stored.bytes)}"</ETag><Size>${stored.bytes.byteLength}</Size></Contents>`
    })
    const next = truncated
      ? `<NextContinuationToken>${escape(page.at(-1)?.name ?? '')}</NextContinuationToken>`
      : ''
    send(
      response,
      200,
      `<?xml version='1.0' encoding='UTF-8'?><ListBucketResult xmlns='http://doc.s3.amazonaws.com/2006-03-01'><IsTruncated>${truncated}</IsTruncated>${next}${xml.join('')}</ListBucketResult>`,
    )
  }

  function removeMany(body: Buffer, response: ServerResponse): void {
    for (const [, key = ''] of body.toString().matchAll(/<Key>([^<]*)<\/Key>/g)) objects.delete(unescape(key))
    send(response, 200, '<DeleteResult></DeleteResult>')
  }

  function multipart({
    method,
    key,
    query,
    headers,
    body,
    response,
  }: {
    method: string
    key: string
    query: URLSearchParams
    headers: IncomingMessage['headers']
    body: Buffer
    response: ServerResponse
  }): void {
    // "Preconditions are not supported in the requests."
    if (headers['x-goog-if-generation-match'] !== undefined) return fail(response, 400, 'InvalidArgument')
    if (query.has('uploads')) {
      const id = `upload-${++counter}`
      uploads.set(id, { key, headers: kept(headers), parts: new Map() })
      return send(
        response,
        200,
        `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
      )
    }
    const id = query.get('uploadId') ?? ''
    const upload = uploads.get(id)
    if (upload === undefined) return fail(response, 404, 'NoSuchUpload')
    if (method === 'PUT') {
      upload.parts.set(Number(query.get('partNumber')), body)
      return send(response, 200, '', { etag: `"${md5(body)}"` })
    }
    if (method === 'GET') return send(response, 200, '<ListPartsResult></ListPartsResult>')
    uploads.delete(id)
    if (method === 'DELETE') return send(response, 204)
    const parts = [...upload.parts].toSorted(([a], [b]) => a - b).map(([, bytes]) => bytes)
    const { generation } = store(key, Buffer.concat(parts), upload.headers)
    send(
      response,
      200,
      `<CompleteMultipartUploadResult><ETag>"not-an-md5-${generation}"</ETag></CompleteMultipartUploadResult>`,
    )
  }

  /** What Google makes of the bucket's rule: https://cloud.google.com/storage/docs/cross-origin. Answers preflights itself. */
  function allowed({ method, headers }: IncomingMessage, response: ServerResponse): boolean {
    const { origin } = headers
    const rule = fake.cors
    if (origin !== undefined && rule?.origin.includes(origin) === true) {
      response.setHeader('access-control-allow-origin', origin)
      response.setHeader('access-control-expose-headers', rule.responseHeader.join(', '))
      response.setHeader('access-control-allow-headers', rule.responseHeader.join(', '))
      response.setHeader('access-control-allow-methods', rule.method.join(', '))
    }
    if (method !== 'OPTIONS') return true
    send(response, 200)
    return false
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterAll(() => {
    server.close()
    server.closeAllConnections()
  })
  const fake: FakeGoogleXml = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bucket,
    tokens,
    requests,
    posted,
    cors: null,
    pendingUploads: () => uploads.size,
    empty() {
      objects.clear()
      uploads.clear()
    },
  }
  return fake
}

/** What is kept with an object. */
function kept(headers: IncomingMessage['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(
      (entry): entry is [string, string] =>
        entry[0].startsWith('x-goog-meta-') || entry[0] === 'content-type',
    ),
  )
}

function send(
  response: ServerResponse,
  status: number,
  body = '',
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...headers })
  response.end(body)
}

function fail(response: ServerResponse, status: number, code: string): void {
  send(
    response,
    status,
    `<?xml version='1.0' encoding='UTF-8'?><Error><Code>${code}</Code><Message>Repeats ya29.MARKERTOKEN.</Message></Error>`,
  )
}

const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest('hex')
const escape = (text: string) => text.replaceAll(/[&<>\p{Cc}\u2028]/gu, (mark) => `&#${mark.charCodeAt(0)};`)
const unescape = (text: string) =>
  text.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
