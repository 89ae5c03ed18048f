/** How the fault proxy passes a request up and its answer down, with what a fault does to them. */
import { type Agent, type IncomingMessage, request, type ServerResponse } from 'node:http'

/** What happens to a request. `down` is the answer's body, `up` the request's. */
export type Fault =
  /** The connection is reset when so many bytes of the body have passed. */
  | { readonly kind: 'reset'; readonly direction: 'up' | 'down'; readonly afterBytes: number }
  /** Nothing more passes after so many bytes, and the connection stays open. */
  | { readonly kind: 'stall'; readonly direction: 'up' | 'down'; readonly afterBytes: number }
  /** The answer ends in order, too early. */
  | { readonly kind: 'end'; readonly afterBytes: number }
  /** An answer of the proxy's own; the server is not asked. */
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
    }
  /** The answer's body is cut, and its length is that of what is left: only its content is broken. */
  | { readonly kind: 'truncate'; readonly bytes: number }
  /** `Content-Length` is so many bytes more, or less, than there are. */
  | { readonly kind: 'length'; readonly offBy: number }
  /** The server does what it is asked; the connection is reset before its answer is passed on. */
  | { readonly kind: 'lose-answer' }
  /** One bit of the body is flipped. */
  | { readonly kind: 'flip'; readonly direction: 'up' | 'down'; readonly atByte: number }

export interface Upstream {
  readonly hostname: string
  readonly port: string
  readonly agent: Agent
}

/** Passes one request on, and its answer back, spoiled by the fault. Rejects when either side breaks. */
export async function pass(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  fault: Fault | null,
  { hostname, port, agent }: Upstream,
): Promise<void> {
  // Nobody waits for what will not come.
  incoming.on('error', () => undefined)
  outgoing.on('error', () => undefined)
  if (fault?.kind === 'answer') {
    // All is read first: a server that answers early leaves its client with a broken pipe, which is another fault.
    for await (const _ of incoming);
    const body = Buffer.from(fault.body ?? '')
    outgoing.writeHead(fault.status, { 'content-length': body.byteLength, ...fault.headers }).end(body)
    return
  }
  const upstream = request({
    hostname,
    port,
    agent,
    method: incoming.method,
    path: incoming.url,
    headers: headersOf(incoming.rawHeaders),
    setHost: false,
  })
  upstream.on('error', () => incoming.socket.resetAndDestroy())
  outgoing.on('close', () => {
    if (!outgoing.writableFinished) upstream.destroy()
  })
  upstream.on('response', (answer) => {
    answer.on('error', () => incoming.socket.resetAndDestroy())
    passDown(answer, incoming, outgoing, fault).catch(() => incoming.socket.resetAndDestroy())
  })
  await passUp(incoming, upstream, fault)
}

async function passUp(
  incoming: IncomingMessage,
  upstream: ReturnType<typeof request>,
  fault: Fault | null,
): Promise<void> {
  if (fault === null || !('direction' in fault) || fault.direction === 'down') {
    incoming.pipe(upstream)
    return
  }
  if (fault.kind === 'flip') {
    const chunks: Buffer[] = []
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk)
    upstream.end(flipped(Buffer.concat(chunks), fault.atByte))
    return
  }
  const spoil = () => {
    if (fault.kind === 'stall') return void incoming.pause()
    upstream.destroy()
    incoming.socket.resetAndDestroy()
  }
  let left = fault.afterBytes
  if (left === 0) return spoil()
  // By events: leaving an iteration would end the connection in order.
  incoming.on('data', (chunk: Buffer) => {
    if (left === 0) return
    const part = chunk.subarray(0, left)
    left -= part.byteLength
    upstream.write(part)
    if (left === 0) spoil()
  })
  incoming.on('end', () => {
    if (left > 0) upstream.end()
  })
}

async function passDown(
  answer: IncomingMessage,
  { socket, method }: IncomingMessage,
  outgoing: ServerResponse,
  fault: Fault | null,
): Promise<void> {
  if (fault?.kind === 'lose-answer') {
    // The server has spoken, so it has done what it was asked.
    for await (const _ of answer);
    socket.resetAndDestroy()
    return
  }
  const status = answer.statusCode ?? 502
  if (fault === null || fault.kind === 'answer' || ('direction' in fault && fault.direction === 'up')) {
    outgoing.writeHead(status, answer.statusMessage, answer.rawHeaders)
    answer.pipe(outgoing)
    return
  }
  if (fault.kind === 'reset' || fault.kind === 'stall' || fault.kind === 'end') {
    outgoing.writeHead(status, answer.statusMessage, answer.rawHeaders)
    outgoing.flushHeaders()
    let left = fault.afterBytes
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      const part = chunk.subarray(0, left)
      left -= part.byteLength
      await written(outgoing, part)
      if (left > 0) continue
      // Leaving the iteration closes the connection to the server, whose error would end this one too.
      if (fault.kind === 'stall') await closed(outgoing)
      break
    }
    if (fault.kind === 'reset') socket.resetAndDestroy()
    // `end` on the response would add what HTTP wants; a FIN on the socket does not.
    else if (fault.kind === 'end') socket.end()
    return
  }
  const chunks: Buffer[] = []
  for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk)
  const whole = Buffer.concat(chunks)
  const body = fault.kind === 'truncate' ? whole.subarray(0, fault.bytes) : whole
  if (fault.kind === 'flip') flipped(body, fault.atByte)
  const told = fault.kind === 'length' ? body.byteLength + fault.offBy : body.byteLength
  const headers = headersOf(answer.rawHeaders)
  for (const name of Object.keys(headers)) {
    if (/^(?:content-length|transfer-encoding)$/i.test(name)) delete headers[name]
  }
  outgoing.writeHead(status, {
    ...headers,
    'content-length': method === 'HEAD' ? Number(answer.headers['content-length'] ?? 0) : told,
  })
  await written(outgoing, body)
  if (fault.kind === 'length') socket.end()
  else outgoing.end()
}

/** The same bytes with one bit another. */
function flipped(bytes: Buffer, at: number): Buffer {
  if (bytes.byteLength > at) bytes[at] = (bytes[at] ?? 0) ^ 1
  return bytes
}

/** Resolves when the bytes have gone to the client, or the client has gone. */
function written(outgoing: ServerResponse, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (bytes.byteLength === 0 || outgoing.destroyed) return resolve()
    outgoing.once('close', resolve)
    outgoing.write(bytes, () => {
      outgoing.off('close', resolve)
      resolve()
    })
  })
}

/** Resolves when the client has gone. */
function closed(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (outgoing.destroyed) resolve()
    else outgoing.once('close', resolve)
  })
}

/** The headers in the spelling they came in. */
function headersOf(raw: readonly string[]): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {}
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const [name = '', value = ''] = [raw[i], raw[i + 1]]
    const before = headers[name]
    headers[name] = before === undefined ? value : [before, value].flat()
  }
  return headers
}
