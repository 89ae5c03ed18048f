/**
 * A fake of Google Cloud Storage, over real HTTP: the parts of its JSON and XML APIs that OpenDAL uses, with the
 * preconditions emulators leave out, as Google's reference describes them. It is a test double: nothing of Google's is in it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll } from 'vitest'
import {
  checkName,
  conditioned,
  decoded,
  json,
  media,
  partsOf,
  placeOf,
  read,
  Refusal,
  refuse,
  resource,
  tokenOf,
  type StoredObject,
} from './fake-gcs-messages.ts'

export interface FakeGcs {
  readonly endpoint: string
  readonly bucket: string
  /** The bearer token it accepts. */
  readonly token: string
  /** Method, URL and headers of every request, in order. */
  readonly requests: FakeGcsRequest[]
  /** The next requests get these statuses, one each. */
  readonly faults: { readonly status: number; readonly headers?: Readonly<Record<string, string>> }[]
  /** Uploads that were begun and neither completed nor aborted. */
  pendingUploads(): number
  /** Removes all objects and uploads. */
  empty(): void
}

export interface FakeGcsRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
}

interface Upload {
  readonly name: string
  readonly contentType: string
  readonly metadata: Readonly<Record<string, string>>
  readonly storageClass: string
  readonly parts: Map<number, { readonly bytes: Buffer; readonly etag: string }>
}

