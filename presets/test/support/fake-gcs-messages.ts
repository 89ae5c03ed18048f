/** Objects, refusals, requests and answers of `FakeGcs`, without its state. */
import type { IncomingMessage, ServerResponse } from 'node:http'

export interface StoredObject {
  readonly bytes: Buffer
  readonly generation: number
  readonly updated: string
  readonly contentType: string
  readonly metadata: Readonly<Record<string, string>>
  readonly storageClass: string
}

export class Refusal extends Error {
  readonly status: number
  readonly reason: string

  constructor(status: number, reason: string, message: string) {
    super(message)
    this.status = status
    this.reason = reason
  }
}

/** Tokens are base64, `+` and all: a token that is sent unencoded is another token. */
export function tokenOf(name: string): string {
  return Buffer.from(`\u{fbef}>>${name}`).toString('base64')
}

export function placeOf(token: string | null): string | null {
  if (token === null) return null
  const text = Buffer.from(token, 'base64').toString()
  if (tokenOf(text.slice(3)) === token) return text.slice(3)
  throw new Refusal(400, 'invalid', 'Invalid page token')
}

function etagOf({ generation }: StoredObject): string {
  return Buffer.from(String(generation)).toString('base64')
}

export function resource(name: string, object: StoredObject): unknown {
  const { bytes, contentType, generation, metadata, storageClass, updated } = object
  return {
    kind: 'storage#object',
    name,
    contentType,
    updated,
    storageClass,
    size: String(bytes.byteLength),
    generation: String(generation),
    metageneration: '1',
    etag: etagOf(object),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
  }
}

/** https://cloud.google.com/storage/docs/request-preconditions#etags */
export function conditioned(object: StoredObject, headers: IncomingMessage['headers']): StoredObject {
  const wanted = headers['if-match']?.replaceAll('"', '')
  if (wanted === undefined || wanted === etagOf(object)) return object
  throw new Refusal(412, 'conditionNotMet', 'At least one of the pre-conditions you specified did not hold.')
}

export function media(
  response: ServerResponse,
  object: StoredObject,
  headers: IncomingMessage['headers'],
): void {
  const { bytes, contentType } = conditioned(object, headers)
  const size = bytes.byteLength
  const own = { 'content-type': contentType, etag: etagOf(object) }
  const range = /^bytes=(\d*)-(\d*)$/.exec(headers.range ?? '')
  if (range === null) {
    response.writeHead(200, { ...own, 'content-length': size }).end(bytes)
    return
  }
  const [, first = '', last = ''] = range
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  if (start >= size) throw new Refusal(416, 'requestedRangeNotSatisfiable', 'Request range not satisfiable')
  const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1)
  response
    .writeHead(206, {
      ...own,
      'content-range': `bytes ${start}-${end - 1}/${size}`,
      'content-length': end - start,
    })
    .end(bytes.subarray(start, end))
}

/** https://cloud.google.com/storage/docs/objects#naming */
export function checkName(name: string): void {
  const bad = name === '' || /[\r\n]/.test(name) || name === '.' || name === '..'
  if (bad || name.startsWith('.well-known/acme-challenge/') || Buffer.byteLength(name) > 1024)
    throw new Refusal(400, 'invalid', 'Invalid object name')
}

export function decoded(text: string | undefined): string {
  return decodeURIComponent(text ?? '')
}

interface Part {
  readonly type: string
  readonly id: string
  readonly body: Buffer
}

/** The parts of a multipart body, by bytes. */
export function partsOf(type: string, body: Buffer): Part[] {
  const boundary = /boundary=([^;]+)/.exec(type)?.[1] ?? ''
  const mark = `--${boundary}`
  const parts: Part[] = []
  let at = body.indexOf(mark)
  while (at !== -1) {
    const start = at + mark.length + 2
    const end = body.indexOf(`\r\n${mark}`, start)
    if (end === -1) break
    const head = body.indexOf('\r\n\r\n', start)
    const headers = body.subarray(start, head).toString()
    parts.push({
      type: /^content-type: *(.+)$/im.exec(headers)?.[1]?.trim() ?? '',
      id: /^content-id: *(.+)$/im.exec(headers)?.[1]?.trim() ?? '',
      body: body.subarray(head + 4, end),
    })
    at = end + 2
  }
  return parts
}

export async function read(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

export function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

export function refuse(response: ServerResponse, { status, reason, message }: Refusal): void {
  const error = { code: status, message, errors: [{ domain: 'global', reason, message }] }
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ error }))
}
