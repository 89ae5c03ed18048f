/**
 * A fake S3 server that keeps small objects in memory, counts the bytes of large ones and checks no signatures. It is as fast
 * as `node:http` allows, so that the client is measured. `BENCH_S3_ENDPOINT` (see `servers.ts`) selects a real server instead.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Told } from '../server-process.ts'
import { block, blockBytes } from './content.ts'

/** Objects up to this many bytes are kept; of larger ones only the length is kept. */
const keptBytes = 65_536

interface Stored {
  readonly size: number
  readonly body: Buffer | null
}

const objects = new Map<string, Stored>()
const uploads = new Map<string, Map<number, number>>()
let nextUpload = 0

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  answer(request, response).catch((error: unknown) => {
    response.destroy(error instanceof Error ? error : new Error(String(error)))
  })
})

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://s3')
  const upload = url.searchParams.get('uploadId')
  const key = url.pathname
  switch (request.method ?? '') {
    case 'PUT': {
      const stored = await received(request)
      if (upload === null) objects.set(key, stored)
      else uploads.get(upload)?.set(Number(url.searchParams.get('partNumber')), stored.size)
      return end(response, 200)
    }
    case 'POST': {
      await received(request)
      if (url.searchParams.has('uploads')) {
        const id = String(nextUpload++)
        uploads.set(id, new Map())
        return end(
          response,
          200,
          `<InitiateMultipartUploadResult><Bucket>b</Bucket><Key>k</Key><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
        )
      }
      const size = [...(uploads.get(upload ?? '')?.values() ?? [])].reduce((sum, part) => sum + part, 0)
      uploads.delete(upload ?? '')
      objects.set(key, { size, body: null })
      return end(
        response,
        200,
        '<CompleteMultipartUploadResult><Bucket>b</Bucket><Key>k</Key><ETag>&quot;0123456789abcdef&quot;</ETag></CompleteMultipartUploadResult>',
      )
    }
    case 'GET':
    case 'HEAD':
      return send(request, response, objects.get(key))
    default:
      request.resume()
      return end(response, 204)
  }
}

async function received(request: IncomingMessage): Promise<Stored> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= keptBytes) chunks.push(chunk)
  }
  const decoded = request.headers['x-amz-decoded-content-length']
  return {
    size: decoded === undefined ? size : Number(decoded),
    body: size <= keptBytes ? Buffer.concat(chunks) : null,
  }
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  stored: Stored | undefined,
): Promise<void> {
  if (stored === undefined) return end(response, 404, '<Error><Code>NoSuchKey</Code></Error>')
  const [start, stop] = rangeOf(request.headers.range, stored.size)
  response.writeHead(request.headers.range === undefined ? 200 : 206, {
    ...headers,
    'content-type': 'application/octet-stream',
    'content-length': stop - start,
    'last-modified': 'Tue, 24 Nov 2026 12:00:00 GMT',
    'accept-ranges': 'bytes',
    ...(request.headers.range === undefined
      ? {}
      : { 'content-range': `bytes ${start}-${stop - 1}/${stored.size}` }),
  })
  if (request.method === 'HEAD') return void response.end()
  if (stored.body !== null) return void response.end(stored.body.subarray(start, stop))
  for (let at = start; at < stop; at += blockBytes) {
    const chunk = stop - at < blockBytes ? block.subarray(0, stop - at) : block
    if (response.destroyed) return
    if (!response.write(chunk)) await new Promise((resolve) => response.once('drain', resolve))
  }
  response.end()
}

function rangeOf(range: string | undefined, size: number): [number, number] {
  const match = /^bytes=(\d+)-(\d*)$/.exec(range ?? '')
  if (match === null) return [0, size]
  return [Number(match[1]), match[2] === '' ? size : Math.min(size, Number(match[2]) + 1)]
}

function end(response: ServerResponse, status: number, body = ''): void {
  response.writeHead(status, {
    ...headers,
    'content-length': Buffer.byteLength(body),
    'content-type': 'application/xml',
  })
  response.end(body)
}

const headers = { etag: '"0123456789abcdef"', 'x-amz-request-id': 'fake' }

process.once('disconnect', () => process.exit())
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  tell({ kind: 'usage', cpuMicros: user + system, peakBytes: process.resourceUsage().maxRSS * 1024 })
})
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  tell({ kind: 'listening', url: `http://127.0.0.1:${port}` })
})

function tell(told: Told): void {
  process.send?.(told)
}