export async function startFakeGcs(): Promise<FakeGcs> {
  const bucket = 'box'
  const token = 'ya29.MARKERTOKEN'
  const requests: FakeGcsRequest[] = []
  const faults: FakeGcs['faults'] = []
  const objects = new Map<string, StoredObject>()
  const uploads = new Map<string, Upload>()
  let generations = 1_700_000_000_000_000
  let uploadIds = 0

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (error instanceof Refusal) return refuse(response, error)
      response.destroy(error as Error)
    })
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request
    const body = await read(request)
    requests.push({ method, url, headers })
    const fault = faults.shift()
    if (fault !== undefined) {
      response
        .writeHead(fault.status, fault.headers)
        .end('{"error":{"code":0,"message":"injected","errors":[]}}')
      return
    }
    if (headers.authorization !== `Bearer ${token}`)
      throw new Refusal(401, 'authError', 'Invalid Credentials')
    const [path = '', search = ''] = url.split('?')
    const query = new URLSearchParams(search)
    if (path === '/batch/storage/v1') return batch(response, headers['content-type'] ?? '', body)
    const upload = /^\/upload\/storage\/v1\/b\/([^/]+)\/o$/.exec(path)
    if (method === 'POST' && upload !== null) {
      checkBucket(upload[1])
      return json(response, resource(...insert(query, headers['content-type'] ?? '', body)))
    }
    const listed = /^\/storage\/v1\/b\/([^/]+)\/o$/.exec(path)
    if (method === 'GET' && listed !== null) {
      checkBucket(listed[1])
      return json(response, list(query))
    }
    const copied = /^\/storage\/v1\/b\/([^/]+)\/o\/([^/]+)\/copyTo\/b\/([^/]+)\/o\/([^/]+)$/.exec(path)
    if (method === 'POST' && copied !== null) {
      const source = found(decoded(copied[2]))
      const target = decoded(copied[4])
      return json(response, resource(target, store(target, { ...source })))
    }
    const one = /^\/storage\/v1\/b\/([^/]+)\/o\/([^/]+)$/.exec(path)
    if (one !== null) {
      checkBucket(one[1])
      const name = decoded(one[2])
      if (method === 'DELETE') {
        found(name)
        objects.delete(name)
        response.writeHead(204).end()
        return
      }
      return query.get('alt') === 'media'
        ? media(response, found(name), headers)
        : json(response, resource(name, conditioned(found(name), headers)))
    }
    return xml(method, path, query, request, response, body)
  }

  /** The XML API, for multipart uploads. https://cloud.google.com/storage/docs/multipart-uploads */
  function xml(
    method: string,
    path: string,
    query: URLSearchParams,
    { headers }: IncomingMessage,
    response: ServerResponse,
    body: Buffer,
  ): void {
    const [, given, ...rest] = path.split('/')
    checkBucket(given)
    const name = decoded(rest.join('/'))
    if (method === 'POST' && query.has('uploads')) {
      const id = `upload-${++uploadIds}`
      const metadata = Object.fromEntries(
        Object.entries(headers).flatMap(([header, value]) =>
          header.startsWith('x-goog-meta-') ? [[header.slice('x-goog-meta-'.length), String(value)]] : [],
        ),
      )
      uploads.set(id, {
        name,
        contentType: headers['content-type'] ?? 'application/octet-stream',
        metadata,
        storageClass: String(headers['x-goog-storage-class'] ?? 'STANDARD'),
        parts: new Map(),
      })
      response.end(
        `<?xml version="1.0"?><InitiateMultipartUploadResult><Bucket>${bucket}</Bucket><Key></Key><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
      )
      return
    }
    if (method === 'GET' && query.has('uploads') && name === '') {
      const listed = [...uploads].filter(([, { name: key }]) => key.startsWith(query.get('prefix') ?? ''))
      const xmlOf = ([id, upload]: [string, Upload]) =>
        `<Upload><Key>${upload.name.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</Key><UploadId>${id}</UploadId><Initiated>2026-01-01T00:00:00.000Z</Initiated></Upload>`
      response.end(
        `<?xml version="1.0"?><ListMultipartUploadsResult><Bucket>${bucket}</Bucket><IsTruncated>false</IsTruncated>${listed.map(xmlOf).join('')}</ListMultipartUploadsResult>`,
      )
      return
    }
    const id = query.get('uploadId') ?? ''
    const upload = uploads.get(id)
    if (upload === undefined || upload.name !== name)
      throw new Refusal(404, 'notFound', 'The requested upload was not found.')
    if (method === 'PUT') {
      const part = Number(query.get('partNumber'))
      const etag = `"part-${part}-${body.byteLength}"`
      upload.parts.set(part, { bytes: body, etag })
      response.writeHead(200, { etag }).end()
      return
    }
    if (method === 'DELETE') {
      uploads.delete(id)
      response.writeHead(204).end()
      return
    }
    if (method !== 'POST') throw new Refusal(405, 'methodNotAllowed', 'Method not allowed')
    const wanted = Array.from(
      body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber>\s*<ETag>([^<]+)<\/ETag>/g),
      ([, part, etag = '']) => {
        const kept = upload.parts.get(Number(part))
        if (kept === undefined || kept.etag !== etag.replaceAll('&quot;', '"'))
          throw new Refusal(400, 'InvalidPart', 'a part is missing, or another one')
        return kept.bytes
      },
    )
    if (wanted.slice(0, -1).some((bytes) => bytes.byteLength < 5 * 1024 ** 2))
      throw new Refusal(400, 'EntityTooSmall', 'a part is smaller than 5 MiB')
    uploads.delete(id)
    const { contentType, metadata, storageClass } = upload
    store(name, { bytes: Buffer.concat(wanted), contentType, metadata, storageClass })
    response.end('<?xml version="1.0"?><CompleteMultipartUploadResult></CompleteMultipartUploadResult>')
  }

  /** https://cloud.google.com/storage/docs/json_api/v1/objects/insert */
  function insert(query: URLSearchParams, type: string, body: Buffer): [string, StoredObject] {
    const name = query.get('name') ?? ''
    checkName(name)
    const wanted = query.get('ifGenerationMatch')
    if (wanted !== null && Number(wanted) !== (objects.get(name)?.generation ?? 0))
      throw new Refusal(
        412,
        'conditionNotMet',
        'At least one of the pre-conditions you specified did not hold.',
      )
    const plain = {
      contentType: type === '' ? 'application/octet-stream' : type,
      metadata: {},
      storageClass: 'STANDARD',
    }
    if (query.get('uploadType') === 'media') return [name, store(name, { ...plain, bytes: body })]
    const [first, second] = partsOf(type, body)
    if (first === undefined || second === undefined)
      throw new Refusal(400, 'badContent', 'Malformed multipart body.')
    const described = JSON.parse(first.body.toString()) as Partial<StoredObject>
    return [name, store(name, { ...plain, contentType: second.type, ...described, bytes: second.body })]
  }

  /** https://cloud.google.com/storage/docs/json_api/v1/objects/list */
  function list(query: URLSearchParams): unknown {
    const prefix = query.get('prefix') ?? ''
    const delimiter = query.get('delimiter')
    const most = Math.min(1000, Number(query.get('maxResults') ?? 1000))
    const start = placeOf(query.get('pageToken')) ?? query.get('startOffset') ?? ''
    const names = [...objects.keys()]
      .filter((name) => name.startsWith(prefix) && Buffer.compare(Buffer.from(name), Buffer.from(start)) >= 0)
      .toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    const items: unknown[] = []
    const prefixes: string[] = []
    for (const name of names) {
      if (items.length + prefixes.length === most) return { items, prefixes, nextPageToken: tokenOf(name) }
      const end = delimiter === null ? -1 : name.indexOf(delimiter, prefix.length)
      if (delimiter === null || end === -1) items.push(resource(name, found(name)))
      else if (!prefixes.includes(name.slice(0, end + delimiter.length)))
        prefixes.push(name.slice(0, end + delimiter.length))
    }
    return { items, prefixes }
  }

  /** https://cloud.google.com/storage/docs/batch */
  function batch(response: ServerResponse, type: string, body: Buffer): void {
    const answers = partsOf(type, body).map(({ body: call, id }) => {
      const target = /^DELETE \/storage\/v1\/b\/[^/]+\/o\/(\S+) HTTP\/1\.1/.exec(call.toString())?.[1]
      const name = decoded(target)
      const there = objects.delete(name)
      const status = there
        ? 'HTTP/1.1 204 No Content\r\n'
        : 'HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}'
      return `Content-Type: application/http\r\nContent-ID: <response-${id}>\r\n\r\n${status}`
    })
    if (answers.length > 100) throw new Refusal(400, 'badRequest', 'a batch has at most 100 calls')
    const boundary = 'batch_fake'
    const text = `${answers.map((each) => `--${boundary}\r\n${each}\r\n`).join('')}--${boundary}--\r\n`
    response.writeHead(200, { 'content-type': `multipart/mixed; boundary=${boundary}` }).end(text)
  }

  function store(name: string, object: Omit<StoredObject, 'generation' | 'updated'>): StoredObject {
    checkName(name)
    generations += 1
    const stored = { ...object, generation: generations, updated: new Date().toISOString() }
    objects.set(name, stored)
    return stored
  }

  function found(name: string): StoredObject {
    const object = objects.get(name)
    if (object === undefined) throw new Refusal(404, 'notFound', `No such object: ${bucket}/${name}`)
    return object
  }

  function checkBucket(given: string | undefined): void {
    if (given !== bucket) throw new Refusal(404, 'notFound', 'The specified bucket does not exist.')
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterAll(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${port}`,
    bucket,
    token,
    requests,
    faults,
    pendingUploads: () => uploads.size,
    empty() {
      objects.clear()
      uploads.clear()
    },
  }
}
