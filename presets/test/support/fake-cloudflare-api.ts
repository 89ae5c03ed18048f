/**
 * A fake of Cloudflare's REST API for KV namespaces, over real HTTP: its paths, envelopes, error codes and limits as
 * the API's reference describes them. It is a test double: nothing of Cloudflare's is in it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { compareUtf8 } from '@flowport/capabilities'

export interface FakeApiOptions {
  /** Decides what has expired, in milliseconds. Default the system's time. */
  readonly now?: () => number
}

/** An answer to give instead of the real one. */
export interface Fault {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Send so many bytes of the body, then drop the connection. */
  readonly dropAfter?: number
}

export interface FakeCloudflareApi {
  readonly baseUrl: string
  readonly accountId: string
  readonly namespaceId: string
  readonly apiToken: string
  /** Method and path of every request, in order, without the part before the namespace. */
  readonly requests: string[]
  /** The next requests get these answers, one each. */
  readonly faults: Fault[]
  close(): Promise<void>
}

interface Entry {
  readonly bytes: Buffer
  readonly metadata?: unknown
  /** Seconds since the epoch. */
  readonly expiration?: number | undefined
}

interface BulkItem {
  readonly key: string
}

class Refusal extends Error {
  readonly status: number
  readonly code: number

  constructor(status: number, code: number, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

export async function startFakeCloudflareApi({
  now = Date.now,
}: FakeApiOptions = {}): Promise<FakeCloudflareApi> {
  const accountId = 'a'.repeat(32)
  const namespaceId = 'b'.repeat(32)
  const apiToken = 'fake-token-1234567890'
  const requests: string[] = []
  const faults: Fault[] = []
  const entries = new Map<string, Entry>()
  const root = `/client/v4/accounts/${accountId}/storage/kv/namespaces/`

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (error instanceof Refusal) return refuse(response, error)
      response.destroy(error as Error)
    })
  })

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request
    const body = await read(request)
    requests.push(
      `${method} ${url.startsWith(root + namespaceId) ? url.slice(root.length + namespaceId.length) : url}`,
    )
    const fault = faults.shift()
    if (fault !== undefined) return answerFault(response, fault)
    if (request.headers.authorization !== `Bearer ${apiToken}`)
      throw new Refusal(401, 10_000, 'Authentication error')
    if (!url.startsWith(root))
      throw new Refusal(404, 7003, 'Could not route, perhaps your object identifier is invalid?')
    const [path = '', search = ''] = url.slice(root.length).split('?')
    const [id = '', kind = '', name = ''] = path.split('/')
    if (id !== namespaceId) throw new Refusal(404, 10_013, 'namespace not found')
    const query = new URLSearchParams(search)
    switch (`${method} ${kind === 'bulk' ? `bulk/${name}` : kind}`) {
      case 'GET ':
        return succeed(response, { id, title: 'fake', supports_url_encoding: true })
      case 'GET keys':
        return list(response, query)
      case 'GET values':
        return value(response, keyOf(name))
      case 'GET metadata':
        return succeed(response, visible(keyOf(name)).metadata ?? null)
      case 'PUT values':
        entries.set(keyOf(name), await entryOf(request, body, query))
        return succeed(response, {})
      case 'DELETE values':
        entries.delete(keyOf(name))
        return succeed(response, {})
      case 'POST bulk/get':
        return bulkGet(response, JSON.parse(body.toString()) as { keys: string[]; type?: string })
      case 'POST bulk/delete':
        return bulkDelete(response, JSON.parse(body.toString()) as string[])
      default:
        throw new Refusal(405, 10_405, `Method ${method} not available for that URI.`)
    }
  }

  function find(key: string): Entry | undefined {
    const entry = entries.get(key)
    if (entry?.expiration !== undefined && entry.expiration * 1000 <= now()) return undefined
    return entry
  }

  function visible(key: string): Entry {
    const entry = find(key)
    if (entry === undefined) throw new Refusal(404, 10_009, "get: 'key not found'")
    return entry
  }

  function value(response: ServerResponse, key: string): void {
    const { bytes, expiration } = visible(key)
    const headers = expiration === undefined ? {} : { expiration: String(expiration) }
    response.writeHead(200, { 'content-type': 'application/octet-stream', ...headers }).end(bytes)
  }

  async function entryOf(request: IncomingMessage, body: Buffer, query: URLSearchParams): Promise<Entry> {
    const type = request.headers['content-type'] ?? ''
    const form = type.startsWith('multipart/form-data')
      ? await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData()
      : undefined
    const part = form?.get('value')
    const bytes = part instanceof Blob ? Buffer.from(await part.arrayBuffer()) : body
    const text = form?.get('metadata')
    if (bytes.byteLength > 25 * 1024 * 1024) throw new Refusal(413, 10_033, 'value too large')
    if (typeof text === 'string' && Buffer.byteLength(text) > 1024)
      throw new Refusal(413, 10_034, 'metadata too large')
    return {
      bytes,
      metadata: typeof text === 'string' ? JSON.parse(text) : undefined,
      expiration: expiry(query),
    }
  }

  function expiry(query: URLSearchParams): number | undefined {
    const seconds = Math.floor(now() / 1000)
    const [ttl, at] = [query.get('expiration_ttl'), query.get('expiration')]
    if (ttl === null && at === null) return undefined
    const end = ttl === null ? Number(at) : seconds + Number(ttl)
    if (!Number.isInteger(end) || end < seconds + 60) {
      throw new Refusal(400, 10_022, 'Invalid expiration: must be at least 60 seconds in the future')
    }
    return end
  }

  function list(response: ServerResponse, query: URLSearchParams): void {
    const limit = Number(query.get('limit') ?? 1000)
    if (!Number.isInteger(limit) || limit < 10 || limit > 1000)
      throw new Refusal(400, 10_011, 'limit must be 10 to 1000')
    const prefix = query.get('prefix') ?? ''
    if (Buffer.byteLength(prefix) > 512) throw new Refusal(414, 10_012, 'prefix too long')
    const after = Buffer.from(query.get('cursor') ?? '', 'base64url').toString()
    const keys = [...entries.keys()]
      .filter((key) => key.startsWith(prefix) && compareUtf8(key, after) > 0 && find(key) !== undefined)
      .toSorted(compareUtf8)
    const page = keys.slice(0, limit)
    const cursor = keys.length > limit ? Buffer.from(page.at(-1) ?? '').toString('base64url') : ''
    const result = page.map((name) => ({
      name,
      expiration: find(name)?.expiration,
      metadata: find(name)?.metadata,
    }))
    succeed(response, result, { count: page.length, cursor })
  }

  function bulkGet(
    response: ServerResponse,
    { keys, type = 'text' }: { keys: string[]; type?: string },
  ): void {
    if (type !== 'text' || keys.length > 100) throw new Refusal(400, 10_029, 'at most 100 keys, as text')
    let total = 0
    const values = keys.map((key) => {
      const bytes = find(key)?.bytes
      total += bytes?.byteLength ?? 0
      if (bytes !== undefined && !isText(bytes)) throw new Refusal(400, 10_030, 'a value is not text')
      return [key, bytes?.toString() ?? null] as const
    })
    if (total > 25 * 1024 * 1024) throw new Refusal(413, 10_031, 'values too large together')
    succeed(response, { values: Object.fromEntries(values) })
  }

  function bulkDelete(response: ServerResponse, keys: readonly (string | BulkItem)[]): void {
    if (keys.length > 10_000) throw new Refusal(400, 10_032, 'at most 10000 keys')
    for (const key of keys) entries.delete(typeof key === 'string' ? key : key.key)
    succeed(response, { successful_key_count: keys.length, unsuccessful_keys: [] })
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    baseUrl: `http://127.0.0.1:${port}/client/v4`,
    accountId,
    namespaceId,
    apiToken,
    requests,
    faults,
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

function keyOf(name: string): string {
  const key = decodeURIComponent(name)
  if (key === '' || key === '.' || key === '..') throw new Refusal(400, 10_014, 'Illegal key name')
  if (Buffer.byteLength(key) > 512) throw new Refusal(414, 10_015, 'key too long')
  return key
}

function isText(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

function succeed(response: ServerResponse, result: unknown, info?: object): void {
  json(response, 200, { success: true, errors: [], messages: [], result, ...(info && { result_info: info }) })
}

function refuse(response: ServerResponse, { status, code, message }: Refusal): void {
  json(response, status, { success: false, errors: [{ code, message }], messages: [], result: null })
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function answerFault(response: ServerResponse, { status, headers = {}, body = '', dropAfter }: Fault): void {
  if (dropAfter === undefined) {
    response.writeHead(status, headers).end(body)
    return
  }
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  response.write(body.slice(0, dropAfter), () => response.destroy())
}
