/** What of a request is kept on disk, and the request made of it again. Credentials are never kept. */
import { CapabilityError } from '@flowport/capabilities'
import { outboxHeader } from '../scope.ts'
import type { EnqueueOptions, OutboxRequest } from './contract.ts'
import type { StoredEntry } from './stored.ts'

export const keyHeader = 'idempotency-key'

/** The part of an entry that a request gives. */
export type Kept = Pick<StoredEntry, 'key' | 'effect' | 'method' | 'url' | 'headers' | 'body' | 'credentials'>

/** Reads the request whole. `randomKey` makes the key where none is given. */
export async function kept(
  given: Request | OutboxRequest,
  { key: wanted }: EnqueueOptions,
  maxBodyBytes: number,
  randomKey: () => string,
): Promise<Kept> {
  const request = given instanceof Request ? given : requestOf(given)
  const { method, url, credentials } = request
  if (method === 'GET' || method === 'HEAD')
    throw refused(`a ${method} has no effect: the outbox queues requests that change something`)
  if (new URL(url).username !== '' || new URL(url).password !== '')
    throw refused('the URL holds a user or a password, which the outbox would write to disk')
  refuseCredentials(request.headers)
  const key = checked(wanted ?? textOf(request.headers.get(keyHeader)) ?? randomKey())
  const bytes = await request.arrayBuffer()
  if (bytes.byteLength > maxBodyBytes) {
    throw new CapabilityError(
      'LimitExceeded',
      `the body has ${bytes.byteLength} bytes, the outbox takes ${maxBodyBytes} (maxBodyBytes)`,
    )
  }
  const headers = [...request.headers].filter(([name]) => name !== keyHeader && name !== outboxHeader)
  const body = bytes.byteLength === 0 ? null : bytes
  return { key, effect: `${method} ${url} ${key}`, method, url, headers, body, credentials }
}

/** The request as it was queued, with its key. A redirect is not followed: it might drop the body and look like success. */
export function toRequest({ method, url, headers, body, credentials, key }: StoredEntry): Request {
  const request = new Request(url, {
    method,
    headers: headers.map(([name, value]) => [name, value]),
    body,
    credentials,
    redirect: 'manual',
  })
  request.headers.set(keyHeader, quoted(key))
  return request
}

/** Same method, URL, key is known; the same request has the same body and type, too. */
export function isSame(one: Kept, other: Kept): boolean {
  const bytes = new Uint8Array(one.body ?? new ArrayBuffer())
  const others = new Uint8Array(other.body ?? new ArrayBuffer())
  return bytes.length === others.length && bytes.every((byte, index) => byte === others[index])
}

/** A string of RFC 9651, as the draft of the header asks for. */
export function quoted(key: string): string {
  return `"${key.replaceAll(/["\\]/g, String.raw`\$&`)}"`
}

function requestOf({ method = 'POST', url, headers, body, json, credentials }: OutboxRequest): Request {
  const all = new Headers(headers)
  // Before the browser silently drops them.
  refuseCredentials(all)
  if (json !== undefined && !all.has('content-type')) all.set('content-type', 'application/json')
  const content = json === undefined ? (body ?? null) : JSON.stringify(json)
  return new Request(url, {
    method,
    headers: all,
    ...(content === null || method === 'GET' || method === 'HEAD' ? {} : { body: content }),
    ...(credentials === undefined ? {} : { credentials }),
  })
}

const credentialNames = /^(?:proxy-)?authorization$|^cookie2?$|token|secret|password|api-?key/i

function refuseCredentials(headers: Headers): void {
  const found = [...headers.keys()].filter((name) => credentialNames.test(name))
  if (found.length === 0) return
  throw refused(
    `the outbox does not write credentials to disk: add ${found.join(', ')} when the request is sent, with the option "prepare"`,
  )
}

function checked(key: string): string {
  if (/^[\x20-\x7e]{1,255}$/.test(key)) return key
  throw refused('an idempotency key has 1 to 255 printable ASCII characters')
}

/** The key in a header, quoted or bare. */
function textOf(header: string | null): string | undefined {
  if (header === null) return undefined
  const inner = /^"((?:[^"\\]|\\["\\])*)"$/.exec(header)?.[1]
  return inner === undefined ? header : inner.replaceAll(/\\(["\\])/g, '$1')
}

function refused(message: string): CapabilityError {
  return new CapabilityError('InvalidInput', message)
}
