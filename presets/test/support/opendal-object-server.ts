/** A small server in the form of S3 that checks no signatures and fails when told to: a fake, for faults no real server has. */
import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as passed } from 'node:timers/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What is to go wrong with a request. */
export type Fault =
  | { readonly cutAfter: number }
  | { readonly status: number; readonly code: string }
  | { readonly hang: true }

export interface SeenRequest {
  readonly method: string
  /** Path and query as they were on the wire. */
  readonly url: string
  readonly range: string | undefined
  readonly ifMatch: string | undefined
}

export class ObjectServer {
  readonly objects = new Map<string, { readonly bytes: Buffer; readonly etag: string }>()
  /** Multipart uploads begun and neither completed nor aborted: parts by upload. */
  readonly uploads = new Map<string, Map<number, Buffer>>()
  readonly requests: SeenRequest[] = []
  /** Bytes of bodies handed to sockets so far. */
  sent = 0
  /** Most bodies of `PUT` that were on their way at the same time. */
  putsAtOnce = 0
  /** Milliseconds a `PUT` takes at least, so that those on their way at the same time meet. */
  putMs = 0
  #puts = 0
  /** Decides about each request; `null` lets it be. */
  fault: (request: SeenRequest) => Fault | null = () => null
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error))
  })

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  /** Replaces an object behind everybody's back. */
  set(key: string, bytes: Uint8Array): void {
    const etag = createHash('md5').update(bytes).digest('hex')
    this.objects.set(key, { bytes: Buffer.from(bytes), etag })
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request
    const seen = { method, url, range: headers.range, ifMatch: headers['if-match'] }
    this.requests.push(seen)
    const fault = this.fault(seen)
    if (fault !== null && 'hang' in fault) return
    const { pathname, searchParams } = new URL(url, 'http://h')
    const key = decodeURIComponent(pathname).split('/').slice(2).join('/')
    if (method === 'PUT') this.putsAtOnce = Math.max(this.putsAtOnce, ++this.#puts)
    const body = await collected(request)
    if (method === 'PUT') {
      if (this.putMs > 0) await passed(this.putMs)
      this.#puts -= 1
    }
    if (fault !== null && 'status' in fault) return refuse(response, fault.status, fault.code)
    const upload = searchParams.get('uploadId')
    if (method === 'PUT' && upload !== null)
      return this.#part(response, upload, Number(searchParams.get('partNumber')), body)
    if (method === 'POST' && searchParams.has('uploads')) return this.#begin(response)
    if (method === 'POST' && upload !== null) return this.#complete(response, upload, key)
    if (method === 'DELETE' && upload !== null) {
      this.uploads.delete(upload)
      return void response.writeHead(204).end()
    }
    if (method === 'PUT') return this.#put(response, key, body, headers['if-none-match'])
    if (method === 'DELETE') {
      this.objects.delete(key)
      return void response.writeHead(204).end()
    }
    if (method === 'POST' && searchParams.has('delete')) return this.#deleteMany(response, body.toString())
    this.#read(response, method, key, seen, fault?.cutAfter)
  }

  #read(
    response: ServerResponse,
    method: string,
    key: string,
    { range, ifMatch }: SeenRequest,
    cutAfter?: number,
  ): void {
    const object = this.objects.get(key)
    if (object === undefined) return refuse(response, 404, 'NoSuchKey')
    if (ifMatch !== undefined && ifMatch !== `"${object.etag}"`)
      return refuse(response, 412, 'PreconditionFailed')
    const [, from = '0', to = ''] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? []
    const part = object.bytes.subarray(Number(from), to === '' ? undefined : Number(to) + 1)
    response.writeHead(range === undefined ? 200 : 206, {
      'content-length': part.byteLength,
      'content-range': `bytes ${from}-${Number(from) + part.byteLength - 1}/${object.bytes.byteLength}`,
      etag: `"${object.etag}"`,
      'last-modified': new Date(0).toUTCString(),
    })
    if (method === 'HEAD') return void response.end()
    void this.#send(
      response,
      cutAfter === undefined ? part : part.subarray(0, cutAfter),
      cutAfter !== undefined,
    )
  }

  /** At the pace of the reader, then ends or breaks off. */
  async #send(response: ServerResponse, bytes: Buffer, cut: boolean): Promise<void> {
    for (let at = 0; at < bytes.byteLength && !response.destroyed; at += 65_536) {
      const piece = bytes.subarray(at, at + 65_536)
      const flowing = response.write(piece)
      this.sent += piece.byteLength
      if (!flowing) await drained(response)
    }
    if (!cut) return void response.end()
    // What was written is on its way before the connection goes.
    setTimeout(() => response.destroy(), 20)
  }

  #put(response: ServerResponse, key: string, bytes: Buffer, ifNoneMatch: string | undefined): void {
    if (ifNoneMatch === '*' && this.objects.has(key)) return refuse(response, 412, 'PreconditionFailed')
    this.set(key, bytes)
    response.writeHead(200, { etag: `"${this.objects.get(key)?.etag ?? ''}"` }).end()
  }

  #begin(response: ServerResponse): void {
    const upload = randomUUID()
    this.uploads.set(upload, new Map())
    response.end(
      `<InitiateMultipartUploadResult><UploadId>${upload}</UploadId></InitiateMultipartUploadResult>`,
    )
  }

  #part(response: ServerResponse, upload: string, number: number, bytes: Buffer): void {
    this.uploads.get(upload)?.set(number, bytes)
    response.writeHead(200, { etag: `"part-${number}"` }).end()
  }

  #complete(response: ServerResponse, upload: string, key: string): void {
    const parts = [...(this.uploads.get(upload) ?? [])].sort(([a], [b]) => a - b)
    this.uploads.delete(upload)
    this.set(key, Buffer.concat(parts.map(([, bytes]) => bytes)))
    response.end('<CompleteMultipartUploadResult></CompleteMultipartUploadResult>')
  }

  #deleteMany(response: ServerResponse, xml: string): void {
    const keys = Array.from(xml.matchAll(/<Key>([^<]*)<\/Key>/g), ([, key = '']) => key)
    for (const key of keys) this.objects.delete(key)
    response.end(
      `<DeleteResult>${keys.map((key) => `<Deleted><Key>${key}</Key></Deleted>`).join('')}</DeleteResult>`,
    )
  }
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status).end(`<Error><Code>${code}</Code><Message>told so</Message></Error>`)
}

/** Resolves when more can be written, or nobody listens any more. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.on('drain', done)
    response.on('close', done)
  })
}

async function collected(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
