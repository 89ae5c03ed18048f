/** Converts a request to the form stored on disk, and back. Refuses credentials. */
import { CapabilityError } from '@flowport/capabilities'
import { outboxHeader } from '../scope.ts'
import type { EnqueueOptions, OutboxRequest } from './contract.ts'
import { refuseCredentials } from './credentials.ts'
import { fingerprintOf, mediaTypeOf } from './fingerprint.ts'
import type { StoredEntry } from './stored.ts'

export const keyHeader = 'idempotency-key'

/** The fields of an entry that come from its request. */
export type Kept = Pick<
  StoredEntry,
  'key' | 'effect' | 'method' | 'url' | 'headers' | 'body' | 'credentials'
> & { readonly fingerprint: string }

export interface KeptRequest {
  readonly part: Kept
  readonly bytes: ArrayBuffer
}

export interface KeepOptions extends EnqueueOptions {
  readonly maxBodyBytes: number
  readonly mayKeep: readonly string[]
  /** Generates a key if the caller gives none. */
  readonly randomKey: () => string
}

/** Bodies above this many bytes are stored as blobs, which IndexedDB does not load with the entry. */
const maxInlineBytes = 16 * 1024

/** Reads the complete request and checks that it can be queued. */
export async function kept(given: Request | OutboxRequest, options: KeepOptions): Promise<KeptRequest> {
  const { key: wanted, maxBodyBytes, mayKeep, randomKey } = options
  const request = given instanceof Request ? given : requestOf(given, mayKeep)
  const method = request.method.toUpperCase()
  const url = new URL(request.url)
  // A fragment is never sent.
  url.hash = ''
  if (safeMethods.has(method))
    throw refused(`a ${method} has no effect: the outbox queues requests that change something`)
  if (!isSendable(url)) throw refused(notSendable(url))
  refuseCredentials(request.headers, url, mayKeep)
  const key = checked(wanted ?? textOf(request.headers.get(keyHeader)) ?? randomKey())
  const bytes = await request.arrayBuffer()
  if (bytes.byteLength > maxBodyBytes) {
    throw new CapabilityError(
      'LimitExceeded',
      `the body has ${bytes.byteLength} bytes, the outbox accepts at most ${maxBodyBytes} (maxBodyBytes)`,
    )
  }
  const fingerprint = await fingerprintOf(request.headers, bytes)
  const headers = [...request.headers].filter(([name]) => name !== keyHeader && name !== outboxHeader)
  const { href } = url
  const effect = `${method} ${href} ${key}`
  const body = bytes.byteLength > maxInlineBytes ? new Blob([bytes]) : bytes.byteLength === 0 ? null : bytes
  const { credentials } = request
  return { part: { key, effect, method, url: href, headers, body, credentials, fingerprint }, bytes }
}

/**
 * Recreates the queued request, with its key. Redirects are not followed, because one might drop the body and still look like
 * success.
 */
export async function toRequest(entry: StoredEntry): Promise<Request> {
  const { method, url, headers, body, credentials, key } = entry
  if (!isSendable(new URL(url))) throw new CapabilityError('InvalidInput', notSendable(new URL(url)))
  const request = new Request(url, {
    method: method.toUpperCase(),
    headers: headers.map(([name, value]) => [name, value]),
    body: body instanceof Blob ? await body.arrayBuffer() : body,
    credentials,
    redirect: 'manual',
  })
  request.headers.set(keyHeader, quoted(key))
  return request
}

/** Whether an entry with the same method, URL and key is the same request: its body has the same type and content. */
export function isSame(known: StoredEntry, { part, bytes }: KeptRequest): boolean {
  if (known.fingerprint !== undefined) return known.fingerprint === part.fingerprint
  // Queued by an earlier version, which stored all bodies inline.
  const typeOf = (headers: Kept['headers']) =>
    mediaTypeOf(new Headers(headers.map(([n, v]) => [n, v])).get('content-type'))
  if (known.body instanceof Blob || typeOf(known.headers) !== typeOf(part.headers)) return false
  const [one, other] = [new Uint8Array(known.body ?? new ArrayBuffer()), new Uint8Array(bytes)]
  return one.length === other.length && one.every((byte, index) => byte === other[index])
}

/** Formats the key as a string of RFC 9651, as the draft of the header requires. */
export function quoted(key: string): string {
  return `"${key.replaceAll(/["\\]/g, String.raw`\$&`)}"`
}

/** Safe methods of RFC 9110, section 9.2.1. */
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

function isSendable({ protocol }: URL): boolean {
  return protocol === 'https:' || protocol === 'http:'
}

function notSendable({ protocol }: URL): string {
  return `a request to a ${protocol} URL cannot be sent: give an http or https URL`
}

function requestOf(
  { method = 'POST', url, headers, body, json, credentials }: OutboxRequest,
  mayKeep: readonly string[],
): Request {
  try {
    const all = new Headers(headers)
    // Checked first, because `Request` drops headers such as Cookie without an error.
    refuseCredentials(all, null, mayKeep)
    if (json !== undefined && !all.has('content-type')) all.set('content-type', 'application/json')
    const content = json === undefined ? (body ?? null) : JSON.stringify(json)
    const upper = method.toUpperCase()
    const base =
      (globalThis as { readonly document?: { readonly baseURI: string } }).document?.baseURI ??
      globalThis.location.href
    const target = new URL(url, base)
    // Checked first, because `Request` rejects a URL with credentials and quotes it in its error.
    if (target.username !== '' || target.password !== '') refuseCredentials(new Headers(), target, mayKeep)
    return new Request(target, {
      method: upper,
      headers: all,
      ...(content === null || upper === 'GET' || upper === 'HEAD' ? {} : { body: content }),
      ...(credentials === undefined ? {} : { credentials }),
    })
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    throw new CapabilityError('InvalidInput', `this is not a request that can be sent: ${cause.message}`, {
      cause,
    })
  }
}

function checked(key: string): string {
  if (/^[\x20-\x7e]{1,255}$/.test(key)) return key
  throw refused('an idempotency key has 1 to 255 printable ASCII characters')
}

/** Parses the key in a header, quoted or bare. */
function textOf(header: string | null): string | undefined {
  if (header === null) return undefined
  const inner = /^"((?:[^"\\]|\\["\\])*)"$/.exec(header)?.[1]
  return inner === undefined ? header : inner.replaceAll(/\\(["\\])/g, '$1')
}

function refused(message: string): CapabilityError {
  return new CapabilityError('InvalidInput', message)
}
