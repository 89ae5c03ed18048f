/**
 * Google's XML API for the S3 driver: a bearer token instead of a signature, Google's own headers instead of Amazon's, and
 * generations as etags, which are what Google conditions writes on.
 * https://cloud.google.com/storage/docs/xml-api/reference-headers
 */
import { beforeApplying, type Clock } from '@flowport/capabilities'
import type { HeldToken } from '../object-http/held-token.ts'
import type { S3Answer, S3Headers, S3Transport, S3TransportRequest } from '../object-http/transport.ts'

export interface GoogleTransportOptions {
  readonly transport: S3Transport
  /** Without one requests go out as they are: with the signature of an HMAC key, or none. */
  readonly token: HeldToken | null
  /** Whether headers and etags are Google's own. Signatures of HMAC keys are made as for Amazon, over Amazon's headers. */
  readonly generations: boolean
  readonly clock: Pick<Clock, 'now'>
}

export function googleTransport({
  transport,
  token,
  generations,
  clock,
}: GoogleTransportOptions): S3Transport {
  const once = async (request: S3TransportRequest, held: string | null): Promise<S3Answer> => {
    const authorization: Record<string, string> = held === null ? {} : { authorization: `Bearer ${held}` }
    const headers = generations ? { ...googleHeaders(request.headers), ...authorization } : request.headers
    return told(await transport.send({ ...request, headers }), request, generations)
  }
  return {
    decodes: transport.decodes,
    async send(request) {
      if (token === null) return once(request, null)
      const held = await beforeApplying(() => token.current(clock.now()))
      const answer = await once(request, held)
      const again = answer.status === 401 && !(request.body instanceof ReadableStream) && token.refuse(held)
      if (!again) return answer
      await answer.cancel().catch(() => undefined)
      return once(request, await beforeApplying(() => token.current(clock.now())))
    },
    ...(transport.close && { close: () => transport.close?.() ?? Promise.resolve() }),
  }
}

/** Converts Amazon's headers to Google's, and leaves out signature headers. */
function googleHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      if (signatureHeaders.has(name)) return []
      // Google has no etags for writes: https://cloud.google.com/storage/docs/request-preconditions
      if (name === 'if-match') return [['x-goog-if-generation-match', value.replaceAll('"', '')]]
      if (name === 'if-none-match') return [['x-goog-if-generation-match', '0']]
      return [[name.replace(/^x-amz-/, 'x-goog-'), value]]
    }),
  )
}

/** The answer as S3 would give it. */
function told(answer: S3Answer, { method, path }: S3TransportRequest, generations: boolean): S3Answer {
  const headers = new GoogleHeaders(answer.headers, generations)
  const rewrite = !generations
    ? null
    : method === 'GET' && path.includes('list-type=2')
      ? generationsInListing
      : method === 'POST' && path.includes('uploadId=')
        ? withoutEtag
        : null
  return {
    status: answer.status,
    headers,
    bytes: () => answer.bytes(),
    text: async () => (rewrite === null ? answer.text() : rewrite(await answer.text())),
    stream: () => answer.stream(),
    cancel: () => answer.cancel(),
  }
}

class GoogleHeaders implements S3Headers {
  readonly #headers: S3Headers
  readonly #generations: boolean

  constructor(headers: S3Headers, generations: boolean) {
    this.#headers = headers
    this.#generations = generations
  }

  get(name: string): string | null {
    // Where a page may not see generations, an object has no version: an etag would not do for conditions.
    if (name === 'etag' && this.#generations) return this.#headers.get('x-goog-generation')
    return this.#headers.get(name) ?? this.#headers.get(name.replace(/^x-amz-/, 'x-goog-'))
  }

  *[Symbol.iterator](): Generator<[string, string], void, void> {
    for (const [name, value] of this.#headers) yield [name.replace(/^x-goog-meta-/, 'x-amz-meta-'), value]
  }
}

/** Listings tell both. https://cloud.google.com/storage/docs/xml-api/get-bucket-list */
function generationsInListing(xml: string): string {
  return xml
    .split('<Contents>')
    .map((entry) => withEtag(entry, /<Generation>(\d+)<\/Generation>/.exec(entry)?.[1] ?? ''))
    .join('<Contents>')
}

/** The answer to a completed upload has no generation: without an etag the driver asks for the object. */
function withoutEtag(xml: string): string {
  return withEtag(xml, '')
}

/** An ETag is text without markup, so the expression stops at the first "<". */
function withEtag(xml: string, etag: string): string {
  return xml.replaceAll(/<ETag>[^<]*<\/ETag>/g, `<ETag>${etag}</ETag>`)
}

const signatureHeaders = new Set([
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-security-token',
  'x-amz-checksum-mode',
])
