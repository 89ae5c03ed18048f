/**
 * A fake S3 server that answers everything and keeps few promises, as some small ones do: it looks at no signature,
 * ignores conditions and page sizes, and takes suffix ranges for whole objects. For tests of what must find that out.
 */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { afterAll } from 'vitest'

interface Stored {
  readonly bytes: Buffer
  readonly etag: string
  readonly headers: Readonly<Record<string, string>>
}

/** Starts the fake; its one bucket may have any name. Gone with the test file. */
export async function startFakeLyingS3(): Promise<{ readonly endpoint: string }> {
  const objects = new Map<string, Stored>()
  const server = createServer((incoming, outgoing) => {
    void answer(incoming, outgoing, objects)
  })
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  return { endpoint: `http://127.0.0.1:${port}` }
}

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  objects: Map<string, Stored>,
): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk)
  const body = Buffer.concat(chunks)
  const url = new URL(incoming.url ?? '/', 'http://fake.test')
  const key = decodeURIComponent(url.pathname.split('/').slice(2).join('/'))
  const method = incoming.method ?? ''
  if (key === '') return void outgoing.writeHead(200).end(listing(url, objects))
  const found = objects.get(key)
  if (method === 'PUT') {
    const source = incoming.headers['x-amz-copy-source']
    const copied = typeof source === 'string' ? objects.get(keyOfSource(source)) : undefined
    // It keeps what it is sent, whatever the conditions.
    const stored: Stored = copied ?? {
      bytes: body,
      etag: createHash('md5').update(body).digest('hex'),
      headers: keptHeaders(incoming.headers),
    }
    objects.set(key, stored)
    const told =
      copied === undefined ? '' : `<CopyObjectResult><ETag>"${stored.etag}"</ETag></CopyObjectResult>`
    return void outgoing.writeHead(200, { etag: `"${stored.etag}"` }).end(told)
  }
  if (method === 'DELETE') {
    objects.delete(key)
    return void outgoing.writeHead(204).end()
  }
  if (found === undefined) return void outgoing.writeHead(404).end(method === 'HEAD' ? '' : noSuchKey)
  const headers = { ...found.headers, etag: `"${found.etag}"`, 'last-modified': new Date(0).toUTCString() }
  const range = /^bytes=(\d+)-(\d*)$/.exec(incoming.headers.range ?? '')
  if (range === null) {
    outgoing.writeHead(200, { ...headers, 'content-length': found.bytes.byteLength })
    return void outgoing.end(method === 'HEAD' ? undefined : found.bytes)
  }
  const start = Number(range[1])
  const end = Math.min(found.bytes.byteLength, range[2] === '' ? Infinity : Number(range[2]) + 1)
  const part = found.bytes.subarray(start, end)
  const told = `bytes ${start}-${Math.max(start, end) - 1}/${found.bytes.byteLength}`
  outgoing.writeHead(206, { ...headers, 'content-range': told, 'content-length': part.byteLength }).end(part)
}

/** All keys there are, on one page. */
function listing({ searchParams }: URL, objects: Map<string, Stored>): string {
  const prefix = searchParams.get('prefix') ?? ''
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix)).toSorted()
  const entries = keys.map((key) => {
    const { bytes, etag } = objects.get(key) as Stored
    return `<Contents><Key>${encodeURIComponent(key)}</Key><Size>${bytes.byteLength}</Size><ETag>"${etag}"</ETag><LastModified>1970-01-01T00:00:00.000Z</LastModified></Contents>`
  })
  return `<?xml version="1.0"?><ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>${entries.join('')}</ListBucketResult>`
}

function keptHeaders(headers: IncomingMessage['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      (name === 'content-type' || name.startsWith('x-amz-meta-')) && typeof value === 'string'
        ? [[name, value]]
        : [],
    ),
  )
}

function keyOfSource(source: string): string {
  return decodeURIComponent(source.replace(/^\//, '').split('/').slice(1).join('/'))
}

const noSuchKey = '<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>'
